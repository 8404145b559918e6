package rollup

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/pool"
	"aiusage/usage"
)

func failed(words string, number uint16) answer {
	return answer{words: words, err: &mysql.MySQLError{Number: number}}
}

// What keeps a table or a server from having sums is told, and what cannot be found out is an error.
func TestWhatSumsNeed(t *testing.T) {
	keys := func(rows ...[]driver.Value) answer {
		return answer{words: "information_schema.STATISTICS", columns: "name, part, nullable", rows: rows}
	}
	for name, c := range map[string]struct {
		answers []answer
		// want is a part of the obstacle, or of the triggers where there is none.
		want     string
		obstacle bool
	}{
		"a suitable one":                    {nil, "s.`session_id` = NEW.`session_id`", false},
		"a view":                            {[]answer{row("tables.TABLE_TYPE", "kind, transactions", "VIEW", nil)}, "ai_sessions is a view", true},
		"a table of versions":               {[]answer{row("tables.TABLE_TYPE", "kind, transactions", "SYSTEM VERSIONED", "YES")}, "ai_sessions is not an ordinary table (system versioned)", true},
		"no transactions":                   {[]answer{row("tables.TABLE_TYPE", "kind, transactions", "BASE TABLE", "NO")}, "without transactions", true},
		"an unknown engine":                 {[]answer{row("tables.TABLE_TYPE", "kind, transactions", "BASE TABLE", nil)}, "without transactions", true},
		"no column":                         {[]answer{none("information_schema.COLUMNS", "name, type, nullable, length, fraction, collation, expression")}, "the column account_id of ai_sessions is missing", true},
		"statements are logged":             {[]answer{row("@@GLOBAL.log_bin", "on, format", true, "STATEMENT")}, "binlog_format=STATEMENT", true},
		"statements would be":               {[]answer{row("@@GLOBAL.log_bin", "on, format", false, "STATEMENT")}, "session_id", false},
		"no other format":                   {[]answer{failed("@@GLOBAL.log_bin", pool.ErUnknownSystemVaria)}, "session_id", false},
		"a key of two":                      {[]answer{keys([]driver.Value{"k", "a`b", ""}, []driver.Value{"k", "c", ""})}, "s.`a``b` = NEW.`a``b` AND s.`c` = NEW.`c`", false},
		"a key of an expression":            {[]answer{keys([]driver.Value{"k", "", ""}, []driver.Value{"l", "d", ""})}, "s.`d` = NEW.`d`", false},
		"a key with NULL":                   {[]answer{keys([]driver.Value{"k", "e", "YES"}, []driver.Value{"l", "d", ""})}, "s.`d` = NEW.`d`", false},
		"no key":                            {[]answer{keys(), row("information_schema.TABLE_CONSTRAINTS", "refusals", int64(0))}, "IF NOT (OLD.ai_minutes <=> NEW.ai_minutes AND OLD.duration_seconds <=> NEW.duration_seconds) AND TRUE THEN", false},
		"no key, and rows that are refused": {[]answer{keys(), row("information_schema.TABLE_CONSTRAINTS", "refusals", int64(1))}, "no primary key", true},
		"NULL in each key":                  {[]answer{keys([]driver.Value{"k", "e", "YES"}), row("information_schema.TABLE_CONSTRAINTS", "refusals", int64(1))}, "no primary key", true},
	} {
		sent := failing(t, name, suited(c.answers...), func(ctx context.Context, r *Rollups) error {
			wanted, obstacle, err := r.suitable(ctx)
			if err != nil {
				return pool.Translate(err)
			}
			if got := obstacle + wanted[onUpdate]; !strings.Contains(got, c.want) || (obstacle != "") != c.obstacle || (len(wanted) == 3) == c.obstacle {
				t.Errorf("%s: %q", name, got)
			}
			return nil
		})
		if len(sent) == 0 {
			t.Errorf("%s: nothing is asked", name)
		}
	}
	gone := none("tables.TABLE_TYPE", "kind, transactions")
	_, _, err := (&scripted{t: t, answers: suited(gone)}).open().suitable(t.Context())
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || !strings.Contains(coded.Message, "no table ai_sessions") {
		t.Errorf("without the table: %v", err)
	}
}

func TestServersWithoutRowLocks(t *testing.T) {
	for name, c := range map[string]struct {
		answer answer
		want   bool
		fails  bool
	}{
		"skipped":      {none("SKIP LOCKED", "state_id"), true, false},
		"read":         {row("SKIP LOCKED", "state_id", int64(1)), false, false},
		"not known":    {failed("SKIP LOCKED", pool.ErParse), false, false},
		"not taken":    {failed("SKIP LOCKED", pool.ErNotSupported), false, false},
		"another":      {failed("SKIP LOCKED", pool.ErLockDeadlock), false, true},
		"without rows": {none("SELECT state_id", "state_id"), false, true},
	} {
		r := (&scripted{t: t, answers: suited(c.answer)}).open()
		got, err := r.hasRowLocks(t.Context())
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if held := r.db.Stats().InUse; held != 0 {
			t.Errorf("%s: %d connections are not given back", name, held)
		}
	}
	failing(t, "locks", suited(), func(ctx context.Context, r *Rollups) error {
		_, err := r.hasRowLocks(ctx)
		return pool.Translate(err)
	})
}

// A trigger counts where it does what it has to, or where nobody may see what it does.
func TestTriggersThatAreMissing(t *testing.T) {
	body := func(name, event string) []driver.Value {
		return []driver.Value{name, event, strings.TrimPrefix(wantedHere()[name], recordedOn(map[string]string{onInsert: "INSERT", onUpdate: "UPDATE", onDelete: "DELETE"}[name]))}
	}
	denied, other := failed("SHOW CREATE TRIGGER "+onUpdate, pool.ErTableAccessDenied), none("SHOW CREATE TRIGGER", "trigger")
	for name, c := range map[string]struct {
		rows    [][]driver.Value
		answers []answer
		want    []string
	}{
		"none":             {nil, nil, []string{onDelete, onInsert, onUpdate}},
		"all":              {[][]driver.Value{body(onInsert, "INSERT"), body(onUpdate, "UPDATE"), body(onDelete, "DELETE")}, nil, nil},
		"another event":    {[][]driver.Value{body(onInsert, "UPDATE"), body(onUpdate, "UPDATE"), body(onDelete, "DELETE")}, nil, []string{onInsert}},
		"another body":     {[][]driver.Value{{onInsert, "INSERT", "SET @seen = 1"}, body(onUpdate, "UPDATE"), {"others", "DELETE", "SET @seen = 1"}}, nil, []string{onDelete, onInsert}},
		"not shown":        {[][]driver.Value{{onInsert, "INSERT", nil}, {onUpdate, "UPDATE", nil}}, nil, []string{onDelete}},
		"hidden":           {[][]driver.Value{body(onInsert, "INSERT")}, []answer{denied}, []string{onDelete}},
		"no privilege":     {nil, []answer{failed("SHOW CREATE TRIGGER", pool.ErSpecificDenied)}, nil},
		"an old server":    {nil, []answer{failed("SHOW CREATE TRIGGER", pool.ErUnknown)}, []string{onDelete, onInsert, onUpdate}},
		"on another table": {nil, []answer{other}, []string{onDelete, onInsert, onUpdate}},
	} {
		failing(t, name, suited(append(c.answers, answer{words: "SELECT TRIGGER_NAME AS name", columns: "name, event, body", rows: c.rows})...), func(ctx context.Context, r *Rollups) error {
			got, err := r.missingTriggers(ctx, wantedHere())
			if err == nil && !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
			return pool.Translate(err)
		})
	}
}

// A connection that is lost while a trigger is shown says nothing about it.
func TestATriggerThatIsShownInPart(t *testing.T) {
	lost := answer{words: "SHOW CREATE TRIGGER", columns: "trigger", rows: [][]driver.Value{{onInsert}}, breaks: true}
	if hidden, err := (&scripted{t: t, answers: suited(lost)}).open().isHidden(t.Context(), onInsert); !errors.Is(err, mysql.ErrInvalidConn) {
		t.Errorf("hidden %v, %v", hidden, err)
	}
}

// Triggers are present that are shown, and those that nobody may see.
func TestTriggersThatArePresent(t *testing.T) {
	shown := answer{words: "SELECT TRIGGER_NAME FROM", columns: "name", rows: [][]driver.Value{{onInsert}}}
	sent := failing(t, "one is hidden", suited(failed("SHOW CREATE TRIGGER "+onUpdate, pool.ErTableAccessDenied), shown), func(ctx context.Context, r *Rollups) error {
		got, err := r.presentTriggers(ctx, ownTriggers)
		if err == nil && !slices.Equal(got, []string{onInsert, onUpdate}) {
			t.Errorf("got %q", got)
		}
		return pool.Translate(err)
	})
	if len(sent) != 3 {
		t.Errorf("asked %q", sent)
	}
	// Where there are none, nobody waits for the table.
	server := &scripted{t: t, answers: suited()}
	if err := server.open().dropTriggers(t.Context(), ownTriggers); err != nil || server.count("SET lock_wait_timeout") != 0 {
		t.Errorf("%v: %q", err, server.sent)
	}
	// Only those that are present are dropped, on a connection that is not used again.
	server = &scripted{t: t, answers: suited(shown)}
	r := server.open()
	if err := r.dropTriggers(t.Context(), ownTriggers); err != nil || server.count("DROP TRIGGER") != 1 || server.count("DROP TRIGGER IF EXISTS "+onInsert) != 1 || r.db.Stats().OpenConnections != 0 {
		t.Errorf("%v: %q, %d connections", err, server.sent, r.db.Stats().OpenConnections)
	}
}

// A trigger that another gateway has created meanwhile stays, another one of the name does not.
func TestATriggerThatIsThereAlready(t *testing.T) {
	exists := failed("CREATE TRIGGER", pool.ErTriggerExists)
	shown := failed("SHOW CREATE TRIGGER", pool.ErNoSuchTrigger)
	for name, c := range map[string]struct {
		present       answer
		drops, create int
	}{
		"as it has to be":  {presentHere(onInsert), 0, 1},
		"another one":      {row("SELECT TRIGGER_NAME AS name", "name, event, body", onInsert, "INSERT", "another"), 1, 2},
		"of another table": {none("SELECT TRIGGER_NAME AS name", "name, event, body"), 1, 2},
	} {
		created := none("CREATE TRIGGER", "")
		created.after = "DROP TRIGGER"
		answers := suited(shown, created, exists, c.present)
		server := &scripted{t: t, answers: answers}
		if err := server.open().createTrigger(t.Context(), onInsert, wantedHere()); err != nil || server.count("DROP TRIGGER") != c.drops || server.count("\tCREATE")+server.count("CREATE TRIGGER "+onInsert+" AFTER") != c.create {
			t.Errorf("%s: %v after %q", name, err, server.sent)
		}
		failing(t, name, answers, func(ctx context.Context, r *Rollups) error { return r.createTrigger(ctx, onInsert, wantedHere()) })
	}
}
