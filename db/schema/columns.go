package schema

import (
	"context"
	"database/sql"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Column is what information_schema says about a column of ai_sessions.
type Column struct {
	Name       string         `db:"name"`
	Type       string         `db:"type"`
	Nullable   string         `db:"nullable"`
	Length     sql.NullInt64  `db:"length"`
	Precision  sql.NullInt64  `db:"fraction"`
	Collation  sql.NullString `db:"collation"`
	Expression sql.NullString `db:"expression"`
}

// SessionColumns returns the columns of ai_sessions by their names in lower case.
func SessionColumns(ctx context.Context, db sqlx.QueryerContext) (map[string]Column, error) {
	var list []Column
	err := sqlx.SelectContext(ctx, db, &list, `
		SELECT COLUMN_NAME AS name, DATA_TYPE AS type, IS_NULLABLE AS nullable,
		       CHARACTER_MAXIMUM_LENGTH AS length, DATETIME_PRECISION AS fraction,
		       COLLATION_NAME AS collation, GENERATION_EXPRESSION AS expression
		FROM information_schema.COLUMNS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'ai_sessions'`)
	columns := map[string]Column{}
	for _, c := range list {
		columns[strings.ToLower(c.Name)] = c
	}
	return columns, err
}
