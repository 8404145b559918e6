package answer

import (
	"slices"

	"aiusage/usage"
)

// maxListed bounds the accounts or customers of a page.
const maxListed = 1000

// AccountConnection is a page of accounts.
type AccountConnection struct {
	Edges    []AccountEdge
	Nodes    []Account
	PageInfo PageInfo
}

// AccountEdge is an account with its cursor.
type AccountEdge struct {
	Cursor string
	Node   Account
}

// CustomerConnection is a page of customers.
type CustomerConnection struct {
	Edges    []CustomerEdge
	Nodes    []Customer
	PageInfo PageInfo
}

// CustomerEdge is a customer with its cursor.
type CustomerEdge struct {
	Cursor string
	Node   Customer
}

// List is a list that can be searched.
type List string

// The lists.
const (
	ListOfAccounts  List = "accounts"
	ListOfCustomers List = "customers"
)

// Search returns what to search for to fill a page: one more than fits, to know
// whether there is another page. Errors are InvalidArgument.
func (a PageArguments) Search(list List, accountID, text string) (usage.Search, error) {
	size, backward, err := a.size(maxListed)
	if err != nil {
		return usage.Search{}, err
	}
	if err := usage.CheckSearch(text); err != nil {
		return usage.Search{}, err
	}
	search := usage.Search{AccountID: accountID, Text: text, Limit: size + 1, Backward: backward}
	after, err := cursorOf(belongingOf(list, accountID, text), argAfter, a.After)
	if err != nil {
		return usage.Search{}, err
	}
	if after != nil {
		search.After = &usage.Subject{AccountID: after.AccountID, CustomerID: after.CustomerID}
	}
	before, err := cursorOf(belongingOf(list, accountID, text), argBefore, a.Before)
	if err != nil {
		return usage.Search{}, err
	}
	if before != nil {
		search.Before = &usage.Subject{AccountID: before.AccountID, CustomerID: before.CustomerID}
	}
	return search, nil
}

// listed cuts what was found for a search to its page, and says whether there is
// something before and after it. Where a cursor ends the search, the one that it
// belongs to is there.
func listed[T any](search usage.Search, found []T) (page []T, before, after bool) {
	more := len(found) == search.Limit
	if !search.Backward {
		if more {
			found = found[:len(found)-1]
		}
		return found, search.After != nil, more || search.Before != nil
	}
	if more {
		found = found[1:]
	}
	return found, more || search.After != nil, search.Before != nil
}

// accountsOf returns accounts that were found together.
func (r *Reading) accountsOf(found []usage.Account) []Account {
	list := &names{reading: r, subjects: func() []usage.Subject {
		subjects := make([]usage.Subject, len(found))
		for i, account := range found {
			subjects[i] = usage.Subject{AccountID: account.AccountID}
		}
		return subjects
	}}
	nodes := make([]Account, len(found))
	for i, account := range found {
		nodes[i] = Account{AccountID: account.AccountID, named: true, known: account.Name, names: list}
	}
	return nodes
}

// customerList is customers that were found together, and their accounts.
type customerList struct{ customers, accounts *names }

func (r *Reading) customerList(found []usage.Customer) customerList {
	accounts := &names{reading: r, subjects: func() []usage.Subject {
		var accounts []usage.Subject
		for _, customer := range found {
			accounts = append(accounts, usage.Subject{AccountID: customer.AccountID})
		}
		return accounts
	}}
	customers := &names{reading: r, subjects: func() []usage.Subject {
		subjects := make([]usage.Subject, len(found))
		for i, customer := range found {
			subjects[i] = usage.Subject{AccountID: customer.AccountID, CustomerID: customer.CustomerID}
		}
		return subjects
	}}
	return customerList{customers, accounts}
}

// nodes returns some of the customers as nodes.
func (l customerList) nodes(found []usage.Customer) []Customer {
	nodes := make([]Customer, len(found))
	for i, customer := range found {
		nodes[i] = Customer{AccountID: customer.AccountID, CustomerID: customer.CustomerID, named: true, known: customer.Name,
			names: l.customers, accountNames: l.accounts}
	}
	return nodes
}

// Accounts returns a page of the accounts that were found, in their order.
func (r *Reading) Accounts(search usage.Search, found []usage.Account) *AccountConnection {
	found, before, after := listed(search, found)
	connection, belonging := &AccountConnection{Nodes: r.accountsOf(found)}, belongingOf(ListOfAccounts, search.AccountID, search.Text)
	var cursors []string
	for _, node := range connection.Nodes {
		cursors = append(cursors, cursor{Of: belonging, AccountID: node.AccountID}.text())
		connection.Edges = append(connection.Edges, AccountEdge{cursors[len(cursors)-1], node})
	}
	connection.PageInfo = pageInfo(cursors, before, after)
	return connection
}

// Customers returns a page of the customers that were found, in their order.
func (r *Reading) Customers(search usage.Search, found []usage.Customer) *CustomerConnection {
	return r.customerList(found).page(search, found)
}

// page returns a page of customers of the list.
func (l customerList) page(search usage.Search, found []usage.Customer) *CustomerConnection {
	found, before, after := listed(search, found)
	connection, belonging := &CustomerConnection{Nodes: l.nodes(found)}, belongingOf(ListOfCustomers, search.AccountID, search.Text)
	var cursors []string
	for _, node := range connection.Nodes {
		cursors = append(cursors, cursor{Of: belonging, AccountID: node.AccountID, CustomerID: node.CustomerID}.text())
		connection.Edges = append(connection.Edges, CustomerEdge{cursors[len(cursors)-1], node})
	}
	connection.PageInfo = pageInfo(cursors, before, after)
	return connection
}

// Role is what somebody may see and do, in the schema, by its name in the contract.
type Role string

// Roles are those that mean something here.
var Roles = []Role{"SystemAdministrator", "AccountAdministrator"}

// Viewer is who is asking, as a node.
type Viewer struct {
	Name  string
	Roles []Role
	// Accounts are those they may see; nil means all of them.
	Accounts []Account
}

// Viewer returns who is asking, with the accounts they may see (nil: all).
func (r *Reading) Viewer(name string, roles, accounts []string) *Viewer {
	viewer := &Viewer{Name: name, Roles: []Role{}}
	for _, role := range roles {
		if slices.Contains(Roles, Role(role)) {
			viewer.Roles = append(viewer.Roles, Role(role))
		}
	}
	if accounts == nil {
		return viewer
	}
	list := &names{reading: r, subjects: func() []usage.Subject {
		var subjects []usage.Subject
		for _, account := range accounts {
			subjects = append(subjects, usage.Subject{AccountID: account})
		}
		return subjects
	}}
	viewer.Accounts = []Account{}
	for _, account := range accounts {
		viewer.Accounts = append(viewer.Accounts, Account{AccountID: account, names: list})
	}
	return viewer
}
