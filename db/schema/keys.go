package schema

import (
	"context"

	"github.com/jmoiron/sqlx"
)

// Key is a unique key of ai_sessions.
type Key struct {
	Name string
	// Columns are those of the key, in its order; that of an expression is empty.
	Columns []string
	// Nullable tells whether one of them may be NULL, so that rows may be alike in the key.
	Nullable bool
}

// SessionKeys returns the unique keys of ai_sessions, the primary one first. A view has none.
func SessionKeys(ctx context.Context, db sqlx.QueryerContext) (keys []Key, err error) {
	var parts []struct {
		Index    string `db:"name"`
		Column   string `db:"part"`
		Nullable string `db:"nullable"`
	}
	err = sqlx.SelectContext(ctx, db, &parts, `
		SELECT INDEX_NAME AS name, COALESCE(COLUMN_NAME, '') AS part, NULLABLE AS nullable
		FROM information_schema.STATISTICS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'ai_sessions' AND NON_UNIQUE = 0
		ORDER BY INDEX_NAME = 'PRIMARY' DESC, INDEX_NAME, SEQ_IN_INDEX`)
	for _, part := range parts {
		if len(keys) == 0 || keys[len(keys)-1].Name != part.Index {
			keys = append(keys, Key{Name: part.Index})
		}
		key := &keys[len(keys)-1]
		key.Columns = append(key.Columns, part.Column)
		key.Nullable = key.Nullable || part.Nullable == "YES"
	}
	return keys, err
}
