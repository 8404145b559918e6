package extent_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/extent"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// open connects without what the gateway sets on connections.
func open(t *testing.T, dsn string) *sqlx.DB {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.ParseTime, config.InterpolateParams = true, true
	pool, err := sqlx.Open("mysql", config.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// contents are what the tables hold: the starts of sessions, the hours of changes and the
// buckets of sums by their grain.
type contents struct {
	sessions, changes []time.Time
	sums              map[usage.Grain][]time.Time
}

func (c contents) store(t *testing.T, pool *sqlx.DB, of extent.Sums) {
	t.Helper()
	run := func(statement string, args ...any) {
		t.Helper()
		if _, err := pool.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range []string{"ai_sessions", of.Changes, of.Table} {
		run("DELETE FROM " + table)
	}
	for i, at := range c.sessions {
		run("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES (?, 'a', ?, 1)", i, at)
	}
	for _, at := range c.changes {
		run("INSERT INTO "+of.Changes+" (account_id, customer_id, "+of.At+", minutes, seconds, sessions) VALUES ('a', '', ?, 1, 1, 1)", at)
	}
	for grain, buckets := range c.sums {
		for i, at := range buckets {
			if of == extent.Levels {
				run("INSERT IGNORE INTO usage_total_rollups (grain, bucket, minutes, seconds, sessions) VALUES (?, ?, 1, 1, 1)", grain, at)
				continue
			}
			run("INSERT INTO usage_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (?, ?, 1, ?, 1, 1, 1)", grain, at, i)
		}
	}
}

// first returns the first of some instants at or after one.
func first(at time.Time, all ...[]time.Time) (found time.Time, ok bool) {
	for _, some := range all {
		for _, one := range some {
			if !one.Before(at) && (!ok || one.Before(found)) {
				found, ok = one, true
			}
		}
	}
	return found, ok
}

func last(all ...[]time.Time) (found time.Time) {
	for _, some := range all {
		for _, one := range some {
			if one.After(found) {
				found = one
			}
		}
	}
	return found
}

// Whatever the tables hold, the ends are those of going through all of it.
func TestEndsAreThoseOfAllThereIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		pool := tables.Open(t, dsn).DB
		draw := rand.New(rand.NewPCG(3, 4))
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		some := func(floor func(time.Time) time.Time) (all []time.Time) {
			for range draw.IntN(3) {
				all = append(all, floor(begin.Add(time.Duration(draw.IntN(100*24*60))*time.Minute)))
			}
			return all
		}
		for round := range 30 {
			sums := []extent.Sums{extent.Levels, extent.Hours}[round%2]
			c := contents{some(func(t time.Time) time.Time { return t }), some(usage.Hour.Floor), map[usage.Grain][]time.Time{
				usage.Hour: some(usage.Hour.Floor), usage.Day: some(usage.Day.Floor), usage.Month: some(usage.Month.Floor)}}
			switch round {
			case 0, 1:
				c = contents{}
			case 2, 3: // the first that there can be
				c = contents{sums: map[usage.Grain][]time.Time{usage.Month: {usage.Earliest}}, sessions: []time.Time{usage.Earliest}}
			}
			c.store(t, pool, sums)
			name := fmt.Sprintf("%+v", c)

			months, err := sums.Months(t.Context(), pool)
			want := usage.Range{}
			if from, ok := first(usage.Earliest, c.sums[usage.Month]); ok {
				want = usage.Range{From: from, To: usage.Month.Next(last(c.sums[usage.Month]))}
			}
			if err != nil || months != want {
				t.Errorf("%s: months %v, %v, want %v", name, months, err, want)
			}

			span, found, err := sums.Filled(t.Context(), pool)
			from, ok := first(usage.Earliest, c.sessions, c.changes, c.sums[usage.Hour])
			want = usage.Range{}
			if ok {
				want = usage.Range{From: usage.Hour.Floor(from), To: usage.Hour.Next(last(c.sessions, c.changes, c.sums[usage.Hour]))}
			}
			if err != nil || found != ok || span != want {
				t.Errorf("%s: filled %v, %v, %v, want %v", name, span, found, err, want)
			}

			for _, dropped := range []sql.NullTime{{}, {Time: begin.AddDate(0, 0, draw.IntN(100)), Valid: true}} {
				var kept []time.Time
				for _, at := range c.sums[usage.Hour] {
					if dropped.Valid && at.Before(dropped.Time) {
						kept = append(kept, at)
					}
				}
				for _, table := range []string{"usage_total_rollups", "usage_rollups"} { // what has come to nothing, at both ends
					for _, at := range []time.Time{usage.Earliest, begin.AddDate(-1, 0, 0), begin.AddDate(1, 0, 0)} {
						row := "(grain, bucket, minutes, seconds, sessions) VALUES (?, ?, 0, 0, 0)"
						if table == "usage_rollups" {
							row = "(grain, bucket, account_no, subject_no, minutes, seconds, sessions) VALUES (?, ?, 7, 7, 0, 0, 0)"
						}
						if _, err := pool.ExecContext(t.Context(), "INSERT IGNORE INTO "+table+" "+row, usage.Hour, at); err != nil {
							t.Fatal(err)
						}
					}
				}
				span, found, err := sums.Used(t.Context(), pool, dropped)
				from, ok := first(usage.Earliest, c.sessions, kept)
				want := usage.Range{}
				if ok {
					want = usage.Range{From: usage.Hour.Floor(from), To: usage.Hour.Next(last(c.sessions, kept))}
				}
				if err != nil || found != ok || span != want {
					t.Errorf("%s: used, dropped before %v: %v, %v, %v, want %v", name, dropped, span, found, err, want)
				}
				if _, err := pool.ExecContext(t.Context(), "DELETE FROM "+sums.Table+" WHERE sessions = 0"); err != nil {
					t.Fatal(err)
				}
			}

			// From an instant of each kind on, that is, and from one on that is in between.
			asked := []time.Time{begin, begin.AddDate(0, 0, 50).Add(90 * time.Minute), begin.AddDate(1, 0, 0)}
			for _, of := range [][]time.Time{c.sessions, c.changes, c.sums[usage.Hour], c.sums[usage.Day], c.sums[usage.Month]} {
				asked = append(asked, of...)
			}
			for _, at := range asked {
				got, found, err := sums.FirstHour(t.Context(), pool, at)
				if want, ok := first(at, c.sessions, c.changes, c.sums[usage.Hour]); err != nil || found != ok || !got.Equal(want) {
					t.Errorf("%s: the first hour from %v is %v, %v, %v, want %v", name, at, got, found, err, want)
				}
			}
			if t.Failed() {
				return
			}
		}
	})
}

// The last instant that there can be is found, and nothing is looked for after it, which no statement could say.
func TestNothingIsAfterTheEndOfTime(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		pool := tables.Open(t, dsn).DB
		contents{sessions: []time.Time{usage.Latest}}.store(t, pool, extent.Levels)
		var kept time.Time // by a column that may be coarser
		if err := pool.GetContext(t.Context(), &kept, "SELECT started_at FROM ai_sessions"); err != nil {
			t.Fatal(err)
		}
		for at, want := range map[time.Time]bool{usage.Latest: kept.Equal(usage.Latest), kept: true, usage.Hour.Next(usage.Latest): false} {
			if got, found, err := extent.Levels.FirstHour(t.Context(), pool, at); err != nil || found != want || found && !got.Equal(kept) {
				t.Errorf("the first hour from %v is %v, %v, %v", at, got, found, err)
			}
		}
	})
}

// ends are all ways to ask for ends.
var ends = map[string]func(ctx context.Context, pool *sqlx.DB) error{
	"months": func(ctx context.Context, pool *sqlx.DB) error {
		_, err := extent.Levels.Months(ctx, pool)
		return err
	},
	"filled": func(ctx context.Context, pool *sqlx.DB) error {
		_, _, err := extent.Levels.Filled(ctx, pool)
		return err
	},
	"used": func(ctx context.Context, pool *sqlx.DB) error {
		_, _, err := extent.Levels.Used(ctx, pool, sql.NullTime{Time: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), Valid: true})
		return err
	},
	"the first hour": func(ctx context.Context, pool *sqlx.DB) error {
		_, _, err := extent.Levels.FirstHour(ctx, pool, usage.Earliest)
		return err
	},
}

// Whichever statement fails, there are no ends, and whoever asked is told why.
func TestNoLookUpFailsUnnoticed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		contents{sessions: []time.Time{at}}.store(t, tables.Open(t, dsn).DB, extent.Levels)
		recorded, statements := dbtest.Record(t, dsn)
		pool := open(t, recorded)
		for name, ask := range ends {
			for n := 1; ; n++ {
				statements.Fail(n)
				err := ask(t.Context(), pool)
				failed := statements.Failed()
				if failed == "" {
					if err != nil || n == 1 {
						t.Errorf("%s: %v after %d statements", name, err, n-1)
					}
					break
				}
				if err == nil {
					t.Errorf("%s: nobody is told that this failed: %s", name, failed)
				}
			}
		}
		if _, err := pool.ExecContext(t.Context(), "DROP TABLE usage_total_rollups"); err != nil {
			t.Fatal(err)
		}
		for name, ask := range ends {
			err := ask(t.Context(), pool)
			if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable {
				t.Errorf("%s without a table: %v", name, err)
			}
		}
	})
}
