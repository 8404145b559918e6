package resolvers

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"aiusage/auth"
	"aiusage/usage"
)

// recorder is a database that remembers what it is asked, and answers with its fault.
type recorder struct {
	asked []any
	fault error
}

func (r *recorder) ask(what any) error {
	r.asked = append(r.asked, what)
	return r.fault
}

func (r *recorder) Report(_ context.Context, query usage.Query) (*usage.Report, error) {
	return &usage.Report{}, r.ask(query)
}

func (r *recorder) Series(_ context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	return &usage.SeriesSet{}, r.ask(query)
}

func (r *recorder) Names(_ context.Context, subjects []usage.Subject) (map[usage.Subject]string, error) {
	return map[usage.Subject]string{}, r.ask(subjects)
}

func (r *recorder) Sessions(_ context.Context, query usage.SessionsQuery) ([]usage.ListedSession, error) {
	return []usage.ListedSession{}, r.ask(query)
}

func (r *recorder) FindAccounts(_ context.Context, search usage.Search) ([]usage.Account, error) {
	return []usage.Account{}, r.ask(search)
}

func (r *recorder) FindCustomers(_ context.Context, search usage.Search) ([]usage.Customer, error) {
	return []usage.Customer{}, r.ask(search)
}

func (r *recorder) Snapshot(context.Context) usage.Snapshot { return r }

func (r *recorder) Close() error { return r.ask("close") }

// Whatever the resolvers ask, the database is asked within the scope of who asks, or
// not at all.
func TestTheDatabaseIsAskedWithinTheScopeOnly(t *testing.T) {
	// asked has a question of each kind about an account, and what is asked for with
	// some accounts in scope.
	asked := map[string]struct {
		ask  func(ctx context.Context, s Reader, account string) (any, error)
		want func(account string, scope []string) any
	}{
		"a report": {
			func(ctx context.Context, s Reader, account string) (any, error) {
				return s.Report(ctx, usage.Query{AccountID: account, CustomerID: "c"})
			},
			func(account string, scope []string) any {
				return usage.Query{AccountID: account, CustomerID: "c", Accounts: scope}
			},
		},
		"a report of some accounts": {
			func(ctx context.Context, s Reader, account string) (any, error) {
				return s.Report(ctx, usage.Query{AccountID: account, AccountIDs: []string{"b", "x"}, Accounts: []string{"b", "x"}})
			},
			func(account string, scope []string) any {
				within := []string{"b"}
				if scope == nil {
					within = []string{"b", "x"}
				}
				return usage.Query{AccountID: account, AccountIDs: []string{"b", "x"}, Accounts: within}
			},
		},
		"a report of a snapshot": {
			func(ctx context.Context, s Reader, account string) (any, error) {
				return s.Snapshot(ctx).Report(ctx, usage.Query{AccountID: account, CustomerID: "c"})
			},
			func(account string, scope []string) any {
				return usage.Query{AccountID: account, CustomerID: "c", Accounts: scope}
			},
		},
		"a series": {
			func(ctx context.Context, s Reader, account string) (any, error) {
				return s.Snapshot(ctx).Series(ctx, usage.SeriesQuery{Query: usage.Query{AccountID: account}, Subjects: []usage.Subject{{AccountID: "a"}}})
			},
			func(account string, scope []string) any {
				return usage.SeriesQuery{Query: usage.Query{AccountID: account, Accounts: scope}, Subjects: []usage.Subject{{AccountID: "a"}}}
			},
		},
		"sessions": {
			func(ctx context.Context, s Reader, account string) (any, error) {
				return s.Snapshot(ctx).Sessions(ctx, usage.SessionsQuery{Query: usage.Query{AccountID: account}, Limit: 3})
			},
			func(account string, scope []string) any {
				return usage.SessionsQuery{Query: usage.Query{AccountID: account, Accounts: scope}, Limit: 3}
			},
		},
		"accounts": {
			func(ctx context.Context, s Reader, account string) (any, error) {
				return s.FindAccounts(ctx, usage.Search{AccountID: account})
			},
			func(account string, scope []string) any { return usage.Search{AccountID: account, Accounts: scope} },
		},
		"customers": {
			func(ctx context.Context, s Reader, account string) (any, error) {
				return s.FindCustomers(ctx, usage.Search{AccountID: account})
			},
			func(account string, scope []string) any { return usage.Search{AccountID: account, Accounts: scope} },
		},
		"customers of each of some accounts": {
			func(ctx context.Context, s Reader, account string) (any, error) {
				return s.FindCustomers(ctx, usage.Search{AccountID: account, Each: []string{"b", "x"}})
			},
			func(account string, scope []string) any {
				within := []string{"b"}
				if scope == nil {
					within = []string{"b", "x"}
				}
				return usage.Search{AccountID: account, Accounts: within, Each: within}
			},
		},
		"names": {
			func(ctx context.Context, s Reader, account string) (any, error) {
				return s.Snapshot(ctx).Names(ctx, []usage.Subject{{AccountID: "a"}, {AccountID: account, CustomerID: "c"}})
			},
			func(account string, _ []string) any {
				return []usage.Subject{{AccountID: "a"}, {AccountID: account, CustomerID: "c"}}
			},
		},
	}
	away := usage.Errorf(usage.Unavailable, "away")
	for who, c := range map[string]struct {
		ctx     context.Context
		account string
		scope   []string
		code    usage.Code // of the refusal
	}{
		"nobody":                             {t.Context(), "a", nil, usage.Unauthenticated},
		"somebody without a role":            {as(t, "", "a"), "a", nil, usage.PermissionDenied},
		"somebody without an account":        {as(t, auth.AccountAdministrator), "a", nil, usage.PermissionDenied},
		"whoever sees some, about another":   {as(t, auth.AccountAdministrator, "a", "b"), "x", nil, usage.PermissionDenied},
		"whoever sees some, about one":       {as(t, auth.AccountAdministrator, "a", "b"), "b", []string{"a", "b"}, ""},
		"whoever sees some, about all":       {as(t, auth.AccountAdministrator, "a", "b"), "", []string{"a", "b"}, ""},
		"whoever sees all, about any of all": {as(t, auth.SystemAdministrator), "x", nil, ""},
	} {
		for _, what := range slices.Sorted(maps.Keys(asked)) {
			question, database := asked[what], &recorder{}
			got, err := question.ask(c.ctx, scoped{database}, c.account)
			if c.code != "" {
				if err == nil || usage.AsError(err).Code != c.code || !reflect.ValueOf(got).IsNil() || len(database.asked) > 0 {
					t.Errorf("%s of %s: got %v, %v, asked %+v", what, who, got, err, database.asked)
				}
				continue
			}
			if want := []any{question.want(c.account, c.scope)}; err != nil || reflect.ValueOf(got).IsNil() || !reflect.DeepEqual(database.asked, want) {
				t.Errorf("%s of %s: got %v, %v, asked %+v, want %+v", what, who, got, err, database.asked, want)
			}
			database.fault = away
			if _, err := question.ask(c.ctx, scoped{database}, c.account); !errors.Is(err, away) {
				t.Errorf("%s of %s while the database is away: got %v", what, who, err)
			}
		}
	}
}

// as returns the context of somebody with a role, if it is not "", and accounts.
func as(t *testing.T, role string, accounts ...string) context.Context {
	principal := auth.Principal{Name: "x", Accounts: accounts}
	if role != "" {
		principal.Roles = []string{role}
	}
	return auth.NewContext(t.Context(), principal)
}

// A look-up below each of some accounts is known to be about these, and no others.
func TestALookUpBelowAccountsIsAboutThem(t *testing.T) {
	for _, each := range [][]string{nil, {"b", "x"}} {
		var about []string
		ctx := auth.WithWitness(as(t, auth.AccountAdministrator, "a", "b"), func(_ context.Context, query usage.Query, _ error) { about = query.AccountIDs })
		if _, err := (scoped{&recorder{}}).FindCustomers(ctx, usage.Search{Each: each}); err != nil || !slices.Equal(about, each) {
			t.Errorf("below each of %v it is about %v, %v", each, about, err)
		}
	}
}

func TestAScopedSnapshotIsClosed(t *testing.T) {
	database := &recorder{fault: errors.New("away")}
	if err := (scoped{database}).Snapshot(t.Context()).Close(); !errors.Is(err, database.fault) || !slices.Equal(database.asked, []any{"close"}) {
		t.Errorf("got %v, asked %v", err, database.asked)
	}
}
