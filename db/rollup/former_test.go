package rollup

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/phase"
	"aiusage/usage"
)

func present(names ...string) answer {
	one := none("SELECT TRIGGER_NAME FROM", "name")
	for _, name := range names {
		one.rows = append(one.rows, []driver.Value{name})
	}
	return one
}

// An earlier version's sums are retired by themselves once nobody folds them any more, or relies on
// them, and others can be read.
func TestWhenFormerSumsAreRetired(t *testing.T) {
	age := func(seconds int64) answer {
		return row("TIMESTAMPDIFF(SECOND, recorded_at, CURRENT_TIMESTAMP) FROM usage_deltas", "age", seconds)
	}
	installed := row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(1))
	for name, c := range map[string]struct {
		answers      []answer
		falls, drops int
	}{
		"there are none":           {[]answer{age(9999)}, 0, 0},
		"they are folded":          {[]answer{installed, state(hours, phase.Ready, nil, true), age(599)}, 0, 0},
		"nothing waits":            {[]answer{installed, state(hours, phase.Ready, nil, true), none("FROM usage_deltas", "age")}, 0, 0},
		"nobody folds them":        {[]answer{installed, state(hours, phase.Ready, nil, true), age(600)}, 1, 1},
		"nobody fills them":        {[]answer{installed, state(hours, phase.Filling, nil, true), age(600)}, 1, 1},
		"nobody relies on them":    {[]answer{installed, state(hours, phase.Raw, nil, true)}, 0, 1},
		"others are filled":        {[]answer{state(levels, phase.Filling, nil, true), installed, state(hours, phase.Ready, nil, true), age(9999)}, 0, 0},
		"others have less of them": {[]answer{state(levels, phase.Ready, nil, false), installed, state(hours, phase.Ready, nil, true), age(9999)}, 0, 0},
	} {
		server := &scripted{t: t, answers: withDefaults(append(c.answers, present(formerTriggers[1]))...)}
		if err := server.open().RetireUnused(t.Context()); err != nil || server.count("UPDATE usage_rollup_state SET phase = 'raw'") != c.falls || server.count("DROP TRIGGER") != c.drops {
			t.Errorf("%s: %v after %q", name, err, server.sent)
		}
	}
}

// The command says whether there was anything to retire or to drop.
func TestWhatTheCommandRetires(t *testing.T) {
	tables := func(count int64) answer {
		return row("TABLE_NAME IN ('usage_rollups', 'usage_deltas')", "count", count)
	}
	installed := row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(1))
	raw, ready := state(hours, phase.Raw, nil, true), state(hours, phase.Ready, nil, true)
	for name, c := range map[string]struct {
		answers []answer
		drop    bool
		done    bool
		tables  int
	}{
		"nothing":               {nil, true, false, 0},
		"sums":                  {[]answer{installed, ready}, false, true, 0},
		"triggers":              {[]answer{installed, raw, present(formerTriggers[2])}, false, true, 0},
		"tables, not to drop":   {[]answer{installed, raw}, false, false, 0},
		"tables":                {[]answer{installed, raw}, true, true, 2},
		"tables that have gone": {[]answer{installed, raw, tables(0)}, true, false, 2},
		"one table":             {[]answer{installed, raw, tables(1)}, true, false, 2},
		"all":                   {[]answer{installed, ready, present(formerTriggers...)}, true, true, 2},
	} {
		answers := withDefaults(c.answers...)
		server := &scripted{t: t, answers: answers}
		r := server.open()
		done, err := r.RetireFormer(t.Context(), c.drop)
		if err != nil || done != c.done || server.count("DROP TABLE") != c.tables {
			t.Errorf("%s: %v, %v after %q", name, done, err, server.sent)
		}
		if c.tables > 0 { // what is known of them is read anew
			before := len(server.sent)
			if _, err := r.former.Known(t.Context()); err != nil || len(server.sent) == before {
				t.Errorf("%s: they are believed to be there, %v", name, err)
			}
		}
	}
	server := &scripted{t: t, answers: withDefaults(installed, ready, state(levels, phase.Filling, nil, true))}
	_, err := server.open().RetireFormer(t.Context(), true)
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || !strings.Contains(coded.Message, "still needed") || server.count("DROP")+server.count("UPDATE usage_rollup_state") != 0 {
		t.Errorf("while they are needed: %v after %q", err, server.sent)
	}
}

// Sessions are not dropped while sums of an earlier version are there that do not have them.
func TestFormerSumsThatAreInTheWay(t *testing.T) {
	for _, c := range []struct {
		installed, kept bool
		phase           phase.Phase
		refused         bool
	}{{false, true, phase.Raw, false}, {true, false, phase.Raw, false}, {true, true, phase.Ready, false}, {true, true, phase.Raw, true}, {true, true, phase.Filling, true}} {
		err := formerState{&phase.State{Phase: c.phase}, c.installed, c.kept}.mustRetire()
		if coded, ok := errors.AsType[*usage.Error](err); (err != nil) != c.refused || ok != c.refused || ok && coded.Code != usage.Unavailable {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Sums whose triggers are all there, or that nobody reads, are left as they are.
func TestFormerSumsAreCheckedForTheirTriggers(t *testing.T) {
	for name, c := range map[string]struct {
		answers []answer
		falls   int
	}{
		"all there":   {[]answer{state(hours, phase.Ready, nil, true), present(formerTriggers...)}, 0},
		"one is gone": {[]answer{state(hours, phase.Filling, nil, true), present(formerTriggers[:2]...)}, 1},
		"all gone":    {[]answer{state(hours, phase.Ready, nil, true), present()}, 1},
		"raw":         {[]answer{present()}, 0},
	} {
		server := &scripted{t: t, answers: withDefaults(c.answers...)}
		if err := server.open().checkFormer(t.Context()); err != nil || server.count("UPDATE usage_rollup_state SET phase = 'raw'") != c.falls {
			t.Errorf("%s: %v after %q", name, err, server.sent)
		}
	}
}

// A round looks for triggers, settles what is suspected, fills and retires, and tells of all that
// went wrong.
func TestWhatARoundTells(t *testing.T) {
	ready := func(answers ...answer) []answer { return suited(append(answers, presentHere(ownTriggers...))...) }
	sent := failing(t, "a round", ready(), func(ctx context.Context, r *Rollups) error { return r.CheckRound(ctx) })
	if !strings.Contains(sent[len(sent)-1], "information_schema.TABLES") || slices.ContainsFunc(sent, func(one string) bool { return strings.Contains(one, "UPDATE") && !strings.Contains(one, "SELECT") }) {
		t.Errorf("sums that are as they have to be: %q", sent)
	}
	begun := row("SET phase = 'filling'", "")
	for at := 0; at < 1000; at++ {
		server := &scripted{t: t, answers: ready(begun), fails: at, err: errors.New("fails in the script")}
		r := server.open()
		r.phases.Suspect("suspected by a test")
		err := r.CheckRound(t.Context())
		if len(server.sent) < at {
			break
		}
		words := []string{"suspected by a test; reports read raw sessions"}
		if at > 0 {
			words = append(words, "fails in the script")
		}
		settled := slices.IndexFunc(server.sent, func(one string) bool { return strings.Contains(one, "SET phase = 'filling'") })
		if at > 0 && (settled < 0 || at <= settled+1) { // what was suspected stays so
			words = words[1:]
			if r.phases.Suspicion() == "" {
				t.Errorf("it is not suspected any more: %q", server.sent)
			}
		}
		for _, one := range words {
			if err == nil || !strings.Contains(err.Error(), one) {
				t.Errorf("statement %d fails: %v, want %s: %q", at, err, one, server.sent[max(0, at-1):])
			}
		}
	}
	// What others have settled is not told.
	server := &scripted{t: t, answers: ready()}
	r := server.open()
	r.phases.Suspect("suspected by a test")
	if err := r.CheckRound(t.Context()); err != nil || r.phases.Suspicion() != "" {
		t.Errorf("settled by others: %v, %q", err, r.phases.Suspicion())
	}
	// The round in which reports begin to read sessions tells so.
	raw := row(" AS believed\n\t\tFROM usage_level_state", stateColumns, "raw", "gone by a test", int64(5), nil, int64(2), nil, nil, true)
	raw.after = "SET phase = 'raw'"
	err := (&scripted{t: t, answers: suited(raw, presentHere(onInsert))}).open().CheckRound(t.Context())
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || coded.Message != "reports read raw sessions from now on: gone by a test" {
		t.Errorf("from now on: %v", err)
	}
	for at, sent := 1, 1000; at <= sent; at++ {
		server := &scripted{t: t, answers: suited(raw, presentHere(onInsert)), fails: at, err: mysql.ErrInvalidConn}
		if err := server.open().CheckRound(t.Context()); err == nil || len(server.sent) >= at && !errors.Is(err, mysql.ErrInvalidConn) {
			t.Errorf("without %s: %v", server.sent[len(server.sent)-1], err)
		}
		if len(server.sent) < at {
			break
		}
	}
	raw.after = ""
	if err := (&scripted{t: t, answers: suited(raw, presentHere(onInsert))}).open().CheckRound(t.Context()); err != nil {
		t.Errorf("once more: %v", err)
	}
}
