package read_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/read"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// pagesOf reads all sessions in pages of a size, and returns their ids in the order of the list.
func pagesOf(t *testing.T, reader *read.Reader, size int, backward bool) (ids []string) {
	t.Helper()
	query := usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, Limit: size + 1, Backward: backward}
	for pages := 0; ; pages++ {
		_, found := listedIDs(t, reader, query)
		more := len(found) > size
		if more {
			found = found[:size]
		}
		for _, one := range found {
			ids = append(ids, one.SessionID)
			if backward {
				query.Before = &one.Place
			} else {
				query.After = &one.Place
			}
		}
		if !more || pages > 100 {
			break
		}
	}
	if backward {
		slices.Reverse(ids)
	}
	return ids
}

// Sessions with the same start are on one page each, whatever the type of their ids is, which
// servers compare with texts as floating-point numbers; and each is found by its id.
func TestPagesHaveSessionsOfEqualStartsOnceWhateverTheTypeOfTheirIDs(t *testing.T) {
	const great = "9007199254740992, 9007199254740993, 18446744073709551615, 1, 10, 2"
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		reader := readerOf(connections)
		execOn(t, connections, "DROP TABLE ai_sessions")
		for i, c := range []struct{ columnType, ids string }{
			{"DECIMAL(30, 0)", great + ", 18446744073709551616, 18446744073709551617, -1"},
			{"DECIMAL(30, 5)", "0.1, 0.10001, 1.4, 1.5, 18446744073709551616.00001, 18446744073709551616.00002"},
			{"DOUBLE", "0.25, 0.3, 1.4, 1.5, 1.6, 9007199254740992, 9007199254740994, 1e300, -1e-300"},
			{"DOUBLE(10, 2)", "0.25, 0.31, 1.4, 1.5, 1.6"},
			{"FLOAT", "0.25, 0.3, 1.4, 1.5, 1.6, 16777214, 16777215, 16777216, 16777218"},
			{"BIGINT UNSIGNED", great},
			{"INT ZEROFILL", "1, 10, 2, 100"},
			{"VARCHAR(64)", "'b', 'a', 'é', '1', '1.0', '01', '9007199254740992', '9007199254740993'"},
			{"BINARY(2)", "x'00ff', x'ff00', x'6162', x'c3a9'"},
		} {
			key := []string{"", ", PRIMARY KEY (session_id), KEY (started_at)"}[i%2]
			execOn(t, connections, "CREATE TABLE ai_sessions (session_id "+c.columnType+` NOT NULL, account_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT 'a',
				customer_id VARCHAR(64) COLLATE utf8mb4_bin NULL, started_at DATETIME(3) NOT NULL DEFAULT '2026-03-01 12:00:00', duration_seconds INT NOT NULL DEFAULT 60, ai_minutes INT NOT NULL DEFAULT 1`+key+") DEFAULT CHARSET utf8mb4",
				"INSERT INTO ai_sessions (session_id) VALUES ("+strings.ReplaceAll(c.ids, ", ", "), (")+")")
			want := 1 + strings.Count(c.ids, ", ")
			all, _ := listedIDs(t, reader, usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, Limit: 100})
			ids := strings.Fields(all)
			if different := len(slices.Compact(slices.Sorted(slices.Values(ids)))); len(ids) != want || different != want {
				t.Errorf("%s: %d ids, %d of them different, want %d: %s", c.columnType, len(ids), different, want, all)
			}
			for size := 1; size <= 3; size++ {
				for _, backward := range []bool{false, true} {
					if got := pagesOf(t, reader, size, backward); !slices.Equal(got, ids) {
						t.Errorf("%s, by %d, backward %v: got %q, want %q", c.columnType, size, backward, got, ids)
					}
				}
			}
			if !strings.HasPrefix(c.columnType, "BINARY") { // of which HEX(id) is for the platform to write
				for _, id := range ids {
					query := usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, SessionIDs: []string{id, "none"}, Limit: 2}
					if got, _ := listedIDs(t, reader, query); got != id {
						t.Errorf("%s: got %q by the id %s", c.columnType, got, id)
					}
				}
			}
			execOn(t, connections, "DROP TABLE ai_sessions")
		}
	})
}

// A session whose start is NULL is before all others, as one whose start is no instant is before
// those of its month; and one without an id has no place in a list.
func TestPagesOfSessionsWithoutAStartOrAnID(t *testing.T) {
	const columns = `account_id VARCHAR(64) COLLATE utf8mb4_bin NULL, customer_id VARCHAR(64) COLLATE utf8mb4_bin NULL,
		started_at %s NULL, duration_seconds INT NULL DEFAULT 60, ai_minutes INT NULL DEFAULT 1, KEY (started_at)) DEFAULT CHARSET utf8mb4`
	want := strings.Fields("n1 n2 n3 z1 z2 s1 s2 s3 d1 d2")
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		reader := readerOf(connections)
		for _, columnType := range []string{"DATETIME", "DATETIME(3)", "DATETIME(6)"} {
			execOn(t, connections, "DROP TABLE ai_sessions", "CREATE TABLE ai_sessions (session_id VARCHAR(64) COLLATE utf8mb4_bin NULL, "+fmt.Sprintf(columns, columnType))
			execLax(t, dsn, `INSERT INTO ai_sessions (session_id, started_at) VALUES ('d2', '2026-03-01'), ('n2', NULL), (NULL, NULL), ('z2', '0000-00-00'), ('n1', NULL), (NULL, '2026-03-01'), ('s2', '2026-02-31'), ('s1', '2026-02-31'),
				('d1', '2026-03-01'), (NULL, '0000-00-00'), ('s3', '2026-02-31'), ('z1', '0000-00-00'), ('n3', NULL), (NULL, NULL)`)
			for size := 1; size <= 11; size++ {
				for _, backward := range []bool{false, true} {
					if got := pagesOf(t, reader, size, backward); !slices.Equal(got, want) {
						t.Errorf("%s: by %d, backward %v: got %q, want %q", columnType, size, backward, got, want)
					}
				}
			}
			ids, found := listedIDs(t, reader, usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, SessionIDs: []string{"n2"}, Limit: 2})
			if ids != "n2" || found[0].AccountID != "" || !found[0].StartedAt.IsZero() {
				t.Errorf("got %q by its id: %+v", ids, found)
			}
			for _, span := range []usage.Range{{From: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}, {To: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}} {
				if ids, _ := listedIDs(t, reader, usage.SessionsQuery{Query: usage.Query{Zone: time.UTC, Range: span}, Limit: 9}); ids != "d1 d2" {
					t.Errorf("got %q in a range", ids)
				}
			}
		}
	})
}
