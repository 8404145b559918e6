package db_test

import (
	"slices"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// The tables take "a" and "a " for the same, so both are one subject, whichever is
// asked for and whatever a report is read from. A blank customer is none.
func TestSpacesAtTheEndOfAnIDMakeNoDifference(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		if isEmbedded(t, store) {
			t.Skip("the embedded engine tells ids with spaces at their end apart; only the gateway writes it, and refuses them")
		}
		execute(t, dsn, `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES
			('1', 'a ', 'c', '2026-03-01 10:00', 60), ('2', 'a', 'c ', '2026-03-01 10:30', 60), ('3', 'a', '  ', '2026-03-01 11:00', 60),
			('4', 'a  ', NULL, '2026-03-02 10:00', 60), ('5', 'b ', 'd ', '2026-03-02 10:00', 60), ('6', ' a', 'c', '2026-03-02 10:00', 60)`)
		check := func() {
			t.Helper()
			// The second range is read from rollups and, at its edges, from sessions.
			for _, end := range []string{"", "2026-03-02T10:15"} {
				for _, one := range []struct {
					asked usage.Request
					want  int64
				}{
					{usage.Request{}, 6}, {usage.Request{AccountID: "a"}, 4}, {usage.Request{AccountID: "a "}, 4}, {usage.Request{AccountID: "a   "}, 4},
					{usage.Request{AccountID: " a"}, 1}, {usage.Request{AccountID: "b"}, 1},
					{usage.Request{AccountID: "a", CustomerID: "c"}, 2}, {usage.Request{AccountID: "a ", CustomerID: "c  "}, 2},
					{usage.Request{CustomerID: "c"}, 3}, {usage.Request{CustomerID: "d"}, 1},
					{usage.Request{CustomerID: " "}, 0}, {usage.Request{AccountID: "  "}, 0}, {usage.Request{AccountID: "a", CustomerID: "  "}, 0},
					{usage.Request{Among: &usage.Among{AccountIDs: []string{"a  ", "a", "b"}}}, 5}, {usage.Request{Among: &usage.Among{AccountIDs: []string{" a", "  "}}}, 1},
					{usage.Request{Among: &usage.Among{AccountIDs: []string{}}}, 0}, {usage.Request{Among: &usage.Among{CustomerIDs: []string{}}}, 0},
					{usage.Request{Among: &usage.Among{CustomerIDs: []string{"c ", "d"}}}, 4}, {usage.Request{Among: &usage.Among{CustomerIDs: []string{"  ", "d"}}}, 1},
					{usage.Request{Among: &usage.Among{CustomerIDs: []string{"  "}}}, 0}, {usage.Request{Among: &usage.Among{AccountIDs: []string{"a"}, CustomerIDs: []string{"c", "d"}}}, 2},
					{usage.Request{AccountID: "a", Among: &usage.Among{AccountIDs: []string{"b"}}}, 0}, {usage.Request{CustomerID: "c", Among: &usage.Among{CustomerIDs: []string{"c", "d"}}}, 3},
				} {
					asked, want := one.asked, one.want
					asked.EndDate = end
					got := report(t, store, asked)
					if got.Totals.Minutes != want {
						t.Errorf("%+v: got %+v, want %d minutes", asked, got.Subjects, want)
					}
				}
				got := report(t, store, usage.Request{AccountID: "a", EndDate: end})
				if len(got.Accounts) != 1 || got.Accounts[0].WithoutCustomer.Minutes != 2 || len(got.Customers) != 1 || got.Customers[0].Minutes != 2 {
					t.Errorf("one subject: got %+v", got.Subjects)
				}
				ids := []string{}
				for _, account := range report(t, store, usage.Request{EndDate: end}).Accounts {
					ids = append(ids, account.AccountID)
				}
				if len(ids) != 3 || ids[0] != " a" || !slices.IsSorted(ids) {
					t.Errorf("accounts: got %q", ids)
				}
			}
			for subject, want := range map[usage.Subject]int64{{AccountID: "a"}: 4, {AccountID: "a ", CustomerID: "c"}: 2, {AccountID: "b"}: 1} {
				query := usage.SeriesQuery{Query: usage.Query{Zone: time.UTC, Level: usage.ByAccount}, Step: usage.Daily, Subjects: []usage.Subject{subject}}
				if subject.CustomerID != "" {
					query.Level = usage.ByCustomer
				}
				set, err := store.Series(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				var sum int64
				for _, point := range set.Of(subject) {
					sum += point.Minutes
				}
				if sum != want {
					t.Errorf("series of %+v: %d minutes, want %d", subject, sum, want)
				}
			}
		}
		check()
		if err := store.FoldBatch(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		check()
		execute(t, dsn, `UPDATE ai_sessions SET account_id = 'a' WHERE session_id = '1'`, `UPDATE ai_sessions SET customer_id = 'c' WHERE session_id = '2'`)
		check()
	})
}
