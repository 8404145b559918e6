package answer

import (
	"context"

	"github.com/graph-gophers/dataloader/v7"

	"aiusage/usage"
)

// Finder finds accounts and customers by more than their names.
type Finder interface {
	FindAccounts(ctx context.Context, search usage.Search) ([]usage.Account, error)
	FindCustomers(ctx context.Context, search usage.Search) ([]usage.Customer, error)
}

// Account is an account, as a node.
type Account struct {
	AccountID string
	// named tells that known is its name, or empty because there is none. Otherwise its name
	// is read with those of names.
	named bool
	known string
	// names are those of the accounts that it was listed with.
	names *names
}

// Name returns the account's name, or nil when it has none.
func (a Account) Name(ctx context.Context) (*string, error) {
	if !a.named {
		return a.names.of(ctx, usage.Subject{AccountID: a.AccountID})
	}
	return optional(a.known), nil
}

// Usage returns the report of a query about the account. What is asked of one account of a
// list is read for all of them at once.
func (a Account) Usage(query usage.Query) (*Report, error) {
	return a.names.family(usage.ByAccount).report(a.names.reading, usage.Subject{AccountID: a.AccountID}, query)
}

// Reading is the answer that the account is in.
func (a Account) Reading() *Reading { return a.names.reading }

// Customer is a customer of an account, as a node.
type Customer struct {
	AccountID, CustomerID string
	// named and known are as in Account.
	named bool
	known string
	// names are those of the customers that it was listed with, and accountNames those of
	// their accounts.
	names, accountNames *names
}

// Account returns the customer's account.
func (c Customer) Account() Account { return Account{AccountID: c.AccountID, names: c.accountNames} }

// Name returns the customer's name, or nil when it has none.
func (c Customer) Name(ctx context.Context) (*string, error) {
	if !c.named {
		return c.names.of(ctx, c.subject())
	}
	return optional(c.known), nil
}

func (c Customer) subject() usage.Subject {
	return usage.Subject{AccountID: c.AccountID, CustomerID: c.CustomerID}
}

// Usage returns the report of a query about the customer, as Account.Usage does.
func (c Customer) Usage(query usage.Query) (*Report, error) {
	return c.names.family(usage.ByCustomer).report(c.names.reading, c.subject(), query)
}

// Reading is the answer that the customer is in.
func (c Customer) Reading() *Reading { return c.names.reading }

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Finding returns the reading with what finds accounts and customers in it.
func (r *Reading) Finding(finder Finder) *Reading {
	r.finder = finder
	r.found = newLoader(r.asked, "subjects", gather, r.loadSubjects)
	return r
}

// LookUp looks up what an identity is about that is no part of a report: an account, a customer or
// a session. All that is looked up before any of the results is asked for is read together.
func (r *Reading) LookUp(ctx context.Context, of Identity) func() (Node, error) {
	if of.session != "" {
		return whenFound(r.sessions.Load(ctx, sessionKey{of.subject.AccountID, of.session}), func(s *Session) Node { return s })
	}
	return whenFound(r.found.Load(ctx, of.subject.Trimmed()), func(one *known) Node {
		if of.subject.CustomerID == "" {
			return &one.account
		}
		return &one.customer
	})
}

// whenFound returns what has been looked up as a node, which is nil where there is none.
func whenFound[T any](look dataloader.Thunk[*T], node func(*T) Node) func() (Node, error) {
	return func() (Node, error) {
		one, err := look()
		if one == nil || err != nil {
			return nil, err
		}
		return node(one), nil
	}
}

// Account returns an account that is known, by a name or by usage, or nil.
func (r *Reading) Account(ctx context.Context, id string) (*Account, error) {
	one, err := r.found.Load(ctx, usage.Subject{AccountID: usage.TrimID(id)})()
	if one == nil || err != nil {
		return nil, err
	}
	return &one.account, nil
}

// Customer returns a customer that is known, by a name or by usage, or nil.
func (r *Reading) Customer(ctx context.Context, accountID, customerID string) (*Customer, error) {
	one, err := r.found.Load(ctx, usage.Subject{AccountID: usage.TrimID(accountID), CustomerID: usage.TrimID(customerID)})()
	if one == nil || err != nil {
		return nil, err
	}
	return &one.customer, nil
}

// known is an account or a customer that was found.
type known struct {
	account  Account
	customer Customer
}

// loadSubjects looks accounts up by one statement, and customers by another.
func (r *Reading) loadSubjects(_ context.Context, subjects []usage.Subject) []*dataloader.Result[*known] {
	var accounts, customers []usage.Subject
	for _, subject := range subjects {
		switch {
		case subject.AccountID == "": // of spaces, which nothing is found by
		case subject.CustomerID == "":
			accounts = append(accounts, subject)
		default:
			customers = append(customers, subject)
		}
	}
	ctx, cancel := usage.Bounded(r.asked, r.limit)
	defer cancel()
	all := map[usage.Subject]*known{}
	errOfAccounts := r.findAccounts(ctx, accounts, all)
	errOfCustomers := r.findCustomers(ctx, customers, all)
	results := make([]*dataloader.Result[*known], len(subjects))
	for i, subject := range subjects {
		results[i] = &dataloader.Result[*known]{Data: all[subject], Error: errOfAccounts}
		if subject.CustomerID != "" {
			results[i].Error = errOfCustomers
		}
	}
	return results
}

func (r *Reading) findAccounts(ctx context.Context, only []usage.Subject, all map[usage.Subject]*known) error {
	if len(only) == 0 {
		return nil
	}
	found, err := r.finder.FindAccounts(ctx, usage.Search{Only: only, Limit: len(only)})
	for _, node := range r.accountsOf(found) {
		all[usage.Subject{AccountID: node.AccountID}.Trimmed()] = &known{account: node}
	}
	return err
}

func (r *Reading) findCustomers(ctx context.Context, only []usage.Subject, all map[usage.Subject]*known) error {
	if len(only) == 0 {
		return nil
	}
	found, err := r.finder.FindCustomers(ctx, usage.Search{Only: only, Limit: len(only)})
	for _, node := range r.customerList(found).nodes(found) {
		all[node.subject().Trimmed()] = &known{customer: node}
	}
	return err
}
