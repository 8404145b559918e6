package read_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// questions are all that a reader can be asked, with answers that can be compared.
func questions(reader *read.Reader) map[string]func(ctx context.Context) (any, error) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	query := usage.Query{Zone: time.UTC, Range: usage.Range{From: day.Add(10*time.Hour + time.Minute), To: day.AddDate(0, 0, 9)}}
	all := map[string]func(ctx context.Context) (any, error){
		"all accounts":  func(ctx context.Context) (any, error) { return reader.Accounts(ctx, nil) },
		"some accounts": func(ctx context.Context) (any, error) { return reader.Accounts(ctx, []string{"a", "none"}) },
		"a search":      func(ctx context.Context) (any, error) { return reader.FindAccounts(ctx, usage.Search{Limit: 9}) },
		"a found text": func(ctx context.Context) (any, error) {
			return reader.FindCustomers(ctx, usage.Search{Limit: 9, Text: "X"})
		},
		"found of each": func(ctx context.Context) (any, error) {
			return reader.FindCustomers(ctx, usage.Search{Limit: 9, Each: []string{"a", "b"}})
		},
		"any sessions":  func(ctx context.Context) (any, error) { return reader.HasSessions(ctx) },
		"how old it is": func(ctx context.Context) (any, error) { shows, err := reader.Freshness(ctx); return shows.Follows, err },
		"names": inSnapshot(reader, func(ctx context.Context, s *read.Snapshot) (any, error) {
			return s.Names(ctx, []usage.Subject{{AccountID: "a"}, {AccountID: "a", CustomerID: "x"}})
		}),
		"the state": inSnapshot(reader, func(ctx context.Context, s *read.Snapshot) (any, error) {
			state, _, _, err := s.State(ctx)
			return state, err
		}),
		"sessions": inSnapshot(reader, func(ctx context.Context, s *read.Snapshot) (any, error) {
			return s.Sessions(ctx, usage.SessionsQuery{Query: query, Limit: 3})
		}),
		"sessions of x": inSnapshot(reader, func(ctx context.Context, s *read.Snapshot) (any, error) {
			of := query
			of.CustomerID = "x"
			return s.Sessions(ctx, usage.SessionsQuery{Query: of, Limit: 3})
		}),
	}
	for name, whose := range map[string]usage.Query{"everybody": {Level: usage.Together}, "an account": {Level: usage.ByAccount, AccountID: "a"}, "a customer": {CustomerID: "x"}, "customers": {}} {
		closed := query
		closed.Level, closed.AccountID, closed.CustomerID = whose.Level, whose.AccountID, whose.CustomerID
		open := closed
		open.Range.From = time.Time{}
		all["a report of "+name] = func(ctx context.Context) (any, error) {
			report, err := reader.Report(ctx, closed)
			if err != nil {
				return nil, err
			}
			return []any{report.Totals, rows(report), report.Source}, nil
		}
		all["a report in a snapshot of "+name] = inSnapshot(reader, func(ctx context.Context, s *read.Snapshot) (any, error) {
			report, err := s.Report(ctx, closed)
			if err != nil {
				return nil, err
			}
			return []any{report.Totals, rows(report)}, nil
		})
		all["an open series of "+name] = func(ctx context.Context) (any, error) {
			set, err := reader.Series(ctx, usage.SeriesQuery{Query: open, Step: usage.Daily})
			if err != nil {
				return nil, err
			}
			set.AsOf = time.Time{}
			return set, nil
		}
	}
	return all
}

// inSnapshot asks a snapshot of its own.
func inSnapshot(reader *read.Reader, ask func(context.Context, *read.Snapshot) (any, error)) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		snapshot := reader.Snapshot(ctx).(*read.Snapshot)
		defer snapshot.Close()
		return ask(ctx, snapshot)
	}
}

// recordedReader reads through connections whose statements are recorded.
func recordedReader(t *testing.T, dsn string) (*read.Reader, *pool.Pool, *dbtest.Statements) {
	t.Helper()
	recorded, statements := dbtest.Record(t, dsn)
	opened, err := pool.Open(recorded, pool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return newReader(opened), opened, statements
}

// Whichever statement of an answer fails, whoever asked is told, no part is given for the whole,
// and no connection is kept.
func TestAnswersWhoseStatementsFailAreErrors(t *testing.T) {
	dsn := dbtest.One(t)
	connections := tables.Open(t, dsn)
	execOn(t, connections, "INSERT INTO accounts VALUES ('a', 'Anna'), ('b', '')", "INSERT INTO customers VALUES ('a', 'x', 'Xaver'), ('b', 'x', '')",
		`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('1', 'a', 'x', '2026-03-01 12:00', 60), ('2', 'a', NULL, '2026-03-02 12:00', 60),
			('3', 'b', 'x', '2026-03-02 12:00', 61), ('4', 'b', 'x', '2026-03-02 12:00', 61), ('5', 'b', 'x', '2026-03-02 12:00', 61)`,
		"INSERT INTO usage_accounts (account_no, account_id) VALUES (1, 'a'), (2, 'b')", "INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES (1, 1, 'a', 'x'), (2, 1, 'a', ''), (3, 2, 'b', 'x')",
		`INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a', 'x', '2026-03-01 12:00', 1, 60, 1), ('a', '', '2026-03-02 12:00', 1, 60, 1), ('b', 'x', '2026-03-02 12:00', 6, 183, 3)`,
		"INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 0)")
	if err := sums.StampFirst(t.Context(), connections); err != nil {
		t.Fatal(err)
	}
	faulty, opened, statements := recordedReader(t, dsn)
	whole := questions(newReader(connections))
	for _, inMemory := range []bool{false, true} {
		if inMemory {
			if err := faulty.KnowSubjects(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for name, ask := range questions(faulty) {
			if inMemory && !strings.HasSuffix(name, "of customers") {
				continue // which does not ask for numbers
			}
			want, err := whole[name](t.Context())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, err := ask(t.Context()) // after which all is known that a gateway knows
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: got %v, want %v, %v", name, got, want, err)
			}
			for n := 1; ; n++ {
				statements.Fail(n)
				got, err := ask(t.Context())
				failed := statements.Failed()
				if (err == nil) != (failed == "") || err == nil && !reflect.DeepEqual(got, want) {
					t.Errorf("%s, in memory %v: where this failed: %.100q: got %v, %v", name, inMemory, failed, got, err)
				}
				if in := opened.Stats().InUse; in != 0 {
					t.Errorf("%s: where this failed: %.100q: %d connections are in use", name, failed, in)
				}
				if failed == "" {
					break
				}
			}
		}
	}
}

// A table that is missing in the middle of it all is told, and no other answer given.
func TestATableOfSumsThatIsMissingIsTold(t *testing.T) {
	connections := oneSum(t, dbtest.One(t))
	execOn(t, connections, "RENAME TABLE usage_customer_rollups TO away")
	reader := readerOf(connections)
	if report, err := reader.Report(t.Context(), ofTheDay(usage.ByCustomer).Query); err == nil || usage.AsError(err).Code != usage.Unavailable {
		t.Errorf("got %+v, %v", report, err)
	}
	if set, err := reader.Series(t.Context(), ofTheDay(usage.ByCustomer)); err == nil || usage.AsError(err).Code != usage.Unavailable {
		t.Errorf("got %+v, %v", set, err)
	}
	execOn(t, connections, "DROP TABLE accounts", "DROP TABLE ai_sessions")
	if found, err := reader.FindAccounts(t.Context(), usage.Search{Limit: 9}); err == nil || usage.AsError(err).Code != usage.Unavailable {
		t.Errorf("got %+v, %v", found, err)
	}
	if any, err := reader.HasSessions(t.Context()); err == nil || usage.AsError(err).Code != usage.Unavailable {
		t.Errorf("got %v, %v", any, err)
	}
}

// Where no session can be there is no usage, and not that of all of time.
func TestARangeWithoutAnyTimeHasNoUsage(t *testing.T) {
	connections := oneSum(t, dbtest.One(t))
	execOn(t, connections, "UPDATE usage_customer_rollups SET grain = 3", "UPDATE usage_total_rollups SET grain = 3")
	reader := readerOf(connections)
	for _, level := range []usage.Level{usage.ByCustomer, usage.Together} {
		query := ofTheDay(level)
		query.Range = usage.Range{To: time.Date(500, 1, 1, 0, 0, 0, 0, time.UTC)}
		if report, err := reader.Report(t.Context(), query.Query); err != nil || report.Totals != (usage.Usage{}) || report.AsOf.IsZero() {
			t.Errorf("got %+v, %v", report, err)
		}
		if set, err := reader.Series(t.Context(), query); err != nil || len(set.Buckets) != 0 {
			t.Errorf("got %+v, %v", set, err)
		}
	}
}

// Where tables are missing, whoever asks is told so, and not that there is a fault.
func TestWhoeverAsksIsToldOfMissingTables(t *testing.T) {
	connections, err := pool.Open(dbtest.One(t), pool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer connections.Close()
	for name, ask := range questions(newReader(connections)) {
		_, err := ask(t.Context())
		if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}
