package write

import (
	"context"
	"slices"
	"strings"

	"aiusage/db/pool"
	"aiusage/db/schema"
	"aiusage/usage"
)

// shape is what a write has to know of ai_sessions, which may be the platform's own table, or
// a view.
type shape struct {
	// countsAsGo is whether the changes can be computed here (countsAsGo).
	countsAsGo bool
	// minutes is whether ai_minutes is a column of a table that holds what is written to it.
	minutes bool
	// unkeyed is whether it is a table in which the same id may be there twice. Of a view it
	// cannot be told.
	unkeyed, view bool
}

// shapeOfSessions returns the shape of ai_sessions, which is looked up once.
func (w *Writer) shapeOfSessions(ctx context.Context) (shape, error) {
	if known := w.shape.Load(); known != nil {
		return *known, nil
	}
	columns, err := schema.SessionColumns(ctx, w.db)
	if err != nil || len(columns) == 0 { // the write then says that there is no table
		return shape{}, pool.Translate(err)
	}
	view, err := w.isView(ctx)
	if err != nil {
		return shape{}, pool.Translate(err)
	}
	found := shape{countsAsGo: countsAsGo(columns), view: view}
	if !view { // of which it cannot be told either what it computes and what it passes on
		if found.minutes, err = w.storesMinutes(ctx, columns["ai_minutes"]); err != nil {
			return shape{}, pool.Translate(err)
		}
		keyed, err := w.isKeyedByID(ctx)
		if err != nil {
			return shape{}, pool.Translate(err)
		}
		found.unkeyed = !keyed
	}
	w.shape.Store(&found)
	return found, nil
}

func (w *Writer) isView(ctx context.Context) (bool, error) {
	var views int
	err := w.db.GetContext(ctx, &views, `
		SELECT COUNT(*) FROM information_schema.TABLES
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'ai_sessions' AND TABLE_TYPE = 'VIEW'`)
	return views > 0, err
}

// storesMinutes tells whether the table has a column ai_minutes that is not generated. The
// embedded engine says so in no other place than the statement that makes the table.
func (w *Writer) storesMinutes(ctx context.Context, minutes schema.Column) (bool, error) {
	if minutes.Name == "" || minutes.Expression.String != "" {
		return false, nil
	}
	var name, create string
	err := w.db.QueryRowxContext(ctx, "SHOW CREATE TABLE ai_sessions").Scan(&name, &create)
	for line := range strings.Lines(create) {
		definition, _, _ := strings.Cut(strings.TrimSpace(line), " COMMENT ")
		if strings.HasPrefix(strings.ToLower(definition), "`ai_minutes` ") {
			return !strings.Contains(definition, " GENERATED ALWAYS AS "), err
		}
	}
	return false, err
}

// isKeyedByID tells whether ai_sessions has a unique key of session_id and nothing else.
func (w *Writer) isKeyedByID(ctx context.Context) (bool, error) {
	keys, err := schema.SessionKeys(ctx, w.db)
	return slices.ContainsFunc(keys, func(key schema.Key) bool {
		return len(key.Columns) == 1 && strings.EqualFold(key.Columns[0], "session_id")
	}), err
}

// countsAsGo tells whether the database computes a session's quarter-hour, hour and minutes
// from what is written exactly as Session does, so that a bulk write may compute
// them here. Otherwise the triggers have to.
func countsAsGo(columns map[string]schema.Column) bool {
	plain := strings.NewReplacer("`", "", " ", "", "(", "", ")", "").Replace(strings.ToLower(columns["ai_minutes"].Expression.String))
	return plain == "duration_seconds+59div60" && columns["started_at"].Precision.Int64 >= 3
}

// errUnkeyed says why sessions are not stored where the same id may be there twice.
var errUnkeyed = usage.Errorf(usage.InvalidArgument, "ai_sessions has no unique key on session_id alone, without which sessions that are imported again would count twice; "+
	"these were not stored. Add the key to the table (ALTER TABLE ai_sessions ADD UNIQUE KEY (session_id)), or write its sessions in another way")

// table tells how sessions are stored in this shape, or why they cannot be.
func (s shape) table() (table[usage.Session], error) {
	t := sessionsTable
	t.unkeyed = s.view
	if s.unkeyed {
		return t, errUnkeyed
	}
	if !s.minutes {
		return t, nil
	}
	values := sessionsTable.valueArgs
	t.values = append(t.values[:len(t.values):len(t.values)], "ai_minutes")
	t.valueArgs = func(s usage.Session) []any { return append(values(s), s.Minutes()) }
	// A session with other minutes is read with a duration that none has, so that it is
	// written anew.
	t.stored = append(t.stored[:len(t.stored)-1:len(t.stored)-1],
		"CASE WHEN ai_minutes <=> (duration_seconds + 59) DIV 60 THEN duration_seconds ELSE -1 END")
	return t, nil
}

// TakesSessions returns why sessions are not stored in this database, if they are not.
func (w *Writer) TakesSessions(ctx context.Context) error {
	_, err := w.tableOfSessions(ctx)
	return err
}

// tableOfSessions tells how sessions are stored in this database.
func (w *Writer) tableOfSessions(ctx context.Context) (table[usage.Session], error) {
	shape, err := w.shapeOfSessions(ctx)
	if err != nil {
		return table[usage.Session]{}, err
	}
	return shape.table()
}
