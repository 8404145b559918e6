package db_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

func TestAServerThatIsSetUpOtherwise(t *testing.T) {
	dbtest.EachConfigured(t, trusting, func(t *testing.T, server *dbtest.Server) {
		admin := pool(t, server.DSN+"?charset=utf8mb4")
		usual := variables(t, admin)
		account := hostileServer(t, admin, server.DSN)
		t.Run("connections are what the gateway needs", func(t *testing.T) { areWhatTheGatewayNeeds(t, usual, account) })
		t.Run("answers are exact", func(t *testing.T) { areExact(t, admin, account) })
	})
}

// areWhatTheGatewayNeeds looks at each variable of a connection.
func areWhatTheGatewayNeeds(t *testing.T, usual map[string]string, account string) {
	store := open(t, account)
	// What a connection is without the gateway's settings.
	bare := pool(t, account)
	otherwise := func(name string) (value string) {
		// It has the server's own little time for a statement, which a busy machine may need more of.
		var err error
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
			if err = bare.QueryRow("SELECT /*+ MAX_EXECUTION_TIME(60000) */ CAST(@@SESSION." + name + " AS CHAR)").Scan(&value); err == nil {
				return value
			}
		}
		t.Fatalf("%s: %v", name, err)
		return ""
	}
	read := func(expression string) (value string) {
		err := store.Read(t.Context(), "SELECT COALESCE(CAST("+expression+" AS CHAR), 'NULL')", func(is string) { value = is })
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		return value
	}
	names, values := db.Settings()
	for name := range hostile {
		if !slices.Contains(names, name) {
			t.Errorf("%s is left as the server has it", name)
		}
	}
	for i, name := range names {
		_, present := usual[name]
		switch {
		case hostile[name] == "":
			t.Errorf("there is no hostile value of %s", name)
		case strings.HasPrefix(name, "@"):
			if got := read(name); got != values[i] {
				t.Errorf("%s is %s", name, got)
			}
		case !present || name == "autocommit" && values[i] == "0":
		case otherwise(name) == read("@@SESSION."+name):
			t.Errorf("%s is %s without being set", name, otherwise(name))
		case name == "timestamp":
			if year := read("YEAR(NOW())"); year < "2026" {
				t.Errorf("the clock stands still in %s", year)
			}
		case values[i] == "DEFAULT":
			if got := read("@@SESSION." + name); got != usual[name] {
				t.Errorf("%s is %s", name, got)
			}
		default:
			value := values[i]
			if unicode.IsLetter(rune(value[0])) {
				value = quoted(value)
			}
			if got := read("@@SESSION." + name + " = " + value); name != "sql_mode" && name != "completion_type" && got != "1" {
				t.Errorf("%s is %s, not %s", name, read("@@SESSION."+name), values[i])
			}
		}
	}
	if got := read("@@SESSION.completion_type"); got != "NO_CHAIN" {
		t.Errorf("completion_type is %s", got)
	}
	if got := read("@@SESSION.sql_mode"); !strings.Contains(got, "STRICT_ALL_TABLES") || strings.Contains(got, "ANSI_QUOTES") {
		t.Errorf("sql_mode is %s", got)
	}
}

// areExact writes, folds and reads beside others who write.
func areExact(t *testing.T, admin *sql.DB, account string) {
	store := open(t, account)
	migrate(t, store)
	install(t, store)
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	session := func(id string, minutes int) usage.Session {
		return usage.Session{SessionID: id, AccountID: "ácc-" + id, CustomerID: "c", StartedAt: at, DurationSeconds: int64(minutes) * 60}
	}
	want := func(when string, minutes, accounts int64) {
		t.Helper()
		got := report(t, store, usage.Request{StartDate: "2026-03-01", EndDate: "2026-03-01"})
		if got.Totals.Minutes != minutes || int64(len(got.Accounts)) != accounts {
			t.Errorf("%s: %d minutes of %d accounts, want %d of %d", when, got.Totals.Minutes, len(got.Accounts), minutes, accounts)
		}
		if !strings.HasPrefix(got.Accounts[0].AccountID, "ácc-") {
			t.Errorf("%s: the id is %q", when, got.Accounts[0].AccountID)
		}
	}
	write(t, store, session("a", 1), session("b", 2))
	want("imported", 3, 2)
	write(t, store, session("a", 4), session("c", 8))
	want("imported again", 14, 3)

	perform(t, admin, "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('d', 'ácc-d', '2026-03-01 10:00', 960)")
	for range 20 { // whichever connections the pool has
		want("written by the platform", 30, 4)
	}
	tx, err := admin.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	perform(t, tx, "UPDATE ai_sessions SET duration_seconds = 0 WHERE session_id = 'd'")
	want("while the platform writes", 30, 4)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if folded, err := store.Fold(t.Context(), nil); err != nil || folded == 0 {
		t.Errorf("folded %d: %v", folded, err)
	}
	want("folded", 30, 4)
	noDifferences(t, store)
	plainTables(t, admin)
}

func noDifferences(t *testing.T, store *db.Store) {
	t.Helper()
	err := store.VerifyRollups(t.Context(), usage.Range{}, func(d db.Difference) { t.Errorf("differs: %+v", d) }, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// plainTables makes sure that the gateway's tables have transactions.
func plainTables(t *testing.T, admin *sql.DB) {
	t.Helper()
	var others int
	err := admin.QueryRow("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'aiusage' AND ENGINE <> 'InnoDB'").Scan(&others)
	if err != nil || others > 0 {
		t.Errorf("%d tables are in other engines: %v", others, err)
	}
}

func TestTheDSNDoesNotChangeWhatStatementsMean(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		separator := "?"
		if strings.Contains(dsn, "?") {
			separator = "&"
		}
		store := open(t, dsn+separator+"charset=latin1&timeTruncate=1h&columnsWithAlias=true&clientFoundRows=true&parseTime=false"+
			"&checkConnLiveness=false&interpolateParams=false&autocommit=0&sql_select_limit=1&completion_type=1")
		migrate(t, store)
		at := time.Date(2026, 3, 1, 10, 59, 59, 999e6, time.UTC)
		write(t, store, usage.Session{SessionID: "ü", AccountID: "日本", StartedAt: at, DurationSeconds: 61},
			usage.Session{SessionID: "s", AccountID: "😀", StartedAt: at, DurationSeconds: 61})
		got := report(t, store, usage.Request{StartDate: "2026-03-01T10:59:59.999Z", EndDate: "2026-03-01T11:00:00Z"})
		if len(got.Accounts) != 2 || got.Accounts[0].AccountID != "日本" || got.Totals.Minutes != 4 {
			t.Errorf("got %+v", got)
		}
		execute(t, dsn, "DELETE FROM ai_sessions WHERE session_id = 's'")
		if got := report(t, store, usage.Request{}); got.Totals.Minutes != 2 {
			t.Errorf("got %d minutes after a session was deleted, want 2", got.Totals.Minutes)
		}
	})
}

func TestANewConnectionTakesTwoStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		recorded, statements := dbtest.Record(t, dsn)
		store := open(t, recorded)
		connections := func(count int) (sent []string) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			held := make(chan struct{})
			done := make(chan error, count)
			arrived := make(chan struct{}, count)
			for range count {
				go func() {
					done <- store.Hold(ctx, func() { arrived <- struct{}{}; <-held })
				}()
			}
			for range count {
				<-arrived
			}
			close(held)
			for range count {
				if err := <-done; err != nil {
					t.Fatal(err)
				}
			}
			return statements.Take()
		}
		connections(1)
		if sent := connections(3); len(sent) != 4 {
			t.Errorf("two new connections took %d statements: %q", len(sent), sent)
		}
	})
}

// A transaction that init_connect has begun would show its snapshot for ever, and
// take back whatever is written.
func aTransactionOfInitConnectIsEnded(t *testing.T, server *dbtest.Server) {
	admin := pool(t, server.DSN)
	migrate(t, open(t, server.DSN))
	createPlain(t, admin)
	defer perform(t, admin, "SET GLOBAL init_connect = ''")
	for _, init := range []string{"START TRANSACTION WITH CONSISTENT SNAPSHOT", "START TRANSACTION READ ONLY", "SET autocommit = 0; START TRANSACTION"} {
		perform(t, admin, "DELETE FROM accounts")
		perform(t, admin, "SET GLOBAL init_connect = "+quoted(init))
		store := openWith(t, as(t, server.DSN, "plain", "pw"), 1)
		named := func(id string) string {
			accounts, err := store.Accounts(t.Context(), []string{id})
			if err != nil {
				t.Fatal(err)
			}
			return accounts[0].Name
		}
		named("b")
		perform(t, admin, "INSERT INTO accounts VALUES ('b', 'B')")
		if got := named("b"); got != "B" {
			t.Errorf("%s: what others write is not seen: %q", init, got)
		}
		if err := writes(t, store); err != nil {
			t.Errorf("%s: %v", init, err)
		}
		if n := count(t, server.DSN, "SELECT COUNT(*) FROM accounts"); n != 2 {
			t.Errorf("%s: others see %d accounts, want 2", init, n)
		}
		store.Close()
	}
}
