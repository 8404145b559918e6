package read_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func execOn(t *testing.T, connections *pool.Pool, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := connections.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%.100s: %v", statement, err)
		}
	}
}

// execLax executes statements in a mode that stores what is no date.
func execLax(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	server, err := sqlx.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.SetMaxOpenConns(1)
	for _, statement := range append([]string{"SET SESSION sql_mode = 'ALLOW_INVALID_DATES'"}, statements...) {
		if _, err := server.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func readerOf(connections *pool.Pool) *read.Reader {
	return read.New(connections, phase.NewTracker(connections, phase.Levels), phase.NewTracker(connections, phase.Hours))
}

// listedIDs reads sessions in a snapshot of their own, and returns their ids.
func listedIDs(t *testing.T, reader *read.Reader, query usage.SessionsQuery) (ids string, found []usage.ListedSession) {
	t.Helper()
	snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
	defer snapshot.Close()
	found, err := snapshot.Sessions(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range found {
		ids += one.SessionID + " "
	}
	return strings.TrimSpace(ids), found
}

// A page of sessions costs what is on it, whoever's they are and wherever it is: a key has them in
// their order.
func TestAPageOfSessionsCostsWhatIsOnIt(t *testing.T) {
	const accounts, each, page = 20, 500, 50
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		for account := range accounts {
			var rows []string
			for i := range each {
				start := begin.Add(time.Duration(i*accounts+account) * 7 * time.Minute)
				rows = append(rows, fmt.Sprintf("('%d/%d', 'a%d', 'c%d', '%s', %d)", account, i, account, i%3, start.Format("2006-01-02 15:04:05"), i))
			}
			execOn(t, connections, "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES "+strings.Join(rows, ","))
		}
		execOn(t, connections, "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('t1', 'a1', '2026-02-01 00:00:01', 1), ('t2', 'a1', '2026-02-01 00:00:01', 1), ('t3', 'a1', '2026-02-01 00:00:01', 1)")
		rows, err := connections.QueryContext(t.Context(), "ANALYZE TABLE ai_sessions")
		if err != nil {
			t.Fatal(err)
		}
		rows.Close()
		reader := readerOf(connections)
		middle := &usage.SessionPlace{Start: "2026-02-01 00:00:00.000", Key: "00"}
		for name, c := range map[string]struct {
			query usage.SessionsQuery
			most  int64 // of pages, in rows
		}{
			"everybody's":                  {usage.SessionsQuery{}, 1},
			"everybody's last":             {usage.SessionsQuery{Backward: true}, 1},
			"everybody's after a cursor":   {usage.SessionsQuery{After: middle}, 1},
			"everybody's before a cursor":  {usage.SessionsQuery{Before: middle, Backward: true}, 1},
			"everybody's of a day":         {usage.SessionsQuery{Query: usage.Query{Range: usage.Range{From: begin.AddDate(0, 0, 9), To: begin.AddDate(0, 0, 10)}}}, 1},
			"an account's":                 {usage.SessionsQuery{Query: usage.Query{AccountID: "a7"}}, 1},
			"an account's after a cursor":  {usage.SessionsQuery{Query: usage.Query{AccountID: "a7"}, After: middle}, 1},
			"an account's before a cursor": {usage.SessionsQuery{Query: usage.Query{AccountID: "a7"}, Before: middle, Backward: true}, 1},
			"three accounts'":              {usage.SessionsQuery{Query: usage.Query{Accounts: []string{"a3", "a5", "a7"}}, After: middle}, 3 + 1},
			"a customer's of an account":   {usage.SessionsQuery{Query: usage.Query{AccountID: "a7", CustomerID: "c1"}, After: middle}, 3},
		} {
			c.query.Zone, c.query.Limit = time.UTC, page
			snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
			got := rowsReadBy(t, snapshot, func() {
				if found, err := snapshot.Sessions(t.Context(), c.query); err != nil || len(found) != page {
					t.Fatalf("%s: %d, %v", name, len(found), err)
				}
			})
			const constant = 20
			if got > c.most*page+constant {
				t.Errorf("%s: %d rows were read, at most %d would do", name, got, c.most*page+constant)
			}
			snapshot.Close()
		}
		snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
		defer snapshot.Close()
		got := rowsReadBy(t, snapshot, func() {
			before := usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, Before: &usage.SessionPlace{Key: "00"}, Backward: true, Limit: page}
			if found, err := snapshot.Sessions(t.Context(), before); err != nil || len(found) != 0 {
				t.Fatalf("before what has no start: %d, %v", len(found), err)
			}
		})
		if got > page {
			t.Errorf("before what has no start: %d rows were read", got)
		}
	})
}

// The sessions of a platform may be a view, with ids that are compared in some way of its own or
// are numbers, starts to the second or the microsecond, and ones that are no instants.
func TestSessionsOfAPlatformsView(t *testing.T) {
	for name, c := range map[string]struct{ columns, ids, want string }{
		"numbers":             {"id BIGINT PRIMARY KEY, begun DATETIME NOT NULL", "9, 10, 100, 9007199254740993, 9007199254740992, 7", "10 100 7 9 9007199254740992 9007199254740993"},
		"in any case":         {"id VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci PRIMARY KEY, begun DATETIME(6) NOT NULL", "'b', 'C', 'é', 'a', 'Z', 'z1'", "C Z a b z1 é"},
		"undated among dated": {"id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, begun DATETIME(3) NOT NULL", "'b', 'a', 'd', 'c', 'f', 'e'", "a b c d e f"},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.EachServer(t, func(t *testing.T, dsn string) {
				connections := tables.Open(t, dsn)
				execOn(t, connections, "DROP TABLE ai_sessions", "CREATE TABLE calls ("+c.columns+", seconds DECIMAL(12, 0) NULL)",
					`CREATE VIEW ai_sessions AS SELECT id AS session_id, CONVERT('a' USING utf8mb4) COLLATE utf8mb4_bin AS account_id, CONVERT(CASE seconds WHEN 60 THEN NULL WHEN 61 THEN '' WHEN 62 THEN ' ' ELSE seconds END USING utf8mb4) COLLATE utf8mb4_bin AS customer_id,
						begun AS started_at, seconds AS duration_seconds, (seconds + 59) DIV 60 AS ai_minutes FROM calls`)
				for i, id := range strings.Split(c.ids, ", ") {
					execOn(t, connections, fmt.Sprintf("INSERT INTO calls VALUES (%s, '2026-03-01 12:00:00', %d)", id, 60+i))
				}
				want := c.want
				if name == "undated among dated" {
					execLax(t, dsn, "UPDATE calls SET begun = '0000-00-00' WHERE id IN ('e', 'f')", "UPDATE calls SET begun = '2026-02-31 10:00' WHERE id IN ('c', 'd')", "UPDATE calls SET begun = '2026-03-01' WHERE id IN ('a', 'b')")
					want = "e f c d a b"
				}
				reader := readerOf(connections)
				for limit := 1; limit <= 7; limit++ {
					var forward, backward []string
					query := usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, Limit: limit + 1}
					for more := true; more; {
						_, found := listedIDs(t, reader, query)
						if more = len(found) > limit; more {
							found = found[:limit]
						}
						for _, one := range found {
							forward = append(forward, one.SessionID)
							if (one.CustomerID == "") != (one.DurationSeconds < 63) {
								t.Errorf("%s of %d seconds is of %q", one.SessionID, one.DurationSeconds, one.CustomerID)
							}
							if undated := one.StartedAt.IsZero(); undated != (name == "undated among dated" && strings.Contains("c d e f", one.SessionID)) {
								t.Errorf("%s starts at %v", one.SessionID, one.StartedAt)
							}
							query.After = &one.Place
						}
					}
					query.After, query.Backward = nil, true
					for more := true; more; {
						_, found := listedIDs(t, reader, query)
						if more = len(found) > limit; more {
							found = found[:limit]
						}
						for _, one := range found {
							backward = append([]string{one.SessionID}, backward...)
							query.Before = &one.Place
						}
					}
					if strings.Join(forward, " ") != want || strings.Join(backward, " ") != want {
						t.Errorf("by %d: got %q and backward %q, want %q", limit, forward, backward, want)
					}
				}
				// Those without a start are in no range, and an id is looked up as it is.
				dated := usage.Range{From: usage.Earliest, To: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
				if ids, _ := listedIDs(t, reader, usage.SessionsQuery{Query: usage.Query{Zone: time.UTC, Range: dated}, Limit: 9}); name == "undated among dated" && ids != "a b" || name != "undated among dated" && ids != want {
					t.Errorf("got %s in a range", ids)
				}
				first, _, _ := strings.Cut(want, " ")
				if ids, _ := listedIDs(t, reader, usage.SessionsQuery{Query: usage.Query{Zone: time.UTC, Accounts: []string{"a"}}, SessionIDs: []string{first, "none"}, Limit: 9}); ids != first {
					t.Errorf("got %s by its id, want %s", ids, first)
				}
				execOn(t, connections, "ALTER VIEW ai_sessions AS SELECT CONVERT('a' USING utf8mb4) COLLATE utf8mb4_bin AS account_id, NULL AS customer_id, begun AS started_at, seconds AS duration_seconds, 1 AS ai_minutes FROM calls")
				snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
				defer snapshot.Close()
				if _, err := snapshot.Sessions(t.Context(), usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, Limit: 9}); err == nil || usage.AsError(err).Code != usage.NotFound {
					t.Errorf("without ids: got %v", err)
				}
			})
		})
	}
}
