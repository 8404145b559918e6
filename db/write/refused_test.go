package write_test

import (
	"strings"
	"testing"

	"aiusage/usage"
)

// Where the table does not take a row, the error says which one, or among which it is.
func TestARowThatTheTableDoesNotTakeIsNamed(t *testing.T) {
	const among = `one of 3 rows, from the one with session_id "0" to the one with session_id "2": `
	for turn := range 2 {
		onServer(t, turn, func(w *world) {
			w.run("ALTER TABLE ai_sessions ADD UNIQUE KEY (account_id, started_at), ADD CHECK (duration_seconds <> 501)")
			try := func(what, want string, change func(*usage.Session)) {
				w.Helper()
				batch := sessions(3, 3)
				change(&batch[1])
				_, err := writer(w.db).WriteSessions(w.Context(), batch)
				if err == nil || !strings.HasPrefix(err.Error(), "the database does not take "+want) || !strings.Contains(err.Error(), "Error ") {
					w.Errorf("%s: got %v", what, err)
				}
				if got := w.one("SELECT COUNT(*) FROM ai_sessions"); got != 0 {
					w.Errorf("%s: %d sessions are stored", what, got)
				}
			}
			long := strings.Repeat("s", 65)
			try("too long a duration", `the row with session_id "1": `, func(s *usage.Session) { s.DurationSeconds = 5e9 })
			try("too long an id", `the row with session_id "`+long+`": `, func(s *usage.Session) { s.SessionID = long })
			try("another key", among, func(s *usage.Session) { s.AccountID, s.StartedAt = "a0", noon })
			try("a check", "", func(s *usage.Session) { s.DurationSeconds = 501 }) // of which MariaDB says the row by some versions
			// What a trigger of the platform's says may look as if a server counted rows.
			for _, at := range []string{"0", "1", "3", "4", "99999999999999999999"} {
				w.run("CREATE TRIGGER refusing BEFORE INSERT ON ai_sessions FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a fault at row " + at + "'")
				want := among
				if n := strings.Index("1 3", at); n >= 0 {
					want = `the row with session_id "` + string("0 2"[n]) + `": `
				}
				try("a trigger that names row "+at, want, func(*usage.Session) {})
				w.run("DROP TRIGGER refusing")
			}
			_, err := writer(w.db).WriteCustomers(w.Context(), []usage.Customer{{AccountID: "a", CustomerID: long}})
			if err == nil || !strings.HasPrefix(err.Error(), `the database does not take the row with account_id "a" and customer_id "`+long+`": `) {
				w.Errorf("a customer: got %v", err)
			}
		})
	}
}
