package db_test

import (
	"context"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/db/migrations"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// undoAll undoes steps until there are none or one is refused.
func undoAll(t *testing.T, store *db.Store, drop ...string) (kept []string, refused error) {
	t.Helper()
	for {
		undone, err := store.Rollback(t.Context(), drop)
		if coded, ok := err.(*usage.Error); ok && coded.Code == usage.NotFound {
			return kept, nil
		}
		if err != nil {
			return kept, err
		}
		if undone.Kept != "" {
			kept = append(kept, undone.Kept)
		}
	}
}

func tablesOf(t *testing.T, dsn string) (names []string) {
	t.Helper()
	rows, err := pool(t, dsn).Query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

func rowsOf(t *testing.T, dsn, table string) (rows int) {
	t.Helper()
	if err := pool(t, dsn).QueryRow("SELECT COUNT(*) FROM " + table).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// createTables are the statements of the migrations, by table, as the platform could
// have run them, without the gateway's mark.
func createTables(t *testing.T) map[string]string {
	t.Helper()
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	statement := regexp.MustCompile(`(?ms)^CREATE TABLE IF NOT EXISTS (\w+) .*?;$`)
	found := map[string]string{}
	for _, file := range files {
		content, err := fs.ReadFile(migrations.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range statement.FindAllStringSubmatch(string(content), -1) {
			found[match[1]] = strings.Replace(match[0], "COMMENT = 'AI usage gateway'", "", 1)
		}
	}
	return found
}

func TestTheSessionsAreDroppedOnlyByName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		migrate(t, store)
		write(t, store, usage.Session{SessionID: "s", AccountID: "a", StartedAt: time.Now(), DurationSeconds: 61})
		_, refused := undoAll(t, store)
		if coded := wantCode(t, refused, usage.InvalidArgument); !strings.Contains(coded.Error(), "add drop ai_sessions") {
			t.Errorf("got %q", coded.Message)
		}
		if _, refused = undoAll(t, store, "users"); refused == nil {
			t.Error("the sessions are dropped by another name")
		}
		if rows := rowsOf(t, dsn, "ai_sessions"); rows != 1 {
			t.Fatalf("%d sessions are left", rows)
		}
		if kept, refused := undoAll(t, store, "ai_sessions"); kept != nil || refused != nil {
			t.Errorf("kept %v: %v", kept, refused)
		}
		if left := tablesOf(t, dsn); !slices.Equal(left, []string{"aiusage_schema_version"}) {
			t.Errorf("left: %v", left)
		}
		migrate(t, store) // the steps were undone, so they can be done again
		if rows := rowsOf(t, dsn, "ai_sessions"); rows != 0 {
			t.Errorf("%d sessions after all were dropped", rows)
		}
	})
}

var references = regexp.MustCompile(`REFERENCES (\w+)`)

// A platform may have any of the tables already, above all that of the sessions: every other
// one here, beside those that the gateway makes, and then the others. The embedded database
// is the gateway's own.
func TestTablesOfThePlatformStay(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		create := createTables(t)
		var parents, children []string
		for _, name := range slices.Sorted(maps.Keys(create)) {
			if references.MatchString(create[name]) {
				children = append(children, name)
			} else {
				parents = append(parents, name)
			}
		}
		for half := range 2 {
			var theirs []string
			for i, name := range parents {
				if i%2 == half {
					theirs = append(theirs, name)
				}
			}
			for _, name := range children { // with what it refers to
				if slices.Contains(theirs, references.FindStringSubmatch(create[name])[1]) {
					theirs = append(theirs, name)
				}
			}
			t.Run(strings.Join(theirs, ","), func(t *testing.T) {
				for _, name := range theirs {
					execute(t, dsn, create[name])
				}
				defer func() {
					for _, name := range slices.Backward(append([]string{"aiusage_schema_version"}, theirs...)) {
						execute(t, dsn, "DROP TABLE "+name)
					}
				}()
				migrate(t, open(t, dsn))
				// Another process, so that nothing is remembered in this one.
				kept, refused := undoAll(t, open(t, dsn))
				if slices.Contains(theirs, "ai_sessions") {
					if refused != nil {
						t.Fatal(refused)
					}
				} else { // at the sessions, the first step
					wantCode(t, refused, usage.InvalidArgument)
					if _, refused = undoAll(t, open(t, dsn), "ai_sessions"); refused != nil {
						t.Fatal(refused)
					}
				}
				left := slices.DeleteFunc(tablesOf(t, dsn), func(name string) bool { return name == "aiusage_schema_version" })
				for what, names := range map[string][]string{"kept": kept, "left": left} {
					if slices.Sort(names); !slices.Equal(names, slices.Sorted(slices.Values(theirs))) {
						t.Errorf("%s: %v, want %v", what, names, theirs)
					}
				}
			})
		}
	})
}

func TestAViewOfThePlatformStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		if isEmbedded(t, store) {
			t.Skip("the embedded database is the gateway's own: no platform has views in it")
		}
		execute(t, dsn, strings.Replace(createTables(t)["ai_sessions"], "ai_sessions ", "calls ", 1), "CREATE VIEW ai_sessions AS SELECT * FROM calls",
			`INSERT INTO calls (session_id, account_id, started_at, duration_seconds) VALUES ('s', 'a', '2026-03-01', 60)`)
		migrate(t, store)
		kept, refused := undoAll(t, store, "ai_sessions") // even so
		if refused != nil || !slices.Equal(kept, []string{"ai_sessions"}) {
			t.Errorf("kept %v: %v", kept, refused)
		}
		if rowsOf(t, dsn, "ai_sessions") != 1 {
			t.Error("the view's table is empty")
		}
	})
}

// Of a database that was made before tables were marked, nobody knows which of them
// the gateway had found.
func TestOfAnOlderDatabaseTablesAreDroppedOnlyByName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		if isEmbedded(t, store) {
			t.Skip("the embedded database is the gateway's own: there is nothing to be unsure of")
		}
		migrate(t, store)
		before := tablesOf(t, dsn)
		for _, name := range before {
			execute(t, dsn, "ALTER TABLE "+name+" COMMENT = ''")
		}
		for _, drop := range [][]string{nil, {"ai_sessions"}} {
			_, refused := undoAll(t, store, drop...)
			if coded := wantCode(t, refused, usage.InvalidArgument); !strings.Contains(coded.Error(), "add drop ") {
				t.Errorf("got %q", coded.Message)
			}
			if left := tablesOf(t, dsn); !slices.Equal(left, before) {
				t.Fatalf("left: %v", left)
			}
		}
		if kept, refused := undoAll(t, store, before...); kept != nil || refused != nil {
			t.Errorf("kept %v: %v", kept, refused)
		}
	})
}

// Whoever adds a migration marks the tables that it makes.
func TestEveryTableOfAMigrationIsMarked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		if isEmbedded(t, store) {
			t.Skip("the embedded engine loses comments")
		}
		migrate(t, store)
		rows, err := pool(t, dsn).Query("SELECT TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		found := 0
		for ; rows.Next(); found++ {
			var name, comment string
			if err := rows.Scan(&name, &comment); err != nil {
				t.Fatal(err)
			}
			if comment != "AI usage gateway" {
				t.Errorf("the table %s has the comment %q; its migration lacks COMMENT = 'AI usage gateway'", name, comment)
			}
		}
		if found < 15 {
			t.Errorf("%d tables", found)
		}
	})
}

// Undoing the rollups takes their triggers away before their state. A gateway that is
// running, or an undo that is cut off in between, must not leave changes out.
func TestUndoingTheRollupsLeavesNoChangeOut(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, running *db.Store, dsn string) {
		write(t, running, session("1", 60))
		if got := report(t, running, usage.Request{}).Totals.Sessions; got != 1 {
			t.Fatalf("%d sessions, want 1", got)
		}
		operator := open(t, dsn)
		for { // down to the state of the rollups
			steps, err := operator.Migrations(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			last := db.Migration{}
			for _, step := range steps {
				if !step.AppliedAt.IsZero() {
					last = step
				}
			}
			if strings.Contains(last.Name, "usage_level_state") {
				break
			}
			if _, err := operator.Rollback(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		// Somebody is reading the state, so that its table cannot be dropped yet.
		reader := newWriter(t, dsn, "")
		reader.run("BEGIN", "SELECT * FROM usage_level_state")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { _, err := operator.Rollback(ctx, nil); done <- err }()
		awaitLockWait(t, dsn, "STATE LIKE 'Waiting for table%' AND INFO LIKE 'DROP TABLE%'")
		cancel()
		if err := <-done; err == nil {
			t.Error("the undo was not cut off")
		}
		for count(t, dsn, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE 'DROP TABLE%'") > 0 {
			time.Sleep(5 * time.Millisecond)
		}
		reader.run("ROLLBACK")
		execute(t, dsn, `INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('2', 'a', '2026-03-01', 60)`)
		if got := report(t, running, usage.Request{}).Totals.Sessions; got != 2 {
			t.Errorf("%d sessions after an undo that was cut off, want 2", got)
		}
	})
}
