package db_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// Filling that was interrupted goes on where it was.
func TestFillingGoesOnWhereItWas(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, "DROP TRIGGER aiusage_change_inserted")
		for day := range 60 {
			execute(t, dsn, fmt.Sprintf("INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('%d', 'a', NULLIF('c%d', 'c0'), '2026-03-01' + INTERVAL %d DAY, 60)", day, (day+1)%3, day))
		}
		if _, err := store.InstallRollups(t.Context(), nil); err != nil {
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
			anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
				write(t, store, fewSessions(60)...)
				operator := open(t, dsn)
				anew := func(id string) { // with a session that no trigger has seen
					unseenAt(t, dsn, id, "2026-02-01 10:00")
					if _, err := operator.InstallRollups(t.Context(), nil); err != nil {
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
				if got := status(t, store); name == "in the middle" && got.Phase != db.Ready {
					t.Errorf("it has not begun anew: %+v", got)
				}
				if err := store.FillRollups(t.Context(), nil); err != nil || status(t, store).Phase != db.Ready {
					t.Errorf("%v, %+v", err, status(t, store))
				}
				holds(t, store, dsn, "filled")
			})
		})
	}
}

// Sums that reports read are not filled, and what keeps them from being read while they
// are filled does so in the end.
func TestOnlyFillingEndsInReadySums(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourHours(t, store, dsn)
		if err := store.FillRollups(t.Context(), nil); err != nil || len(hoursFound(t, store, usage.Range{})) != 4 {
			t.Errorf("sums that are read have been filled, %v", err)
		}
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'filling'")
		err := store.FillRollups(t.Context(), func(p db.CheckProgress) {
			if p.Grain == usage.Month && p.Share() == 1 {
				// As a trigger does that cannot record a change.
				execute(t, dsn, "UPDATE usage_level_state SET phase = 'raw', reason = 'not recorded'")
			}
		})
		if got := status(t, store); err != nil || got.Phase != db.Raw || got.Reason != "not recorded" {
			t.Errorf("%v, %+v", err, got)
		}
	})
}

// unseenAt adds a session while a trigger is gone.
func unseenAt(t *testing.T, dsn, id, at string) {
	t.Helper()
	execute(t, dsn, "DROP TRIGGER IF EXISTS aiusage_change_inserted",
		fmt.Sprintf("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('%s', 'a', '%s', 60)", id, at))
}

// What waits is counted, and how long the oldest of it has; never less than nothing,
// also where clocks differ.
func TestTheStatusSaysWhatWaits(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		if got := status(t, store); got.Pending != 0 || got.Lag != 0 || got.Distrusted || got.Reason != "" || got.Stuck != "" {
			t.Errorf("nothing waits: %+v", got)
		}
		write(t, store, session("1", 60))
		write(t, store, session("2", 60))
		execute(t, dsn, "UPDATE usage_changes SET recorded_at = CURRENT_TIMESTAMP - INTERVAL 1 HOUR ORDER BY change_id LIMIT 1")
		if got := status(t, store); got.Pending != 2 || got.Lag < time.Hour || got.Lag > 2*time.Hour {
			t.Errorf("two wait: %+v", got)
		}
		execute(t, dsn, "UPDATE usage_changes SET recorded_at = CURRENT_TIMESTAMP + INTERVAL 1 HOUR")
		if got := status(t, store); got.Lag != 0 {
			t.Errorf("recorded by another clock: %+v", got)
		}
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'filling'")
		if got := status(t, store); got.Phase != db.Filling || got.Distrusted || got.Reason != "" {
			t.Errorf("filling: %+v", got)
		}
		execute(t, dsn, "UPDATE usage_level_state SET phase = 'raw'")
		if got := status(t, store); got.Phase != db.Raw || got.Distrusted || !strings.Contains(got.Reason, "not installed") {
			t.Errorf("raw: %+v", got)
		}
		execute(t, dsn, "UPDATE usage_level_state SET reason = 'said before'")
		if got := status(t, store); got.Distrusted || got.Reason != "said before" {
			t.Errorf("raw, for a reason: %+v", got)
		}
		execute(t, dsn, "DELETE FROM usage_level_state")
		if got := status(t, store); got.Phase != db.Raw || !strings.Contains(got.Reason, "not installed") {
			t.Errorf("never installed: %+v", got)
		}
	})
}
