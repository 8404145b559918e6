package write

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// Written counts what a write did with its rows.
type Written struct {
	Inserted, Updated, Unchanged int64
	// Moved is how many of the updated sessions had another account or customer before.
	Moved int64
}

// WriteSessions stores sessions by their id, in one transaction: a new id is
// inserted, a known one takes the new values. Of rows with the same id the last
// one stays; each is counted as if they had been written one after the other.
// Instants are kept to the millisecond, cutting off the rest. Writing the same
// rows again changes nothing, so a write whose outcome is unknown can be repeated.
//
// Sessions from before those that retention has dropped are refused, with an
// InvalidArgument error, because their ids can no longer be recognised, and so are all where
// nothing keeps an id from being there twice.
func (w *Writer) WriteSessions(ctx context.Context, sessions []usage.Session) (Written, error) {
	table, err := w.tableOfSessions(ctx)
	if err != nil {
		return Written{}, err
	}
	return write(ctx, w, table, sessions)
}

// WriteAccounts stores names of accounts, as WriteSessions does sessions.
func (w *Writer) WriteAccounts(ctx context.Context, accounts []usage.Account) (Written, error) {
	return write(ctx, w, accountsTable, accounts)
}

// WriteCustomers stores names of customers, as WriteSessions does sessions.
func (w *Writer) WriteCustomers(ctx context.Context, customers []usage.Customer) (Written, error) {
	return write(ctx, w, customersTable, customers)
}

// table tells how rows of one kind are stored.
type table[Row comparable] struct {
	name string
	// keys are the columns of the primary key, values the others.
	keys, values []string
	// key returns the row with nothing but its key, as the table compares it.
	key func(Row) Row
	// normal returns the row as it will be read back.
	normal func(Row) Row
	// moved tells whether a row counts for somebody else than the one it replaces. Nil means never.
	moved func(before, after Row) bool
	// stored are the values as expressions to read them by.
	stored []string
	// keyArgs and valueArgs give what keys and values hold.
	keyArgs, valueArgs func(Row) []any
	// unkeyed is whether the same key may be there twice for all that is known.
	unkeyed bool
	scan    func(*sqlx.Rows) (Row, error)
	// store runs a write in a transaction, and does what has to go with it. do
	// returns the stored rows that were replaced, and all rows that took their
	// place or are new. nil means that there is nothing else to do.
	store func(ctx context.Context, w *Writer, rows []Row, do func(*sqlx.Tx) (before, after []Row, err error)) error
}

var sessionsTable = table[usage.Session]{
	name:   "ai_sessions",
	keys:   []string{"session_id"},
	values: []string{"account_id", "customer_id", "started_at", "duration_seconds"},
	stored: []string{"account_id", "customer_id", "CASE WHEN " + column.Dated("started_at") + " THEN started_at END", "duration_seconds"},
	key:    func(s usage.Session) usage.Session { return usage.Session{SessionID: usage.TrimID(s.SessionID)} },
	normal: func(s usage.Session) usage.Session {
		s.StartedAt = s.StartedAt.UTC().Truncate(time.Millisecond)
		return s
	},
	moved:   func(before, after usage.Session) bool { return subjectOf(before) != subjectOf(after) },
	keyArgs: func(s usage.Session) []any { return []any{s.SessionID} },
	valueArgs: func(s usage.Session) []any {
		return []any{s.AccountID, nullIfEmpty(s.CustomerID), s.StartedAt, s.DurationSeconds}
	},
	scan: func(rows *sqlx.Rows) (s usage.Session, err error) {
		var customer *string
		var start column.Instant
		err = rows.Scan(&s.SessionID, &s.AccountID, &customer, &start, &s.DurationSeconds)
		if customer != nil {
			s.CustomerID = *customer
		}
		s.StartedAt = start.Time
		return s, err
	},
	store: storeSessions,
}

var accountsTable = table[usage.Account]{
	name:      "accounts",
	keys:      []string{"account_id"},
	values:    []string{"name"},
	stored:    []string{"name"},
	key:       func(a usage.Account) usage.Account { return usage.Account{AccountID: usage.TrimID(a.AccountID)} },
	normal:    func(a usage.Account) usage.Account { return a },
	keyArgs:   func(a usage.Account) []any { return []any{a.AccountID} },
	valueArgs: func(a usage.Account) []any { return []any{a.Name} },
	scan: func(rows *sqlx.Rows) (a usage.Account, err error) {
		return a, rows.Scan(&a.AccountID, &a.Name)
	},
}

var customersTable = table[usage.Customer]{
	name:   "customers",
	keys:   []string{"account_id", "customer_id"},
	values: []string{"name"},
	stored: []string{"name"},
	key: func(c usage.Customer) usage.Customer {
		return usage.Customer{AccountID: usage.TrimID(c.AccountID), CustomerID: usage.TrimID(c.CustomerID)}
	},
	normal:    func(c usage.Customer) usage.Customer { return c },
	keyArgs:   func(c usage.Customer) []any { return []any{c.AccountID, c.CustomerID} },
	valueArgs: func(c usage.Customer) []any { return []any{c.Name} },
	scan: func(rows *sqlx.Rows) (c usage.Customer, err error) {
		return c, rows.Scan(&c.AccountID, &c.CustomerID, &c.Name)
	},
}

func nullIfEmpty(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// write stores rows in one transaction.
//
// Most batches are new throughout, so that is tried first: one insert, which
// fails as a whole when one of the keys exists.
func write[Row comparable](ctx context.Context, w *Writer, t table[Row], rows []Row) (Written, error) {
	if len(rows) == 0 {
		return Written{}, nil
	}
	normal := make([]Row, len(rows))
	for i, row := range rows {
		normal[i] = t.normal(row)
	}
	inserts, _, written := t.merge(nil, normal)
	err := t.inTransaction(ctx, w, normal, func(tx *sqlx.Tx) (before, after []Row, err error) {
		err = t.insert(ctx, tx, inserts, "")
		if pool.HasNumber(err, pool.ErDupEntry) {
			err = errKnownKey
		}
		if err != nil {
			return nil, nil, err
		}
		return nil, inserts, t.refuseTwice(ctx, tx, inserts)
	})
	if errors.Is(err, errKnownKey) {
		return rewrite(ctx, w, t, normal)
	}
	return written, err
}

// inTransaction runs do in a transaction together with what has to go with it.
func (t table[Row]) inTransaction(ctx context.Context, w *Writer, rows []Row, do func(*sqlx.Tx) (before, after []Row, err error)) error {
	if t.store != nil {
		return t.store(ctx, w, rows, do)
	}
	return w.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		_, _, err := do(tx)
		return err
	})
}

// errKnownKey says that a row is not new.
var errKnownKey = errors.New("a key is stored already")

// rewrite stores rows of which some are known, in one transaction.
//
// They are looked for without a lock first. A locking read of keys that do not
// exist would lock the gaps between them, and two writers that append would wait
// for each other; a locking read of keys that do exist locks nothing else. Where
// another writer inserts one of the new keys in between, the insert fails and
// everything is done again.
func rewrite[Row comparable](ctx context.Context, w *Writer, t table[Row], rows []Row) (Written, error) {
	var written Written
	err := t.inTransaction(ctx, w, rows, func(tx *sqlx.Tx) (before, after []Row, err error) {
		known, err := t.read(ctx, tx, t.keysOf(rows), "")
		if err != nil {
			return nil, nil, err
		}
		if known, err = t.read(ctx, tx, known, " FOR UPDATE"); err != nil { // each of which was read once
			return nil, nil, err
		}
		var inserts, updates []Row
		inserts, updates, written = t.merge(known, rows)
		if err := t.insert(ctx, tx, inserts, ""); err != nil {
			return nil, nil, err
		}
		if err := t.insert(ctx, tx, updates, t.onDuplicateKey()); err != nil {
			return nil, nil, err
		}
		after = append(inserts, updates...)
		return t.replaced(known, updates), after, t.refuseTwice(ctx, tx, after)
	})
	return written, err
}

// refuseTwice returns an error where keys are there twice, now that rows with them are stored.
func (t table[Row]) refuseTwice(ctx context.Context, tx *sqlx.Tx, rows []Row) error {
	if !t.unkeyed {
		return nil
	}
	found, err := t.read(ctx, tx, t.keysOf(rows), "")
	if err == nil && len(found) > len(rows) {
		err = errUnkeyed
	}
	return err
}

// replaced returns the known rows that updates took the place of.
func (t table[Row]) replaced(known, updates []Row) []Row {
	changed := make(map[Row]bool, len(updates))
	for _, row := range updates {
		changed[t.key(row)] = true
	}
	return slices.DeleteFunc(known, func(row Row) bool { return !changed[t.key(row)] })
}

// keysOf returns the keys of rows, each once: a row that is read twice would be
// taken for two rows that were replaced.
func (t table[Row]) keysOf(rows []Row) []Row {
	seen := make(map[Row]bool, len(rows))
	keys := make([]Row, 0, len(rows))
	for _, row := range rows {
		if key := t.key(row); !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// maxRead bounds the keys in one statement: the embedded engine takes a time
// for a list of keys that grows with its square.
const maxRead = 100

// read returns the stored rows that have the given keys, which must differ.
func (t table[Row]) read(ctx context.Context, tx *sqlx.Tx, wanted []Row, lock string) ([]Row, error) {
	var found []Row
	for some := range slices.Chunk(wanted, maxRead) {
		rows, err := t.readSome(ctx, tx, some, lock)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	return found, nil
}

func (t table[Row]) readSome(ctx context.Context, tx *sqlx.Tx, wanted []Row, lock string) ([]Row, error) {
	args := make([]any, 0, len(wanted)*len(t.keys))
	for _, row := range wanted {
		args = append(args, t.keyArgs(row)...)
	}
	statement := "SELECT " + strings.Join(slices.Concat(t.keys, t.stored), ", ") +
		" FROM " + t.name +
		" WHERE " + t.keyTuple() + " IN (" + where.Placeholders(len(wanted), len(t.keys)) + ")" + lock
	rows, err := tx.QueryxContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Row
	for rows.Next() {
		row, err := t.scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

// keyTuple is the primary key as an expression. A single column stands without
// parentheses: the embedded engine finds rows by index only then.
func (t table[Row]) keyTuple() string {
	if len(t.keys) == 1 {
		return t.keys[0]
	}
	return "(" + strings.Join(t.keys, ", ") + ")"
}

// merge plays rows, in order, onto the known ones and returns what is to be
// inserted and updated in the end, and what each row counted as.
func (t table[Row]) merge(known, rows []Row) (inserts, updates []Row, written Written) {
	stored := make(map[Row]Row, len(known))
	for _, row := range known {
		stored[t.key(row)] = row
	}
	latest := make(map[Row]Row, len(rows))
	order := make([]Row, 0, len(rows))
	for _, row := range rows {
		key := t.key(row)
		before, seen := latest[key]
		if !seen {
			order = append(order, key)
			before, seen = stored[key]
		}
		switch {
		case !seen:
			written.Inserted++
		case before != row:
			written.Updated++
			if t.moved != nil && t.moved(before, row) {
				written.Moved++
			}
		default:
			written.Unchanged++
		}
		latest[key] = row
	}
	for _, key := range order {
		if before, seen := stored[key]; !seen {
			inserts = append(inserts, latest[key])
		} else if before != latest[key] {
			updates = append(updates, latest[key])
		}
	}
	return inserts, updates, written
}

// insert writes rows with one statement that ends in the given clause.
func (t table[Row]) insert(ctx context.Context, tx *sqlx.Tx, rows []Row, clause string) error {
	if len(rows) == 0 {
		return nil
	}
	columns := len(t.keys) + len(t.values)
	args := make([]any, 0, len(rows)*columns)
	for _, row := range rows {
		args = append(append(args, t.keyArgs(row)...), t.valueArgs(row)...)
	}
	statement := "INSERT INTO " + t.name +
		" (" + strings.Join(append(append([]string{}, t.keys...), t.values...), ", ") + ") VALUES " +
		where.Placeholders(len(rows), columns) + clause
	_, err := tx.ExecContext(ctx, statement, args...)
	return t.naming(err, rows)
}

// onDuplicateKey makes an insert give known rows their new values. VALUES() is
// what both MySQL and MariaDB understand.
func (t table[Row]) onDuplicateKey() string {
	assignments := make([]string, len(t.values))
	for i, column := range t.values {
		assignments[i] = column + " = VALUES(" + column + ")"
	}
	return " ON DUPLICATE KEY UPDATE " + strings.Join(assignments, ", ")
}
