package schema

import (
	"context"
	"strings"

	"aiusage/db/pool"
	"aiusage/usage"
)

// checkColumns makes sure that the columns mean to the database what they mean to the gateway.
// A view on a platform's table has that table's types and collations, and most collations
// take "acme" and "ACME" for the same, which would add up two accounts as one, or list
// accounts in another order than pages of them are read in.
func (s *Schema) checkColumns(ctx context.Context) error {
	sessions, err := SessionColumns(ctx, s.db)
	if err != nil {
		return pool.Translate(err)
	}
	names, err := s.nameColumns(ctx)
	if err != nil {
		return pool.Translate(err)
	}
	for _, is := range []struct {
		column string
		check  func(table, name string, column Column) error
	}{{"account_id", checkID}, {"customer_id", checkID}, {"started_at", checkStart}, {"duration_seconds", checkNumber}, {"ai_minutes", checkNumber}} {
		if one, there := sessions[is.column]; there {
			if err := is.check("ai_sessions", is.column, one); err != nil {
				return err
			}
		}
	}
	for _, one := range names {
		if id := strings.ToLower(one.Name); strings.HasSuffix(id, "_id") {
			if err := checkID(one.Table, id, one.Column); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkStart makes sure that a column is compared with instants as an instant: a server takes
// a number for the digits of a date, and finds what it takes for none in no range, without an error.
func checkStart(table, name string, column Column) error {
	switch column.Type {
	case "datetime", "timestamp", "date":
		return nil
	}
	return mistyped(table, name, column, "a DATETIME in UTC: in a view, FROM_UNIXTIME(column) makes one of seconds since 1970, and CAST(column AS DATETIME(3)) of a text")
}

// checkNumber makes sure that a column can be added up.
func checkNumber(table, name string, column Column) error {
	switch {
	case strings.HasSuffix(column.Type, "int"), column.Type == "decimal", column.Type == "double", column.Type == "float":
		return nil
	}
	return mistyped(table, name, column, "a whole number: in a view, CAST(column AS SIGNED) makes one of a text")
}

// checkID makes sure that a column of ids is compared, and ordered, as the gateway does it. With a number, a
// server compares a text as the number that it begins with: whoever may see the account "12 or so" would see 12,
// and "nobody" would be 0. To bytes and to collations without padding, "acme" and "acme " are two; other character
// sets have other orders than the tables that ids are listed beside, and cannot be compared with every id.
func checkID(table, id string, column Column) error {
	isBytes := strings.HasSuffix(column.Type, "binary") || strings.HasSuffix(column.Type, "blob")
	switch collation := column.Collation.String; {
	case isBytes && column.Length.Valid && column.Length.Int64 == 0: // what a view has for NULL
		return nil
	case isBytes:
		return unlike(table, id, "the type "+column.Type+", which need not hold a text", "column")
	case collation == "" || column.Type == "enum" || column.Type == "set":
		return unlike(table, id, "the type "+column.Type+", which is not compared as a text is", "CAST(column AS CHAR)")
	case collation != "utf8mb4_bin":
		return unlike(table, id, "the collation "+collation+", by which ids are not compared as in the gateway's own tables", "column")
	}
	return nil
}

// nameColumn is a column of one of the tables with names.
type nameColumn struct {
	Table string `db:"of_table"`
	Column
}

// nameColumns returns the columns of the tables with names, which may be views, too.
func (s *Schema) nameColumns(ctx context.Context) (columns []nameColumn, err error) {
	err = s.db.SelectContext(ctx, &columns, `
		SELECT LOWER(TABLE_NAME) AS of_table, COLUMN_NAME AS name, DATA_TYPE AS type, COLLATION_NAME AS collation
		FROM information_schema.COLUMNS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('accounts', 'customers')`)
	return columns, err
}

// unlike refuses a column, and says what a view can make of it.
func unlike(table, name, why, column string) error {
	return usage.Errorf(usage.Unavailable, "the column %s of %s has %s; give it utf8mb4_bin, in a view as CONVERT(%s USING utf8mb4) COLLATE utf8mb4_bin",
		name, table, why, column)
}

// mistyped refuses a column of another kind than what it has to be.
func mistyped(table, name string, column Column, wanted string) error {
	return usage.Errorf(usage.Unavailable, "the column %s of %s has the type %s, and has to be %s", name, table, column.Type, wanted)
}
