package db

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/check"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/usage"
)

// FoldBatch folds at most size changes.
func (s *Store) FoldBatch(ctx context.Context, size int) error {
	_, _, err := s.rollups.FoldBatch(ctx, 0, size, (*sqlx.Tx).Commit)
	return err
}

// FoldBatchWhile folds at most size changes, and calls while before it commits.
func (s *Store) FoldBatchWhile(ctx context.Context, size int, while func()) error {
	_, _, err := s.rollups.FoldBatch(ctx, 0, size, func(tx *sqlx.Tx) error { while(); return tx.Commit() })
	return err
}

// AbandonFold does everything that folding a batch takes but commits nothing, as
// when the gateway is killed just before.
func (s *Store) AbandonFold(ctx context.Context, size int) error {
	_, _, err := s.rollups.FoldBatch(ctx, 0, size, (*sqlx.Tx).Rollback)
	return err
}

// Both answers a query from the rollups and from the raw sessions, in one snapshot.
func (s *Store) Both(ctx context.Context, query usage.Query) (rolledUp, raw *usage.Report, err error) {
	snapshot := s.newSnapshot(ctx)
	defer snapshot.Close()
	if rolledUp, err = snapshot.Report(ctx, query); err == nil {
		err = s.unsuspected()
	}
	if err != nil {
		return nil, nil, err
	}
	snapshot.FromSessions()
	raw, err = snapshot.Report(ctx, query)
	return rolledUp, raw, err
}

// newSnapshot returns a snapshot of the state as it is now.
func (s *Store) newSnapshot(ctx context.Context) *read.Snapshot {
	s.Forget()
	return s.Snapshot(ctx).(*read.Snapshot)
}

// unsuspected returns an error where an answer was read from sessions, because the
// rollups are wrong.
func (s *Store) unsuspected() error {
	if reason := s.phases.Suspicion(); reason != "" {
		return errors.New(reason)
	}
	return nil
}

// BulkVariable tells whether the next connection of the pool has a variable set
// that keeps triggers out.
func (s *Store) BulkVariable(t interface {
	Fatal(...any)
	Context() context.Context
}) (set bool) {
	if err := s.pool.GetContext(t.Context(), &set, "SELECT @"+strings.Join(pool.Silenced, " IS NOT NULL OR @")+" IS NOT NULL"); err != nil {
		t.Fatal(err)
	}
	return set
}

// BothSeries answers a query from the rollups and from the raw sessions, in one
// snapshot, and as a report of customers.
func (s *Store) BothSeries(ctx context.Context, query usage.SeriesQuery) (rolledUp, raw *usage.SeriesSet, report *usage.Report, err error) {
	snapshot := s.newSnapshot(ctx)
	defer snapshot.Close()
	if rolledUp, err = snapshot.Series(ctx, query); err != nil {
		return nil, nil, nil, err
	}
	whole := query.Query
	whole.Level = usage.ByCustomer
	if report, err = snapshot.Report(ctx, whole); err == nil {
		err = s.unsuspected()
	}
	if err != nil {
		return nil, nil, nil, err
	}
	snapshot.FromSessions()
	raw, err = snapshot.Series(ctx, query)
	return rolledUp, raw, report, err
}

// InTransaction runs statements in a transaction, with a context of its own for
// the last one.
func (s *Store) InTransaction(ctx, last context.Context, statements ...string) error {
	tx, err := s.pool.BeginTxx(ctx, nil)
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
	rows, err := s.pool.QueryContext(ctx, statement)
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
	_, err := s.pool.ExecContext(ctx, statement)
	return err
}

// OnEveryConnection runs a statement on every connection that the pool may have.
func (s *Store) OnEveryConnection(t interface {
	Fatal(...any)
	Context() context.Context
}, statement string) {
	var held []*sqlx.Conn
	for range s.pool.Stats().MaxOpenConnections {
		conn, err := s.pool.Connx(t.Context())
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
	return errors.Join(s.NewComparer().Sweep(ctx), s.CheckRound(ctx))
}

// KeepFolding does once what KeepRollups does every second.
func (s *Store) KeepFolding(ctx context.Context) error { return s.FoldRound(ctx) }

// Comparer compares sums with sessions in rounds.
type Comparer struct{ *check.Comparer }

func (s *Store) NewComparer() Comparer { return Comparer{s.rollups.NewComparer()} }

func (c Comparer) Round(ctx context.Context) error {
	_, err := c.Comparer.Round(ctx)
	return err
}

// Sweep compares every day, in as many rounds as that takes on a busy machine.
func (c Comparer) Sweep(ctx context.Context) error {
	for {
		if finished, err := c.Comparer.Round(ctx); err != nil || finished {
			return err
		}
	}
}

// FoldedLast makes folding look as if nothing had been folded for a while.
func (s *Store) FoldedLast(ago time.Duration) {
	before := s.rollups.Now
	s.rollups.Now = func() time.Time { return before().Add(ago) }
}

// Settings are the names of what is set on every connection, and the values.
func Settings() (names, values []string) {
	for _, one := range pool.Settings() {
		names, values = append(names, one.Name), append(values, one.Value)
	}
	return names, values
}

// Hold calls while with a connection of the pool in hand.
func (s *Store) Hold(ctx context.Context, while func()) error {
	conn, err := s.pool.Connx(ctx)
	if err != nil {
		return err
	}
	while()
	return conn.Close()
}

// Forget makes the store read the state of the rollups anew.
func (s *Store) Forget() { s.phases.Forget() }

// InUse is how many connections of the pool are in use.
func (s *Store) InUse() int { return s.pool.Stats().InUse }

// Places is how many snapshots there can be at a time.
func (s *Store) Places() (count int) {
	for ; ; count++ {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		release, err := s.pool.Hold(ctx)
		if err != nil {
			return count
		}
		defer release()
	}
}

// IsStateChanged tells whether the state of the rollups changed during each attempt.
func IsStateChanged(err error) bool { return errors.Is(err, phase.ErrChanged) }

// Translate turns an error of the driver into one of the domain.
func Translate(err error) error { return pool.Translate(err) }

// IsConnectionLoss tells whether an error is a failure of the connection.
func IsConnectionLoss(err error) bool { return pool.IsConnectionLoss(err) }

// Adopt takes over what an earlier version has of sessions that it has dropped.
func (s *Store) Adopt(ctx context.Context) error { return s.rollups.Adopt(ctx, nil) }

// RetireUnused retires an earlier version's sums where nobody needs them.
func (s *Store) RetireUnused(ctx context.Context) error { return s.rollups.RetireUnused(ctx) }
