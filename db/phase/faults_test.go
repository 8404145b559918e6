package phase_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// A sum that does not fit has reports read raw sessions; another error leaves the state.
func TestASumThatDoesNotFitHasSessionsBeRead(t *testing.T) {
	onOne(t, 1, func(t *testing.T, db *pool.Pool, run func(string, ...any)) {
		tracker := phase.NewTracker(db, phase.Levels)
		run(ofSet(phase.Levels, ready))
		other := errors.New("another")
		if err := tracker.RefuseTooLarge(t.Context(), nil); err != nil {
			t.Errorf("without an error: %v", err)
		}
		if err := tracker.RefuseTooLarge(t.Context(), other); err != other {
			t.Errorf("another error: %v", err)
		}
		if got := read(t, tracker); got.Phase != phase.Ready || got.Generation != 5 {
			t.Errorf("after another error: %+v", got)
		}
		for _, tooLarge := range []error{
			fmt.Errorf("adding: %w", usage.ErrTooLarge),
			fmt.Errorf("adding: %w", &mysql.MySQLError{Number: pool.ErOutOfRange}),
			fmt.Errorf("adding: %w", &mysql.MySQLError{Number: pool.ErOutOfRangeColumn}),
		} {
			run(ofSet(phase.Levels, "UPDATE STATE SET phase = 'ready', reason = ''"))
			if err := tracker.RefuseTooLarge(t.Context(), tooLarge); !errors.Is(err, tooLarge) {
				t.Errorf("%v: got %v", tooLarge, err)
			}
			if got := read(t, tracker); got.Phase != phase.Raw || got.Reason == "" {
				t.Errorf("%v: %+v", tooLarge, got)
			}
		}
		run("DROP TABLE usage_level_state")
		tooLarge := &mysql.MySQLError{Number: pool.ErOutOfRange}
		err := tracker.RefuseTooLarge(t.Context(), tooLarge)
		if !errors.Is(err, error(tooLarge)) {
			t.Errorf("where nobody can be told: %v", err)
		}
		wantCode(t, "where nobody can be told", err, usage.Unavailable)
	})
}

// An earlier version's sums may have been dropped, after what they had was taken over. Any
// other fault of theirs is told, and so is that other sums are not there.
func TestAStateMayHaveLostItsSums(t *testing.T) {
	for turn, set := range []phase.Set{phase.Levels, phase.Hours} {
		onOne(t, turn, func(t *testing.T, db *pool.Pool, run func(string, ...any)) {
			tracker := phase.NewTracker(db, set)
			run(ofSet(set, ready))
			read(t, tracker)
			run(ofSet(set, "RENAME TABLE SUMS TO away"))
			_, err := tracker.Read(t.Context())
			wantCode(t, "ready", err, usage.Unavailable)
			run(ofSet(set, "UPDATE STATE SET phase = 'raw', raw_from = '2026-01-01'"))
			if state, err := tracker.Read(t.Context()); set == phase.Hours {
				if err != nil || state.Phase != phase.Raw || !state.RawFrom.Valid || state.Usable() {
					t.Errorf("raw: %+v, %v", state, err)
				}
			} else {
				wantCode(t, "raw", err, usage.Unavailable)
			}
			run(ofSet(set, "CREATE TABLE SUMS (another INT PRIMARY KEY)"))
			if state, err := tracker.Read(t.Context()); err == nil {
				t.Errorf("with another table in their place: %+v", state)
			}
		})
	}
}

// Plans are kept on what a tracker knows, which is asked again and again.
func TestAKnownStateKeepsPlans(t *testing.T) {
	onOne(t, 3, func(t *testing.T, db *pool.Pool, run func(string, ...any)) {
		tracker := phase.NewTracker(db, phase.Levels)
		run(ofSet(phase.Levels, ready))
		if !known(t, tracker).KeepsPlans() || known(t, tracker).WithoutRollups().KeepsPlans() {
			t.Error("plans are kept elsewhere")
		}
	})
}

// A suspicion is of the set that a state is of.
func TestTheSetOfAStateIsSuspected(t *testing.T) {
	levels, hours := phase.NewTracker(nil, phase.Levels), phase.NewTracker(nil, phase.Hours)
	choice := phase.NewChoice(levels, hours)
	choice.Suspect(&phase.State{Set: phase.Levels}, "of levels")
	if levels.Suspicion() != "of levels" || hours.Suspicion() != "" {
		t.Errorf("levels: %q, hours: %q", levels.Suspicion(), hours.Suspicion())
	}
	choice.Suspect(&phase.State{Set: phase.Hours}, "of hours")
	if levels.Suspicion() != "of levels" || hours.Suspicion() != "of hours" {
		t.Errorf("levels: %q, hours: %q", levels.Suspicion(), hours.Suspicion())
	}
}

// Where the sums by level cannot be read, it has to be known whether those by hour can.
func TestAStateThatCannotBeReadIsNotChosen(t *testing.T) {
	onOne(t, 4, func(t *testing.T, db *pool.Pool, statement func(string, ...any)) {
		choice := phase.NewChoice(phase.NewTracker(db, phase.Levels), phase.NewTracker(db, phase.Hours))
		run := func(set phase.Set, text string) { statement(ofSet(set, text)) }
		run(phase.Levels, ready)
		run(phase.Hours, ready)
		run(phase.Hours, "RENAME TABLE SUMS TO away")
		if state, err := choice.Known(t.Context()); err != nil || !state.Usable() {
			t.Errorf("ready: %+v, %v", state, err)
		}
		run(phase.Levels, "UPDATE STATE SET phase = 'filling'")
		_, err := choice.Refresh(t.Context())
		wantCode(t, "filling", err, usage.Unavailable)
	})
}
