package rollup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"aiusage/db/pool"
	"aiusage/db/schema"
	"aiusage/usage"
)

// suitable returns the triggers that ai_sessions needs for rollups. obstacle says
// why the table or the server cannot have them, if so.
func (r *Rollups) suitable(ctx context.Context) (wanted map[string]string, obstacle string, err error) {
	if obstacle, err = r.tableUnsuitable(ctx); obstacle != "" || err != nil {
		return nil, obstacle, err
	}
	if obstacle, err = r.replicationUnsuitable(ctx); obstacle != "" || err != nil {
		return nil, obstacle, err
	}
	return r.wantedTriggers(ctx)
}

// replicationUnsuitable says why triggers would end the platform's replication, if
// so. A statement that fires a trigger which gives numbers is not safe to repeat
// elsewhere, where other statements may have run in between; the servers log rows
// for it, unless they are told not to.
func (r *Rollups) replicationUnsuitable(ctx context.Context) (obstacle string, err error) {
	var on bool
	var format string
	err = r.db.QueryRowContext(ctx, `SELECT @@GLOBAL.log_bin, @@GLOBAL.binlog_format`).Scan(&on, &format)
	if pool.HasNumber(err, pool.ErUnknownSystemVaria) {
		return "", nil // no other format than rows
	}
	if err != nil || !on || format != "STATEMENT" {
		return "", err
	}
	return "the server logs statements for replication (binlog_format=STATEMENT), which cannot repeat what triggers do; " +
		"have an administrator set binlog_format to ROW or MIXED and then run the migrate command again", nil
}

// noRowLocks is why servers without row locks have no rollups.
const noRowLocks = "this server does not keep two transactions from changing the same row, " +
	"without which changes could be counted twice"

// hasRowLocks tries whether a row that one transaction has locked is skipped by
// another, which is what folding rests on. Servers that do not know the words do
// not have it.
func (r *Rollups) hasRowLocks(ctx context.Context) (bool, error) {
	first, err := r.db.BeginTxx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer first.Rollback()
	second, err := r.db.BeginTxx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer second.Rollback()
	const lock = `SELECT state_id FROM usage_level_state WHERE state_id = 1 FOR UPDATE`
	var id int
	if err := first.GetContext(ctx, &id, lock); err != nil {
		return false, err
	}
	err = second.GetContext(ctx, &id, lock+" SKIP LOCKED")
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return true, nil
	case pool.HasNumber(err, pool.ErParse, pool.ErNotSupported):
		return false, nil
	}
	return false, err // which there is none of where the row was read
}

// tableUnsuitable says why the changes of ai_sessions cannot be recorded, if so.
// A platform may have put a view or a table of its own there.
func (r *Rollups) tableUnsuitable(ctx context.Context) (obstacle string, err error) {
	var kind string
	var transactions sql.NullString
	err = r.db.QueryRowContext(ctx, `
		SELECT tables.TABLE_TYPE, engines.TRANSACTIONS
		FROM information_schema.TABLES tables LEFT JOIN information_schema.ENGINES engines ON engines.ENGINE = tables.ENGINE
		WHERE tables.TABLE_SCHEMA = DATABASE() AND tables.TABLE_NAME = 'ai_sessions'`).Scan(&kind, &transactions)
	if errors.Is(err, sql.ErrNoRows) {
		return "", usage.Errorf(usage.Unavailable, "there is no table ai_sessions in the database, or the gateway's account may not see it")
	}
	if err != nil {
		return "", err
	}
	switch kind {
	case "BASE TABLE":
	case "VIEW":
		return "ai_sessions is a view, on which there can be no triggers", nil
	default: // MariaDB's SYSTEM VERSIONED keeps rows that were deleted
		return fmt.Sprintf("ai_sessions is not an ordinary table (%s)", strings.ToLower(kind)), nil
	}
	if transactions.String != "YES" {
		return "ai_sessions is in a storage engine without transactions", nil
	}
	columns, err := schema.SessionColumns(ctx, r.db)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"account_id", "customer_id", "started_at", "duration_seconds", "ai_minutes"} {
		if fault := unsuitable(name, columns[name]); fault != "" {
			return fmt.Sprintf("the column %s of ai_sessions %s", name, fault), nil
		}
	}
	return "", nil
}

// unsuitable says what keeps the rollups from giving the very answers that the
// raw rows give, or would make a write fail that succeeds without triggers. It is of the
// column that a name stands for, which the table may have in other cases.
func unsuitable(name string, c schema.Column) string {
	switch {
	case c.Name == "":
		return "is missing"
	case name == "account_id" || name == "customer_id":
		if c.Length.Int64 > 64 || c.Length.Int64 == 0 {
			return "is not a text of at most 64 characters"
		}
		if c.Collation.String != "utf8mb4_bin" {
			return "does not have the collation utf8mb4_bin, so that ids mean something else there"
		}
	case name == "started_at":
		if c.Type != "datetime" {
			return "is not a DATETIME"
		}
	default:
		if !strings.HasSuffix(c.Type, "int") {
			return "is not an integer"
		}
	}
	if c.Nullable != "NO" && (name == "account_id" || name == "started_at") {
		return "may be NULL"
	}
	return ""
}
