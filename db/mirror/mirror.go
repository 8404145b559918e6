// Package mirror keeps the sessions of the embedded engine in memory, where usage is added
// up in a hundredth of the time that its statements take.
//
// The engine (Dolt) has no sums, but it names by a hash what a table holds, as the
// transaction that asks sees it. A copy is used where that is the hash of the copy, and
// nowhere else: what is answered from memory is what the snapshot has, whoever wrote it.
package mirror

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Hash is the column with the hash of what ai_sessions holds.
const Hash = "DOLT_HASHOF_TABLE('ai_sessions')"

const (
	// maxSessions bounds a copy, which takes 28 bytes for each. With more, statements answer.
	maxSessions = 2_000_000
	// rest is how long the mirror rests between two copies, as a multiple of what the last
	// one took: while sessions are being imported, it would copy all the time.
	rest = 9
	// copyTimeout bounds the making of a copy.
	copyTimeout = time.Minute
)

// Mirror is that of one database. It is safe for concurrent use.
type Mirror struct {
	db *pool.Pool
	// now is the clock.
	now func() time.Time
	// most is maxSessions, or less in tests.
	most int

	mu sync.Mutex
	// looked tells that it is known whether the engine has hashes.
	looked, hashes bool
	copy           *Copy
	// copying tells that a copy is being made, and resting until when none is to be.
	copying bool
	resting time.Time
}

// New returns a mirror that holds nothing yet.
func New(db *pool.Pool) *Mirror { return &Mirror{db: db, now: time.Now, most: maxSessions} }

// Possible tells whether the engine has hashes, as far as that is known: it begins to look
// where it is not.
func (m *Mirror) Possible() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.looked {
		m.begin()
	}
	return m.hashes
}

// Of returns the copy of a table with a hash. Where there is none it returns nil, and begins
// to make one.
func (m *Mirror) Of(hash string) *Copy {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.copy != nil && m.copy.hash == hash {
		return m.copy
	}
	m.begin()
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

// begin makes a copy in the background, unless one is being made or one was just now.
func (m *Mirror) begin() {
	if m.copying || m.now().Before(m.resting) {
		return
	}
	m.copying = true
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), copyTimeout)
		defer cancel()
		_ = m.Load(ctx) // nobody waits for it: whoever asks is answered by a statement
	}()
}

// Load makes a copy of the sessions as they are now, if the engine has hashes. The error
// says why there is none.
func (m *Mirror) Load(ctx context.Context) error {
	began := m.now()
	hashes, err := m.db.IsDolt(ctx)
	var copied *Copy
	if err == nil && hashes {
		copied, err = m.read(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.copying, m.resting = false, m.now().Add(rest*m.now().Sub(began))
	if err != nil {
		return pool.Translate(err)
	}
	m.looked, m.hashes, m.copy = true, hashes, copied
	return nil
}

// read reads the sessions and their hash in one snapshot.
func (m *Mirror) read(ctx context.Context) (*Copy, error) {
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
