package resolvers

import (
	"context"

	"aiusage/auth"
	"aiusage/usage"
)

// scoped is the only way from the resolvers to the database. Every method puts
// the scope of the asking principal into the query before it is read, so that no
// resolver, loader or field has to, and none can forget to.
//
// It does not embed the Reader: a method added there does not compile until it
// is given its scope here.
type scoped struct{ reader Reader }

var _ Reader = scoped{}

func (s scoped) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	query, err := auth.Restrict(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.reader.Report(ctx, query)
}

func (s scoped) FindAccounts(ctx context.Context, search usage.Search) ([]usage.Account, error) {
	search, err := restrictSearch(ctx, search)
	if err != nil {
		return nil, err
	}
	return s.reader.FindAccounts(ctx, search)
}

func (s scoped) FindCustomers(ctx context.Context, search usage.Search) ([]usage.Customer, error) {
	search, err := restrictSearch(ctx, search)
	if err != nil {
		return nil, err
	}
	return s.reader.FindCustomers(ctx, search)
}

func restrictSearch(ctx context.Context, search usage.Search) (usage.Search, error) {
	query, err := auth.Restrict(ctx, usage.Query{AccountID: search.AccountID, AccountIDs: search.Each, Accounts: search.Each})
	if search.Accounts = query.Accounts; search.Each != nil {
		search.Each = query.Accounts
	}
	return search, err
}

// Snapshot opens one state of the database.
func (s scoped) Snapshot(ctx context.Context) usage.Snapshot {
	return scopedSnapshot{s.reader.Snapshot(ctx)}
}

// scopedSnapshot is a Snapshot with the scope of who asks.
type scopedSnapshot struct{ snapshot usage.Snapshot }

var _ usage.Snapshot = scopedSnapshot{}

func (s scopedSnapshot) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	query, err := auth.Restrict(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.snapshot.Report(ctx, query)
}

func (s scopedSnapshot) Series(ctx context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	var err error
	if query.Query, err = auth.Restrict(ctx, query.Query); err != nil {
		return nil, err
	}
	return s.snapshot.Series(ctx, query)
}

// Names leaves out the names of accounts that the asker may not see.
func (s scopedSnapshot) Names(ctx context.Context, subjects []usage.Subject) (map[usage.Subject]string, error) {
	for _, subject := range subjects {
		if err := auth.CheckAccount(ctx, subject.AccountID); err != nil {
			return nil, err
		}
	}
	return s.snapshot.Names(ctx, subjects)
}

func (s scopedSnapshot) Sessions(ctx context.Context, query usage.SessionsQuery) ([]usage.ListedSession, error) {
	var err error
	if query.Query, err = auth.Restrict(ctx, query.Query); err != nil {
		return nil, err
	}
	return s.snapshot.Sessions(ctx, query)
}

func (s scopedSnapshot) Close() error { return s.snapshot.Close() }
