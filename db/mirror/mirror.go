// Package mirror keeps the sessions of the embedded engine in memory, where usage is added
// up faster than by its statements.
//
// The engine (Dolt) has no sums, but it names by a hash what a table holds, as the
// transaction that asks sees it. A copy is used where that is the hash of the copy, and
// nowhere else: what is answered from memory is what the snapshot has, whoever wrote it.
package mirror

import (
	"context"
	"database/sql"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/memory"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Hash is the column with the hash of what ai_sessions holds.
const Hash = "DOLT_HASHOF_TABLE('ai_sessions')"

// maxSessions bounds a copy, which takes 28 bytes for each. With more, statements answer.
const maxSessions = 2_000_000

// Mirror is that of one database. It is safe for concurrent use.
type Mirror struct {
	db *pool.Pool
	// most is maxSessions, or less in tests.
	most   int
	memory *memory.Memory[held]
}

// held is what a mirror holds.
type held struct {
	// hashes tells whether the engine has them.
	hashes bool
	// copy is nil where it does not, or has too many sessions.
	copy *Copy
}

// New returns a mirror that holds nothing yet.
func New(db *pool.Pool) *Mirror {
	m := &Mirror{db: db, most: maxSessions}
	m.memory = memory.New(m.read)
	return m
}

// Possible tells whether there is a mirror and the engine has hashes, as far as that is
// known: it begins to look where it is not.
func (m *Mirror) Possible() bool {
	if m == nil {
		return false
	}
	now := m.memory.Value()
	if now == nil {
		m.memory.Renew()
	}
	return now != nil && now.hashes
}

// Of returns the copy of a table with a hash. Where there is none it returns nil, and begins
// to make one.
func (m *Mirror) Of(hash string) *Copy {
	if now := m.memory.Value(); now != nil && now.copy != nil && now.copy.hash == hash {
		return now.copy
	}
	m.memory.Renew()
	return nil
}

// In returns the copy of what a transaction sees, or nil as Of does.
func (m *Mirror) In(ctx context.Context, tx sqlx.QueryerContext) (*Copy, error) {
	if !m.Possible() {
		return nil, nil
	}
	var hash string
	if err := sqlx.GetContext(ctx, tx, &hash, "SELECT "+Hash); err != nil {
		return nil, pool.Translate(err)
	}
	return m.Of(hash), nil
}

// Load makes a copy of the sessions as they are now, if the engine has hashes.
func (m *Mirror) Load(ctx context.Context) error { return pool.Translate(m.memory.Load(ctx)) }

// read reads the sessions, if the engine has hashes.
func (m *Mirror) read(ctx context.Context) (*held, error) {
	hashes, err := m.db.IsDolt(ctx)
	if err != nil || !hashes {
		return &held{}, err
	}
	made, err := m.copy(ctx)
	return &held{hashes: true, copy: made}, err
}

// copy reads the sessions and their hash in one snapshot.
func (m *Mirror) copy(ctx context.Context) (*Copy, error) {
	tx, err := m.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	made := newMaking(m.most)
	if err := tx.GetContext(ctx, &made.hash, "SELECT "+Hash); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT account_id, COALESCE(customer_id, ''), CASE WHEN `+column.Dated("started_at")+` THEN TIMESTAMPDIFF(MICROSECOND, '1970-01-01', started_at) END,
			COALESCE(ai_minutes, 0), COALESCE(duration_seconds, 0)
		FROM ai_sessions LIMIT ?`, m.most+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var account, customer sql.RawBytes
	var start sql.NullInt64
	var amount usage.Usage
	for rows.Next() {
		if err := rows.Scan(&account, &customer, &start, &amount.Minutes, &amount.Seconds); err != nil {
			return nil, err
		}
		made.add(account, customer, start, amount)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return made.copy(), nil
}
