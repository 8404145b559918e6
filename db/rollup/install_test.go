package rollup

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/member"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// suited are the answers of a server on which sums can be kept.
func suited(answers ...answer) []answer {
	columns := answer{words: "information_schema.COLUMNS", columns: "name, type, nullable, length, fraction, collation, expression"}
	for name, kind := range map[string]string{"account_id": "varchar", "customer_id": "varchar", "started_at": "datetime", "duration_seconds": "int", "ai_minutes": "bigint"} {
		one := []driver.Value{name, kind, "NO", nil, nil, nil, nil}
		if kind == "varchar" {
			one[3], one[5] = int64(64), "utf8mb4_bin"
		}
		columns.rows = append(columns.rows, one)
	}
	locking := row("SELECT state_id FROM usage_level_state", "state_id", int64(1))
	return withDefaults(append(answers,
		row("tables.TABLE_TYPE", "kind, transactions", "BASE TABLE", "YES"), columns,
		row("@@GLOBAL.log_bin", "on, format", true, "ROW"),
		row("information_schema.STATISTICS", "name, part, nullable", "PRIMARY", "session_id", ""),
		none("SKIP LOCKED", "state_id"), locking,
		none("SELECT TRIGGER_NAME AS name", "name, event, body"))...)
}

// wantedHere are the triggers that such a server has to have.
func wantedHere() map[string]string { return triggers(appliedBy([]string{"`session_id`"})) }

// presentHere are some of them, as the server shows them.
func presentHere(names ...string) answer {
	one := none("SELECT TRIGGER_NAME AS name", "name, event, body")
	for _, name := range names {
		event := map[string]string{onInsert: "INSERT", onUpdate: "UPDATE", onDelete: "DELETE"}[name]
		one.rows = append(one.rows, []driver.Value{name, event, strings.TrimPrefix(wantedHere()[name], recordedOn(event))})
	}
	return one
}

// Installing creates what is missing, and has sums be made anew where anything was.
func TestInstallingCreatesWhatIsMissing(t *testing.T) {
	reason := func(phase phase.Phase, text string) answer {
		return row(" AS believed\n\t\tFROM usage_level_state", stateColumns, string(phase), text, int64(5), nil, int64(2), nil, nil, true)
	}
	for name, c := range map[string]struct {
		state           answer
		present, create []string
		changes         string
	}{
		"nothing is there":       {reason(phase.Raw, ""), nil, []string{onDelete, onInsert, onUpdate}, "SET phase = 'filling', filled_to = NULL, reason = ''"},
		"one is missing":         {reason(phase.Ready, ""), []string{onInsert, onDelete}, []string{onUpdate}, "SET phase = 'filling', filled_to = NULL, reason = ''"},
		"all is well":            {reason(phase.Ready, ""), ownTriggers, nil, ""},
		"it is being filled":     {reason(phase.Filling, ""), ownTriggers, nil, ""},
		"it is being repaired":   {reason(phase.Filling, "a reason"), ownTriggers, nil, "SET reason = ''"},
		"sessions are read":      {reason(phase.Raw, "a reason"), ownTriggers, nil, "SET phase = 'filling', filled_to = NULL, reason = ''"},
		"sessions are read, yet": {reason(phase.Raw, ""), ownTriggers, nil, "SET phase = 'filling', filled_to = NULL, reason = ''"},
	} {
		answers := suited(c.state, presentHere(c.present...))
		sent := failing(t, name, answers, func(ctx context.Context, r *Rollups) error {
			obstacle, err := r.installOn(ctx, member.Member{})
			if err == nil && obstacle != "" {
				t.Errorf("%s: %s", name, obstacle)
			}
			return pool.Translate(err)
		})
		var created, changed []string
		for _, one := range sent {
			if trigger, is := strings.CutPrefix(one, "CREATE TRIGGER "); is {
				trigger, _, _ = strings.Cut(trigger, " ")
				created = append(created, trigger)
			}
			if strings.Contains(one, "UPDATE usage_level_state") && !strings.Contains(one, "CREATE") {
				changed = append(changed, one)
			}
		}
		if !slices.Equal(created, c.create) {
			t.Errorf("%s: created %q", name, created)
		}
		if c.create != nil && (len(changed) != 2 || !strings.Contains(changed[0], "phase = 'raw'") || slices.IndexFunc(sent, func(one string) bool { return one == changed[0] }) > slices.IndexFunc(sent, func(one string) bool { return strings.HasPrefix(one, "CREATE") })) {
			t.Errorf("%s: sums are believed meanwhile: %q", name, changed)
		}
		if c.changes == "" && len(changed) != 0 || c.changes != "" && (len(changed) == 0 || !strings.Contains(changed[len(changed)-1], c.changes)) {
			t.Errorf("%s: changed %q, want %s", name, changed, c.changes)
		}
	}
}

// Installing tells how the sums are, and registers the days of a zone: of the one that it is told, or
// of the one of before.
func TestInstallingRegistersACalendar(t *testing.T) {
	berlin := registered(t, "Europe/Berlin ready")
	unknown := []phase.Registered{{No: 1, Zone: "Europe/Nowhere", Rules: 7, Phase: "ready"}}
	status := row("SELECT COUNT(*), (SELECT TIMESTAMPDIFF", "pending, lag, undated", int64(2), int64(3), int64(4))
	for name, c := range map[string]struct {
		before               []phase.Registered
		zone                 string
		registered, obstacle bool
	}{
		"a zone":                        {nil, "Europe/Berlin", true, false},
		"UTC":                           {nil, "UTC", false, false},
		"none":                          {nil, "", false, false},
		"the one of before":             {berlin, "", false, false},
		"another one":                   {berlin, "Asia/Kolkata", true, false},
		"the one of before, unknown":    {unknown, "", false, false},
		"where there can be no sums":    {nil, "Europe/Berlin", false, true},
		"the one of before, with rules": {[]phase.Registered{{No: 1, Zone: "Europe/Berlin", Rules: berlin[0].Rules + 1, Phase: "ready"}}, "", true, false},
	} {
		answers := []answer{calendarRows(c.before), status, presentHere(ownTriggers...)}
		if c.obstacle {
			answers = append(answers, row("tables.TABLE_TYPE", "kind, transactions", "VIEW", nil))
		}
		sent := failing(t, name, suited(answers...), func(ctx context.Context, r *Rollups) error {
			var zone *time.Location
			if c.zone != "" {
				zone = loaded(t, c.zone)
			}
			got, err := r.InstallRollups(ctx, zone)
			if err == nil && (got.Pending != 2 || len(got.Calendars) != len(c.before)) {
				t.Errorf("%s: %+v", name, got)
			}
			if places := r.db.PoolStats().Holders; places != 0 {
				t.Errorf("%s: %d places are not given back", name, places)
			}
			return err
		})
		text := strings.Join(sent, "\n")
		if !strings.Contains(sent[0], "INSERT IGNORE INTO usage_level_state") || strings.Contains(text, "INSERT INTO usage_calendars") != c.registered || strings.Contains(text, "usage_subject_stamp") == c.obstacle {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// Installing waits for a place among those who hold a connection, as long as the caller does.
func TestInstallingWaitsForAPlace(t *testing.T) {
	r := (&scripted{t: t, answers: suited()}).open()
	for range r.db.PoolStats().HoldersMax {
		if _, err := r.db.Hold(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.install(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Where sums cannot be kept, reports read sessions, an earlier version's gateways as well, and no
// trigger stays.
func TestWhereSumsCannotBeKept(t *testing.T) {
	all := answer{words: "SELECT TRIGGER_NAME FROM", columns: "name", rows: [][]driver.Value{{onInsert}, {formerTriggers[0]}}}
	gone := state(hours, phase.Raw, nil, true)
	gone.after = "UPDATE usage_rollup_state SET phase = 'raw'"
	const asked = "TRIGGER_NAME IN (?, ?, ?, ?, ?, ?)" // for both versions' triggers
	for name, c := range map[string]struct {
		server   member.Member
		answer   answer
		obstacle string
	}{
		"a replica":         {member.Member{Replicates: true}, none("no statement", ""), replicaObstacle},
		"without row locks": {member.Member{}, row("SKIP LOCKED", "state_id", int64(1)), noRowLocks},
		"a view":            {member.Member{}, row("tables.TABLE_TYPE", "kind, transactions", "VIEW", nil), "ai_sessions is a view"},
	} {
		answers := suited(c.answer, gone, state(hours, phase.Ready, nil, true), all)
		sent := failing(t, name, answers, func(ctx context.Context, r *Rollups) error {
			obstacle, err := r.installOn(ctx, c.server)
			if err == nil && !strings.Contains(obstacle, c.obstacle) {
				t.Errorf("%s: %q", name, obstacle)
			}
			return pool.Translate(err)
		})
		text := strings.Join(sent, "\n")
		for _, words := range []string{"UPDATE usage_rollup_state SET phase = 'raw'", "UPDATE usage_level_state SET phase = 'raw'", asked, "DROP TRIGGER IF EXISTS " + onInsert, "DROP TRIGGER IF EXISTS " + formerTriggers[0]} {
			if !strings.Contains(text, words) {
				t.Errorf("%s: no %s: %s", name, words, text)
			}
		}
		if c.obstacle != noRowLocks && strings.Contains(text, "SKIP LOCKED") {
			t.Errorf("%s: locks are tried for nothing: %s", name, text)
		}
		if strings.Index(text, "UPDATE usage_level_state SET phase = 'raw'") > strings.Index(text, "DROP TRIGGER") {
			t.Errorf("%s: triggers go while sums are believed: %s", name, text)
		}
		// What is raw already is told what is new.
		server := &scripted{t: t, answers: suited(append([]answer{c.answer, state(levels, phase.Raw, nil, true)}, all)...)}
		if _, err := server.open().installOn(t.Context(), c.server); err != nil || server.count("UPDATE usage_rollup_state") != 0 || server.count("UPDATE usage_level_state SET phase = 'raw'") != 1 {
			t.Errorf("%s, raw: %v, %q", name, err, server.sent)
		}
	}
}

// An account that may not drop triggers has an administrator be asked, by their names.
func TestTriggersThatTheAccountMayNotDrop(t *testing.T) {
	all := answer{words: "SELECT TRIGGER_NAME FROM", columns: "name", rows: [][]driver.Value{{onInsert}, {formerTriggers[0]}}}
	for _, number := range []uint16{pool.ErTableAccessDenied, pool.ErDBAccessDenied, pool.ErSpecificDenied, pool.ErNoSuchTable} {
		denied := answer{words: "DROP TRIGGER", err: &mysql.MySQLError{Number: number}}
		server := &scripted{t: t, answers: suited(denied, all)}
		err := server.open().giveUp(t.Context(), "an obstacle")
		if number == pool.ErNoSuchTable {
			if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable {
				t.Errorf("another error: %v", err)
			}
			continue
		}
		lost := failed("SELECT TRIGGER_NAME FROM", pool.ErNoSuchTable)
		lost.after = "DROP TRIGGER"
		err = (&scripted{t: t, answers: suited(denied, lost, all)}).open().giveUp(t.Context(), "an obstacle")
		if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable {
			t.Errorf("%d, where triggers cannot be looked for: %v", number, err)
		}
		server = &scripted{t: t, answers: suited(denied, all)}
		err = server.open().giveUp(t.Context(), "an obstacle")
		words := "an obstacle; an administrator has to drop the triggers of the gateway on ai_sessions (" + onInsert + ", " + formerTriggers[0] + "), which its account may not"
		if last := server.changed[len(server.changed)-1]; err != nil || len(last) == 0 || last[0] != words {
			t.Errorf("%d: %v, %q", number, err, last)
		}
		err = server.open().retire(t.Context(), formerState{State: &phase.State{Phase: phase.Raw}})
		if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || !strings.Contains(coded.Message, "has to drop the triggers "+strings.Join(formerTriggers, ", ")) {
			t.Errorf("%d, retiring: %v", number, err)
		}
	}
}

// Who looks after sums has reports read sessions once a trigger is gone, and does nothing where they
// are as they have to be, or read sessions already.
func TestSumsAreCheckedForTheirTriggers(t *testing.T) {
	for name, c := range map[string]struct {
		answers []answer
		reason  string
	}{
		"all there":    {[]answer{presentHere(ownTriggers...)}, ""},
		"two are gone": {[]answer{presentHere(onInsert)}, "(" + onDelete + ", " + onUpdate + ")"},
		"raw already":  {[]answer{state(levels, phase.Raw, nil, true), presentHere(onInsert)}, ""},
		"an obstacle":  {[]answer{row("tables.TABLE_TYPE", "kind, transactions", "VIEW", nil)}, "ai_sessions is a view, on which there can be no triggers"},
	} {
		var reason string
		failing(t, name, suited(c.answers...), func(ctx context.Context, r *Rollups) error {
			err := r.CheckRollups(ctx)
			return err
		})
		server := &scripted{t: t, answers: suited(c.answers...)}
		if err := server.open().CheckRollups(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, args := range server.changed {
			if len(args) == 2 {
				reason = fmt.Sprint(args[0])
			}
		}
		if !strings.Contains(reason, c.reason) || (reason == "") != (c.reason == "") {
			t.Errorf("%s: %q, want %q", name, reason, c.reason)
		}
	}
}

// What an administrator can do something about is told, and any other error is one.
func TestWhyATriggerCannotBeCreated(t *testing.T) {
	account := row("SELECT CURRENT_USER(), DATABASE()", "account, database", "it's@%", "a`b")
	for number, words := range map[uint16]string{
		pool.ErBinlogUnsafe:       "SET GLOBAL log_bin_trust_function_creators = 1; and then run the migrate command again",
		pool.ErTableAccessDenied:  "GRANT TRIGGER ON `a``b`.* TO 'it''s'@'%'; and then run the migrate command again",
		pool.ErDBAccessDenied:     "GRANT TRIGGER ON",
		pool.ErSpecificDenied:     "GRANT TRIGGER ON",
		pool.ErAccessDenied:       "GRANT TRIGGER ON",
		pool.ErNotBaseTable:       "the server takes no triggers on ai_sessions: Error 1347: the server's words",
		pool.ErNotSupported:       "the server takes no triggers",
		pool.ErTriggerOnSystem:    "the server takes no triggers",
		pool.ErParse:              "the server takes no triggers",
		pool.ErUnknownSystemVaria: "the server takes no triggers",
		pool.ErLockDeadlock:       "",
	} {
		failed := &mysql.MySQLError{Number: number, Message: "the server's words"}
		got, err := (&scripted{t: t, answers: []answer{account}}).open().explain(t.Context(), failed)
		if !strings.Contains(got, words) || (got == "") != (words == "") || (err != nil) != (words == "") {
			t.Errorf("%d: %q, %v", number, got, err)
		}
	}
	denied := &mysql.MySQLError{Number: pool.ErTableAccessDenied}
	if _, err := (&scripted{t: t, fails: 1, err: mysql.ErrInvalidConn}).open().explain(t.Context(), denied); !errors.Is(err, mysql.ErrInvalidConn) {
		t.Errorf("where the account is not known: %v", err)
	}
	// What keeps the gateway's triggers from being created says nothing about others.
	former := answer{words: "SELECT TRIGGER_NAME FROM", columns: "name", rows: [][]driver.Value{{onInsert}}}
	server := &scripted{t: t, answers: suited(answer{words: "SHOW CREATE TRIGGER", err: &mysql.MySQLError{Number: pool.ErNoSuchTrigger}}, answer{words: "CREATE TRIGGER", err: denied}, account, former, state(hours, phase.Ready, nil, true))}
	obstacle, err := server.open().installOn(t.Context(), member.Member{})
	if err != nil || !strings.Contains(obstacle, "GRANT TRIGGER") || server.count("UPDATE usage_rollup_state") != 0 || server.count("DROP TRIGGER IF EXISTS "+onInsert) != 1 {
		t.Errorf("got %q, %v after %q", obstacle, err, server.sent)
	}
}
