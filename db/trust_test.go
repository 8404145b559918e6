package db_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/db/sums"
	"aiusage/usage"
)

// What triggers do not see is found in the background, told, and repaired where it
// takes nothing away.
func TestSumsThatTriggersDidNotSeeAreRepaired(t *testing.T) {
	turn := 0
	for name, damage := range map[string][]string{
		"the triggers' variable left on": {"SET @aiusage_recorded = 1", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('n', 'a', '2026-02-20', 600)"},
		"an update past the triggers":    {"SET @aiusage_recorded = 1", "UPDATE ai_sessions SET duration_seconds = duration_seconds + 600 LIMIT 3"},
		"a table with more rows": {"CREATE TABLE copy LIKE ai_sessions", "INSERT INTO copy (session_id, account_id, customer_id, started_at, duration_seconds) SELECT session_id, account_id, customer_id, started_at, duration_seconds FROM ai_sessions",
			"INSERT INTO copy (session_id, account_id, started_at, duration_seconds) VALUES ('n', 'a', '2026-02-20', 600)",
			"SET @aiusage_recorded = 1", "TRUNCATE TABLE ai_sessions", "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) SELECT session_id, account_id, customer_id, started_at, duration_seconds FROM copy"},
		"minutes that are computed anew": {"ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start, DROP COLUMN ai_minutes", "ALTER TABLE ai_sessions ADD COLUMN ai_minutes INT UNSIGNED AS ((duration_seconds + 29) DIV 30) STORED"},
		"a day that was changed":         {"UPDATE usage_total_rollups SET minutes = minutes - 1 WHERE grain = 2 LIMIT 1"},
		"an hour that was changed":       {"UPDATE usage_account_series SET seconds = seconds - 1 WHERE grain = 1 LIMIT 1"},
		"a month that was changed":       {"UPDATE usage_customer_rollups SET minutes = minutes - 1 WHERE grain = 3 LIMIT 1"},
		"days that were exchanged":       {"UPDATE usage_customer_rollups r JOIN (SELECT bucket, MIN(subject_no) AS one, MAX(subject_no) AS other FROM usage_customer_rollups WHERE grain = 2 GROUP BY bucket HAVING one <> other ORDER BY bucket LIMIT 1) pair ON r.bucket = pair.bucket AND r.grain = 2 SET minutes = minutes + CASE subject_no WHEN one THEN 1 WHEN other THEN -1 ELSE 0 END"},
		"an account that cascades": {"CREATE TABLE owners (id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY)", "INSERT INTO owners SELECT DISTINCT account_id FROM ai_sessions",
			"ALTER TABLE ai_sessions ADD FOREIGN KEY (account_id) REFERENCES owners (id) ON UPDATE CASCADE", "UPDATE owners SET id = CONCAT(id, '2') ORDER BY id LIMIT 1"},
		"a customer that is set to NULL": {"CREATE TABLE clients (id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY)", "INSERT INTO clients SELECT DISTINCT customer_id FROM ai_sessions WHERE customer_id IS NOT NULL",
			"ALTER TABLE ai_sessions ADD FOREIGN KEY (customer_id) REFERENCES clients (id) ON DELETE SET NULL", "DELETE FROM clients ORDER BY id LIMIT 1"},
		"a session of another account": {"SET @aiusage_recorded = 1", "UPDATE ai_sessions SET account_id = 'moved' LIMIT 1"},
		"sums that are gone":           {"DELETE FROM usage_customer_rollups", "DELETE FROM usage_account_rollups", "DELETE FROM usage_account_series", "DELETE FROM usage_total_rollups"},
		"changes that are gone":        {"INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('n', 'a', '2026-02-20', 600)", "DELETE FROM usage_changes"},
	} {
		turn++
		t.Run(name, func(t *testing.T) {
			rolledUpInTurn(t, turn, func(t *testing.T, store *db.Store, dsn string) {
				write(t, store, samples(200)...)
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				newWriter(t, dsn, "").run(damage...)
				err := store.LookAfter(t.Context())
				if coded := wantCode(t, err, usage.Unavailable); !strings.Contains(coded.Message, "not those of its") {
					t.Errorf("got %v", err)
				}
				if got := status(t, store); got.Phase != db.Ready || got.Distrusted || got.Reason != "" {
					t.Errorf("afterwards: %+v", got)
				}
				holds(t, store, dsn, "repaired")
			})
		})
	}
}

// While the sums are being repaired, reports read the sessions and the status says why.
func TestReportsReadSessionsUntilSumsAreRepaired(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, samples(300)...)
		newWriter(t, dsn, "").run("SET @aiusage_recorded = 1", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('n', 'a', '2026-02-20', 600)")
		wantCode(t, store.NewComparer().Sweep(t.Context()), usage.Unavailable)
		if got := status(t, store); got.Phase != db.Filling || !got.Distrusted || !strings.Contains(got.Reason, "2026-02-20") {
			t.Errorf("got %+v", got)
		}
		if got, want := report(t, store, usage.Request{}).Totals, plainSums(t, dsn, "TRUE"); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		// Another gateway goes on, also after this one was killed.
		if err := open(t, dsn).FillRollups(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		holds(t, store, dsn, "repaired by another")
	})
}

// Sums of sessions that have gone are kept until somebody says that they should go, too.
func TestSumsOfSessionsThatHaveGoneAreKeptUntilAsked(t *testing.T) {
	turn := 0
	for name, damage := range map[string][]string{
		"TRUNCATE":                 {"TRUNCATE TABLE ai_sessions"},
		"a cascading foreign key":  {"INSERT INTO accounts SELECT DISTINCT account_id, '' FROM ai_sessions", "ALTER TABLE ai_sessions ADD FOREIGN KEY (account_id) REFERENCES accounts (account_id) ON DELETE CASCADE", "DELETE FROM accounts LIMIT 1"},
		"a deletion past triggers": {"SET @aiusage_recorded = 1", "DELETE FROM ai_sessions ORDER BY started_at LIMIT 5"},
		"a dropped partition":      {"ALTER TABLE ai_sessions DROP PARTITION p0"},
		"a moved start":            {"SET @aiusage_recorded = 1", "UPDATE ai_sessions SET started_at = started_at + INTERVAL 3 DAY LIMIT 5"},
	} {
		turn++
		t.Run(name, func(t *testing.T) {
			rolledUpInTurn(t, turn, func(t *testing.T, store *db.Store, dsn string) {
				write(t, store, samples(200)...)
				if strings.Contains(name, "partition") {
					execute(t, dsn, "ALTER TABLE ai_sessions DROP PRIMARY KEY, ADD PRIMARY KEY (session_id, started_at)",
						"ALTER TABLE ai_sessions PARTITION BY RANGE COLUMNS (started_at) (PARTITION p0 VALUES LESS THAN ('2026-02-10'), PARTITION p1 VALUES LESS THAN ('2030-01-01'))")
					install(t, store)
				}
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				sums := "SELECT COALESCE(SUM(sessions), 0) FROM usage_total_rollups WHERE grain = 3"
				before := count(t, dsn, sums)
				comparer := store.NewComparer()
				if err := comparer.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
				newWriter(t, dsn, "").run(damage...)
				wantCode(t, comparer.Sweep(t.Context()), usage.Unavailable)
				wantCode(t, store.LookAfter(t.Context()), usage.Unavailable)
				got := status(t, store)
				if got.Phase != db.Raw || !got.Distrusted || !strings.Contains(got.Reason, "run the migrate command") || !strings.Contains(got.Reason, "have gone") {
					t.Errorf("got %+v", got)
				}
				if after := count(t, dsn, sums); after < before {
					t.Errorf("%d of %d sessions are left in the sums", after, before)
				}
				if got, want := report(t, store, usage.Request{}).Totals, plainSums(t, dsn, "TRUE"); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
				if err := store.LookAfter(t.Context()); err != nil || status(t, store).Phase != db.Raw {
					t.Errorf("it does not stay so: %v, %+v", err, status(t, store))
				}
				install(t, store)
				holds(t, store, dsn, "made anew")
			})
		})
	}
}

// What retention has dropped is no damage, and the rest of its day is compared.
func TestWhatRetentionHasDroppedIsNoDamage(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, samples(2000)...)
		if _, err := store.DropSessions(t.Context(), noon.AddDate(0, 0, -20), nil); err != nil {
			t.Fatal(err)
		}
		if err := store.LookAfter(t.Context()); err != nil || status(t, store).Phase != db.Ready {
			t.Fatalf("%v, %+v", err, status(t, store))
		}
		newWriter(t, dsn, "").run("SET @aiusage_recorded = 1", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('n', 'a', '2026-02-09 13:00', 60)")
		wantCode(t, store.LookAfter(t.Context()), usage.Unavailable)
		if found := differences(t, store); len(found) > 0 || status(t, store).Phase != db.Ready {
			t.Errorf("%+v, %+v", found, status(t, store))
		}
	})
}

// Sums of what retention has dropped are read whatever has happened to the rest.
func TestWhatRetentionHasDroppedIsReportedWhileSumsAreNotBelieved(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, samples(2000)...)
		newWriter(t, dsn, "").run(`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated', 'a', '0000-00-00', 600)`)
		requests := []usage.Request{{}, {StartDate: "2026-01-25", EndDate: "2026-02-20"}, {EndDate: "2026-02-05"}, {StartDate: "2026-02-01T10:00:00Z"}, {StartDate: "2026-02-25"}, {AccountID: samples(1)[0].AccountID}}
		before := make([]*usage.Report, len(requests))
		for i, request := range requests {
			before[i] = report(t, store, request)
		}
		dubai, err := usage.LoadZone("timeZone", "Asia/Dubai")
		if err != nil {
			t.Fatal(err)
		}
		daily := usage.SeriesQuery{Step: usage.Daily, Query: usage.Query{Level: usage.ByAccount, Zone: dubai, Range: usage.Range{From: noon.AddDate(0, 0, -35), To: noon}}}
		series, err := store.Series(t.Context(), daily)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.DropSessions(t.Context(), noon.AddDate(0, 0, -20), nil); err != nil {
			t.Fatal(err)
		}
		// Waiting, and folded; with the phases raw and filling.
		for _, phase := range []string{"raw", "filling"} {
			execute(t, dsn, "UPDATE usage_level_state SET phase = '"+phase+"', reason = 'not believed'")
			for i, request := range requests {
				got := report(t, store, request)
				if got.Totals != before[i].Totals || !reflect.DeepEqual(got.Subjects, before[i].Subjects) {
					t.Errorf("%s, %+v: got %v, want %v", phase, request, got.Totals, before[i].Totals)
				}
			}
			set, err := store.Series(t.Context(), daily)
			if err != nil {
				t.Fatal(err)
			}
			for _, account := range before[0].Accounts {
				subject := usage.Subject{AccountID: account.AccountID}
				if !reflect.DeepEqual(set.Of(subject), series.Of(subject)) {
					t.Errorf("%s: another series of %s", phase, account.AccountID)
				}
			}
			query, err := usage.Request{StartDate: "2026-02-01T10:17:00Z"}.Query(nil, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = store.Report(t.Context(), query)
			wantCode(t, err, usage.InvalidArgument)
		}
	})
}

// Every day is compared after some rounds, not just the first and the last ones.
func TestEveryDayIsCompared(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, samples(200)...)
		comparer := store.NewComparer()
		if err := comparer.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		newWriter(t, dsn, "").run("SET @aiusage_recorded = 1", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('n', 'a', '2026-02-11 13:00', 60)")
		if err := comparer.Sweep(t.Context()); err == nil {
			t.Error("a day in the middle is not compared")
		}
	})
}

// A sum that leaves its type is an error wherever it is computed, and no other number.
func TestSumsBeyondTheirTypeAreErrors(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, "ALTER TABLE ai_sessions DROP INDEX ai_sessions_by_account, DROP INDEX ai_sessions_by_start, DROP COLUMN ai_minutes",
			"ALTER TABLE ai_sessions MODIFY duration_seconds BIGINT NOT NULL, ADD COLUMN ai_minutes INT NOT NULL DEFAULT 1",
			"INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('1', 'a', 'x', '2026-03-01', 5000000000000000000), ('3', 'b', 'x', '2026-03-01', 7), ('4', 'a', 'y', '2026-04-01', 5000000000000000000)")
		tooLarge := func(what string) {
			t.Helper()
			for _, query := range []usage.Query{{Zone: time.UTC}, {Zone: time.UTC, AccountID: "a"}} {
				_, err := store.Report(t.Context(), query)
				wantCode(t, err, usage.OutOfRange)
				_, err = store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(usage.ByAccount, query), Step: usage.Monthly})
				if err != nil { // each month alone fits
					t.Errorf("%s: %v", what, err)
				}
			}
			if got := report(t, store, usage.Request{AccountID: "b"}).Totals.Seconds; got != 7 {
				t.Errorf("%s: %d s, want 7", what, got)
			}
			if got := report(t, store, usage.Request{EndDate: "2026-03-31"}).Totals.Seconds; got != 5000000000000000007 {
				t.Errorf("%s: %d s", what, got)
			}
		}
		tooLarge("waiting")
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		tooLarge("folded")
		// In one month they meet, where the sums cannot hold them.
		execute(t, dsn, "INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('2', 'a', 'x', '2026-03-05', 5000000000000000000)")
		_, err := store.Fold(t.Context(), nil)
		if err == nil {
			t.Error("a sum beyond 64 bits was folded")
		}
		if got := status(t, store); got.Phase != db.Raw || !strings.Contains(got.Reason, "64 bits") {
			t.Errorf("got %+v", got)
		}
		if got := report(t, store, usage.Request{AccountID: "b"}).Totals.Seconds; got != 7 {
			t.Errorf("read from sessions: %d s, want 7", got)
		}
	})
}

// Where folding does not get on, the status says so, whatever the reason.
func TestFoldingThatDoesNotGetOnIsTold(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		blocker := newWriter(t, dsn, "")
		blocker.run("BEGIN", "SELECT * FROM usage_changes FOR UPDATE")
		for range 2 {
			if err := store.KeepFolding(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := status(t, store).Stuck; got != "" {
			t.Errorf("after a moment: %q", got)
		}
		store.FoldedLast(2 * time.Minute)
		if got := status(t, store).Stuck; !strings.Contains(got, "minute") {
			t.Errorf("after two minutes: %q", got)
		}
		blocker.run("ROLLBACK")
		if err := store.KeepFolding(t.Context()); err != nil || status(t, store).Stuck != "" {
			t.Errorf("when it goes on: %v, %q", err, status(t, store).Stuck)
		}
		write(t, store, session("2", 60))
		execute(t, dsn, "RENAME TABLE usage_total_rollups TO away")
		for range 3 {
			if err := store.KeepFolding(t.Context()); err == nil {
				t.Error("folding works without a table")
			}
		}
		execute(t, dsn, "RENAME TABLE away TO usage_total_rollups")
		if got := status(t, store).Stuck; got == "" {
			t.Error("failures are not told")
		}
		if err := store.KeepFolding(t.Context()); err != nil || status(t, store).Stuck != "" {
			t.Errorf("in the end: %v, %q", err, status(t, store).Stuck)
		}
		// While reports read sessions, nobody waits for what was stuck before.
		write(t, store, session("3", 60))
		blocker.run("BEGIN", "SELECT * FROM usage_changes FOR UPDATE")
		if err := store.KeepFolding(t.Context()); err != nil {
			t.Fatal(err)
		}
		store.FoldedLast(2 * time.Minute)
		if got := status(t, store).Stuck; got == "" {
			t.Error("it is not stuck")
		}
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'raw'")
		status(t, store)
		if err := store.KeepFolding(t.Context()); err != nil || status(t, store).Stuck != "" {
			t.Errorf("reading sessions: %v, %q", err, status(t, store).Stuck)
		}
		blocker.run("ROLLBACK")
	})
}

// awaitLockWait returns once somebody waits for a lock of the database.
func awaitLockWait(t *testing.T, dsn, condition string) {
	t.Helper()
	for range 2000 {
		if count(t, dsn, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND "+condition) > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("nobody waits")
}

// What retention drops while somebody verifies is no difference.
func TestVerifyDoesNotTakeForDamageWhatRetentionDropsMeanwhile(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		later := session("2", 120)
		later.StartedAt = later.StartedAt.Add(24 * time.Hour)
		write(t, store, session("1", 60), later)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		retention, ddl := newWriter(t, dsn, ""), newWriter(t, dsn, "")
		for day, amount := range []usage.Usage{{Minutes: 1, Seconds: 60, Sessions: 1}, {Minutes: 2, Seconds: 120, Sessions: 1}} {
			execute(t, dsn, fmt.Sprintf("INSERT INTO usage_quarters (account_no, day, subject_no, quarters) SELECT account_no, '2026-03-%02d', subject_no, X'%x' FROM usage_subjects", day+1, sums.Pack(map[int]usage.Usage{48: amount})))
		}
		// Verifying stands still after the first hour. It then reads the state, and after
		// that the sessions of the second.
		type result struct {
			found []db.Difference
			err   error
		}
		done, first, goOn := make(chan result, 1), make(chan struct{}), make(chan struct{})
		var once sync.Once
		go func() {
			var r result
			r.err = store.VerifyRollups(context.WithoutCancel(t.Context()), usage.Range{To: noon.AddDate(0, 0, 3)},
				func(d db.Difference) { r.found = append(r.found, d) },
				func(db.CheckProgress) { once.Do(func() { close(first); <-goOn }) })
			done <- r
		}()
		<-first
		// Retention has dropped the sessions, but not committed that yet.
		retention.run("SET @aiusage_recorded = 1", "BEGIN", "DELETE FROM ai_sessions")
		// A change of the table waits for that, and whoever reads the table waits behind it.
		changed := make(chan error, 1)
		go func() { changed <- ddl.try("ALTER TABLE ai_sessions COMMENT = 'changed'") }()
		awaitLockWait(t, dsn, "STATE LIKE 'Waiting for table%' AND INFO LIKE 'ALTER%'")
		close(goOn)
		awaitLockWait(t, dsn, "STATE LIKE 'Waiting for table%' AND INFO NOT LIKE 'ALTER%'")
		execute(t, dsn, "UPDATE usage_level_state SET raw_from = '2026-03-04', generation = generation + 1")
		retention.run("COMMIT")
		if err := <-changed; err != nil {
			t.Error(err)
		}
		if r := <-done; r.err != nil || len(r.found) > 0 {
			t.Errorf("got %v, %+v", r.err, r.found)
		}
	})
}
