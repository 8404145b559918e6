package answer

import (
	"slices"
	"sync"

	"aiusage/usage"
)

// Customers returns a page of the account's customers that a search finds. Those of all accounts
// of a list are found at once, whoever asks first, and so is what is asked of them.
func (a Account) Customers(search usage.Search) (*CustomerConnection, error) {
	if family := a.family(); family != nil && search.After == nil && search.Before == nil {
		found, err := family.customers(search)
		if err != nil {
			return nil, err
		}
		return found.list.page(search, found.of[usage.TrimID(a.AccountID)]), nil
	}
	if search.AccountID == "" { // an account without an id, and not all accounts
		search.Each = []string{""}
	}
	// A cursor is of one account's list.
	found, err := a.names.reading.findCustomersOf(search)
	if err != nil {
		return nil, err
	}
	return a.names.reading.Customers(search, found), nil
}

// family returns the family of several accounts that the account is one of, or nil.
func (a Account) family() *family {
	for _, one := range a.names.family(usage.ByAccount).all {
		if _, is := slices.BinarySearchFunc(one.subjects, usage.Subject{AccountID: a.AccountID}, usage.Subject.Compare); is && len(one.subjects) > 1 {
			return one
		}
	}
	return nil
}

// findCustomersOf searches for customers, as long as the reading may take.
func (r *Reading) findCustomersOf(search usage.Search) ([]usage.Customer, error) {
	ctx, cancel := usage.Bounded(r.asked, r.limit)
	defer cancel()
	return r.finder.FindCustomers(ctx, search)
}

// wayOf is the way in which customers are searched for, whichever account's they are.
type wayOf struct {
	text     string
	limit    int
	backward bool
}

// foundCustomers are the customers that were found of the accounts of a family.
type foundCustomers struct {
	list customerList
	of   map[string][]usage.Customer
}

// customers returns what a search finds of each account of the family.
func (f *family) customers(search usage.Search) (foundCustomers, error) {
	way := wayOf{search.Text, search.Limit, search.Backward}
	f.mu.Lock()
	if f.found == nil {
		f.found = map[wayOf]func() (foundCustomers, error){}
	}
	if f.found[way] == nil {
		f.found[way] = sync.OnceValues(func() (foundCustomers, error) { return f.findCustomers(search) })
	}
	find := f.found[way]
	f.mu.Unlock()
	return find()
}

// findCustomers finds customers of all accounts of the family.
func (f *family) findCustomers(search usage.Search) (foundCustomers, error) {
	search.AccountID, search.Each = "", make([]string, len(f.subjects))
	for i, subject := range f.subjects {
		search.Each[i] = subject.AccountID
	}
	all, err := f.reading.findCustomersOf(search)
	found := foundCustomers{f.reading.customerList(all), map[string][]usage.Customer{}}
	for _, one := range all {
		account := usage.TrimID(one.AccountID)
		found.of[account] = append(found.of[account], one)
	}
	return found, err
}
