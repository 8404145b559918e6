package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/sample"
	"aiusage/usage"
)

// eachRolledUp runs test on every engine that can have rollups, with rollups.
func eachRolledUp(t *testing.T, test func(t *testing.T, store *db.Store, dsn string)) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) { test(t, prepared(t, dsn), dsn) })
}

// anyRolledUp is eachRolledUp on one of the engines.
func anyRolledUp(t *testing.T, test func(t *testing.T, store *db.Store, dsn string)) {
	dbtest.AnyServer(t, func(t *testing.T, dsn string) { test(t, prepared(t, dsn), dsn) })
}

// rolledUpInTurn is anyRolledUp, the next engine for each turn.
func rolledUpInTurn(t *testing.T, turn int, test func(t *testing.T, store *db.Store, dsn string)) {
	dbtest.ServerInTurn(t, turn, func(t *testing.T, dsn string) { test(t, prepared(t, dsn), dsn) })
}

func count(t *testing.T, dsn, statement string) (n int) {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := pool.QueryRowContext(t.Context(), statement).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func differences(t *testing.T, store *db.Store) (found []db.Difference) {
	t.Helper()
	err := store.VerifyRollups(t.Context(), usage.Range{}, func(d db.Difference) { found = append(found, d) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func status(t *testing.T, store *db.Store) db.RollupStatus {
	t.Helper()
	status, err := store.RollupStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func samples(count int) []usage.Session {
	var sessions []usage.Session
	for s := range sample.Sessions(sample.Config{Now: noon, Sessions: count, Days: 40}) {
		sessions = append(sessions, s)
	}
	return sessions
}

// The table is full and in use when the rollups are installed: reports are right
// all along, filling can be interrupted, and in the end every change is counted.
func TestRollupsAreInstalledOnATableInUse(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		migrate(t, store)
		sessions := samples(6000)
		before, during := sessions[:4000], sessions[4000:]
		write(t, store, before...)
		// From here on the platform corrects, moves and deletes as it adds.
		pool := platform(t, dsn)
		var group sync.WaitGroup
		defer group.Wait()
		group.Go(func() {
			for i, s := range during {
				for _, c := range []change{
					{"INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, ?, ?, ?)",
						[]any{s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format("2006-01-02 15:04:05.000"), s.DurationSeconds}},
					{"UPDATE ai_sessions SET customer_id = 'moved', duration_seconds = duration_seconds + 1 WHERE session_id = ?", []any{before[i].SessionID}},
					{"DELETE FROM ai_sessions WHERE session_id = ?", []any{before[len(before)-1-i].SessionID}},
				} {
					if _, err := pool.ExecContext(context.Background(), c.statement, c.args...); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
		if _, err := store.InstallRollups(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for interruptions := 0; status(t, store).Phase != db.Ready; interruptions++ {
			ctx, cancel := context.WithCancel(t.Context())
			steps := 0
			err := store.FillRollups(ctx, func(db.CheckProgress) {
				if steps++; steps == 3 && interruptions < 3 {
					cancel()
				}
			})
			cancel()
			if interruptions >= 3 && err != nil {
				t.Fatal(err)
			}
		}
		if found := differences(t, store); len(found) > 0 {
			t.Errorf("while writing: %+v", found[0])
		}
		group.Wait()
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if found := differences(t, store); len(found) > 0 {
			t.Errorf("in the end: %d, first %+v", len(found), found[0])
		}
		if got := status(t, store); got.Pending != 0 {
			t.Errorf("%d changes are left", got.Pending)
		}
		if got, want := report(t, store, usage.Request{}).Totals.Sessions, count(t, dsn, "SELECT COUNT(*) FROM ai_sessions"); got != int64(want) {
			t.Errorf("%d sessions, want %d", got, want)
		}
	})
}

func TestVerifyNamesWhatDiffersAndRebuildCorrectsIt(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 61), session("2", 10))
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		execute(t, dsn, `UPDATE usage_total_rollups SET minutes = minutes + 7 WHERE grain = 2`, `DELETE FROM usage_customer_rollups WHERE grain = 3`)
		right := usage.Usage{Minutes: 3, Seconds: 71, Sessions: 2}
		wrong := usage.Usage{Minutes: 10, Seconds: 71, Sessions: 2}
		want := []string{
			fmt.Sprint("usage_customer_rollups a c month ", usage.Month.Floor(noon), right, usage.Usage{}),
			fmt.Sprint("usage_total_rollups   day ", usage.Day.Floor(noon), right, wrong),
		}
		var got []string
		for _, d := range differences(t, store) {
			got = append(got, fmt.Sprint(d.Table.Name(), " ", d.AccountID, " ", d.CustomerID, " ", d.Grain, " ", d.Bucket, d.Want, d.Got))
		}
		slices.Sort(got)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, nil)
		if err != nil || corrected == 0 {
			t.Errorf("corrected %d, %v", corrected, err)
		}
		if found := differences(t, store); len(found) > 0 {
			t.Errorf("after the rebuild: %+v", found)
		}
	})
}

func TestReportsReadRawSessionsWhenTheTriggersAreGone(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		execute(t, dsn, `DROP TRIGGER aiusage_change_inserted`,
			`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('unseen', 'a', '2026-03-01', 60)`)
		if err := store.CheckRollups(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := status(t, store); got.Phase != db.Raw || !strings.Contains(got.Reason, "aiusage_change_inserted") || !strings.Contains(got.Reason, "migrate") {
			t.Errorf("got %+v", got)
		}
		if got := report(t, store, usage.Request{}).Totals.Sessions; got != 2 {
			t.Errorf("%d sessions, want 2", got)
		}
		wantCode(t, store.VerifyRollups(t.Context(), usage.Range{}, nil, nil), usage.Unavailable)
		install(t, store)
		if found := differences(t, store); len(found) > 0 {
			t.Errorf("after the repair: %+v", found)
		}
	})
}

// Tools that change large tables put a changed copy in the place of the table,
// which takes the triggers along.
func TestTriggersFollowTheTable(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		execute(t, dsn, `CREATE TABLE fresh LIKE ai_sessions`,
			`INSERT INTO fresh (session_id, account_id, customer_id, started_at, duration_seconds)
				SELECT session_id, account_id, customer_id, started_at, duration_seconds FROM ai_sessions`,
			`RENAME TABLE ai_sessions TO old, fresh TO ai_sessions`,
			`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('unseen', 'a', '2026-03-01', 60)`)
		if err := store.CheckRollups(t.Context()); err != nil || status(t, store).Phase != db.Raw {
			t.Errorf("got %+v, %v", status(t, store), err)
		}
		install(t, store)
		write(t, store, session("2", 60))
		if found := differences(t, store); len(found) > 0 || report(t, store, usage.Request{}).Totals.Sessions != 3 {
			t.Errorf("after the repair: %+v", found)
		}
	})
}

func TestABulkWriteRecordsOneChangePerSubjectAndQuarterHour(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60), session("2", 60), session("3", 60))
		if got := count(t, dsn, `SELECT COUNT(*) FROM usage_changes`); got != 1 {
			t.Errorf("%d changes recorded, want 1", got)
		}
		write(t, store, session("1", 60), session("2", 600))
		if got := count(t, dsn, `SELECT SUM(minutes) FROM usage_changes`); got != 12 {
			t.Errorf("%d minutes recorded, want 12", got)
		}
		// What moves within its quarter-hour changes nothing.
		later := session("1", 60)
		later.StartedAt = noon.Add(time.Minute)
		write(t, store, later)
		if got := count(t, dsn, `SELECT COUNT(*) FROM usage_changes`); got != 2 {
			t.Errorf("%d changes recorded, want 2", got)
		}
		// More than one statement records.
		const many = 1001
		var hours []usage.Session
		for i := range many {
			one := session(fmt.Sprint("hour", i), 60)
			one.StartedAt = noon.Add(time.Duration(i) * time.Hour)
			hours = append(hours, one)
		}
		write(t, store, hours...)
		if got := count(t, dsn, `SELECT COUNT(*) FROM usage_changes`); got != 2+many {
			t.Errorf("%d changes recorded, want %d", got, 2+many)
		}
		// Without rollups nobody would take away what is recorded.
		execute(t, dsn, `DROP TRIGGER aiusage_change_inserted`)
		if err := store.CheckRollups(t.Context()); err != nil || status(t, store).Phase != db.Raw {
			t.Fatal(err)
		}
		execute(t, dsn, `DELETE FROM usage_changes`)
		write(t, store, session("4", 60), session("1", 120))
		if got := count(t, dsn, `SELECT COUNT(*) FROM usage_changes WHERE sessions > 0`); got != 0 {
			t.Errorf("%d changes recorded without rollups", got)
		}
		install(t, store)
		holds(t, store, dsn, "installed again")
	})
}

// The platform may use the very connections that imports have used.
func TestABulkWriteLeavesNoConnectionWithoutTriggers(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, _ *db.Store, dsn string) {
		store, err := db.Open(dsn, db.Options{MaxConnections: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		check := func(what string) {
			if set := store.BulkVariable(t); set {
				t.Errorf("%s left the variable set", what)
			}
		}
		write(t, store, session("1", 60))
		check("a write")
		bad := session("2", usage.MaxDurationSeconds+1)
		if _, err := store.WriteSessions(t.Context(), []usage.Session{bad}); err == nil {
			t.Error("a value that does not fit was stored")
		}
		check("a failure")
		for wait := range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(wait)*200*time.Microsecond)
			_, _ = store.WriteSessions(ctx, []usage.Session{session(fmt.Sprint("c", wait), 60)}) // cut off or not
			cancel()
			check("a write that was cut off")
		}
		if found := differences(t, store); len(found) > 0 {
			t.Errorf("got %+v", found)
		}
	})
}

func TestWhatIsMissingIsSaidWithTheStatementThatHelps(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, _ *db.Store, dsn string) {
		config, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		user := "limited" + config.DBName[len(config.DBName)-8:]
		execute(t, dsn, `CREATE USER `+user+`@'%' IDENTIFIED BY 'pw'`,
			`GRANT SELECT, INSERT, UPDATE, DELETE ON `+config.DBName+`.* TO `+user+`@'%'`)
		defer execute(t, dsn, `DROP USER `+user+`@'%'`)
		config.User, config.Passwd = user, "pw"
		binlog := count(t, dsn, `SELECT @@GLOBAL.log_bin AND NOT @@GLOBAL.log_bin_trust_function_creators`) == 1
		limited := open(t, config.FormatDSN())
		if err := limited.CheckRollups(t.Context()); err != nil || status(t, limited).Phase != db.Ready {
			t.Errorf("triggers that the account may not see count as gone: %+v, %v", status(t, limited), err)
		}
		execute(t, dsn, `DROP TRIGGER aiusage_change_inserted`)
		got, err := limited.InstallRollups(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		// Of two obstacles the server names the one that no account could overcome.
		if !binlog && (got.Phase != db.Raw || !strings.Contains(got.Reason, "GRANT TRIGGER ON `"+config.DBName+"`.* TO '"+user+"'@'%';")) {
			t.Errorf("without the privilege: got %+v", got)
		}
		execute(t, dsn, `GRANT TRIGGER ON `+config.DBName+`.* TO `+user+`@'%'`)
		limited = open(t, config.FormatDSN()) // privileges take effect for new connections
		got, err = limited.InstallRollups(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !binlog {
			if got.Phase != db.Filling {
				t.Errorf("with the privilege: got %+v", got)
			}
			return
		}
		if got.Phase != db.Raw || !strings.Contains(got.Reason, "1419") || !strings.Contains(got.Reason, "SET GLOBAL log_bin_trust_function_creators = 1;") {
			t.Errorf("under binary logging: got %+v", got)
		}
		if again := status(t, limited); again.Reason != got.Reason {
			t.Errorf("the reason is not remembered: %+v", again)
		}
	})
}

func TestOldSessionsAreDroppedAndTheirSumsRemain(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, samples(5000)...)
		cut := usage.Day.Floor(noon.AddDate(0, 0, -20))
		whole := usage.Request{StartDate: "2026-01-25", EndDate: "2026-02-20"}
		before := report(t, store, whole)
		dropped, err := store.DropSessions(t.Context(), cut.Add(23*time.Hour), nil)
		if err != nil || dropped == 0 {
			t.Fatalf("dropped %d, %v", dropped, err)
		}
		if left := count(t, dsn, `SELECT COUNT(*) FROM ai_sessions WHERE started_at < '2026-02-09'`); left != 0 {
			t.Errorf("%d sessions are left", left)
		}
		after := report(t, store, whole)
		if after.Totals != before.Totals || len(after.Subjects) != len(before.Subjects) {
			t.Errorf("got %+v, want %+v", after.Totals, before.Totals)
		}
		if found := differences(t, store); len(found) > 0 {
			t.Errorf("verify after dropping: %+v", found[0])
		}
		if !before.RetainedFrom.IsZero() || !after.RetainedFrom.Equal(cut) {
			t.Errorf("sessions are kept from %v on, and before dropping from %v on", after.RetainedFrom, before.RetainedFrom)
		}
		query, err := usage.Request{StartDate: "2026-02-01T10:17:00Z", EndDate: "2026-02-05"}.Query(nil, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Report(t.Context(), query)
		coded := wantCode(t, err, usage.InvalidArgument)
		if want := "the nearest exact range from 2026-02-01T10:15:00Z to 2026-02-06T00:00:00Z (exclusive)"; coded.Argument != "startDate" || coded.Accepted[0] != want {
			t.Errorf("got %s %q, want %q", coded.Argument, coded.Accepted, want)
		}
		old := samples(1)[0]
		old.StartedAt = cut.AddDate(0, 0, -1)
		_, err = store.WriteSessions(t.Context(), []usage.Session{old})
		wantCode(t, err, usage.InvalidArgument)
	})
}
