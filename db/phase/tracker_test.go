package phase_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// each runs test on every engine and for each set of sums, with the gateway's tables and
// without a state. In statements, STATE and SUMS stand for the tables of the set.
func each(t *testing.T, test func(t *testing.T, tracker *phase.Tracker, run func(statement string))) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		for name, set := range map[string]phase.Set{"levels": phase.Levels, "hours": phase.Hours} {
			connections := tables.Open(t, dsn)
			t.Run(name, func(t *testing.T) {
				test(t, phase.NewTracker(connections, set), func(statement string) {
					t.Helper()
					if _, err := connections.ExecContext(t.Context(), ofSet(set, statement)); err != nil {
						t.Fatalf("%s: %v", statement, err)
					}
				})
			})
		}
	})
}

// ofSet has the tables of a set in a statement.
func ofSet(set phase.Set, statement string) string {
	state := "usage_level_state"
	if set == phase.Hours {
		state = "usage_rollup_state"
	}
	return strings.NewReplacer("STATE", state, "SUMS", set.Sums().Table).Replace(statement)
}

// ready is a state in which reports may read the sums.
const ready = "INSERT INTO STATE (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 2)"

func wantCode(t *testing.T, what string, err error, code usage.Code) {
	t.Helper()
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != code {
		t.Errorf("%s: got %v, want the code %s", what, err, code)
	}
}

func read(t *testing.T, tracker *phase.Tracker) *phase.State {
	t.Helper()
	state, err := tracker.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func known(t *testing.T, tracker *phase.Tracker) *phase.State {
	t.Helper()
	state, err := tracker.Known(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestTheStateIsReadOnceUntilItIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, tracker *phase.Tracker, run func(string)) {
		if got := read(t, tracker); got.Phase != phase.Raw || got.RawFrom.Valid {
			t.Errorf("without a state: %+v", got)
		}
		run(ready)
		first := known(t, tracker)
		if first.Phase != phase.Ready || first.Generation != 5 || first.Corrections != 2 || first.QuartersFrom.Valid || first.FilledTo.Valid {
			t.Errorf("got %+v", first)
		}
		if first.Set == phase.Levels { // those by hour have no quarter-hours
			at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
			run("UPDATE STATE SET quarters_from = '2026-01-02'")
			if got := read(t, tracker).QuartersFrom; !got.Valid || !got.Time.Equal(at) {
				t.Errorf("quarter-hours from %+v", got)
			}
		}
		run("UPDATE STATE SET generation = 6")
		if got := known(t, tracker); got != first {
			t.Errorf("read again: %+v", got)
		}
		if got, err := tracker.Refresh(t.Context()); err != nil || got.Generation != 6 || known(t, tracker) != got {
			t.Errorf("refreshed: %+v, %v, known is %+v", got, err, known(t, tracker))
		}
		run("UPDATE STATE SET generation = 7")
		tracker.Forget()
		if got := known(t, tracker); got.Generation != 7 {
			t.Errorf("forgotten: %+v", got)
		}
		run("RENAME TABLE STATE TO away")
		defer run("RENAME TABLE away TO STATE")
		if _, err := tracker.Refresh(t.Context()); err == nil || known(t, tracker).Generation != 7 {
			t.Errorf("a state that cannot be read: %v, known is %+v", err, known(t, tracker))
		}
		tracker.Forget()
		_, err := tracker.Known(t.Context())
		wantCode(t, "without the table", err, usage.Unavailable)
	})
}

// With sums that may be read, be it for what was dropped only, the state knows in which
// months there are any, and no state is read without that.
func TestTheStateKnowsTheMonthsWithSums(t *testing.T) {
	each(t, func(t *testing.T, tracker *phase.Tracker, run func(string)) {
		run(ready)
		if read(t, tracker).Set == phase.Hours {
			run("INSERT INTO SUMS (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (3, '2026-02-01', 1, 1, 1, 1, 1)")
		} else {
			run("INSERT INTO SUMS (grain, bucket, minutes, seconds, sessions) VALUES (3, '2026-02-01', 1, 1, 1)")
		}
		want := usage.Range{From: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
		for _, change := range []string{"phase = 'ready'", "phase = 'raw', raw_from = '2026-01-01'", "phase = 'filling'", "phase = 'ready', raw_from = NULL"} {
			run("UPDATE STATE SET " + change)
			if got := read(t, tracker).Data(); got != want {
				t.Errorf("%s: %+v", change, got)
			}
		}
		run("RENAME TABLE SUMS TO away")
		defer run("RENAME TABLE away TO SUMS")
		_, err := tracker.Read(t.Context())
		wantCode(t, "without the sums", err, usage.Unavailable)
		run("UPDATE STATE SET phase = 'raw'")
		if got := read(t, tracker).Data(); got != (usage.Range{}) {
			t.Errorf("raw: %+v", got)
		}
	})
}

// choosing is a choice between the sets of a database without a state.
func choosing(t *testing.T, test func(t *testing.T, choice *phase.Choice, run func(set phase.Set, statement string))) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		choice := phase.NewChoice(phase.NewTracker(connections, phase.Levels), phase.NewTracker(connections, phase.Hours))
		test(t, choice, func(set phase.Set, statement string) {
			t.Helper()
			if _, err := connections.ExecContext(t.Context(), ofSet(set, statement)); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		})
	})
}

func TestAPlanOnAStateThatHasChangedIsMadeAgain(t *testing.T) {
	choosing(t, func(t *testing.T, choice *phase.Choice, run func(phase.Set, string)) {
		run(phase.Levels, ready)
		known := func() *phase.State {
			state, err := choice.Known(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return state
		}
		known()
		run(phase.Levels, "UPDATE STATE SET generation = 6")
		var seen []int64
		planned := func(answers ...error) error {
			seen = nil
			return choice.Planned(t.Context(), func(state *phase.State) error {
				seen = append(seen, state.Generation)
				return answers[min(len(seen), len(answers))-1]
			})
		}
		if err := planned(phase.ErrChanged, nil); err != nil || len(seen) != 2 || seen[0] != 5 || seen[1] != 6 {
			t.Errorf("changed once: %v, planned on %d", err, seen)
		}
		if err := planned(nil); err != nil || len(seen) != 1 {
			t.Errorf("not changed: %v, planned on %d", err, seen)
		}
		wantCode(t, "a fault of the context", planned(context.Canceled), usage.Canceled)
		if len(seen) != 1 {
			t.Errorf("tried %d times", len(seen))
		}
		wantCode(t, "changed each time", planned(errors.Join(errors.New("the snapshot"), phase.ErrChanged)), usage.Unavailable)
		if len(seen) != pool.MaxAttempts+1 {
			t.Errorf("tried %d times", len(seen))
		}
		run(phase.Levels, "RENAME TABLE STATE TO away")
		wantCode(t, "a state that cannot be read again", planned(phase.ErrChanged, nil), usage.Unavailable)
		if len(seen) != 1 {
			t.Errorf("planned on %d", seen)
		}
		wantCode(t, "a state that cannot be read", planned(nil), usage.Unavailable)
		if len(seen) != 0 {
			t.Errorf("planned on %d", seen)
		}
	})
}

// The sums by level are read where they can be, and those by hour until then, or where only
// they have what is left of dropped sessions.
func TestWhichSetIsRead(t *testing.T) {
	const kept, later = "raw_from = '2026-01-01'", "raw_from = '2026-02-01'"
	choosing(t, func(t *testing.T, choice *phase.Choice, run func(phase.Set, string)) {
		for _, c := range []struct {
			levels, hours string // what is set in the states, if they are there
			want          phase.Set
			usable        bool
		}{
			{"", "", phase.Levels, false},
			{"phase = 'ready'", "", phase.Levels, true},
			{"phase = 'ready'", "phase = 'ready'", phase.Levels, true},
			{"phase = 'filling'", "phase = 'ready'", phase.Hours, true},
			{"", "phase = 'ready'", phase.Hours, true},
			{"phase = 'filling'", "phase = 'filling'", phase.Levels, false},
			{"phase = 'filling', " + kept, "phase = 'raw', " + kept, phase.Levels, false},
			{"phase = 'filling'", "phase = 'raw', " + kept, phase.Hours, false},
			{"", "phase = 'raw', " + kept, phase.Hours, false},
			{"phase = 'ready', " + kept, "phase = 'ready', " + kept, phase.Levels, true},
			{"phase = 'ready', " + kept, "phase = 'ready', " + later, phase.Hours, true},
			{"phase = 'ready'", "phase = 'ready', " + later, phase.Hours, true},
			{"phase = 'ready', " + kept, "phase = 'raw', " + later, phase.Hours, false},
		} {
			for set, assignments := range map[phase.Set]string{phase.Levels: c.levels, phase.Hours: c.hours} {
				run(set, "DELETE FROM STATE")
				if assignments != "" {
					run(set, "INSERT INTO STATE (state_id, phase, reason, generation, corrections) VALUES (1, 'raw', '', 5, 2)")
					run(set, "UPDATE STATE SET "+assignments)
				}
			}
			state, err := choice.Refresh(t.Context())
			if err != nil || state.Set != c.want || state.Usable() != c.usable {
				t.Errorf("levels %q, hours %q: got %+v, %v", c.levels, c.hours, state, err)
			}
		}
	})
}

// Whatever changes the state makes another generation, and is known at once.
func TestAChangeIsAnotherGeneration(t *testing.T) {
	each(t, func(t *testing.T, tracker *phase.Tracker, run func(string)) {
		run(ready)
		before := known(t, tracker)
		if err := tracker.Change(t.Context(), "phase = ?, reason = ?", phase.Filling, "why"); err != nil {
			t.Fatal(err)
		}
		filling := known(t, tracker)
		if filling.Phase != phase.Filling || filling.Reason != "why" || filling.Generation == before.Generation {
			t.Errorf("changed: %+v", filling)
		}
		if begun, err := tracker.Distrust(t.Context(), filling, "wrong"); begun || err != nil || !known(t, tracker).Is(filling) {
			t.Errorf("distrusted while filling: %v, %v, %+v", begun, err, known(t, tracker))
		}
		if err := tracker.FallBack(t.Context(), "obstacle"); err != nil {
			t.Fatal(err)
		}
		raw := known(t, tracker)
		if raw.Phase != phase.Raw || raw.Reason != "obstacle" || raw.Generation == filling.Generation {
			t.Errorf("fallen back: %+v", raw)
		}
		if err := tracker.FallBack(t.Context(), "obstacle"); err != nil || known(t, tracker).Generation != raw.Generation {
			t.Errorf("fallen back for the same reason: %v, %+v", err, known(t, tracker))
		}
		if err := tracker.FallBack(t.Context(), "another"); err != nil || known(t, tracker).Reason != "another" {
			t.Errorf("fallen back for another reason: %v, %+v", err, known(t, tracker))
		}
		if err := tracker.Change(t.Context(), "phase = 'ready', reason = 'another'"); err != nil {
			t.Fatal(err)
		}
		if err := tracker.FallBack(t.Context(), "another"); err != nil || known(t, tracker).Phase != phase.Raw {
			t.Errorf("fallen back from ready: %v, %+v", err, known(t, tracker))
		}
		if err := tracker.Change(t.Context(), "phase = 'ready', reason = '', filled_to = '2026-01-01'"); err != nil {
			t.Fatal(err)
		}
		seen := known(t, tracker)
		if begun, err := tracker.Distrust(t.Context(), before, "wrong"); begun || err != nil || !known(t, tracker).Is(seen) {
			t.Errorf("distrusted as it was before: %v, %v, %+v", begun, err, known(t, tracker))
		}
		begun, err := tracker.Distrust(t.Context(), seen, "wrong")
		if got := known(t, tracker); !begun || err != nil || got.Phase != phase.Filling || got.Reason != "wrong" || got.FilledTo.Valid || got.Generation == seen.Generation {
			t.Errorf("distrusted: %v, %v, %+v", begun, err, got)
		}
		if err := tracker.Change(t.Context(), "nonsense = 1"); err == nil {
			t.Error("a change that cannot be made is not told")
		}
		run("RENAME TABLE STATE TO away")
		defer run("RENAME TABLE away TO STATE")
		begun, err = tracker.Distrust(t.Context(), seen, "wrong")
		wantCode(t, "distrusting without a table", err, usage.Unavailable)
		if begun {
			t.Error("something has begun")
		}
		wantCode(t, "falling back without a table", tracker.FallBack(t.Context(), "any"), usage.Unavailable)
	})
}

// Whoever has locked the state as it was seen keeps others from changing it.
func TestALockedStateIsTheOneThatWasSeen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		tracker := phase.NewTracker(connections, phase.Levels)
		locked := func(seen *phase.State, while func()) error {
			return connections.InTransaction(t.Context(), func(tx *sqlx.Tx) error {
				if err := phase.Lock(t.Context(), tx, seen); err != nil {
					return err
				}
				while()
				return nil
			})
		}
		for _, seen := range []*phase.State{{}, {Phase: phase.Ready, Generation: 5, Believed: true}} { // a fault, not a change
			if err := locked(seen, func() {}); err == nil || errors.Is(err, phase.ErrChanged) {
				t.Errorf("without a state: %v", err)
			}
		}
		if _, err := connections.ExecContext(t.Context(), ofSet(phase.Levels, ready)); err != nil {
			t.Fatal(err)
		}
		seen := read(t, tracker)
		for _, other := range []*phase.State{{Phase: phase.Ready, Generation: 6, Corrections: 2, Believed: true}, {Phase: phase.Ready, Generation: 5, Corrections: 1, Believed: true}, {Phase: phase.Raw, Generation: 5, Corrections: 2, Believed: true}} {
			if err := locked(other, func() { t.Errorf("%+v is taken for %+v", seen, other) }); !errors.Is(err, phase.ErrChanged) {
				t.Errorf("%+v: got %v", other, err)
			}
		}
		server, err := connections.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held := false
		err = locked(seen, func() {
			held = true
			if strings.Contains(server, "Dolt") {
				return // the embedded engine locks nothing
			}
			conn, err := connections.Connx(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.ExecContext(t.Context(), "SET SESSION innodb_lock_wait_timeout = 1"); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if _, err := conn.ExecContext(ctx, "UPDATE usage_level_state SET generation = 9"); !pool.HasNumber(err, pool.ErLockWaitTimeout) {
				t.Errorf("another one changes it meanwhile: %v", err)
			}
		})
		if err != nil || !held {
			t.Errorf("not locked: %v", err)
		}
	})
}

func TestASuspicionIsRemembered(t *testing.T) {
	tracker := phase.NewTracker(nil, phase.Levels)
	if got := tracker.Suspicion(); got != "" {
		t.Errorf("at first: %q", got)
	}
	tracker.Suspect("why")
	if got := tracker.Suspicion(); got != "why" {
		t.Errorf("got %q", got)
	}
	tracker.ClearSuspicion()
	if got := tracker.Suspicion(); got != "" {
		t.Errorf("cleared: %q", got)
	}
}
