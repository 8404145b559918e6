package db_test

import (
	"testing"
	"time"

	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// unstarted are sessions of which one starts at no instant, and two have no start at all.
const unstarted = ` VALUES ('1', 'a', 'x', '2026-03-01 10:00', 60, 1), ('2', 'a', 'x', NULL, 120, 2), ('3', 'b', NULL, NULL, 61, 2)`

// Where the platform's starts may be NULL, such a session counts as one does whose start is no
// instant: where no range is asked for, and nowhere else.
func TestSessionsWithoutAStartCountWhereNoRangeIsAskedFor(t *testing.T) {
	const columns = `session_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, account_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL, customer_id VARCHAR(64) COLLATE utf8mb4_bin NULL,
		started_at DATETIME(3) NULL, duration_seconds INT UNSIGNED NULL, ai_minutes INT UNSIGNED NULL) DEFAULT CHARSET utf8mb4`
	for name, statements := range map[string][]string{
		"a view":       {"CREATE TABLE calls (" + columns, "INSERT INTO calls" + unstarted, "CREATE VIEW ai_sessions AS SELECT * FROM calls"},
		"an own table": {"CREATE TABLE ai_sessions (" + columns, "INSERT INTO ai_sessions" + unstarted},
	} {
		dbtest.Each(t, func(t *testing.T, dsn string) {
			tables.Make(t, dsn)
			store := open(t, dsn)
			if isEmbedded(t, store) && name == "a view" {
				t.Skip("the embedded engine adds up no view")
			}
			execute(t, dsn, append([]string{"DROP TABLE ai_sessions"}, statements...)...)
			reportsHold(t, store, dsn, name)
			answer := report(t, store, usage.Request{})
			if len(answer.Accounts) != 2 || answer.Accounts[0].Sessions != 2 || answer.Accounts[1].Minutes != 2 {
				t.Errorf("%s: got the accounts %+v", name, answer.Accounts)
			}
			for _, request := range []usage.Request{{StartDate: "2026-01-01"}, {EndDate: "2026-12-31"}} {
				if got := report(t, store, request).Totals; got != (usage.Usage{Minutes: 1, Seconds: 60, Sessions: 1}) {
					t.Errorf("%s, %+v: got %v", name, request, got)
				}
			}
			snapshot := store.Snapshot(t.Context())
			defer snapshot.Close()
			found, err := snapshot.Sessions(t.Context(), usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, Limit: 9})
			if err != nil || len(found) != 3 || !found[0].StartedAt.IsZero() || found[2].SessionID != "1" {
				t.Errorf("%s: listed %+v, %v", name, found, err)
			}
		})
	}
}
