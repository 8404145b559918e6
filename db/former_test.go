package db_test

import (
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/db/column"
	"aiusage/usage"
)

// A formerGateway does what a gateway of the version before does, which kept sums by hour:
// these are its statements.
type formerGateway struct {
	t    *testing.T
	conn *sql.DB
}

// formerTriggers are that version's triggers, as it has created them on the table that
// migrate makes, a line each.
//
//go:embed testdata/triggers_by_hour.sql
var formerTriggers string

// formerDatabase makes the tables of the version before, with its triggers and sums, which
// are ready.
func formerDatabase(t *testing.T, dsn string) *formerGateway {
	t.Helper()
	store := open(t, dsn)
	migrate(t, store)
	undoLevels(t, store)
	former := &formerGateway{t, pool(t, dsn)}
	former.install()
	execute(t, dsn, "INSERT INTO usage_rollup_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', 1, 0)")
	return former
}

// undoLevels undoes the steps that the version before does not have.
func undoLevels(t *testing.T, store *db.Store) {
	t.Helper()
	for {
		undone, err := store.Rollback(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(undone.Name, "usage_customer_rollups") {
			return
		}
	}
}

// install creates that version's triggers.
func (f *formerGateway) install() {
	f.t.Helper()
	conn, err := f.conn.Conn(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range append([]string{"SET sql_mode = 'STRICT_ALL_TABLES'"}, strings.Split(strings.TrimSpace(formerTriggers), "\n")...) {
		if _, err := conn.ExecContext(f.t.Context(), statement); err != nil {
			f.t.Fatal(err)
		}
	}
}

// inTransaction runs statements in a transaction, and abandons it at the end unless told to
// commit, as when the gateway is killed.
func (f *formerGateway) inTransaction(isolation sql.IsolationLevel, commit bool, do func(tx *sql.Tx) error) error {
	conn, err := f.conn.Conn(f.t.Context())
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(f.t.Context(), "SET time_zone = '+00:00', @aiusage_bulk = NULL"); err != nil {
		return err
	}
	tx, err := conn.BeginTx(f.t.Context(), &sql.TxOptions{Isolation: isolation})
	if err != nil {
		return err
	}
	if err := do(tx); err != nil || !commit {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// fold moves at most size changes into the sums.
func (f *formerGateway) fold(size int, commit bool) error {
	for _, statement := range []string{
		`INSERT IGNORE INTO usage_accounts (account_id) SELECT DISTINCT account_id FROM usage_deltas ORDER BY account_id`,
		`INSERT IGNORE INTO usage_subjects (account_no, account_id, customer_id)
			SELECT DISTINCT a.account_no, d.account_id, d.customer_id FROM usage_deltas d JOIN usage_accounts a ON a.account_id = d.account_id
			ORDER BY d.account_id, d.customer_id`,
	} {
		if _, err := f.conn.ExecContext(f.t.Context(), statement); err != nil {
			return err
		}
	}
	return f.inTransaction(sql.LevelReadCommitted, commit, func(tx *sql.Tx) error {
		rows, err := tx.Query(`SELECT delta_id FROM usage_deltas WHERE delta_id > 0 ORDER BY delta_id LIMIT ? FOR UPDATE SKIP LOCKED`, size)
		if err != nil {
			return err
		}
		defer rows.Close()
		var ids []string
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		if err := rows.Err(); err != nil || len(ids) == 0 {
			return err
		}
		taken := " IN (" + strings.Join(ids, ", ") + ")"
		for grain, bucket := range map[int]string{1: "d.hour", 2: "CAST(DATE(d.hour) AS DATETIME)", 3: "CAST(DATE_FORMAT(d.hour, '%Y-%m-01') AS DATETIME)"} {
			_, err := tx.Exec(`
				INSERT INTO usage_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions)
				SELECT * FROM (
					SELECT ` + fmt.Sprint(grain) + ` AS grain, ` + bucket + ` AS bucket, s.account_no, s.subject_no,
					       SUM(d.minutes) AS m, SUM(d.seconds) AS sec, SUM(d.sessions) AS n
					FROM usage_deltas d JOIN usage_subjects s ON s.account_id = d.account_id AND s.customer_id = d.customer_id
					WHERE d.delta_id` + taken + ` GROUP BY 1, 2, 3, 4) t ORDER BY 1, 2, 3, 4
				ON DUPLICATE KEY UPDATE minutes = minutes + VALUES(minutes), seconds = seconds + VALUES(seconds), sessions = sessions + VALUES(sessions)`)
			if err != nil {
				return err
			}
		}
		_, err = tx.Exec(`DELETE FROM usage_deltas WHERE delta_id` + taken + fmt.Sprintf(` ORDER BY delta_id LIMIT %d`, len(ids)))
		return err
	})
}

// errDropped says that sessions from before have been dropped, as in that version.
var errDropped = errors.New("sessions from before have been dropped")

// importSessions stores sessions whose ids are new or known, and records what that changes.
func (f *formerGateway) importSessions(commit bool, sessions ...usage.Session) error {
	return f.inTransaction(sql.LevelDefault, commit, func(tx *sql.Tx) error {
		if _, err := tx.Exec("SET @aiusage_bulk = 1"); err != nil {
			return err
		}
		var rawFrom sql.NullString
		if err := tx.QueryRow(`SELECT CAST(raw_from AS CHAR) FROM usage_rollup_state WHERE state_id = 1 LOCK IN SHARE MODE`).Scan(&rawFrom); err != nil {
			return err
		}
		for _, one := range sessions {
			if rawFrom.Valid && one.StartedAt.Format(time.DateTime) < rawFrom.String {
				return errDropped
			}
			for _, statement := range []string{
				`INSERT INTO usage_deltas (account_id, customer_id, hour, minutes, seconds, sessions)
					SELECT account_id, COALESCE(customer_id, ''), ` + column.HourOf("started_at") + `, -ai_minutes, -duration_seconds, -1
					FROM ai_sessions WHERE session_id = ? FOR UPDATE`,
				`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds)
					VALUES (?, '` + one.AccountID + `', NULLIF('` + one.CustomerID + `', ''), '` + one.StartedAt.Format("2006-01-02 15:04:05.000") + `', ` + fmt.Sprint(one.DurationSeconds) + `)
					ON DUPLICATE KEY UPDATE account_id = VALUES(account_id), customer_id = VALUES(customer_id), started_at = VALUES(started_at), duration_seconds = VALUES(duration_seconds)`,
				`INSERT INTO usage_deltas (account_id, customer_id, hour, minutes, seconds, sessions)
					SELECT account_id, COALESCE(customer_id, ''), ` + column.HourOf("started_at") + `, ai_minutes, duration_seconds, 1
					FROM ai_sessions WHERE session_id = ?`,
			} {
				if _, err := tx.Exec(statement, one.SessionID); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// announceDropping is how dropping begins: with the full hour before which sessions may be
// gone.
func (f *formerGateway) announceDropping(before time.Time) {
	f.t.Helper()
	_, err := f.conn.ExecContext(f.t.Context(), `UPDATE usage_rollup_state SET raw_from = ?, corrections = corrections + 1, generation = generation + 1 WHERE state_id = 1`,
		before.Format(time.DateTime))
	if err != nil {
		f.t.Fatal(err)
	}
}

// drop drops at most so many of the sessions from before the hour that was announced.
func (f *formerGateway) drop(most int) {
	f.t.Helper()
	var err error
	for range 10 { // it may meet a writer
		err = f.inTransaction(sql.LevelDefault, true, func(tx *sql.Tx) error {
			_, err := tx.Exec("SET @aiusage_bulk = 1")
			if err == nil {
				_, err = tx.Exec(`DELETE FROM ai_sessions WHERE started_at < (SELECT raw_from FROM usage_rollup_state) AND `+
					column.Dated("started_at")+` ORDER BY started_at LIMIT ?`, most)
			}
			return err
		})
		if !isOneOf(err, undone...) {
			break
		}
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// formerRow is a row of the sums by hour.
type formerRow struct {
	grain   int
	bucket  time.Time
	subject usage.Subject
}

// formerHolds compares the sums by hour, changes that wait included, with sessions.
func formerHolds(t *testing.T, dsn, what string, sessions []usage.Session) {
	t.Helper()
	want, got := map[formerRow]usage.Usage{}, map[formerRow]usage.Usage{}
	add := func(to map[formerRow]usage.Usage, at time.Time, who usage.Subject, amount usage.Usage) {
		for grain, bucket := range map[int]time.Time{1: usage.Hour.Floor(at), 2: usage.Day.Floor(at), 3: usage.Month.Floor(at)} {
			row := formerRow{grain, bucket, trimmed(who)}
			to[row] = to[row].Plus(amount)
		}
	}
	for _, one := range sessions {
		at := one.StartedAt
		if at.IsZero() {
			at = column.Undated
		}
		add(want, at, usage.Subject{AccountID: one.AccountID, CustomerID: one.CustomerID}, one.Usage())
	}
	opened := pool(t, dsn)
	defer opened.Close()
	rows, err := opened.QueryContext(t.Context(), `
		SELECT r.grain, CAST(r.bucket AS CHAR), s.account_id, s.customer_id, r.minutes, r.seconds, r.sessions
		FROM usage_rollups r JOIN usage_subjects s ON s.account_no = r.account_no AND s.subject_no = r.subject_no
		UNION ALL SELECT 0, CAST(hour AS CHAR), account_id, customer_id, minutes, seconds, sessions FROM usage_deltas`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var row formerRow
		var bucket string
		var amount usage.Usage
		if err := rows.Scan(&row.grain, &bucket, &row.subject.AccountID, &row.subject.CustomerID, &amount.Minutes, &amount.Seconds, &amount.Sessions); err != nil {
			t.Fatal(err)
		}
		if row.bucket, err = time.Parse(time.DateTime, bucket); err != nil {
			t.Fatal(err)
		}
		if row.grain == 0 {
			add(got, row.bucket, row.subject, amount)
			continue
		}
		row.subject = trimmed(row.subject)
		got[row] = got[row].Plus(amount)
	}
	for _, all := range []map[formerRow]usage.Usage{want, got} {
		maps.DeleteFunc(all, func(_ formerRow, amount usage.Usage) bool { return amount == usage.Usage{} })
	}
	if !maps.Equal(want, got) {
		t.Errorf("%s: the sums by hour are not those of the sessions: %d rows, want %d", what, len(got), len(want))
		for row, amount := range want {
			if got[row] != amount {
				t.Errorf("for example %+v: %v, want %v", row, got[row], amount)
				break
			}
		}
	}
}
