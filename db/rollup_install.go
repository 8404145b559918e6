package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"aiusage/usage"
)

// hourOf is the hour of a DATETIME expression.
func hourOf(column string) string {
	return "TIMESTAMPADD(HOUR, HOUR(" + column + "), DATE(" + column + "))"
}

// triggers are what has to happen on ai_sessions, by name. A session variable
// tells them to stay out where the writer appends the changes itself (bulk.go)
// or wants the rollups to stay as they are (retention.go).
//
// Differences are signed; the casts are there because a negative number is an
// error where one of the columns is unsigned. A change of a session within its
// subject and hour is one row; one that changes nothing is none.
func triggers() map[string]string {
	row := func(of, sign string) string {
		return "(" + of + ".account_id, COALESCE(" + of + ".customer_id, ''), " + hourOf(of+".started_at") +
			", " + sign + "CAST(COALESCE(" + of + ".ai_minutes, 0) AS SIGNED)" +
			", " + sign + "CAST(COALESCE(" + of + ".duration_seconds, 0) AS SIGNED), " + sign + "1)"
	}
	difference := func(column string) string {
		return "CAST(COALESCE(NEW." + column + ", 0) AS SIGNED) - CAST(COALESCE(OLD." + column + ", 0) AS SIGNED)"
	}
	const insert = "INSERT INTO usage_deltas (account_id, customer_id, hour, minutes, seconds, sessions) VALUES "
	const begin = " ON ai_sessions FOR EACH ROW IF @" + bulkVariable + " IS NULL THEN "
	return map[string]string{
		"aiusage_session_inserted": "AFTER INSERT" + begin + insert + row("NEW", "") + "; END IF",
		"aiusage_session_deleted":  "AFTER DELETE" + begin + insert + row("OLD", "-") + "; END IF",
		"aiusage_session_updated": "AFTER UPDATE" + begin +
			"IF OLD.account_id = NEW.account_id AND COALESCE(OLD.customer_id, '') = COALESCE(NEW.customer_id, '') AND " +
			hourOf("OLD.started_at") + " = " + hourOf("NEW.started_at") + " THEN " +
			"IF NOT (OLD.ai_minutes <=> NEW.ai_minutes AND OLD.duration_seconds <=> NEW.duration_seconds) THEN " +
			insert + "(NEW.account_id, COALESCE(NEW.customer_id, ''), " + hourOf("NEW.started_at") + ", " +
			difference("ai_minutes") + ", " + difference("duration_seconds") + ", 0); END IF; " +
			"ELSE " + insert + row("OLD", "-") + ", " + row("NEW", "") + "; END IF; END IF",
	}
}

// InstallRollups prepares the rollups as far as the server and the account allow:
// it creates the triggers, after which FillRollups has to sum up the sessions of
// before. It may be run at any time, beside writers and other gateways, and does
// nothing where the rollups are installed. Where they cannot be, reports read
// raw sessions, and the status says why and what to do about it; that is no error.
func (s *Store) InstallRollups(ctx context.Context) (RollupStatus, error) {
	_, err := s.db.ExecContext(ctx, `
		INSERT IGNORE INTO usage_rollup_state (state_id, phase, reason, generation, corrections)
		VALUES (1, 'raw', '', 0, 0)`)
	if err != nil {
		return RollupStatus{}, translate(err)
	}
	obstacle, err := s.install(ctx)
	if err != nil {
		return RollupStatus{}, translate(err)
	}
	if obstacle != "" {
		err = s.fallBack(ctx, obstacle)
	}
	if err != nil {
		return RollupStatus{}, err
	}
	return s.RollupStatus(ctx)
}

// install creates what is missing. obstacle says why that is not possible.
func (s *Store) install(ctx context.Context) (obstacle string, err error) {
	defer s.holding(ctx)()
	if obstacle, err = s.unsuitable(ctx); obstacle != "" || err != nil {
		return obstacle, err
	}
	missing, err := s.missingTriggers(ctx)
	if err != nil {
		return "", err
	}
	for _, name := range missing {
		if err := s.createTrigger(ctx, name); err != nil {
			return s.explain(ctx, err)
		}
	}
	// From here on every change is recorded. What was before, or while a trigger
	// was missing, is for FillRollups to find.
	if len(missing) == 0 {
		return "", s.changeState(ctx, "phase = CASE phase WHEN 'raw' THEN 'filling' ELSE phase END, reason = ''")
	}
	return "", s.changeState(ctx, "phase = 'filling', filled_to = NULL, reason = ''")
}

// missingTriggers names the triggers that are not on ai_sessions.
func (s *Store) missingTriggers(ctx context.Context) ([]string, error) {
	var present []string
	err := s.db.SelectContext(ctx, &present, `
		SELECT TRIGGER_NAME FROM information_schema.TRIGGERS
		WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'ai_sessions'`)
	if err != nil {
		return nil, err
	}
	wanted := triggers()
	for _, name := range present {
		delete(wanted, name)
	}
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		hidden, err := s.isHidden(ctx, name)
		if err != nil {
			return nil, err
		}
		if !hidden {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// isHidden tells whether there is a trigger that this account may not see. An
// account that may not create triggers is shown none, but the server refuses to
// show one that exists in another way than one that does not.
func (s *Store) isHidden(ctx context.Context, trigger string) (bool, error) {
	rows, err := s.db.QueryContext(ctx, "SHOW CREATE TRIGGER "+trigger)
	if hasNumber(err, erSpecificDenied, erTableAccessDenied) {
		return true, nil
	}
	if hasNumber(err, erNoSuchTrigger) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return false, rows.Close() // it is on another table
}

// createTrigger creates a trigger without making writers wait for long: until
// transactions that use the table end, it waits for them and others for it.
func (s *Store) createTrigger(ctx context.Context, name string) error {
	return retry(ctx, func() error {
		conn, err := s.db.Connx(ctx)
		if err != nil {
			return err
		}
		defer discard(conn) // with the changed timeout
		if _, err := conn.ExecContext(ctx, "SET lock_wait_timeout = 2"); err != nil {
			return err
		}
		create := "CREATE TRIGGER " + name + " " + triggers()[name]
		_, err = conn.ExecContext(ctx, create)
		if !hasNumber(err, erTriggerExists) {
			return err
		}
		// Another gateway was faster, or it is on the table that was ai_sessions
		// until somebody put another in its place.
		missing, err := s.missingTriggers(ctx)
		if err != nil || !slices.Contains(missing, name) {
			return err
		}
		if _, err := conn.ExecContext(ctx, "DROP TRIGGER "+name); err != nil {
			return err
		}
		_, err = conn.ExecContext(ctx, create)
		return err
	})
}

// discard closes a connection rather than giving it back to the pool.
func discard(conn *sqlx.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // which is what it then returns
	_ = conn.Close()                                           // closed already
}

// Numbers of server errors that say why there can be no trigger.
const (
	erTriggerExists      = 1359
	erNoSuchTrigger      = 1360
	erNotSupported       = 1235
	erNotBaseTable       = 1347
	erBinlogUnsafe       = 1419
	erTableAccessDenied  = 1142
	erSpecificDenied     = 1227
	erTriggerOnSystem    = 1465
	erParse              = 1064
	erUnknownSystemVaria = 1193
)

// explain turns an error of CREATE TRIGGER that an administrator can do something
// about into an obstacle.
func (s *Store) explain(ctx context.Context, failed error) (obstacle string, err error) {
	const again = " and then run the migrate command again"
	switch {
	case hasNumber(failed, erBinlogUnsafe):
		return "the server has its binary log on and lets only privileged accounts create triggers (error 1419); " +
			"have an administrator run: SET GLOBAL log_bin_trust_function_creators = 1;" + again +
			" (it may be set back to 0 afterwards)", nil
	case hasNumber(failed, erTableAccessDenied, erDBAccessDenied, erSpecificDenied, erAccessDenied):
		var account, database string
		if err := s.db.QueryRowContext(ctx, `SELECT CURRENT_USER(), DATABASE()`).Scan(&account, &database); err != nil {
			return "", err
		}
		return "the gateway's account may not create triggers; have an administrator run: GRANT TRIGGER ON " +
			quoteName(database) + ".* TO " + quoteAccount(account) + ";" + again, nil
	case hasNumber(failed, erNotBaseTable, erNotSupported, erTriggerOnSystem, erParse, erUnknownSystemVaria):
		return "the server takes no triggers on ai_sessions: " + serverMessage(failed), nil
	}
	return "", failed
}

// serverMessage is what the server said.
func serverMessage(err error) string {
	if coded, ok := errors.AsType[*usage.Error](err); ok && coded.Cause != nil {
		err = coded.Cause
	}
	return err.Error()
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// quoteAccount writes user@host as a statement needs it.
func quoteAccount(account string) string {
	at := strings.LastIndex(account, "@")
	if at < 0 {
		return quoteText(account)
	}
	return quoteText(account[:at]) + "@" + quoteText(account[at+1:])
}

func quoteText(text string) string {
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(text) + "'"
}

// fallBack makes reports read raw sessions. Ranges in which some of those were
// dropped cannot be answered then.
func (s *Store) fallBack(ctx context.Context, reason string) error {
	state, err := s.readState(ctx)
	if err != nil || state.Phase == Raw && state.Reason == reason {
		return err
	}
	return s.changeState(ctx, "phase = 'raw', filled_to = NULL, reason = ?", reason)
}

// CheckRollups looks whether every change is still being recorded. Triggers go
// away when somebody drops them, or puts another table in the place of
// ai_sessions, as tools that change large tables do. Reports then read raw
// sessions until the rollups have been installed and filled again.
func (s *Store) CheckRollups(ctx context.Context) error {
	state, err := s.refreshState(ctx)
	if err != nil || state.Phase == Raw {
		return err
	}
	missing, err := s.missingTriggers(ctx)
	if err != nil || len(missing) == 0 {
		return translate(err)
	}
	return s.fallBack(ctx, fmt.Sprintf("triggers of the gateway on ai_sessions are gone (%s); run the migrate command",
		strings.Join(missing, ", ")))
}
