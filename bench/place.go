package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db"
	"aiusage/usage"
)

// place is a database of this program.
type place struct {
	name  string
	dsn   string
	admin *sql.DB
	pool  *sql.DB
	store *db.Store
	keep  bool
}

// open makes a database, with a suffix to its name. One that is there already is
// replaced, unless it is to be taken.
func open(ctx context.Context, s settings, suffix string, take bool) (*place, error) {
	config, err := mysql.ParseDSN(s.dsn)
	if err != nil {
		return nil, err
	}
	config.DBName = ""
	p := &place{name: s.prefix + "_" + suffix, keep: s.keep}
	if p.admin, err = sql.Open("mysql", config.FormatDSN()); err != nil {
		return nil, err
	}
	statements := []string{"CREATE DATABASE IF NOT EXISTS " + p.name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"}
	if !take {
		statements = append([]string{"DROP DATABASE IF EXISTS " + p.name}, statements...)
	}
	for _, statement := range statements {
		if _, err := p.admin.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	config.DBName, config.InterpolateParams, config.ParseTime = p.name, true, true
	p.dsn = config.FormatDSN()
	if p.pool, err = sql.Open("mysql", p.dsn); err != nil {
		return nil, err
	}
	if p.store, err = db.Open(p.dsn, db.Options{}); err != nil {
		return nil, err
	}
	return p, p.store.Migrate(ctx, func(db.Migration) {})
}

func (p *place) close() {
	p.pool.Close()
	p.store.Close()
	if !p.keep {
		p.admin.Exec("DROP DATABASE " + p.name) // what is left is seen and replaced by the next run
	}
	p.admin.Close()
}

// openFilled opens the database with the sessions: one that a run before has kept, if
// it has all of them, or a new one.
func openFilled(ctx context.Context, s settings, who population, out io.Writer) (*place, error) {
	suffix := fmt.Sprint(s.sessions)
	p, err := open(ctx, s, suffix, true)
	if err != nil {
		return nil, err
	}
	kept, err := p.has(ctx, s)
	if err == nil && kept {
		fmt.Fprintln(out, "  taking the database that was kept")
		return p, p.install(ctx, who, out)
	}
	p.keep = true // what is replaced needs not be dropped
	p.close()
	if err != nil {
		return nil, err
	}
	if p, err = open(ctx, s, suffix, false); err != nil {
		return nil, err
	}
	started := time.Now()
	if err := p.load(ctx, who.sessions(1, s.sessions, yearFrom, yearTo)); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "  loaded without triggers: %s\n", rate(s.sessions, time.Since(started)))
	if err := who.names(ctx, p.store); err != nil {
		return nil, err
	}
	return p, p.install(ctx, who, out)
}

// has tells whether the database has all sessions, accounts and customers, and sums of
// them, if any, that nothing has been dropped of.
func (p *place) has(ctx context.Context, s settings) (bool, error) {
	status, err := p.store.RollupStatus(ctx)
	if err != nil || !status.RawFrom.IsZero() {
		return false, err
	}
	var sessions, accounts, customers int
	err = p.pool.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM ai_sessions), (SELECT COUNT(*) FROM accounts), (SELECT COUNT(*) FROM customers)").
		Scan(&sessions, &accounts, &customers)
	return sessions >= s.sessions && accounts == s.accounts && customers == s.accounts*s.customers, err
}

// load inserts sessions, a thousand at a time, on two connections.
func (p *place) load(ctx context.Context, sessions iter.Seq[usage.Session]) error {
	const atOnce = 1000
	batches := make(chan []usage.Session)
	var writers sync.WaitGroup
	var failed [2]error
	for i := range failed {
		writers.Go(func() {
			for batch := range batches {
				if failed[i] == nil {
					failed[i] = p.insert(ctx, batch, atOnce)
				}
			}
		})
	}
	var batch []usage.Session
	for session := range sessions {
		if batch = append(batch, session); len(batch) == atOnce {
			batches <- batch
			batch = nil
		}
	}
	batches <- batch
	close(batches)
	writers.Wait()
	return firstOf(failed[0], failed[1])
}

// insert writes sessions as a platform does, some at a time.
func (p *place) insert(ctx context.Context, sessions []usage.Session, atOnce int) error {
	for len(sessions) > 0 {
		some := sessions[:min(atOnce, len(sessions))]
		sessions = sessions[len(some):]
		var args []any
		for _, s := range some {
			args = append(args, s.SessionID, s.AccountID, sql.NullString{String: s.CustomerID, Valid: s.CustomerID != ""}, s.StartedAt, s.DurationSeconds)
		}
		statement := insertSession + strings.Repeat(", (?, ?, ?, ?, ?)", len(some)-1)
		if _, err := p.pool.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}

const insertSession = `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, ?, ?, ?)`

// install installs the rollups while a writer adds sessions.
func (p *place) install(ctx context.Context, who population, out io.Writer) error {
	status, err := p.store.RollupStatus(ctx)
	if err != nil {
		return err
	}
	if status.Phase != db.Ready {
		writing, stop := context.WithCancel(ctx)
		defer stop()
		written := make(chan int)
		go func() { written <- p.keepWriting(writing, who) }()
		started := time.Now()
		if _, err = p.store.InstallRollups(ctx); err == nil {
			err = p.store.FillRollups(ctx, nil)
		}
		stop()
		fmt.Fprintf(out, "  rollups installed in %.1f s, while %d sessions were written\n", time.Since(started).Seconds(), <-written)
		if err != nil {
			return err
		}
	}
	return p.fold(ctx, out)
}

// fold moves all changes that wait into the sums.
func (p *place) fold(ctx context.Context, out io.Writer) error {
	started := time.Now()
	folded, err := p.store.Fold(ctx, nil)
	if folded > 0 {
		fmt.Fprintf(out, "  folded: %s\n", rate(folded, time.Since(started)))
	}
	return err
}

// keepWriting adds single sessions as a platform does until ctx ends, and returns
// how many.
func (p *place) keepWriting(ctx context.Context, who population) (count int) {
	for ; ctx.Err() == nil; count++ {
		// The last one is waited for: its change would come after all have been folded.
		_, err := p.pool.ExecContext(context.WithoutCancel(ctx), insertSession, fmt.Sprint("live-", count), who.accounts[0], who.customers[0][0],
			yearTo.Add(-time.Duration(count+1)*time.Second), 61)
		if err != nil {
			return count
		}
	}
	return count
}

func rate(count int, took time.Duration) string {
	return fmt.Sprintf("%d in %.1f s (%.0f/s)", count, took.Seconds(), float64(count)/took.Seconds())
}

// wait records changes that nothing folds: sessions of the last day. DuckDB gets them,
// too.
func (s settings) wait(ctx context.Context, p *place, who population, duck *duckDB) error {
	prefix := fmt.Sprintf("wait-%d-", time.Now().UnixNano())
	var sessions []usage.Session
	for session := range who.sessions(3, s.waiting, yearTo.AddDate(0, 0, -1), yearTo) {
		session.SessionID = fmt.Sprint(prefix, len(sessions))
		sessions = append(sessions, session)
	}
	if err := p.insert(ctx, sessions, 1000); err != nil || duck == nil {
		return err
	}
	return duck.takeMore(ctx, p, prefix)
}

// retain drops the first tenth of the year, up to an hour that is in the middle of a day
// everywhere, and keeps its sums.
func (p *place) retain(ctx context.Context, out io.Writer) error {
	before := yearFrom.Add(yearTo.Sub(yearFrom) / 10)
	started := time.Now()
	dropped, err := p.store.DropSessions(ctx, before, nil)
	if err == nil {
		fmt.Fprintf(out, "\nretention: sums before %s verified, and sessions dropped: %s\n", before.Format(time.RFC3339), rate(int(dropped), time.Since(started)))
	}
	return err
}
