package check_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// A world is a database with sessions, recorded changes and sums, to which everything
// happens that would through the platform, its triggers and folds.
type world struct {
	t      *testing.T
	dsn    string
	db     *pool.Pool
	phases *phase.Tracker
	checks *check.Checks
	// written counts sessions.
	written int
}

// each runs test on every engine that has sums, with the gateway's tables, which are empty,
// and sums that are ready.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	dbtest.EachServer(t, inWorld(test))
}

// onAny is each on one of the servers.
func onAny(t *testing.T, test func(t *testing.T, w *world)) {
	dbtest.AnyServer(t, inWorld(test))
}

// inTurn is onAny, the next server for each turn.
func inTurn(t *testing.T, turn int, test func(t *testing.T, w *world)) {
	dbtest.ServerInTurn(t, turn, inWorld(test))
}

func inWorld(test func(t *testing.T, w *world)) func(t *testing.T, dsn string) {
	return func(t *testing.T, dsn string) {
		w := newWorld(t, dsn, tables.Open(t, dsn))
		w.run("INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 5, 2)")
		test(t, w)
	}
}

func newWorld(t *testing.T, dsn string, db *pool.Pool) *world {
	w := &world{t: t, dsn: dsn, db: db, phases: phase.NewTracker(db, phase.Levels)}
	w.checks = check.New(db, w.phases, func(context.Context) error { return w.tryFold(1000) })
	return w
}

// other is a gateway of its own on the same database.
func (w *world) other(dsn string) *world {
	w.t.Helper()
	connections, err := pool.Open(dsn, pool.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { connections.Close() })
	other := newWorld(w.t, w.dsn, connections)
	other.checks = check.New(connections, other.phases, func(context.Context) error { return w.tryFold(1000) })
	return other
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run(statement string, args ...any) (changed int64) {
	w.t.Helper()
	result, err := w.db.ExecContext(w.t.Context(), statement, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
	changed, err = result.RowsAffected()
	w.must(err)
	return changed
}

// use is a session, or what is recorded of it.
type use struct {
	account, customer string
	at                time.Time
	seconds           int64
}

func (u use) amount() usage.Usage {
	return usage.Usage{Minutes: (u.seconds + 59) / 60, Seconds: u.seconds, Sessions: 1}
}

// start is what the table is given. What is undated is no instant.
func (u use) start() any {
	if u.at.Equal(column.Undated) {
		return "0000-00-00"
	}
	return u.at.Format("2006-01-02 15:04:05.000")
}

func (u use) quarter() time.Time {
	if u.at.Equal(column.Undated) {
		return u.at
	}
	return usage.QuarterHour.Floor(u.at)
}

// insert writes a session and records the change in one transaction, unless nobody sees it.
func (w *world) insert(u use, seen bool) {
	w.t.Helper()
	w.written++
	w.must(w.db.InTransaction(w.t.Context(), func(tx *sqlx.Tx) error {
		customer := sql.NullString{String: u.customer, Valid: u.customer != ""}
		for _, statement := range []string{"SET @before = @@sql_mode", "SET sql_mode = ''"} {
			if _, err := tx.ExecContext(w.t.Context(), statement); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(w.t.Context(), `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, ?, ?, ?)`,
			fmt.Sprint("s", w.written), u.account, customer, u.start(), u.seconds)
		if err == nil {
			_, err = tx.ExecContext(w.t.Context(), "SET sql_mode = @before")
		}
		if err == nil && seen {
			err = record(w.t.Context(), tx, u, 1)
		}
		return err
	}))
}

func record(ctx context.Context, tx *sqlx.Tx, u use, sign int64) error {
	amount := u.amount()
	_, err := tx.ExecContext(ctx, `INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES (?, ?, ?, ?, ?, ?)`,
		u.account, u.customer, u.quarter(), sign*amount.Minutes, sign*amount.Seconds, sign*amount.Sessions)
	return err
}

// drop deletes a session of a number and records the change, unless nobody sees it.
func (w *world) drop(number int, seen bool) {
	w.t.Helper()
	id := fmt.Sprint("s", number)
	all := w.sessions("session_id = '" + id + "'")
	w.must(w.db.InTransaction(w.t.Context(), func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(w.t.Context(), "DELETE FROM ai_sessions WHERE session_id = ?", id)
		for _, one := range all {
			if err == nil && seen {
				err = record(w.t.Context(), tx, one, -1)
			}
		}
		return err
	}))
}

// sessions are those that a condition holds of.
func (w *world) sessions(condition string) (all []use) {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), `SELECT account_id, COALESCE(customer_id, ''), IF(`+column.Dated("started_at")+`, CAST(started_at AS CHAR), NULL), duration_seconds FROM ai_sessions WHERE `+condition)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var one use
		var at column.Instant
		w.must(rows.Scan(&one.account, &one.customer, &at, &one.seconds))
		one.at = column.Undated
		if at.Valid {
			one.at = at.Time
		}
		all = append(all, one)
	}
	w.must(rows.Err())
	return all
}

// fold moves so many changes into the sums.
func (w *world) fold(most int) {
	w.t.Helper()
	w.must(w.tryFold(most))
}

func (w *world) tryFold(most int) error {
	ctx := w.t.Context()
	var all []struct {
		ID       int64     `db:"change_id"`
		Account  string    `db:"account_id"`
		Customer string    `db:"customer_id"`
		Quarter  time.Time `db:"quarter"`
		Minutes  int64     `db:"minutes"`
		Seconds  int64     `db:"seconds"`
		Sessions int64     `db:"sessions"`
	}
	var subjects []usage.Subject
	var known []struct {
		AccountID  string `db:"account_id"`
		CustomerID string `db:"customer_id"`
	}
	if err := w.db.SelectContext(ctx, &known, `SELECT account_id, customer_id FROM usage_changes`); err != nil {
		return err
	}
	for _, one := range known {
		subjects = append(subjects, usage.Subject(one))
	}
	if err := sums.Introduce(ctx, w.db, subjects); err != nil {
		return err
	}
	return pool.Retry(ctx, func() error {
		tx, err := w.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		all = all[:0]
		if err := tx.SelectContext(ctx, &all, `SELECT change_id, account_id, customer_id, quarter, minutes, seconds, sessions FROM usage_changes ORDER BY change_id LIMIT ? FOR UPDATE SKIP LOCKED`, most); err != nil {
			return err
		}
		// Whoever changes calendars changes the state.
		if _, err := tx.ExecContext(ctx, "SELECT generation FROM usage_level_state LOCK IN SHARE MODE"); err != nil {
			return err
		}
		calendars, err := w.addedIn(ctx, tx)
		if err != nil {
			return err
		}
		totals := map[sums.Row]usage.Usage{}
		for _, one := range all {
			var key []struct {
				AccountNo uint32 `db:"account_no"`
				SubjectNo uint32 `db:"subject_no"`
			}
			if err := tx.SelectContext(ctx, &key, `SELECT account_no, subject_no FROM usage_subjects WHERE account_id = ? AND customer_id = ?`, one.Account, one.Customer); err != nil {
				return err
			}
			if len(key) == 0 {
				continue // it has just been written
			}
			sums.Spread(totals, calendars, sums.Key(key[0]), one.Quarter, usage.Usage{Minutes: one.Minutes, Seconds: one.Seconds, Sessions: one.Sessions})
			if _, err := tx.ExecContext(ctx, `DELETE FROM usage_changes WHERE change_id = ?`, one.ID); err != nil {
				return err
			}
		}
		if err := sums.Add(ctx, tx, totals); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// addedIn are the calendars that are added to, as a fold reads them.
func (w *world) addedIn(ctx context.Context, tx *sqlx.Tx) ([]usage.Calendar, error) {
	var found []phase.Registered
	err := tx.SelectContext(ctx, &found, `SELECT calendar_no, zone, rules, phase FROM usage_calendars WHERE phase IN ('filling', 'ready') ORDER BY calendar_no`)
	calendars := []usage.Calendar{usage.UTCCalendar}
	for _, one := range found {
		calendar, same := one.Calendar()
		if !same {
			continue
		}
		calendars = append(calendars, calendar)
	}
	return calendars, err
}

// register registers a calendar that is to be filled, in the place of one that is being
// filled.
func (w *world) register(no int, zone string) usage.Calendar {
	w.t.Helper()
	location, err := time.LoadLocation(zone)
	w.must(err)
	w.must(w.db.InTransaction(w.t.Context(), func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(w.t.Context(), "UPDATE usage_level_state SET generation = ?", phase.NewGeneration())
		if err == nil {
			_, err = tx.ExecContext(w.t.Context(), "UPDATE usage_calendars SET phase = 'leaving' WHERE phase = 'filling'")
		}
		if err == nil {
			_, err = tx.ExecContext(w.t.Context(), "INSERT INTO usage_calendars (calendar_no, zone, rules, phase) VALUES (?, ?, ?, 'filling')", no, zone, usage.ZoneRules(location))
		}
		return err
	}))
	return usage.Calendar{No: no, Zone: location}
}

// retain drops the sessions of before an instant and keeps their quarter-hours, or only
// their hours as an earlier version has.
func (w *world) retain(before time.Time, hoursOnly bool) {
	w.t.Helper()
	ctx := w.t.Context()
	condition := column.Dated("started_at") + " AND started_at < '" + before.Format(time.DateTime) + "'"
	type dayOf struct {
		key sums.Key
		day time.Time
	}
	numbers := w.numbers()
	days := map[dayOf]map[int]usage.Usage{}
	for _, one := range w.sessions(condition) {
		quarter := one.quarter()
		if hoursOnly {
			quarter = usage.Hour.Floor(quarter)
		}
		at := dayOf{numbers[usage.Subject{AccountID: one.account, CustomerID: one.customer}], usage.Day.Floor(quarter)}
		if days[at] == nil {
			days[at] = map[int]usage.Usage{}
		}
		number := int(quarter.Sub(at.day) / (15 * time.Minute))
		days[at][number] = days[at][number].Plus(one.amount())
	}
	w.must(w.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		quarters := ""
		if hoursOnly {
			quarters = ", quarters_from = raw_from"
			for _, table := range []string{"usage_account_series", "usage_total_rollups"} {
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE grain = 0 AND bucket >= '1000-01-01' AND bucket < ?", before); err != nil {
					return err
				}
			}
		}
		if _, err := tx.ExecContext(ctx, "UPDATE usage_level_state SET raw_from = ?"+quarters+", corrections = corrections + 1, generation = ?", before, phase.NewGeneration()); err != nil {
			return err
		}
		for at, quarters := range days {
			if _, err := tx.ExecContext(ctx, "INSERT INTO usage_quarters (account_no, day, subject_no, quarters) VALUES (?, ?, ?, ?)", at.key.AccountNo, at.day, at.key.SubjectNo, sums.Pack(quarters)); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM ai_sessions WHERE "+condition)
		return err
	}))
}
