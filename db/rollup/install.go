package rollup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aiusage/db/member"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// InstallRollups prepares the rollups as far as the server and the account allow:
// it creates the triggers, after which FillRollups has to sum up the sessions of
// before. It may be run at any time, beside writers and other gateways, and does
// nothing where the rollups are installed. Where they cannot be, reports read
// raw sessions, and the status says why and what to do about it; that is no error.
//
// zone is the time zone by whose days and months there are to be sums as well; with UTC there
// are those of UTC alone. It may be another one than before (registerCalendar), and with nil it
// is the one of before.
func (r *Rollups) InstallRollups(ctx context.Context, zone *time.Location) (Status, error) {
	_, err := r.db.ExecContext(ctx, `
		INSERT IGNORE INTO usage_level_state (state_id, phase, reason, generation, corrections)
		VALUES (1, 'raw', '', 0, 0)`)
	if err != nil {
		return Status{}, pool.Translate(err)
	}
	obstacle, err := r.install(ctx)
	if err != nil {
		return Status{}, pool.Translate(err)
	}
	if obstacle != "" {
		return r.RollupStatus(ctx)
	}
	if err := sums.StampFirst(ctx, r.db); err != nil {
		return Status{}, pool.Translate(err)
	}
	if zone == nil {
		if zone, err = r.zoneOfBefore(ctx); err != nil {
			return Status{}, err
		}
	}
	if zone != nil {
		if err := r.registerCalendar(ctx, zone); err != nil {
			return Status{}, err
		}
	}
	return r.RollupStatus(ctx)
}

// install creates what is missing. obstacle says why that is not possible; reports read
// raw sessions then.
func (r *Rollups) install(ctx context.Context) (obstacle string, err error) {
	release, err := r.db.Hold(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	server, err := r.db.Member(ctx)
	if err != nil {
		return "", err
	}
	return r.installOn(ctx, server)
}

// installOn does so on a server.
func (r *Rollups) installOn(ctx context.Context, server member.Member) (obstacle string, err error) {
	wanted, obstacle, err := r.suitable(ctx)
	if err != nil {
		return "", err
	}
	if server.Replicates {
		obstacle = replicaObstacle
	}
	if obstacle == "" {
		locks, err := r.hasRowLocks(ctx)
		if err != nil {
			return "", err
		}
		if !locks {
			obstacle = noRowLocks
		}
	}
	if obstacle != "" {
		return obstacle, r.giveUp(ctx, obstacle)
	}
	missing, err := r.missingTriggers(ctx, wanted)
	if err != nil {
		return "", err
	}
	if len(missing) > 0 {
		// Nobody may rely on the rollups, nor finish filling them, until all are there.
		if err := r.phases.FallBack(ctx, "the triggers on ai_sessions are being created; if that was cut off, run the migrate command"); err != nil {
			return "", err
		}
	}
	for _, name := range missing {
		if err := r.createTrigger(ctx, name, wanted); err != nil {
			obstacle, err := r.explain(ctx, err)
			if err != nil {
				return "", err
			}
			// What keeps these triggers from being created says nothing about others.
			return obstacle, r.giveUpOwn(ctx, obstacle, ownTriggers)
		}
	}
	// From here on every change is recorded. What was before, or while a trigger
	// was missing, is for FillRollups to find.
	state, err := r.phases.Read(ctx)
	if err != nil || len(missing) == 0 && state.Phase != phase.Raw && state.Reason == "" {
		return "", err
	}
	if len(missing) == 0 && state.Phase == phase.Filling {
		return "", r.phases.Change(ctx, "reason = ''") // whoever installs wants the sums made anew
	}
	return "", r.phases.Change(ctx, "phase = 'filling', filled_to = NULL, reason = ''")
}

// explain turns an error of CREATE TRIGGER that an administrator can do something
// about into an obstacle.
func (r *Rollups) explain(ctx context.Context, failed error) (obstacle string, err error) {
	const again = " and then run the migrate command again"
	switch {
	case pool.HasNumber(failed, pool.ErBinlogUnsafe):
		return "the server has its binary log on and lets only privileged accounts create triggers (error 1419); " +
			"have an administrator run: SET GLOBAL log_bin_trust_function_creators = 1;" + again +
			" (it may be set back to 0 afterwards)", nil
	case pool.HasNumber(failed, pool.ErTableAccessDenied, pool.ErDBAccessDenied, pool.ErSpecificDenied, pool.ErAccessDenied):
		var account, database string
		if err := r.db.QueryRowContext(ctx, `SELECT CURRENT_USER(), DATABASE()`).Scan(&account, &database); err != nil {
			return "", err
		}
		return "the gateway's account may not create triggers; have an administrator run: GRANT TRIGGER ON " +
			quoteName(database) + ".* TO " + quoteAccount(account) + ";" + again, nil
	case pool.HasNumber(failed, pool.ErNotBaseTable, pool.ErNotSupported, pool.ErTriggerOnSystem, pool.ErParse, pool.ErUnknownSystemVaria):
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

// CheckRollups looks whether every change is still being recorded. Triggers go
// away when somebody drops them, or puts another table in the place of
// ai_sessions, as tools that change large tables do; the table or the server may
// no longer suit them. Reports then read raw sessions until the rollups have been
// installed and filled again.
//
// The same is true of the sums by hour, which reports read while those by level are being
// filled, except that only an earlier version's gateway can install them.
func (r *Rollups) CheckRollups(ctx context.Context) error {
	state, err := r.phases.Refresh(ctx)
	if err != nil {
		return err
	}
	wanted, obstacle, err := r.suitable(ctx)
	if err != nil {
		return pool.Translate(err)
	}
	if obstacle != "" {
		return r.giveUp(ctx, obstacle)
	}
	if err := r.checkFormer(ctx); err != nil || state.Phase == phase.Raw {
		return err
	}
	missing, err := r.missingTriggers(ctx, wanted)
	if err != nil || len(missing) == 0 {
		return pool.Translate(err)
	}
	return r.phases.FallBack(ctx, fmt.Sprintf("triggers of the gateway on ai_sessions are gone or not as they must be (%s); run the migrate command",
		strings.Join(missing, ", ")))
}

// giveUp makes reports read raw sessions for as long as there is an obstacle, and
// takes the triggers away, which would only be in the platform's way: an earlier
// version's as well, for which it is one, too.
func (r *Rollups) giveUp(ctx context.Context, obstacle string) error {
	former, err := r.former.Read(ctx)
	if err == nil && former.Phase != phase.Raw {
		err = r.former.FallBack(ctx, obstacle)
	}
	if err != nil {
		return err
	}
	return r.giveUpOwn(ctx, obstacle, slices.Concat(ownTriggers, formerTriggers))
}

// giveUpOwn does so for the sums by level, and drops some triggers.
func (r *Rollups) giveUpOwn(ctx context.Context, obstacle string, triggers []string) error {
	state, err := r.phases.Read(ctx)
	if err == nil && state.Phase != phase.Raw {
		err = r.phases.FallBack(ctx, obstacle)
	}
	if err != nil {
		return err
	}
	err = r.dropTriggers(ctx, triggers)
	if pool.HasNumber(err, pool.ErTableAccessDenied, pool.ErDBAccessDenied, pool.ErSpecificDenied) {
		present, err := r.presentTriggers(ctx, triggers)
		if err != nil {
			return pool.Translate(err)
		}
		obstacle += "; an administrator has to drop the triggers of the gateway on ai_sessions (" +
			strings.Join(present, ", ") + "), which its account may not"
	} else if err != nil {
		return pool.Translate(err)
	}
	return r.phases.FallBack(ctx, obstacle)
}
