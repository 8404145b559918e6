// Package tables opens databases that have the gateway's tables, which are empty, for tests
// that are not about how these are made.
package tables

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db"
	"aiusage/db/pool"
)

// Open makes the gateway's tables and returns connections to them.
func Open(t testing.TB, dsn string) *pool.Pool {
	t.Helper()
	Make(t, dsn)
	connections, err := pool.Open(dsn, pool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connections.Close() })
	return connections
}

// made are the statements that make the tables again on a server, by its address.
var made = struct {
	sync.Mutex
	again map[string]string
}{again: map[string]string{}}

// Make makes the gateway's tables, unless they are there: the first time on each server by
// migrating, and then, in an empty database, as the server says itself that they were made,
// which takes a third of the time, and a thirtieth on the embedded engine.
func Make(t testing.TB, dsn string) {
	t.Helper()
	settings, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	made.Lock()
	defer made.Unlock()
	statements, known := made.again[settings.Addr]
	if !known {
		if statements, err = migrate(t.Context(), dsn); err == nil {
			made.again[settings.Addr] = statements
		}
	} else {
		settings.MultiStatements = true
		err = with(settings.FormatDSN(), func(server *sqlx.DB) error {
			names, err := tablesOf(t.Context(), server)
			if err == nil && len(names) == 0 {
				_, err = server.ExecContext(t.Context(), statements)
			} else if err == nil {
				_, err = migrate(t.Context(), dsn)
			}
			return err
		})
	}
	if err != nil {
		t.Fatalf("making the tables: %v", err)
	}
}

// migrate makes the tables by migrating, and returns the statements that make them again.
func migrate(ctx context.Context, dsn string) (statements string, err error) {
	store, err := db.Open(dsn, db.Options{})
	if err != nil {
		return "", err
	}
	defer store.Close()
	if err := store.Migrate(ctx, func(db.Migration) {}); err != nil {
		return "", err
	}
	err = with(dsn, func(server *sqlx.DB) (err error) {
		statements, err = again(ctx, server)
		return err
	})
	return statements, err
}

// again returns the statements that make the tables of a database as they are. They have no
// rows, but for the steps of the schema.
func again(ctx context.Context, server *sqlx.DB) (string, error) {
	names, err := tablesOf(ctx, server)
	if err != nil {
		return "", err
	}
	text := &strings.Builder{}
	text.WriteString("SET foreign_key_checks = 0;\n") // in any order
	for _, name := range names {
		var statement string
		if err := server.QueryRowContext(ctx, "SHOW CREATE TABLE "+name).Scan(&name, &statement); err != nil {
			return "", err
		}
		text.WriteString(statement + ";\n")
	}
	var steps []string
	err = server.SelectContext(ctx, &steps, "SELECT CONCAT('(', version_id, ', TRUE)') FROM aiusage_schema_version ORDER BY id")
	text.WriteString("INSERT INTO aiusage_schema_version (version_id, is_applied) VALUES " + strings.Join(steps, ", "))
	return text.String(), err
}

// tablesOf returns the names of the tables of a database.
func tablesOf(ctx context.Context, server *sqlx.DB) (names []string, err error) {
	err = server.SelectContext(ctx, &names, "SHOW TABLES")
	return names, err
}

// with lends connections of their own.
func with(dsn string, do func(*sqlx.DB) error) error {
	server, err := sqlx.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer server.Close()
	return do(server)
}
