package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"aiusage/usage"
)

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
		if err := s.giveUp(ctx, obstacle); err != nil {
			return RollupStatus{}, err
		}
	}
	return s.RollupStatus(ctx)
}

// install creates what is missing. obstacle says why that is not possible.
func (s *Store) install(ctx context.Context) (obstacle string, err error) {
	defer s.holding(ctx)()
	wanted, obstacle, err := s.suitable(ctx)
	if err != nil || obstacle != "" {
		return obstacle, err
	}
	locks, err := s.hasRowLocks(ctx)
	if err != nil || !locks {
		return noRowLocks, err
	}
	missing, err := s.missingTriggers(ctx, wanted)
	if err != nil {
		return "", err
	}
	if len(missing) > 0 {
		// Nobody may rely on the rollups, nor finish filling them, until all are there.
		if err := s.fallBack(ctx, "the triggers on ai_sessions are being created; if that was cut off, run the migrate command"); err != nil {
			return "", err
		}
	}
	for _, name := range missing {
		if err := s.createTrigger(ctx, name, wanted); err != nil {
			return s.explain(ctx, err)
		}
	}
	// From here on every change is recorded. What was before, or while a trigger
	// was missing, is for FillRollups to find.
	state, err := s.readState(ctx)
	if err != nil || len(missing) == 0 && state.Phase != Raw && state.Reason == "" {
		return "", err
	}
	if len(missing) == 0 && state.Phase == Filling {
		return "", s.changeState(ctx, "reason = ''") // whoever installs wants the sums made anew
	}
	return "", s.changeState(ctx, "phase = 'filling', filled_to = NULL, reason = ''")
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
// ai_sessions, as tools that change large tables do; the table or the server may
// no longer suit them. Reports then read raw sessions until the rollups have been
// installed and filled again.
func (s *Store) CheckRollups(ctx context.Context) error {
	state, err := s.refreshState(ctx)
	if err != nil {
		return err
	}
	wanted, obstacle, err := s.suitable(ctx)
	if err != nil {
		return translate(err)
	}
	if obstacle != "" {
		return s.giveUp(ctx, obstacle)
	}
	if state.Phase == Raw {
		return nil
	}
	missing, err := s.missingTriggers(ctx, wanted)
	if err != nil || len(missing) == 0 {
		return translate(err)
	}
	return s.fallBack(ctx, fmt.Sprintf("triggers of the gateway on ai_sessions are gone or not as they must be (%s); run the migrate command",
		strings.Join(missing, ", ")))
}

// giveUp makes reports read raw sessions for as long as there is an obstacle, and
// takes the triggers away, which would only be in the platform's way.
func (s *Store) giveUp(ctx context.Context, obstacle string) error {
	state, err := s.readState(ctx)
	if err == nil && state.Phase != Raw {
		err = s.fallBack(ctx, obstacle)
	}
	if err != nil {
		return err
	}
	err = s.dropTriggers(ctx)
	if hasNumber(err, erTableAccessDenied, erDBAccessDenied, erSpecificDenied) {
		obstacle += "; an administrator has to drop the triggers of the gateway on ai_sessions (" +
			strings.Join([]string{onInsert, onUpdate, onDelete}, ", ") + "), which its account may not"
	} else if err != nil {
		return translate(err)
	}
	return s.fallBack(ctx, obstacle)
}
