package rollup

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/check"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// The day of what happens here.
var march = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

const stateColumns = "phase, reason, generation, filled_to, corrections, raw_from, quarters_from, believed"

// state is the state of a set of sums. Those of an earlier version are in usage_rollup_state.
func state(table string, phase phase.Phase, rawFrom any, believed bool) answer {
	return row(" AS believed\n\t\tFROM "+table+" WHERE state_id = 1", stateColumns, string(phase), "", int64(5), nil, int64(2), rawFrom, nil, believed)
}

// locked is the same state, when it is locked.
func locked(table string, phase phase.Phase) answer {
	return row("SELECT phase, generation, corrections FROM "+table, "phase, generation, corrections", string(phase), int64(5), int64(2))
}

const (
	levels = "usage_level_state"
	hours  = "usage_rollup_state"
)

// withDefaults adds the answers that do not matter: there is nothing else.
func withDefaults(answers ...answer) []answer {
	return append(answers,
		state(levels, phase.Ready, nil, true), locked(levels, phase.Ready),
		state(hours, phase.Raw, nil, true), locked(hours, phase.Raw),
		row("SELECT MIN(bucket), MAX(bucket)", "first, last", nil, nil),
		none("FROM usage_calendars", "calendar_no, zone, rules, phase"),
		row("MAX(account_no)", "number", int64(0)),
		row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(0)),
		row("TABLE_NAME IN ('usage_rollups', 'usage_deltas')", "count", int64(2)),
		row("SELECT generation FROM usage_level_state", "generation", int64(5)),
		answer{words: "SHOW CREATE TRIGGER", err: &mysql.MySQLError{Number: pool.ErNoSuchTrigger}},
		none("SELECT TRIGGER_NAME FROM", "name"),
		none("FROM usage_subject_stamp WHERE", "stamp, upto"),
		none("INSERT", ""), none("UPDATE", ""), none("DELETE", ""), none("SET ", ""), none("DROP ", ""), none("CREATE ", ""),
	)
}

// change is one that waits to be folded, of a subject that has a number once it was given one.
var change = []answer{
	row("FROM usage_changes WHERE change_id > ?", "change_id, account_id, customer_id, quarter, minutes, seconds, sessions", int64(7), "a", "c", march, int64(1), int64(60), int64(1)),
	row("MAX(subject_no)", "number", int64(4)),
	{words: "FROM usage_subjects", columns: "account_id, customer_id, account_no, subject_no", rows: [][]driver.Value{{"a", "c", int64(3), int64(4)}}, after: "INSERT IGNORE INTO usage_subjects"},
	none("SELECT account_id, customer_id, account_no, subject_no FROM usage_subjects", "account_id, customer_id, account_no, subject_no"),
	row("FROM usage_accounts WHERE", "account_no, account_id", int64(3), "a"),
	row("INSERT IGNORE INTO usage_subjects", ""),
	row("DELETE FROM usage_changes", ""),
}

func calendarRow(no int, zone string, rules int64, phase string) []driver.Value {
	return []driver.Value{int64(no), zone, rules, phase}
}

func loaded(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestWhoFoldsIsToldOfEachFailure(t *testing.T) {
	berlin := usage.ZoneRules(loaded(t, "Europe/Berlin"))
	sent := failing(t, "folding", withDefaults(change...), func(ctx context.Context, r *Rollups) error {
		last, count, err := r.FoldBatch(ctx, 0, 10, (*sqlx.Tx).Commit)
		if err == nil && (last != 7 || count != 1) {
			t.Errorf("folded %d, the last %d", count, last)
		}
		return err
	})
	if last := sent[len(sent)-1]; last != "COMMIT" || !strings.Contains(sent[len(sent)-2], "'fold'") {
		t.Errorf("ends with %q", sent[len(sent)-2:])
	}
	stale := answer{words: "FROM usage_calendars", columns: "calendar_no, zone, rules, phase", rows: [][]driver.Value{calendarRow(1, "Europe/Berlin", berlin+1, "ready")}}
	gone := none("FROM usage_calendars", "calendar_no, zone, rules, phase")
	gone.after = "SET phase = 'stale'"
	failing(t, "folding beside a stale calendar", withDefaults(append([]answer{gone, stale}, change...)...), func(ctx context.Context, r *Rollups) error {
		_, count, err := r.FoldBatch(ctx, 0, 10, (*sqlx.Tx).Commit)
		if err == nil && count != 1 {
			t.Errorf("folded %d", count)
		}
		return err
	})
	waiting := row("SELECT change_id FROM usage_changes", "change_id", int64(7))
	all := none("SELECT change_id FROM usage_changes", "change_id")
	all.after = "DELETE FROM usage_changes"
	round := withDefaults(append([]answer{all, waiting, row("SELECT reason = ?", "taken", true)}, change...)...)
	failing(t, "a round", round, func(ctx context.Context, r *Rollups) error { return r.FoldRound(ctx) })
	failing(t, "a turn", round, func(ctx context.Context, r *Rollups) error {
		oldest, err := r.foldInTurn(ctx)
		if err == nil && oldest != 0 {
			t.Errorf("%d is left", oldest)
		}
		return err
	})
}

func TestWhoInstallsIsToldOfEachFailure(t *testing.T) {
	berlin, kolkata := loaded(t, "Europe/Berlin"), loaded(t, "Asia/Kolkata")
	registered := answer{words: "FROM usage_calendars", columns: "calendar_no, zone, rules, phase",
		rows: [][]driver.Value{calendarRow(1, "Europe/Berlin", usage.ZoneRules(berlin), "filling")}}
	sent := failing(t, "registering", withDefaults(registered), func(ctx context.Context, r *Rollups) error { return r.registerCalendar(ctx, kolkata) })
	if want := []string{"BEGIN", "FOR UPDATE", "SELECT calendar_no", "'leaving'", "INSERT INTO usage_calendars", "SET generation = ?", "COMMIT"}; len(sent) != len(want) ||
		!slices.EqualFunc(sent, want, strings.Contains) {
		t.Errorf("registering: %q", sent)
	}
	sent = failing(t, "registering the same", withDefaults(registered), func(ctx context.Context, r *Rollups) error { return r.registerCalendar(ctx, berlin) })
	if len(sent) != 4 { // so that reports need not be planned anew
		t.Errorf("registering the same: %q", sent)
	}
	failing(t, "the zone of before", withDefaults(registered), func(ctx context.Context, r *Rollups) error {
		zone, err := r.zoneOfBefore(ctx)
		if err == nil && zone.String() != "Europe/Berlin" {
			t.Errorf("got %v", zone)
		}
		return err
	})
	failing(t, "a zone's calendar", withDefaults(registered), func(ctx context.Context, r *Rollups) error {
		has, err := r.HasCalendar(ctx, berlin)
		if err == nil && !has {
			t.Error("there is none")
		}
		return err
	})
	failing(t, "own tables", withDefaults(), func(ctx context.Context, r *Rollups) error { return r.MarkOwnTables(ctx) })
}

func TestWhoLooksAfterTriggersIsToldOfEachFailure(t *testing.T) {
	present := answer{words: "SELECT TRIGGER_NAME FROM", columns: "name", rows: [][]driver.Value{{formerTriggers[0]}}}
	failing(t, "dropping", withDefaults(present), func(ctx context.Context, r *Rollups) error {
		return pool.Translate(r.dropTriggers(ctx, formerTriggers))
	})
	wanted := map[string]string{onInsert: "AFTER INSERT ON ai_sessions FOR EACH ROW BEGIN END"}
	other := row("SELECT TRIGGER_NAME AS name", "name, event, body", onInsert, "INSERT", "another")
	failing(t, "looking", withDefaults(other), func(ctx context.Context, r *Rollups) error {
		missing, err := r.missingTriggers(ctx, wanted)
		if err == nil && len(missing) != 1 {
			t.Errorf("missing are %q", missing)
		}
		return pool.Translate(err)
	})
	exists := answer{words: "CREATE TRIGGER", err: &mysql.MySQLError{Number: pool.ErTriggerExists}}
	created := none("CREATE TRIGGER", "")
	created.after = "DROP TRIGGER"
	failing(t, "creating", withDefaults(created, exists, other), func(ctx context.Context, r *Rollups) error { return r.createTrigger(ctx, onInsert, wanted) })
}

func TestWhoRetiresSumsIsToldOfEachFailure(t *testing.T) {
	raw := state(hours, phase.Raw, nil, true)
	raw.after = "SET phase = 'raw'"
	triggers := answer{words: "SELECT TRIGGER_NAME FROM", columns: "name", rows: [][]driver.Value{{formerTriggers[0]}, {formerTriggers[1]}, {formerTriggers[2]}}}
	former := withDefaults(raw, state(hours, phase.Ready, nil, true), row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(1)), triggers,
		row("TIMESTAMPDIFF(SECOND, recorded_at, CURRENT_TIMESTAMP) FROM usage_deltas", "age", int64(601)))
	sent := failing(t, "retiring by command", former, func(ctx context.Context, r *Rollups) error {
		done, err := r.RetireFormer(ctx, true)
		if err == nil && !done {
			t.Error("nothing was done")
		}
		return err
	})
	if last := sent[len(sent)-1]; last != "DROP TABLE IF EXISTS usage_rollups" {
		t.Errorf("ends with %q", last)
	}
	sent = failing(t, "retiring what nobody uses", former, func(ctx context.Context, r *Rollups) error { return r.RetireUnused(ctx) })
	if last := sent[len(sent)-1]; !strings.HasPrefix(last, "DROP TRIGGER") {
		t.Errorf("ends with %q", last)
	}
	triggers.rows = triggers.rows[:2]
	sent = failing(t, "checking", append([]answer{triggers}, former...), func(ctx context.Context, r *Rollups) error { return r.checkFormer(ctx) })
	if !slices.ContainsFunc(sent, func(one string) bool { return strings.Contains(one, "SET phase = 'raw'") }) {
		t.Error("they are read still")
	}
}

func TestWhoAsksForTheStatusIsToldOfEachFailure(t *testing.T) {
	registered := answer{words: "FROM usage_calendars", columns: "calendar_no, zone, rules, phase", rows: [][]driver.Value{calendarRow(1, "Europe/Berlin", 1, "filling")}}
	answers := withDefaults(registered, state(hours, phase.Filling, nil, true), row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(1)),
		row("SELECT COUNT(*), (SELECT TIMESTAMPDIFF", "pending, lag, undated", int64(2), int64(-3), int64(4)))
	failing(t, "status", answers, func(ctx context.Context, r *Rollups) error {
		status, err := r.RollupStatus(ctx)
		if err == nil && (status.Phase != phase.Ready || status.Former != phase.Filling || status.Pending != 2 || status.Lag != 0 || status.Undated != 4 ||
			!slices.Equal(status.Calendars, []CalendarStatus{{"Europe/Berlin", "filling"}}) || status.IsFilled()) {
			t.Errorf("got %+v", status)
		}
		return err
	})
}

// The columns of what is added to amounts.
const amountColumns = "account_no, subject_no, account_id, customer_id, at, minutes, seconds, sessions"

func amountRow(words string, at time.Time, minutes int64) answer {
	return row(words, amountColumns, int64(3), int64(4), "", "", at, minutes, 60*minutes, int64(1))
}

func TestWhoAdoptsIsToldOfEachFailure(t *testing.T) {
	to := march.Add(6 * time.Hour)
	adopted := state(levels, phase.Ready, to, true)
	adopted.after = "raw_from = ?, quarters_from = ?"
	answers := withDefaults(adopted, state(levels, phase.Ready, nil, false), state(hours, phase.Ready, to, true), row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(1)),
		row("SELECT MIN(bucket) FROM usage_rollups", "first", march.Add(4*time.Hour)), row("SELECT MIN(hour) FROM usage_deltas", "first", march.Add(5*time.Hour)),
		none("LOCK IN SHARE MODE", "a, b, c, d"),
		amountRow("FROM usage_rollups WHERE grain = ? AND bucket >= ? AND bucket < ?", march.Add(4*time.Hour), 1), amountRow("FROM usage_deltas", march.Add(5*time.Hour), 2),
		amountRow("FROM ai_sessions", march.Add(7*time.Hour), 3), amountRow("FROM usage_changes", march.Add(7*time.Hour), 3),
		none("WHERE r.grain = ?", "account_no, subject_no, bucket, minutes, seconds, sessions"))
	sent := failing(t, "adopting", answers, func(ctx context.Context, r *Rollups) error {
		var told check.CheckProgress
		err := r.Adopt(ctx, func(progress check.CheckProgress) { told = progress })
		if want := (check.CheckProgress{Grain: usage.Hour, At: to, Span: usage.Range{From: march.Add(4 * time.Hour), To: to}}); err == nil && told != want {
			t.Errorf("told %+v, want %+v", told, want)
		}
		return err
	})
	if !slices.ContainsFunc(sent, func(one string) bool { return strings.Contains(one, "INSERT INTO usage_quarters") }) {
		t.Errorf("nothing is kept: %q", sent)
	}
	unnumbered := answer{words: "FROM usage_rollups WHERE grain = ? AND bucket >= ? AND bucket < ?", columns: amountColumns, rows: [][]driver.Value{}}
	unknown := row("FROM usage_deltas", amountColumns, int64(0), int64(0), "a", "c", march.Add(5*time.Hour), int64(2), int64(120), int64(1))
	known := amountRow("FROM usage_deltas", march.Add(5*time.Hour), 2)
	known.after = "INSERT IGNORE INTO usage_subjects"
	first := row("SELECT MIN(hour) FROM usage_deltas", "first", march.Add(5*time.Hour))
	sent = failing(t, "adopting new subjects", append([]answer{first, unnumbered, known, unknown}, append(change, answers...)...), func(ctx context.Context, r *Rollups) error {
		return r.Adopt(ctx, nil)
	})
	numberedFirst(t, sent)
}

// numberedFirst holds that quarter-hours are kept once their subjects have been given numbers.
func numberedFirst(t *testing.T, sent []string) {
	t.Helper()
	index := func(words string) int {
		return slices.IndexFunc(sent, func(one string) bool { return strings.Contains(one, words) })
	}
	if numbered, kept := index("INSERT IGNORE INTO usage_subjects"), index("INSERT INTO usage_quarters"); numbered < 0 || kept < numbered {
		t.Errorf("numbers are given at %d, and quarter-hours kept at %d: %q", numbered, kept, sent)
	}
}

// nothing is the answer to whatever else is asked: there are no rows.
var nothing = none("SELECT", "nothing")

func TestWhoDropsSessionsIsToldOfEachFailure(t *testing.T) {
	kept := state(levels, phase.Ready, march, true)
	gone := none("DELETE FROM ai_sessions", "")
	gone.after = "SET @aiusage_recorded = NULL"
	// That the variables are taken back needs nobody's attention: the connection is closed otherwise.
	taken := "SET @aiusage_recorded = NULL, @aiusage_bulk = NULL"
	dropping := append(withDefaults(kept, gone, row("DELETE FROM ai_sessions", ""), row("SELECT MAX(raw_from)", "last", nil)), nothing)
	for at := 1; ; at++ {
		server := &scripted{t: t, answers: dropping, fails: at, err: mysql.ErrInvalidConn}
		var told []int64
		dropped, err := server.open().DropSessions(t.Context(), march.Add(time.Hour), func(dropped int64) { told = append(told, dropped) })
		if len(server.sent) < at {
			if err != nil || dropped != 1 || !slices.Equal(told, []int64{1}) {
				t.Errorf("dropped %d, told %d, %v after %s", dropped, told, err, server.sent[len(server.sent)-1])
			}
			break
		}
		coded, ok := errors.AsType[*usage.Error](err)
		if failed := server.sent[at-1]; (err == nil) != (failed == taken) || err != nil && (!ok || coded.Code != usage.Unavailable || !errors.Is(err, mysql.ErrInvalidConn)) {
			t.Errorf("without %s: %v", failed, err)
		}
	}
	server := &scripted{t: t, answers: withDefaults()}
	if dropped, err := server.open().dropKept(t.Context(), nil); err != nil || dropped != 0 || server.count("DELETE") != 0 {
		t.Errorf("before anything is kept: dropped %d, %v", dropped, err)
	}
	to := march.AddDate(0, 0, 1)
	answers := withDefaults(kept, locked(levels, phase.Ready), state(hours, phase.Ready, march, true), locked(hours, phase.Ready), row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(1)),
		row("SELECT started_at FROM ai_sessions", "started_at", march.Add(time.Hour)),
		none("LOCK IN SHARE MODE", "a, b, c, d"), amountRow("FROM ai_sessions", march.Add(time.Hour), 1),
		amountRow("FROM usage_rollups WHERE grain = ? AND bucket >= ? AND bucket < ?", march.Add(time.Hour), 1), none("FROM usage_deltas", amountColumns))
	keeping := func(ctx context.Context, r *Rollups) error {
		done, err := r.keepNextDay(ctx, to.AddDate(0, 0, 1))
		if done {
			t.Error("it is over")
		}
		return pool.Translate(err)
	}
	sent := failing(t, "keeping", answers, keeping)
	within := state(levels, phase.Ready, march.Add(6*time.Hour), true)
	failing(t, "keeping the rest of a day", append([]answer{within, none("usage_quarters q", "account_no, subject_no, quarters")}, answers...), keeping)
	// Subjects without a number are those of sessions, or of what waits for the sums of an earlier version.
	const ofSessions, ofHours, ofDeltas = "FROM (SELECT account_id, COALESCE(customer_id, '')", "FROM usage_rollups WHERE grain = ? AND bucket >= ? AND bucket < ?", "FROM usage_deltas"
	unnumbered := func(words string) []answer {
		unknown := row(words, amountColumns, int64(0), int64(0), "a", "c", march.Add(time.Hour), int64(1), int64(60), int64(1))
		known := amountRow(words, march.Add(time.Hour), 1)
		known.after = "INSERT IGNORE INTO usage_subjects"
		return append([]answer{known, unknown}, change...)
	}
	numberedFirst(t, failing(t, "keeping new subjects", append(unnumbered(ofSessions), answers...), keeping))
	numberedFirst(t, failing(t, "keeping what waits of new subjects", append(append(unnumbered(ofDeltas), none(ofHours, amountColumns)), answers...), keeping))
	for _, words := range []string{"INSERT INTO usage_quarters", "UPDATE usage_rollup_state SET raw_from", "UPDATE usage_level_state SET raw_from"} {
		if !slices.ContainsFunc(sent, func(one string) bool { return strings.Contains(one, words) }) {
			t.Errorf("no %s: %q", words, sent)
		}
	}
}

// Not even what is known to be kept is dropped while sums of an earlier version are in the way.
func TestFormerSumsAreRetiredBeforeAnythingIsDropped(t *testing.T) {
	server := &scripted{t: t, answers: withDefaults(state(levels, phase.Ready, march, true), row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(1)), none("SELECT started_at FROM ai_sessions", "started_at"))}
	_, err := server.open().DropSessions(t.Context(), march, nil)
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || !strings.Contains(coded.Message, "rollup retire command with --drop") || server.count("DELETE") != 0 {
		t.Errorf("got %v after %q", err, server.sent)
	}
	unusable := row(" AS believed\n\t\tFROM usage_level_state", stateColumns, "raw", "a reason", int64(5), nil, int64(2), march, nil, true)
	other := &scripted{t: t, answers: withDefaults(unusable)}
	if _, err := other.open().DropSessions(t.Context(), march, nil); err == nil || !strings.Contains(err.Error(), "a reason") || other.count("DELETE") != 0 {
		t.Errorf("where sums are not read: %v after %q", err, other.sent)
	}
	// They may have come into the way meanwhile.
	if _, err := server.open().keepNextDay(t.Context(), march.AddDate(0, 0, 1)); err == nil || server.count("UPDATE usage_level_state") != 0 {
		t.Errorf("got %v after %q", err, server.sent)
	}
}

// The state of former sums is locked and changed where there are some, and their sums are compared where
// somebody reads them.
func TestFormerSumsAreToldWhatIsDropped(t *testing.T) {
	day := []answer{none("SELECT started_at FROM ai_sessions", "started_at"), none("LOCK IN SHARE MODE", "a, b, c, d"), none("FROM (SELECT account_id, COALESCE", amountColumns),
		none("FROM usage_rollups WHERE grain = ? AND bucket >= ? AND bucket < ?", amountColumns), none("FROM usage_deltas", amountColumns)}
	installed, gone := row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(1)), row("TABLE_NAME IN ('usage_rollups', 'usage_deltas')", "count", int64(0))
	ready, readyLocked := state(hours, phase.Ready, nil, true), locked(hours, phase.Ready)
	for name, c := range map[string]struct {
		answers                 []answer
		locked, changed, summed int
	}{
		"none":    {nil, 0, 0, 0},
		"ready":   {[]answer{installed, ready, readyLocked}, 1, 1, 2},
		"dropped": {[]answer{installed, gone}, 1, 1, 0},
	} {
		server := &scripted{t: t, answers: withDefaults(append(c.answers, day...)...)}
		_, err := server.open().keepNextDay(t.Context(), march)
		locked, changed := server.count("FROM usage_rollup_state WHERE state_id = 1 FOR UPDATE"), server.count("UPDATE usage_rollup_state SET raw_from")
		summed := server.count("FROM usage_rollups WHERE grain = ? AND bucket >= ? AND bucket < ?") + server.count("FROM usage_deltas")
		if err != nil || locked != c.locked || changed != c.changed || summed != c.summed {
			t.Errorf("%s: locked %d, changed %d, summed %d, %v", name, locked, changed, summed, err)
		}
	}
}

// A day is kept again where the state has just been changed, and not for ever.
func TestADayIsKeptThoughOthersChangeTheState(t *testing.T) {
	for _, c := range []struct {
		changes int
		fails   bool
	}{{0, false}, {pool.MaxAttempts, false}, {1 + pool.MaxAttempts, true}, {100, true}} {
		changed := row("SELECT phase, generation, corrections FROM usage_level_state", "phase, generation, corrections", "ready", int64(6), int64(2))
		changed.when = func(s *scripted) bool { return s.count(changed.words) <= c.changes }
		server := &scripted{t: t, answers: withDefaults(changed, none("SELECT started_at FROM ai_sessions", "started_at"), none("LOCK IN SHARE MODE", "a, b, c, d"), none("FROM ai_sessions", amountColumns))}
		done, err := server.open().keepNextDay(t.Context(), march)
		if done || (err != nil) != c.fails || server.count(changed.words) != min(c.changes, pool.MaxAttempts)+1 {
			t.Errorf("%d changes: done %v, %v, after %d", c.changes, done, err, server.count(changed.words))
		}
		if c.fails && (!errors.Is(err, phase.ErrChanged) || !strings.Contains(err.Error(), "run the command again")) {
			t.Errorf("%d changes: %v", c.changes, err)
		}
	}
	// What cannot be read any more ends it.
	for words, changed := range map[string]answer{"read raw sessions: a reason": row(" AS believed\n\t\tFROM usage_level_state", stateColumns, "raw", "a reason", int64(5), nil, int64(2), nil, nil, true),
		"cannot be dropped yet": state(levels, phase.Ready, nil, false)} {
		_, err := (&scripted{t: t, answers: withDefaults(changed)}).open().keepNextDay(t.Context(), march)
		if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || !strings.Contains(coded.Message, words) {
			t.Errorf("got %v, want %s", err, words)
		}
	}
}

func TestWhoSettlesASuspicionIsToldOfEachFailure(t *testing.T) {
	failing(t, "settling", withDefaults(row("SET phase = 'filling'", "")), func(ctx context.Context, r *Rollups) error {
		r.phases.Suspect("suspected")
		err := r.resolve(ctx)
		switch suspicion := r.phases.Suspicion(); {
		case suspicion != "":
			return err
		case err == nil || !strings.Contains(err.Error(), "suspected; reports read raw sessions"):
			t.Errorf("told %v", err)
		}
		return nil
	})
}
