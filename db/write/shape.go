package write

import (
	"context"
	"strings"

	"aiusage/db/pool"
	"aiusage/db/schema"
)

// shape is what a write has to know of ai_sessions, which may be the platform's own table, or
// a view.
type shape struct {
	// countsAsGo is whether the changes can be computed here (countsAsGo).
	countsAsGo bool
}

// shapeOfSessions returns the shape of ai_sessions, which is looked up once.
func (w *Writer) shapeOfSessions(ctx context.Context) (shape, error) {
	if known := w.shape.Load(); known != nil {
		return *known, nil
	}
	columns, err := schema.SessionColumns(ctx, w.db)
	if err != nil {
		return shape{}, pool.Translate(err)
	}
	found := shape{countsAsGo: countsAsGo(columns)}
	w.shape.Store(&found)
	return found, nil
}

// countsAsGo tells whether the database computes a session's quarter-hour, hour and minutes
// from what is written exactly as Session does, so that a bulk write may compute
// them here. Otherwise the triggers have to.
func countsAsGo(columns map[string]schema.Column) bool {
	plain := strings.NewReplacer("`", "", " ", "", "(", "", ")", "").Replace(strings.ToLower(columns["ai_minutes"].Expression.String))
	return plain == "duration_seconds+59div60" && columns["started_at"].Precision.Int64 >= 3
}
