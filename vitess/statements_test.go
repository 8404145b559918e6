package vitess

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/db/check"
	"aiusage/db/schema"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// gateway calls everything that sends statements, in an order in which there is something to do.
type gateway struct {
	*testing.T
	store *db.Store
	// called are the methods of the store that have been called.
	called map[string]bool
}

// call names a method that is called.
func (g *gateway) call(method string, err error) {
	g.Helper()
	if err != nil {
		g.Fatalf("%s: %v", method, err)
	}
	g.called[method] = true
}

// withoutStatements are methods that send none, or none of their own.
var withoutStatements = []string{"Anticipate", "Close", "KnownCustomers", "NewComparer", "PoolStats", "KeepRollups",
	"LeaveConnectionsAside", "PoolStatsAside", "ReadAside", "ReadFrom", "ReadsAside", "WatchAside"}

// statements returns what the gateway sends to a MySQL, each statement once, literals apart.
func statements(t *testing.T, dsn string) []string {
	t.Helper()
	recorded, sent := dbtest.Record(t, dsn)
	store, err := db.Open(recorded, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	g := &gateway{t, store, map[string]bool{}}
	g.makeTables()
	g.write()
	g.ask()
	g.sumUp()
	g.ask()
	g.identify()
	g.drop()
	g.everyMethodWasCalled()
	return sent.Take()
}

func (g *gateway) everyMethodWasCalled() {
	for i, of := 0, reflect.TypeOf(g.store); i < of.NumMethod(); i++ {
		if name := of.Method(i).Name; !g.called[name] && !slices.Contains(withoutStatements, name) {
			g.Errorf("the statements of Store.%s are not planned: call it in statements_test.go", name)
		}
	}
}

func (g *gateway) makeTables() {
	ctx := g.Context()
	g.call("Ping", g.store.Ping(ctx))
	g.call("Migrate", g.store.Migrate(ctx, func(schema.Migration) {}))
	g.call("CheckSchema", g.store.CheckSchema(ctx))
	_, err := g.store.Migrations(ctx)
	g.call("Migrations", err)
	_, err = g.store.SchemaVersion(ctx)
	g.call("SchemaVersion", err)
	_, err = g.store.Describe(ctx)
	g.call("Describe", err)
	_, err = g.store.Clock(ctx)
	g.call("Clock", err)
	_, err = g.store.LeaveConnections(ctx)
	g.call("LeaveConnections", err)
	_, err = g.store.Inspect(ctx, true)
	g.call("Inspect", err)
}

// begin is when the sessions of the test begin.
var begin = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

func someSessions() (sessions []usage.Session) {
	for i := range 40 {
		customer := []string{"", "c1", "c2"}[i%3]
		sessions = append(sessions, usage.Session{
			SessionID: "s" + string(rune('A'+i)), AccountID: []string{"a1", "a2"}[i%2], CustomerID: customer,
			StartedAt: begin.Add(time.Duration(i) * 77 * time.Hour), DurationSeconds: int64(60 + i),
		})
	}
	return sessions
}

func (g *gateway) write() {
	ctx, sessions := g.Context(), someSessions()
	release, err := g.store.TakeTurn(ctx, func() {})
	g.call("TakeTurn", err)
	defer release()
	for range 2 { // new, and then the same
		_, err = g.store.WriteSessions(ctx, sessions)
		g.call("WriteSessions", err)
		sessions[1].DurationSeconds++ // and changed
	}
	_, err = g.store.WriteSessions(ctx, sessions)
	g.call("WriteSessions", err)
	_, err = g.store.SessionsByID(ctx, sessions[:2])
	g.call("SessionsByID", err)
	_, err = g.store.SessionsStartedWith(ctx, sessions[:2])
	g.call("SessionsStartedWith", err)
	for _, name := range []string{"One", "Another"} {
		_, err = g.store.WriteAccounts(ctx, []usage.Account{{AccountID: "a1", Name: name}})
		g.call("WriteAccounts", err)
		_, err = g.store.WriteCustomers(ctx, []usage.Customer{{AccountID: "a1", CustomerID: "c1", Name: name}})
		g.call("WriteCustomers", err)
	}
}

// ask asks each kind of question with each kind of filter.
func (g *gateway) ask() {
	ctx := g.Context()
	_, err := g.store.HasSessions(ctx)
	g.call("HasSessions", err)
	_, err = g.store.Accounts(ctx, []string{"a1", "a2"})
	g.call("Accounts", err)
	for _, query := range g.queries() {
		_, err := g.store.Report(ctx, query)
		g.call("Report", err)
		g.askSnapshot(query)
	}
	g.search()
}

func (g *gateway) queries() (queries []usage.Query) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		g.Fatal(err)
	}
	ranges := []usage.Range{{}, {From: begin.Add(time.Hour), To: begin.AddDate(0, 2, 0)}, {From: begin.Add(90 * time.Second), To: begin.AddDate(0, 1, 3).Add(7 * time.Minute)}}
	filters := []usage.Query{
		{}, {AccountID: "a1"}, {AccountID: "a1", CustomerID: "c1"}, {CustomerID: "c1"}, {Accounts: []string{"a1", "a2"}},
		{AccountIDs: []string{"a1", "a2"}, Accounts: []string{"a1", "a2"}}, {CustomerIDs: []string{"c1", "c2"}}, {AccountID: "a1", CustomerIDs: []string{"c1", "c2"}},
	}
	for _, span := range ranges {
		for _, zone := range []*time.Location{time.UTC, berlin} {
			for _, level := range []usage.Level{usage.ByCustomer, usage.ByAccount, usage.Together} {
				for _, query := range filters {
					query.Range, query.Zone, query.Level = span, zone, level
					queries = append(queries, query)
				}
			}
		}
	}
	return queries
}

func (g *gateway) askSnapshot(query usage.Query) {
	ctx := g.Context()
	snapshot := g.store.Snapshot(ctx)
	defer func() { g.call("Snapshot", snapshot.Close()) }()
	_, err := snapshot.Report(ctx, query)
	g.call("Snapshot", err)
	for _, series := range []usage.SeriesQuery{
		{Query: query, Step: usage.Daily}, {Query: query, Step: usage.Monthly}, {Query: query, Step: usage.Hourly, AddedUp: usage.WeekdayDimension},
		{Query: query, Step: usage.Weekly, Subjects: []usage.Subject{{AccountID: "a1", CustomerID: "c1"}, {AccountID: "a2", CustomerID: "c2"}}},
	} {
		if series.Subjects != nil && query.Level != usage.ByCustomer {
			continue
		}
		_, err = snapshot.Series(ctx, series)
		g.call("Series", err)
	}
	_, err = snapshot.Names(ctx, []usage.Subject{{AccountID: "a1"}, {AccountID: "a1", CustomerID: "c1"}})
	g.call("Snapshot", err)
	page, err := snapshot.Sessions(ctx, usage.SessionsQuery{Query: query, Limit: 3})
	g.call("Snapshot", err)
	for _, next := range page {
		for _, asked := range []usage.SessionsQuery{
			{Query: query, Limit: 3, After: &next.Place}, {Query: query, Limit: 3, Before: &next.Place, Backward: true}, {Query: query, Limit: 3, SessionIDs: []string{next.SessionID}},
		} {
			_, err = snapshot.Sessions(ctx, asked)
			g.call("Snapshot", err)
		}
		return
	}
}

func (g *gateway) search() {
	ctx := g.Context()
	after := &usage.Subject{AccountID: "a", CustomerID: "c"}
	for _, search := range []usage.Search{
		{Limit: 5}, {Limit: 5, Backward: true}, {Limit: 5, After: after}, {Limit: 5, Before: after, Backward: true}, {Limit: 5, Text: "on"}, {Limit: 5, Text: "on", After: after},
		{Limit: 5, Accounts: []string{"a1", "a2"}}, {Limit: 5, AccountID: "a1"}, {Limit: 5, AccountID: "a1", Text: "on"},
		{Limit: 5, Only: []usage.Subject{{AccountID: "a1", CustomerID: "c1"}}}, {Limit: 5, Each: []string{"a1", "a2"}},
	} {
		_, err := g.store.FindAccounts(ctx, search)
		g.call("FindAccounts", err)
		_, err = g.store.FindCustomers(ctx, search)
		g.call("FindCustomers", err)
	}
}

// sumUp installs sums, folds, checks and repairs them.
func (g *gateway) sumUp() {
	ctx := g.Context()
	berlin := g.queries()[0].Zone
	_, err := g.store.InstallRollups(ctx, berlin)
	g.call("InstallRollups", err)
	g.call("FillRollups", g.store.FillRollups(ctx, nil))
	sessions := someSessions()
	sessions[2].DurationSeconds += 60
	_, err = g.store.WriteSessions(ctx, sessions)
	g.call("WriteSessions", err)
	_, _, err = g.store.FoldBatch(ctx, 0, 10, func(*sqlx.Tx) error { return nil })
	g.call("FoldBatch", err)
	_, err = g.store.Fold(ctx, nil)
	g.call("Fold", err)
	g.call("FoldRound", g.store.FoldRound(ctx))
	g.call("Beat", g.store.Beat(ctx))
	g.call("CheckRound", g.store.CheckRound(ctx))
	_, err = g.store.NewComparer().Round(ctx)
	g.call("NewComparer", err)
	g.call("CheckRollups", g.store.CheckRollups(ctx))
	_, err = g.store.RollupStatus(ctx)
	g.call("RollupStatus", err)
	_, err = g.store.Freshness(ctx)
	g.call("Freshness", err)
	_, err = g.store.HasCalendar(ctx, berlin)
	g.call("HasCalendar", err)
	g.call("VerifyRollups", g.store.VerifyRollups(ctx, usage.Range{}, func(check.Difference) {}, nil))
	_, err = g.store.RebuildRollups(ctx, usage.Range{}, nil)
	g.call("RebuildRollups", err)
	g.call("Adopt", g.store.Adopt(ctx, nil))
	_, err = g.store.RetireFormer(ctx, false)
	g.call("RetireFormer", err)
	g.call("RetireUnused", g.store.RetireUnused(ctx))
}

// identify signs in, makes keys, and lets everybody go again.
func (g *gateway) identify() {
	ctx, now := g.Context(), time.Now().UTC()
	hash := strings.Repeat("0", 64)
	user := auth.User{Name: "ada", PasswordHash: "$argon2id$", Roles: []string{auth.AccountAdministrator}, Accounts: []string{"a1"}}
	_, err := g.store.HasUsers(ctx)
	g.call("HasUsers", err)
	g.call("AddUser", g.store.AddUser(ctx, user))
	_, err = g.store.UserByName(ctx, "ada")
	g.call("UserByName", err)
	_, err = g.store.Users(ctx)
	g.call("Users", err)
	g.call("SetAccess", g.store.SetAccess(ctx, "ada", user.Roles, []string{"a2"}))
	g.call("SetPasswordHash", g.store.SetPasswordHash(ctx, "ada", "$argon2id$2"))
	g.call("MarkWeakPassword", g.store.MarkWeakPassword(ctx, "ada", "$argon2id$2"))
	_, err = g.store.WeakPasswords(ctx)
	g.call("WeakPasswords", err)
	g.call("AddFamiliarAddress", g.store.AddFamiliarAddress(ctx, "ada", hash, now))
	_, err = g.store.FamiliarAddresses(ctx, "ada", now.Add(-time.Hour))
	g.call("FamiliarAddresses", err)
	g.call("AddSession", g.store.AddSession(ctx, auth.Session{Hash: hash, UserName: "ada", PasswordMark: hash, CreatedAt: now, IdleAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour)}))
	_, err = g.store.SessionByHash(ctx, hash)
	g.call("SessionByHash", err)
	g.call("ExtendSession", g.store.ExtendSession(ctx, hash, now.Add(2*time.Hour)))
	g.call("RemoveSession", g.store.RemoveSession(ctx, hash))
	g.call("AddAPIKey", g.store.AddAPIKey(ctx, auth.APIKey{ID: "k1", Hash: hash, Label: "key", Role: auth.AccountAdministrator, Accounts: []string{"a1"}, CreatedAt: now}))
	_, err = g.store.APIKeyByHash(ctx, hash)
	g.call("APIKeyByHash", err)
	_, err = g.store.APIKeys(ctx)
	g.call("APIKeys", err)
	g.call("TouchAPIKey", g.store.TouchAPIKey(ctx, "k1", now))
	g.call("RevokeAPIKey", g.store.RevokeAPIKey(ctx, "k1", now))
	g.call("RemoveUser", g.store.RemoveUser(ctx, "ada"))
}

// drop drops single sessions, and then the tables.
func (g *gateway) drop() {
	ctx := g.Context()
	_, err := g.store.DropSessions(ctx, begin.AddDate(0, 1, 0), nil)
	g.call("DropSessions", err)
	for _, query := range g.queries() {
		if query.Range.From.Second() == 0 { // single sessions of before are gone
			_, err := g.store.Report(ctx, query)
			g.call("Report", err)
		}
	}
	_, err = g.store.Rollback(context.WithoutCancel(ctx), nil)
	g.call("Rollback", err)
}
