package db_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// fourHours writes a session in each hour from 10:00 to 14:00, folds them, and makes
// the sums of these hours wrong.
func fourHours(t *testing.T, store *db.Store, dsn string) {
	t.Helper()
	for hour := range 4 {
		one := session(fmt.Sprint(hour), 60)
		one.StartedAt = noon.Add(time.Duration(hour-2) * time.Hour)
		write(t, store, one)
	}
	if _, err := store.Fold(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	execute(t, dsn, "UPDATE usage_rollups SET minutes = minutes + 1 WHERE grain = 1")
}

// hoursFound are the hours of the day in which verify finds a difference.
func hoursFound(t *testing.T, store *db.Store, span usage.Range) (hours []int) {
	t.Helper()
	err := store.VerifyRollups(t.Context(), span, func(d db.Difference) {
		if d.Grain == usage.Hour {
			hours = append(hours, d.Bucket.Hour())
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return hours
}

// A check concerns the hours that its range touches, and no others.
func TestACheckConcernsTheHoursOfItsRange(t *testing.T) {
	at := func(clock string) time.Time {
		if clock == "" {
			return time.Time{}
		}
		instant, err := time.Parse("2006-01-02 15:04", noon.Format("2006-01-02 ")+clock)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourHours(t, store, dsn)
		newWriter(t, dsn, "").run("SET @aiusage_bulk = 1", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated', 'a', '0000-00-00', 60)")
		for _, c := range []struct {
			from, to string
			hours    []int
		}{
			{"", "", []int{0, 10, 11, 12, 13}}, // what is undated is in no range
			{"11:00", "12:00", []int{11}},
			{"11:30", "12:01", []int{11, 12}},
			{"12:00", "", []int{12, 13}},
			{"", "12:00", []int{10, 11}},
			{"09:00", "23:00", []int{10, 11, 12, 13}},
			{"10:00", "14:00", []int{10, 11, 12, 13}},
			{"14:00", "", nil},
			{"", "10:00", nil},
		} {
			if got := hoursFound(t, store, usage.Range{From: at(c.from), To: at(c.to)}); !slices.Equal(got, c.hours) {
				t.Errorf("from %q to %q: %d, want %d", c.from, c.to, got, c.hours)
			}
		}
		// The same for corrections, which leave the others as they are.
		if _, err := store.RebuildRollups(t.Context(), usage.Range{From: at("11:00"), To: at("12:00")}, nil); err != nil {
			t.Fatal(err)
		}
		if got := hoursFound(t, store, usage.Range{}); !slices.Equal(got, []int{0, 10, 12, 13}) {
			t.Errorf("after a correction of 11:00 to 12:00, %d differ", got)
		}
		if _, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil {
			t.Fatal(err)
		}
		holds(t, store, dsn, "corrected")
	})
}

// Sums of sessions without a start are checked at each grain, and counted, also where
// there are no others.
func TestWhatIsUndatedIsCheckedAtEachGrain(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		newWriter(t, dsn, "").run("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated', 'a', '0000-00-00', 60)")
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for _, grain := range usage.Grains {
			execute(t, dsn, fmt.Sprintf("UPDATE usage_rollups SET minutes = minutes + 1 WHERE grain = %d", grain))
			if found := differences(t, store); len(found) == 0 || found[0].Grain != grain {
				t.Errorf("%s: found %+v", grain, found)
			}
			if corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil || corrected == 0 {
				t.Errorf("%s: %d corrected, %v", grain, corrected, err)
			}
			holds(t, store, dsn, grain.String())
		}
		if corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil || corrected != 0 {
			t.Errorf("in the end: %d corrected, %v", corrected, err)
		}
	})
}

// A check tells how far it is, grain by grain, and what it has found so far.
func TestACheckTellsHowFarItIs(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourHours(t, store, dsn)
		var told []db.CheckProgress
		found := int64(0)
		tell := func(p db.CheckProgress) { told = append(told, p) }
		err := store.VerifyRollups(t.Context(), usage.Range{}, func(db.Difference) { found++ }, tell)
		if err != nil {
			t.Fatal(err)
		}
		var ends []string
		for i, p := range told {
			if i > 0 && p.Grain == told[i-1].Grain && p.At.Before(told[i-1].At) || i > 0 && p.Found < told[i-1].Found {
				t.Errorf("%+v comes after %+v", p, told[i-1])
			}
			if p.Share() == 1 {
				ends = append(ends, fmt.Sprint(p.Grain, " ", p.Found))
			}
		}
		ends = slices.Compact(ends)
		// Four hours, and the day, which is not the sum of its hours any more.
		if want := []string{"hour 4", "day 5", "month 5"}; found != 5 || !slices.Equal(ends, want) {
			t.Errorf("%d found, told %q, want %q", found, ends, want)
		}
		first := told[0]
		if want := (usage.Range{From: noon.Add(-2 * time.Hour), To: noon.Add(2 * time.Hour)}); first.Span != want {
			t.Errorf("the hours are %v, want %v", first.Span, want)
		}
		told = nil
		corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, tell)
		// With the hours, their day and month change: these were right before.
		if err != nil || corrected < 5 || len(told) == 0 || told[len(told)-1].Found != corrected {
			t.Errorf("%d corrected, %v, told %+v", corrected, err, told)
		}
	})
}

// Verifying writes nothing. A rebuild folds, or it would read all that waits again and again.
func TestOnlyARebuildFolds(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		if found := differences(t, store); len(found) > 0 || status(t, store).Pending != 1 {
			t.Errorf("verified: %+v, %+v", found, status(t, store))
		}
		if corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil || corrected != 0 || status(t, store).Pending != 0 {
			t.Errorf("%d corrected, %v, %+v", corrected, err, status(t, store))
		}
	})
}

// Each part of a sum that differs is found at each grain, and corrected.
func TestEachPartOfASumIsChecked(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, fewSessions(60)...)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for _, grain := range usage.Grains {
			for _, part := range []string{"minutes", "seconds", "sessions"} {
				for _, by := range []string{"+ 1", "- 1"} {
					what := fmt.Sprintf("%s of a %s %s", part, grain, by)
					execute(t, dsn, fmt.Sprintf("UPDATE usage_rollups SET %s = %s %s WHERE grain = %d ORDER BY bucket DESC LIMIT 1", part, part, by, grain))
					if found := differences(t, store); len(found) == 0 || found[0].Grain != grain {
						t.Errorf("%s: found %+v", what, found)
					}
					if err := store.NewComparer().Sweep(t.Context()); err == nil {
						t.Errorf("%s goes unnoticed", what)
					}
					if store.FillRollups(t.Context(), nil) != nil || status(t, store).Phase != db.Ready {
						install(t, store) // sessions seem to have gone
					}
					holds(t, store, dsn, what)
				}
			}
		}
	})
}

// Filling that was interrupted goes on where it was.
func TestFillingGoesOnWhereItWas(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, "DROP TRIGGER aiusage_session_inserted")
		for day := range 60 {
			execute(t, dsn, fmt.Sprintf("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('%d', 'a', '2026-03-01' + INTERVAL %d DAY, 60)", day, day))
		}
		if _, err := store.InstallRollups(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := store.FillRollups(ctx, func(p db.CheckProgress) {
			if !p.At.Before(noon.AddDate(0, 0, 2)) {
				cancel()
			}
		})
		wantCode(t, err, usage.Canceled)
		filled := status(t, store).FilledTo
		if filled.Before(noon.AddDate(0, 0, 1)) || filled.After(noon.AddDate(0, 0, 59)) {
			t.Errorf("filled to %v", filled)
		}
		var spans []usage.Range
		if err := open(t, dsn).FillRollups(t.Context(), func(p db.CheckProgress) { spans = append(spans, p.Span) }); err != nil {
			t.Fatal(err)
		}
		if !spans[0].From.Equal(filled) {
			t.Errorf("it goes on at %v, though filled to %v", spans[0].From, filled)
		}
		if got := status(t, store); got.Phase != db.Ready || !got.FilledTo.IsZero() {
			t.Errorf("in the end: %+v", got)
		}
		holds(t, store, dsn, "filled")
	})
}

// Whoever installs while another one fills makes that one begin anew, whenever it is.
func TestFillingBeginsAnewWhereItIsInstalledMeanwhile(t *testing.T) {
	for name, when := range map[string]func(db.CheckProgress) bool{
		"in the middle": func(p db.CheckProgress) bool { return p.Grain == usage.Hour },
		"at the end":    func(p db.CheckProgress) bool { return p.Grain == usage.Month && p.Share() == 1 },
	} {
		t.Run(name, func(t *testing.T) {
			eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				write(t, store, fewSessions(60)...)
				operator := open(t, dsn)
				anew := func(id string) { // with a session that no trigger has seen
					unseenAt(t, dsn, id, "2026-02-01 10:00")
					if _, err := operator.InstallRollups(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				anew("first")
				begun := false
				err := store.FillRollups(t.Context(), func(p db.CheckProgress) {
					if !begun && when(p) {
						begun = true
						anew("second")
					}
				})
				if err != nil || !begun {
					t.Fatalf("%v, %v", begun, err)
				}
				if got, want := report(t, store, usage.Request{}).Totals, plainSums(t, dsn, "TRUE"); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
				if err := store.FillRollups(t.Context(), nil); err != nil || status(t, store).Phase != db.Ready {
					t.Errorf("%v, %+v", err, status(t, store))
				}
				holds(t, store, dsn, "filled")
			})
		})
	}
}

// unseenAt adds a session while a trigger is gone.
func unseenAt(t *testing.T, dsn, id, at string) {
	t.Helper()
	execute(t, dsn, "DROP TRIGGER IF EXISTS aiusage_session_inserted",
		fmt.Sprintf("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('%s', 'a', '%s', 60)", id, at))
}

// What waits is counted, and how long the oldest of it has; never less than nothing,
// also where clocks differ.
func TestTheStatusSaysWhatWaits(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		if got := status(t, store); got.Pending != 0 || got.Lag != 0 || got.Distrusted || got.Reason != "" || got.Stuck != "" {
			t.Errorf("nothing waits: %+v", got)
		}
		write(t, store, session("1", 60))
		write(t, store, session("2", 60))
		execute(t, dsn, "UPDATE usage_deltas SET recorded_at = CURRENT_TIMESTAMP - INTERVAL 1 HOUR ORDER BY delta_id LIMIT 1")
		if got := status(t, store); got.Pending != 2 || got.Lag < time.Hour || got.Lag > 2*time.Hour {
			t.Errorf("two wait: %+v", got)
		}
		execute(t, dsn, "UPDATE usage_deltas SET recorded_at = CURRENT_TIMESTAMP + INTERVAL 1 HOUR")
		if got := status(t, store); got.Lag != 0 {
			t.Errorf("recorded by another clock: %+v", got)
		}
		execute(t, dsn, "UPDATE usage_rollup_state SET phase = 'filling'")
		if got := status(t, store); got.Phase != db.Filling || got.Distrusted || got.Reason != "" {
			t.Errorf("filling: %+v", got)
		}
		execute(t, dsn, "UPDATE usage_rollup_state SET phase = 'raw'")
		if got := status(t, store); got.Phase != db.Raw || got.Distrusted || !strings.Contains(got.Reason, "not installed") {
			t.Errorf("raw: %+v", got)
		}
		execute(t, dsn, "UPDATE usage_rollup_state SET reason = 'said before'")
		if got := status(t, store); got.Distrusted || got.Reason != "said before" {
			t.Errorf("raw, for a reason: %+v", got)
		}
		execute(t, dsn, "DELETE FROM usage_rollup_state")
		if got := status(t, store); got.Phase != db.Raw || !strings.Contains(got.Reason, "not installed") {
			t.Errorf("never installed: %+v", got)
		}
	})
}

// Sessions are dropped only where their sums are kept and are right.
func TestSessionsAreNotDroppedWithoutTheirSums(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourHours(t, store, dsn)
		refused := func(words string) {
			t.Helper()
			_, err := store.DropSessions(t.Context(), noon, nil)
			if coded := wantCode(t, err, usage.Unavailable); !strings.Contains(coded.Message, words) {
				t.Errorf("got %v", err)
			}
			if left := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions"); left != 4 || !status(t, store).RawFrom.IsZero() {
				t.Errorf("%d of 4 sessions are left, %+v", left, status(t, store))
			}
		}
		refused("3 sums differ") // two hours, and their day
		execute(t, dsn, "UPDATE usage_rollup_state SET phase = 'filling', reason = 'not believed'")
		refused("not believed")
		execute(t, dsn, "UPDATE usage_rollup_state SET phase = 'ready', reason = ''", "UPDATE usage_rollups SET minutes = minutes - 1 WHERE grain = 1")
		// Within the hour of the instant nothing is dropped.
		var told []int64
		dropped, err := store.DropSessions(t.Context(), noon.Add(59*time.Minute), func(dropped int64) { told = append(told, dropped) })
		if err != nil || dropped != 2 || !slices.Equal(told, []int64{2}) || !status(t, store).RawFrom.Equal(noon) {
			t.Errorf("%d dropped, told %d, %v, %+v", dropped, told, err, status(t, store))
		}
		// Once more, and from an earlier instant: what may be gone stays known.
		for _, before := range []time.Time{noon, noon.Add(-time.Hour)} {
			dropped, err := store.DropSessions(t.Context(), before, nil)
			if err != nil || dropped != 0 || !status(t, store).RawFrom.Equal(noon) {
				t.Errorf("before %v: %d dropped, %v, %+v", before, dropped, err, status(t, store))
			}
		}
		if got := report(t, store, usage.Request{}).Totals.Sessions; got != 4 {
			t.Errorf("%d sessions are reported, want 4", got)
		}
	})
}

// Retention that meets somebody who changes the state begins nothing.
func TestRetentionDoesNotBeginOnAnOldState(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		other := newWriter(t, dsn, "")
		other.run("BEGIN", "SELECT * FROM usage_rollup_state FOR UPDATE")
		done := make(chan error, 1)
		go func() {
			_, err := store.DropSessions(context.WithoutCancel(t.Context()), noon.Add(time.Hour), nil)
			done <- err
		}()
		awaitLockWait(t, dsn, "INFO LIKE '%FOR UPDATE%' AND INFO NOT LIKE '%PROCESSLIST%' AND ID <> CONNECTION_ID()")
		other.run("UPDATE usage_rollup_state SET phase = 'filling', generation = generation + 1", "COMMIT")
		if err := <-done; !db.IsStateChanged(err) || !strings.Contains(err.Error(), "run the command again") {
			t.Errorf("got %v", err)
		}
		if left := count(t, dsn, "SELECT COUNT(*) FROM ai_sessions"); left != 1 || !status(t, store).RawFrom.IsZero() {
			t.Errorf("%d sessions are left, %+v", left, status(t, store))
		}
	})
}
