package db_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// zonesOfEveryKind have whole hours, half hours, midnights that are left out or come twice,
// clock changes of half an hour and at one minute past, and a day that is left out.
var zonesOfEveryKind = []string{"Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana", "America/St_Johns", "Pacific/Apia", "Asia/Gaza"}

// someSessions are of several accounts and customers, around the clock changes of zones and
// the skipped day of Apia.
func someSessions(random *rand.Rand, count int) (sessions []usage.Session) {
	around := []time.Time{
		time.Date(2011, 12, 29, 0, 0, 0, 0, time.UTC), time.Date(2011, 3, 13, 0, 0, 0, 0, time.UTC), time.Date(2011, 11, 6, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 27, 0, 0, 0, 0, time.UTC),
	}
	for i := range count {
		at := around[random.IntN(len(around))].Add(time.Duration(random.IntN(3*24*3600)) * time.Second)
		sessions = append(sessions, usage.Session{SessionID: fmt.Sprint("s", i), AccountID: fmt.Sprint("a", random.IntN(3)),
			CustomerID: []string{"", "c", "d"}[random.IntN(3)], StartedAt: at, DurationSeconds: random.Int64N(4000)})
	}
	return sessions
}

// calendarsOf are the calendars that the database has, that of UTC first.
func calendarsOf(t *testing.T, dsn string) []usage.Calendar {
	t.Helper()
	calendars := slices.Clone(utcOnly)
	opened := pool(t, dsn)
	defer opened.Close()
	rows, err := opened.QueryContext(t.Context(), "SELECT calendar_no, zone FROM usage_calendars WHERE phase IN ('filling', 'ready')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var no int
		var zone string
		if err := rows.Scan(&no, &zone); err != nil {
			t.Fatal(err)
		}
		calendars = append(calendars, calendarOf(t, no, zone))
	}
	return calendars
}

// registerZone installs the rollups with sums by the days of a zone.
func registerZone(t *testing.T, store *db.Store, zone string) {
	t.Helper()
	if _, err := store.InstallRollups(t.Context(), calendarOf(t, 0, zone).Zone); err != nil {
		t.Fatal(err)
	}
	if err := store.FillRollups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// Whatever writes sessions, folding brings every table, grain and calendar to what the
// sessions add up to.
func TestFoldingAddsToEveryTableAndCalendar(t *testing.T) {
	for i, zone := range zonesOfEveryKind {
		t.Run(zone, func(t *testing.T) {
			anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				registerZone(t, store, zone)
				calendars := calendarsOf(t, dsn)
				if len(calendars) != 2 {
					t.Fatalf("calendars: %v", calendars)
				}
				random := rand.New(rand.NewPCG(uint64(i), 1))
				write(t, store, someSessions(random, 60)...)
				rowsHold(t, dsn, "imported", nil, calendars, nil)
				if err := store.FoldBatch(t.Context(), 20); err != nil {
					t.Fatal(err)
				}
				rowsHold(t, dsn, "folded in part", nil, calendars, nil)
				// What the platform does is recorded by triggers, and undated sessions with it.
				newWriter(t, dsn, "").run("UPDATE ai_sessions SET duration_seconds = duration_seconds + 61, customer_id = 'moved' WHERE session_id LIKE '%1'",
					"UPDATE ai_sessions SET started_at = TIMESTAMPADD(MINUTE, 20, started_at) WHERE session_id LIKE '%2'",
					"DELETE FROM ai_sessions WHERE session_id LIKE '%3'", "UPDATE ai_sessions SET started_at = '0000-00-00' WHERE session_id LIKE '%4'",
					"INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('n', 'new', '2026-03-29 01:59:59.999', 60)")
				write(t, store, someSessions(random, 30)...)
				rowsHold(t, dsn, "changed by the platform", nil, calendars, nil)
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				rowsHold(t, dsn, "folded", nil, calendars, nil)
				if left := count(t, dsn, "SELECT COUNT(*) FROM usage_changes"); left != 0 {
					t.Errorf("%d changes are left", left)
				}
			})
		})
	}
}

// A bulk write keeps each trigger out whose work it does, and no other one.
func TestABulkWriteKeepsOutTheTriggersWhoseWorkItDoes(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, _ *db.Store, dsn string) {
		execute(t, dsn, "CREATE TABLE seen (recorded INT, bulk INT)",
			"CREATE TRIGGER sees AFTER INSERT ON ai_sessions FOR EACH ROW INSERT INTO seen VALUES (@aiusage_recorded, @aiusage_bulk)")
		for i, c := range []struct{ levels, hours, want string }{
			{"ready", "", "recorded = 1 AND bulk IS NULL"},
			{"filling", "raw", "recorded = 1 AND bulk IS NULL"},
			{"ready", "filling", "recorded = 1 AND bulk = 1"},
			{"raw", "ready", "recorded IS NULL AND bulk = 1"},
			{"raw", "raw", "recorded IS NULL AND bulk IS NULL"},
		} {
			execute(t, dsn, "DELETE FROM seen", "UPDATE usage_level_state SET phase = '"+c.levels+"'", "DELETE FROM usage_rollup_state", "DELETE FROM usage_deltas")
			if c.hours != "" {
				execute(t, dsn, "INSERT INTO usage_rollup_state (state_id, phase, reason, generation, corrections) VALUES (1, '"+c.hours+"', '', 1, 0)")
			}
			other := open(t, dsn)
			write(t, other, session(fmt.Sprint(i), 60))
			if count(t, dsn, "SELECT COUNT(*) FROM seen WHERE "+c.want) != 1 {
				t.Errorf("with %s and %s, it is not so that %s", c.levels, c.hours, c.want)
			}
			if got, want := count(t, dsn, "SELECT COUNT(*) FROM usage_deltas"), strings.Contains(c.want, "bulk = 1"); (got == 1) != want {
				t.Errorf("with %s and %s, %d changes are recorded for the sums by hour", c.levels, c.hours, got)
			}
		}
		if got := count(t, dsn, "SELECT SUM(sessions) FROM usage_changes"); got != 5 {
			t.Errorf("%d of 5 sessions are recorded", got)
		}
	})
}

// A calendar comes, and another takes its place, with what is told of both.
func TestCalendarsComeAndGo(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		const generation = "SELECT generation % 1000000007 FROM usage_level_state"
		known := count(t, dsn, generation)
		installed := func(zone, want string) {
			t.Helper()
			var loaded *time.Location
			if zone != "" {
				loaded = calendarOf(t, 0, zone).Zone
			}
			got, err := store.InstallRollups(t.Context(), loaded)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, one := range got.Calendars {
				told = append(told, one.Zone+" "+one.Phase)
			}
			if strings.Join(told, ", ") != want {
				t.Errorf("with %q: %q, want %q", zone, told, want)
			}
			if filled := !strings.Contains(want, "filling") && !strings.Contains(want, "leaving"); got.IsFilled() != filled {
				t.Errorf("with %q, is filled: %v", zone, got.IsFilled())
			}
			if has, err := store.HasCalendar(t.Context(), calendarOf(t, 0, "Europe/Berlin").Zone); err != nil || has != strings.Contains(strings.ReplaceAll(want, "Berlin leaving", ""), "Europe/Berlin") {
				t.Errorf("with %q, there is one of Berlin: %v, %v", zone, has, err)
			}
		}
		unchanged := func(what string) {
			t.Helper()
			if now := count(t, dsn, generation); now != known {
				t.Errorf("%s: reports are planned anew", what)
			}
		}
		changed := func(what string) {
			t.Helper()
			now := count(t, dsn, generation)
			if now == known {
				t.Errorf("%s: reports are not planned anew", what)
			}
			known = now
		}
		installed("", "")
		installed("Etc/UTC", "") // by another name
		unchanged("UTC")
		installed("Europe/Berlin", "Europe/Berlin filling")
		changed("Berlin")
		installed("Europe/Berlin", "Europe/Berlin filling")
		unchanged("Berlin again")
		execute(t, dsn, "UPDATE usage_calendars SET phase = 'ready'")
		installed("Europe/Berlin", "Europe/Berlin ready")
		unchanged("Berlin, which is ready")
		installed("", "Europe/Berlin ready")
		unchanged("no other")
		installed("Asia/Kolkata", "Europe/Berlin ready, Asia/Kolkata filling")
		changed("Kolkata")
		installed("Asia/Kathmandu", "Europe/Berlin ready, Asia/Kolkata leaving, Asia/Kathmandu filling")
		changed("Kathmandu")
		installed("", "Europe/Berlin ready, Asia/Kolkata leaving, Asia/Kathmandu filling")
		unchanged("no other than that which is being filled")
		installed("Europe/Berlin", "Europe/Berlin ready, Asia/Kolkata leaving, Asia/Kathmandu leaving")
		changed("back to Berlin")
		execute(t, dsn, "DELETE FROM usage_calendars WHERE zone = 'Asia/Kolkata'")
		installed("Asia/Kathmandu", "Europe/Berlin ready, Asia/Kathmandu filling, Asia/Kathmandu leaving")
		if no := count(t, dsn, "SELECT calendar_no FROM usage_calendars WHERE phase = 'filling'"); no != 2 {
			t.Errorf("the number that is free is 2, and it got %d", no)
		}
		changed("Kathmandu, of which sums are being deleted")
		installed("UTC", "Europe/Berlin leaving, Asia/Kathmandu leaving, Asia/Kathmandu leaving")
		changed("UTC alone")
	})
}

// Where the days of a zone begin elsewhere than they did, nobody adds to its sums any more,
// reports do without them, and migrate makes others.
func TestACalendarWithOtherRulesIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct{ damage, without string }{
		"other rules":     {"UPDATE usage_calendars SET rules = rules + 1", "leaving filling"},
		"an unknown zone": {"UPDATE usage_calendars SET zone = 'Europe/Nowhere'", "stale"},
	} {
		t.Run(name, func(t *testing.T) {
			anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				registerZone(t, store, "Europe/Berlin")
				write(t, store, session("1", 60))
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				execute(t, dsn, c.damage)
				before := count(t, dsn, "SELECT generation % 1000000007 FROM usage_level_state")
				write(t, store, session("2", 60))
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // tried for ever, otherwise
				defer cancel()
				if folded, err := store.Fold(ctx, nil); err != nil || folded != 1 {
					t.Fatalf("%d folded, %v", folded, err)
				}
				if got := status(t, store).Calendars; len(got) != 1 || got[0].Phase != "stale" {
					t.Errorf("calendars: %+v", got)
				}
				if count(t, dsn, "SELECT generation % 1000000007 FROM usage_level_state") == before {
					t.Error("reports are not planned anew")
				}
				if got := count(t, dsn, "SELECT MAX(sessions) FROM usage_total_rollups WHERE grain >= 10"); got != 1 {
					t.Errorf("%d sessions are in its sums, want 1", got)
				}
				if got := count(t, dsn, "SELECT MIN(sessions) FROM usage_total_rollups WHERE grain BETWEEN 1 AND 3"); got != 2 {
					t.Errorf("%d sessions are in those of UTC, want 2", got)
				}
				got, err := store.InstallRollups(t.Context(), nil)
				phases := ""
				for _, one := range got.Calendars {
					phases += " " + one.Phase
				}
				if err != nil || phases != " "+c.without {
					t.Errorf("after migrate without a zone:%s, %v", phases, err)
				}
				got, err = store.InstallRollups(t.Context(), calendarOf(t, 0, "Europe/Berlin").Zone)
				if err != nil || len(got.Calendars) != 2 || got.Calendars[0].Phase != "leaving" || got.Calendars[1].Phase != "filling" {
					t.Errorf("after migrate: %+v, %v", got.Calendars, err)
				}
			})
		})
	}
}

// A fold that has begun before a calendar is registered ends before: whoever fills the
// calendar finds what it has added.
func TestRegisteringACalendarWaitsForFolds(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		other := open(t, dsn)
		write(t, store, session("1", 60))
		done := make(chan error, 1)
		err := store.FoldBatchWhile(t.Context(), 10, func() {
			go func() {
				_, err := other.InstallRollups(context.WithoutCancel(t.Context()), calendarOf(t, 0, "Asia/Kolkata").Zone)
				done <- err
			}()
			awaitLockWait(t, dsn, "INFO LIKE '%usage_level_state%FOR UPDATE%' AND INFO NOT LIKE '%PROCESSLIST%'")
			if n := count(t, dsn, "SELECT COUNT(*) FROM usage_calendars"); n != 0 {
				t.Error("the calendar is there while a fold without it is under way")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		write(t, store, session("2", 60))
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if got := count(t, dsn, "SELECT sessions FROM usage_total_rollups WHERE grain = 12"); got != 1 {
			t.Errorf("%d sessions are in the sums of the calendar, want the one after it", got)
		}
	})
}
