package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/usage"
)

// FoldBatch folds at most most changes.
func (s *Store) FoldBatch(ctx context.Context, most int) error {
	_, _, err := s.foldBatch(ctx, 0, most)
	return err
}

// AbandonFold does everything that folding a batch takes but commits nothing, as
// when the gateway is killed just before.
func (s *Store) AbandonFold(ctx context.Context, most int) error {
	_, _, unknown, err := s.tryFold(ctx, 0, most, (*sqlx.Tx).Rollback)
	if err == nil && len(unknown) > 0 {
		err = s.introduce(ctx, unknown)
	}
	return err
}

// Both answers a query from the rollups and from the raw sessions, in one snapshot.
func (s *Store) Both(ctx context.Context, query usage.Query) (rolledUp, raw *usage.Report, err error) {
	err = s.snapshot(ctx, func(tx *sqlx.Tx, state *rollupState) error {
		if rolledUp, _, err = reportIn(ctx, tx, query, state); err != nil {
			return err
		}
		raw, _, err = reportIn(ctx, tx, query, &rollupState{Phase: Raw})
		return err
	})
	return rolledUp, raw, err
}

func (s *Store) snapshot(ctx context.Context, do func(*sqlx.Tx, *rollupState) error) error {
	state, err := s.refreshState(ctx)
	if err != nil {
		return err
	}
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return do(tx, state)
}

// BulkVariable tells whether the next connection of the pool has the variable set
// that keeps the triggers out.
func (s *Store) BulkVariable(t interface {
	Fatal(...any)
	Context() context.Context
}) (set bool) {
	if err := s.db.GetContext(t.Context(), &set, "SELECT @"+bulkVariable+" IS NOT NULL"); err != nil {
		t.Fatal(err)
	}
	return set
}

// BothSeries answers a query from the rollups and from the raw sessions, in one
// snapshot, and as a report.
func (s *Store) BothSeries(ctx context.Context, query usage.SeriesQuery) (rolledUp, raw *usage.SeriesSet, report *usage.Report, err error) {
	snapshot := s.snapshotOf(ctx)
	defer snapshot.Close()
	if rolledUp, err = snapshot.Series(ctx, query); err != nil {
		return nil, nil, nil, err
	}
	ready := snapshot.confirmed
	snapshot.confirmed = &rollupState{Phase: Raw, Generation: -ready.token()}
	if raw, err = snapshot.Series(ctx, query); err != nil {
		return nil, nil, nil, err
	}
	snapshot.confirmed = ready
	report, err = snapshot.Report(ctx, query.Query)
	return rolledUp, raw, report, err
}

// InTransaction runs statements in a transaction, with a context of its own for
// the last one.
func (s *Store) InTransaction(ctx, last context.Context, statements ...string) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i, statement := range statements {
		if i == len(statements)-1 {
			ctx = last
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Read runs a statement and calls each for every row.
func (s *Store) Read(ctx context.Context, statement string, each func(value string)) error {
	rows, err := s.db.QueryContext(ctx, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return err
		}
		each(value)
	}
	return rows.Err()
}

// Execute runs a statement.
func (s *Store) Execute(ctx context.Context, statement string) error {
	_, err := s.db.ExecContext(ctx, statement)
	return err
}

// CanEnd tells whether a connection with an id at host:port may end another.
func CanEnd(host, port string, id uint64, otherHost, otherPort string, otherID uint64) bool {
	return place{host, port, id}.canEnd(place{otherHost, otherPort, otherID})
}

// OnEveryConnection runs a statement on every connection that the pool may have.
func (s *Store) OnEveryConnection(t interface {
	Fatal(...any)
	Context() context.Context
}, statement string) {
	var held []*sqlx.Conn
	for range s.db.Stats().MaxOpenConnections {
		conn, err := s.db.Connx(t.Context())
		if err == nil {
			_, err = conn.ExecContext(t.Context(), statement)
			held = append(held, conn)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, conn := range held {
		conn.Close()
	}
}

// LookAfter does once what KeepRollups does from time to time beside folding.
func (s *Store) LookAfter(ctx context.Context) error {
	return errors.Join(s.NewComparer().Sweep(ctx), s.checkAndFill(ctx))
}

// KeepFolding does once what KeepRollups does every second.
func (s *Store) KeepFolding(ctx context.Context) error { return s.keepFolding(ctx) }

// Comparer compares sums with sessions in rounds.
type Comparer struct{ comparer }

func (s *Store) NewComparer() *Comparer { return &Comparer{comparer{store: s}} }

func (c *Comparer) Round(ctx context.Context) error { return c.round(ctx) }

// Sweep compares every day, in as many rounds as that takes on a busy machine.
func (c *Comparer) Sweep(ctx context.Context) error {
	for {
		if err := c.round(ctx); err != nil || c.next.IsZero() {
			return err
		}
	}
}

// FoldedLast makes folding look as if nothing had been folded for a while.
func (s *Store) FoldedLast(ago time.Duration) { s.folding.since = time.Now().Add(-ago) }

// Settings are the names of what is set on every connection, and the values.
func Settings() (names, values []string) {
	for _, one := range settings {
		names, values = append(names, one.name), append(values, one.value)
	}
	return names, values
}

// AlsoSet has one more variable set on every connection, until it is called.
func AlsoSet(name, value string) (restore func()) {
	before := settings
	settings = append(settings[:len(settings):len(settings)], setting{name, value})
	return func() { settings = before }
}

// Hold calls while with a connection of the pool in hand.
func (s *Store) Hold(ctx context.Context, while func()) error {
	conn, err := s.db.Connx(ctx)
	if err != nil {
		return err
	}
	while()
	return conn.Close()
}

// BelieveSettings makes the store believe that a statement sets what the server has.
func (s *Store) BelieveSettings(statement string) {
	s.settler.statement.Store(&statement)
}

// Forget makes the store read the state of the rollups anew.
func (s *Store) Forget() { s.known.Store(nil) }

// InUse is how many connections of the pool are in use.
func (s *Store) InUse() int { return s.db.Stats().InUse }

// Places is how many snapshots there can be at a time.
func (s *Store) Places() int { return cap(s.snapshots) - len(s.snapshots) }

// IsStateChanged tells whether the state of the rollups changed during each attempt.
func IsStateChanged(err error) bool { return errors.Is(err, errStateChanged) }

// Translate turns an error of the driver into one of the domain.
func Translate(err error) error { return translate(err) }
