package read

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// Snapshot answers any number of questions from one state of the database, that
// of its first answer, so that the answers agree. It takes no connection before
// that. It is safe for concurrent use, and answers one question after the other.
type Snapshot struct {
	reader *Reader
	ctx    context.Context

	mu sync.Mutex
	tx *sqlx.Tx
	// release gives back what tx holds.
	release func()
	// confirmed is the state of the rollups that tx shows, once that is known.
	confirmed *phase.State
	// first is how old what the first answer shows is, which is so of all of them.
	first Freshness
	// ends are where the usage begins and ends in tx of whom was asked for so far.
	ends map[string]usage.Range
	// ended is set by Close.
	ended bool
}

// Snapshot returns a snapshot, which must be closed. It ends with the context.
func (r *Reader) Snapshot(ctx context.Context) usage.Snapshot { return r.snapshotOf(ctx) }

func (r *Reader) snapshotOf(ctx context.Context) *Snapshot { return &Snapshot{reader: r, ctx: ctx} }

// FromSessions makes a snapshot that has given an answer give the same ones from the
// sessions alone from now on, without the rollups.
func (s *Snapshot) FromSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.confirmed = s.confirmed.WithoutRollups()
}

// Close gives the connection back.
func (s *Snapshot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	return s.end()
}

// errSnapshotEnded is a fault: somebody asks a snapshot that has been closed.
var errSnapshotEnded = errors.New("the snapshot has been closed")

// begin begins the transaction, unless it has begun. Snapshots may have half of
// the pool's connections: whoever holds one may wait for an answer that takes
// another.
func (s *Snapshot) begin() error {
	if s.ended {
		// Whoever asked may have gone: its context then ends before its snapshot does.
		return cmp.Or(s.ctx.Err(), errSnapshotEnded)
	}
	if s.tx != nil {
		return nil
	}
	release, err := s.reader.db.Hold(s.ctx)
	if err != nil {
		return err
	}
	tx, err := beginReading(s.ctx, s.reader.db)
	if err != nil {
		release()
		return err
	}
	s.tx, s.release = tx, release
	return nil
}

// beginReading begins a transaction that reads one state of the database. Every connection
// reads repeatably (pool.Setting), and saying so again would take a round trip.
func beginReading(ctx context.Context, db *pool.Pool) (*sqlx.Tx, error) {
	return db.BeginTxx(ctx, &sql.TxOptions{ReadOnly: true})
}

func (s *Snapshot) end() error {
	if s.tx == nil {
		return nil
	}
	err := pool.IgnoreDone(s.tx.Rollback())
	s.tx, s.confirmed, s.ends, s.first = nil, nil, nil, Freshness{}
	s.release()
	return err
}

// planned runs a statement that do plans on the state of the rollups. do returns
// what the last row of the statement tells. As long as no answer has been given,
// a snapshot that shows another state than the one planned on is begun anew. It
// returns how old what the snapshot shows is.
func (s *Snapshot) planned(ctx context.Context, do func(*sqlx.Tx, *phase.State) (lastRow, error)) (shows Freshness, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.reader.phases.Planned(ctx, func(state *phase.State) error {
		if s.confirmed != nil {
			state = s.confirmed
		}
		if err := s.begin(); err != nil {
			return err
		}
		last, err := do(s.tx, state)
		if err == nil && last.token != state.Token() || pool.HasNumber(err, pool.ErTableDefChanged) {
			err = phase.ErrChanged
		}
		if errors.Is(err, phase.ErrChanged) {
			if s.confirmed != nil {
				return phase.Changing()
			}
			return errors.Join(err, s.end())
		}
		if err == nil && s.confirmed == nil {
			if err = s.reader.TooOld(last.Freshness); err == nil {
				s.confirmed, s.first = state, last.Freshness
			}
		}
		shows = s.first
		return err
	})
	return shows, s.explain(err)
}

// explain returns why a question has no answer. A context that ends undoes the
// transaction, and then everything fails in ways that do not say so.
func (s *Snapshot) explain(err error) error {
	if err != nil && s.ctx.Err() != nil {
		err = s.ctx.Err()
	}
	return pool.Translate(err)
}

// Report answers a query as Reader.Report does.
func (s *Snapshot) Report(ctx context.Context, query usage.Query) (report *usage.Report, err error) {
	shows, err := s.planned(ctx, func(tx *sqlx.Tx, state *phase.State) (last lastRow, err error) {
		report, last, err = s.reader.reportOf(ctx, tx, query, state)
		return last, err
	})
	if err == nil {
		report.AsOf, report.ReadAt = query.Shown(shows.AsOf()), shows.Now
	}
	return report, err
}

// Series answers a query as Reader.Series does.
func (s *Snapshot) Series(ctx context.Context, query usage.SeriesQuery) (set *usage.SeriesSet, err error) {
	shows, err := s.planned(ctx, func(tx *sqlx.Tx, state *phase.State) (last lastRow, err error) {
		span, err := s.closed(ctx, query.Query, state)
		if err != nil {
			return lastRow{}, err
		}
		set, last, err = s.reader.seriesOf(ctx, tx, query, span, state)
		return last, err
	})
	if err == nil {
		set.AsOf = shows.AsOf()
	}
	return set, err
}

// Names returns the names of accounts and customers by the ids that are asked for, however
// the tables spell these, without those that have none: of the accounts whose CustomerID is
// empty, and of the customers otherwise. It takes one statement for the accounts and one for
// the customers, however many there are.
func (s *Snapshot) Names(ctx context.Context, subjects []usage.Subject) (map[usage.Subject]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(); err != nil {
		return nil, s.explain(err)
	}
	var accounts, customers []usage.Subject
	for _, subject := range subjects {
		if subject.CustomerID == "" {
			accounts = append(accounts, subject)
		} else {
			customers = append(customers, subject)
		}
	}
	names := map[usage.Subject]string{}
	err := readNames(ctx, s.tx, names, "SELECT account_id, '', COALESCE(name, '') FROM accounts", accounts, false)
	if err == nil {
		err = readNames(ctx, s.tx, names, "SELECT account_id, customer_id, COALESCE(name, '') FROM customers", customers, true)
	}
	return names, s.explain(err)
}

func readNames(ctx context.Context, tx *sqlx.Tx, names map[usage.Subject]string, statement string, subjects []usage.Subject, customers bool) error {
	if len(subjects) == 0 {
		return nil
	}
	var conditions where.Conditions
	addSubjects(&conditions, subjects, customers)
	rows, err := tx.QueryContext(ctx, statement+conditions.String(), conditions.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	found := map[usage.Subject]string{} // by what all spellings of an id have in common
	for rows.Next() {
		var subject usage.Subject
		var name string
		if err := rows.Scan(&subject.AccountID, &subject.CustomerID, &name); err != nil {
			return err
		}
		found[subject.Trimmed()] = name
	}
	for _, subject := range subjects {
		if name := found[subject.Trimmed()]; name != "" {
			names[subject] = name
		}
	}
	return rows.Err()
}

// maxSubjects bounds the subjects that a statement names one by one. With more,
// it reads all of their accounts, or of everybody, which takes less time than
// looking each of them up.
const maxSubjects = 1000

// addSubjects adds the condition that a row is of one of the subjects, or at least
// leaves out what can be left out at little expense.
func addSubjects(conditions *where.Conditions, subjects []usage.Subject, customers bool) {
	if customers && len(subjects) > 0 && len(subjects) <= maxSubjects {
		args := make([]any, 0, 2*len(subjects))
		for _, subject := range subjects {
			args = append(args, subject.AccountID, subject.CustomerID)
		}
		conditions.Add("(account_id, customer_id) IN ("+where.Placeholders(len(subjects), 2)+")", args...)
		return
	}
	if accounts := accountIDs(subjects); accounts != nil {
		conditions.AddAll(where.Scope(usage.Query{Accounts: accounts}))
	}
}
