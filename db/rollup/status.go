package rollup

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"aiusage/db/check"
	"aiusage/db/column"
	"aiusage/db/member"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Status says how the rollups are, for operators.
type Status struct {
	Phase phase.Phase
	// Reason says why reports read raw sessions and what to do about it, or what was
	// wrong with the rollups while they are being repaired. It is empty when reports
	// read the rollups, and while these are being filled for the first time.
	Reason string
	// Distrusted tells that the rollups were found to differ from the sessions, which
	// reports read until that has been settled.
	Distrusted bool
	// Stuck says what keeps this process from folding, if anything. Reports are
	// exact, but take longer the more changes there are to add.
	Stuck string
	// Undated is the number of sessions whose start cannot be read, such as
	// '0000-00-00'. They count in reports without a range only.
	Undated int64
	// FilledTo is how far filling has come, zero when it has not begun or is over.
	FilledTo time.Time
	// RawFrom is the instant before which sessions may have been dropped, or zero.
	RawFrom time.Time
	// QuartersFrom is the instant before which there are sums of whole hours only, or zero.
	QuartersFrom time.Time
	// Calendars are those by whose days and months there are sums, beside that of UTC.
	Calendars []CalendarStatus
	// Former says how the sums are that gateways of an earlier version keep, and is empty
	// where there are none. Reports read them while they are ready and these are not.
	Former phase.Phase
	// Pending is the number of changes that are not folded yet, and Lag the age of
	// the oldest of them.
	Pending int64
	Lag     time.Duration
	// Server is what the server is among others. Where it does not fold, nor does this gateway.
	Server member.Member
}

// CalendarStatus says how the sums by the days and months of a time zone are.
type CalendarStatus struct {
	Zone string
	// Phase is "ready", "filling", "leaving" while they are being deleted, or "stale" where
	// the rules of the zone have changed since migrate was run.
	Phase string
}

// IsFilled tells whether nothing is left for FillRollups to do.
func (s Status) IsFilled() bool {
	unsettled := func(one CalendarStatus) bool {
		return one.Phase == string(phase.Filling) || one.Phase == leaving
	}
	return s.Phase == phase.Ready && !slices.ContainsFunc(s.Calendars, unsettled)
}

// ReadsFormer tells whether reports read the sums of an earlier version meanwhile.
func (s Status) ReadsFormer() bool { return s.Phase != phase.Ready && s.Former == phase.Ready }

// notAdopted is said while gateways of an earlier version have dropped sessions whose sums
// are not here yet.
const notAdopted = "a gateway of an earlier version has dropped sessions, whose sums are being adopted"

// RollupStatus reads how the rollups are.
func (r *Rollups) RollupStatus(ctx context.Context) (Status, error) {
	server, err := r.db.Member(ctx)
	if err != nil {
		return Status{}, err
	}
	state, err := r.phases.Refresh(ctx)
	if err != nil {
		return Status{}, err
	}
	status := Status{Server: server, Phase: state.Phase, Reason: state.Reason, FilledTo: state.FilledTo.Time, RawFrom: state.RawFrom.Time, QuartersFrom: state.QuartersFrom.Time, Stuck: r.folding.stuck(r.Now())}
	if state.Phase == phase.Ready && !state.Believed {
		status.Phase, status.Reason = phase.Filling, notAdopted
	}
	former, err := r.formerState(ctx)
	if err != nil {
		return Status{}, err
	}
	if former.installed && former.Phase != phase.Raw {
		status.Former = former.Phase
	}
	registered, err := phase.RegisteredCalendars(ctx, r.db)
	if err != nil {
		return Status{}, err
	}
	for _, one := range registered {
		status.Calendars = append(status.Calendars, CalendarStatus{one.Zone, one.Phase})
	}
	if suspicion := r.phases.Suspicion(); suspicion != "" && status.Reason == "" {
		status.Reason, status.Distrusted = suspicion, true
	}
	if state.Phase == phase.Filling && state.Reason != "" || strings.Contains(state.Reason, check.HaveGone) {
		status.Distrusted = true
	}
	if state.Phase == phase.Raw && status.Reason == "" {
		status.Reason = "the rollups are not installed; run the migrate command"
	}
	// The oldest change is the first one, but for transactions that took long.
	var lag sql.NullInt64
	err = r.db.QueryRowContext(ctx, `
		SELECT COUNT(*), (SELECT TIMESTAMPDIFF(SECOND, recorded_at, CURRENT_TIMESTAMP)
		                  FROM usage_changes ORDER BY change_id LIMIT 1),
		       CAST(COALESCE(SUM(CASE WHEN quarter = ? THEN sessions ELSE 0 END), 0) +
		            COALESCE((SELECT SUM(sessions) FROM usage_total_rollups WHERE grain = ? AND bucket = ?), 0) AS DECIMAL(38, 0))
		FROM usage_changes`, column.Undated, usage.Month, column.Undated).Scan(&status.Pending, &lag, (*column.Sum)(&status.Undated))
	status.Lag = max(0, time.Duration(lag.Int64)*time.Second)
	return status, pool.Translate(err)
}
