package read_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"aiusage/db/read"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// sessionsOf asks a snapshot of its own for sessions.
func sessionsOf(t *testing.T, reader *read.Reader, query usage.SessionsQuery) ([]usage.ListedSession, error) {
	t.Helper()
	query.Zone = time.UTC
	snapshot := reader.Snapshot(t.Context()).(*read.Snapshot)
	defer snapshot.Close()
	return snapshot.Sessions(t.Context(), query)
}

// idsOf are the ids of sessions.
func idsOf(found []usage.ListedSession) string {
	var ids []string
	for _, one := range found {
		ids = append(ids, one.SessionID)
	}
	return strings.Join(ids, " ")
}

// Of sessions that have been dropped no list is given as if it were whole; one that is asked for by its id
// is found where it is still there.
func TestListsThatNeedDroppedSessionsAreRefused(t *testing.T) {
	connections := tables.Open(t, dbtest.One(t))
	kept := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	execOn(t, connections, "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('1', 'a', 'x', '2026-03-01', 60), ('2', 'a', 'x', '2026-03-02', 60)")
	for _, phase := range []string{"raw", "ready"} {
		for _, dropped := range []bool{false, true} {
			rawFrom := "NULL"
			if dropped {
				rawFrom = "'2026-03-01'"
			}
			execOn(t, connections, "DELETE FROM usage_level_state", "INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections, raw_from) VALUES (1, '"+phase+"', '', 5, 0, "+rawFrom+")")
			reader := readerOf(connections)
			for what, c := range map[string]struct {
				query   usage.SessionsQuery
				want    string
				refused bool
			}{
				"all":             {usage.SessionsQuery{}, "1 2", true},
				"from before":     {usage.SessionsQuery{Query: usage.Query{Range: usage.Range{From: kept.Add(-time.Minute)}}}, "1 2", true},
				"from then on":    {usage.SessionsQuery{Query: usage.Query{Range: usage.Range{From: kept}}}, "1 2", false},
				"from later":      {usage.SessionsQuery{Query: usage.Query{Range: usage.Range{From: kept.Add(time.Minute)}}}, "2", false},
				"the first":       {usage.SessionsQuery{Query: usage.Query{Range: usage.Range{From: kept}}, Limit: 1}, "1", false},
				"by an id":        {usage.SessionsQuery{SessionIDs: []string{"1"}}, "1", false},
				"a page of none":  {usage.SessionsQuery{Limit: -1}, "", false},
				"no range at all": {usage.SessionsQuery{Query: usage.Query{Range: usage.Range{To: time.Date(500, 1, 1, 0, 0, 0, 0, time.UTC)}}}, "", false},
			} {
				switch c.query.Limit {
				case 0:
					c.query.Limit = 9
				case -1:
					c.query.Limit = 0
				}
				found, err := sessionsOf(t, reader, c.query)
				if refused := dropped && c.refused; refused != (err != nil) || refused && usage.AsError(err).Code != usage.InvalidArgument || !refused && idsOf(found) != c.want {
					t.Errorf("%s, dropped %v, %s: got %q, %v", phase, dropped, what, idsOf(found), err)
				}
			}
		}
	}
}

// A list of the sessions of many accounts or of a customer is what all of them have together, page by page
// and from either end, whether or not the sums tell which accounts have the customer.
func TestListsOfManyAccountsHaveTheSessionsOfAll(t *testing.T) {
	const accounts = 105 // more than two statements look up
	dsn := dbtest.One(t)
	connections := tables.Open(t, dsn)
	var values, whose, all, ofX, some []string
	for i := range accounts {
		account, customer := fmt.Sprintf("a%03d", i), []string{"x", "y", ""}[i%3]
		for j := range 2 {
			id := fmt.Sprintf("%d%03d", j, i)
			// Three accounts each have a session at the same time.
			values = append(values, fmt.Sprintf("('%s', '%s', NULLIF('%s', ''), '%s', 60)", id, account, customer, time.Date(2026, 3, 1+j, 0, i/3, 0, 0, time.UTC).Format(time.DateTime)))
		}
		some = append(some, account)
		whose = append(whose, fmt.Sprintf("(%d, %d, '%s', '%s')", i+1, i+1, account, customer))
	}
	for j := range 2 {
		for i := range accounts {
			all = append(all, fmt.Sprintf("%d%03d", j, i))
			if i%3 == 0 {
				ofX = append(ofX, fmt.Sprintf("%d%03d", j, i))
			}
		}
	}
	execOn(t, connections, "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES "+strings.Join(values, ","),
		"INSERT INTO usage_subjects (subject_no, account_no, account_id, customer_id) VALUES "+strings.Join(whose[:accounts-3], ","),
		"INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a102', 'x', '2026-03-01', 1, 60, 1)",
		"INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'raw', '', 5, 0)")
	for i, phase := range []string{"ready", "raw"} {
		if phase == "raw" { // and the sums do not have all
			execOn(t, connections, "DELETE FROM usage_changes", "DELETE FROM usage_subjects WHERE subject_no > 50")
		}
		execOn(t, connections, fmt.Sprintf("UPDATE usage_level_state SET phase = '%s', generation = %d", phase, 10+i))
		reader := readerOf(connections)
		for what, c := range map[string]struct {
			query usage.Query
			want  []string
		}{
			"all": {usage.Query{}, all}, "many": {usage.Query{Accounts: some}, all}, "a customer": {usage.Query{CustomerID: "x"}, ofX}, "a customer of many": {usage.Query{CustomerID: "x", Accounts: some}, ofX},
			"a few": {usage.Query{Accounts: some[1:3]}, []string{"0001", "0002", "1001", "1002"}}, "none": {usage.Query{Accounts: []string{}}, nil},
			"one of them": {usage.Query{Accounts: some, AccountID: "a003", CustomerID: "x"}, []string{"0003", "1003"}}, "one of others": {usage.Query{Accounts: some[:3], AccountID: "a003"}, nil},
			"nobody": {usage.Query{CustomerID: "nobody"}, nil},
		} {
			for _, limit := range []int{3, 80, 999} {
				if len(c.want) > 10 && limit == 3 {
					continue
				}
				for _, backward := range []bool{false, true} {
					query, got := usage.SessionsQuery{Query: c.query, Limit: limit + 1, Backward: backward}, []string{}
					for more := true; more && len(got) <= 2*accounts; {
						found, err := sessionsOf(t, reader, query)
						if err != nil {
							t.Fatal(err)
						}
						if more = len(found) > limit; more {
							found = found[:limit]
						}
						for _, one := range found {
							got = append(got, one.SessionID)
							if query.After = &one.Place; backward {
								query.After, query.Before = nil, &one.Place
							}
						}
					}
					want := strings.Join(c.want, " ")
					if backward {
						for i, j := 0, len(got)-1; i < j; i, j = i+1, j-1 {
							got[i], got[j] = got[j], got[i]
						}
					}
					if strings.Join(got, " ") != want {
						t.Errorf("%s, %s by %d, backward %v: got %d, want %d: %.80q", phase, what, limit, backward, len(got), len(c.want), got)
					}
				}
			}
		}
	}
	// Only those accounts are looked up that may have a customer.
	recorded, _, statements := recordedReader(t, dsn)
	for range 2 {
		statements.Take()
		if _, err := sessionsOf(t, recorded, usage.SessionsQuery{Query: usage.Query{AccountID: "a003", CustomerID: "x"}, Limit: 9}); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range statements.Take() {
		if strings.Contains(statement, "usage_subjects") {
			t.Errorf("accounts are looked for beside the one that is asked for: %s", statement)
		}
	}
	// A column that is missing is not taken for that of the ids.
	execOn(t, connections, "ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start, DROP COLUMN ai_minutes")
	if found, err := sessionsOf(t, readerOf(connections), usage.SessionsQuery{Limit: 9}); err == nil || usage.AsError(err).Code == usage.NotFound {
		t.Errorf("without minutes: %v, %v", found, err)
	}
}
