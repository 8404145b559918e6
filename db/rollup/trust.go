package rollup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"aiusage/db/column"
	"aiusage/db/extent"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// Triggers do not see everything that happens to ai_sessions: not TRUNCATE, not the
// cascades of foreign keys, not a partition that is dropped, not a copy of the table
// that is put back alone, and not what a session writes that has the bulk variable
// left on. So the sums are compared with the sessions all the time, a day at a
// time, in the background.

// lacking names the first hour that has fewer sessions than its sums say, if there
// is one. Sums that somebody may still need are not taken away without being asked.
func lacking(found []Difference) (hour time.Time, fewer int64) {
	changed := map[time.Time]int64{}
	for _, one := range found {
		changed[one.Bucket] += one.Want.Sessions - one.Got.Sessions
	}
	for at, change := range changed {
		if change < 0 && (fewer == 0 || at.Before(hour)) {
			hour, fewer = at, -change
		}
	}
	return hour, fewer
}

// lacks is the reason to read raw sessions when some of them have gone.
func lacks(hour time.Time, fewer int64) string {
	which := "the hour from " + hour.Format(time.RFC3339)
	if hour.Equal(column.Undated) {
		which = "those whose start cannot be read"
	}
	return fmt.Sprintf("%d sessions of %s %s, as by TRUNCATE, a dropped partition or a restored table; "+
		"if the sessions are right as they are, run the migrate command, which makes the sums anew; otherwise restore them first", fewer, which, haveGone)
}

// haveGone is what the reason says where sums have been left alone.
const haveGone = "have gone without a trigger seeing it"

// Comparer compares the sums of days with their sessions, some at a time, and begins the
// repair where they differ.
type Comparer struct {
	rollups *Rollups
	// next is where the walk over all days goes on, and month the last month it has
	// compared.
	next, month time.Time
	// created is when the table was made, as the server says, which TRUNCATE and
	// whatever puts another table in its place changes.
	created sql.NullString
}

// NewComparer returns a Comparer that begins with the first day.
func (r *Rollups) NewComparer() *Comparer { return &Comparer{rollups: r} }

// compareFor is how long a round takes, unless there is reason to doubt the sums.
const compareFor = 200 * time.Millisecond

// Round compares the first day, the last one and those of now, and as many more as
// time allows: all of them where the table has been made anew since the last round. finished tells that
// the walk over all days has come to its end, or that there is nothing to compare.
func (c *Comparer) Round(ctx context.Context) (finished bool, err error) {
	state, err := c.rollups.phases.Read(ctx)
	if err != nil || state.Phase != phase.Ready {
		return true, err
	}
	before := c.created
	err = c.rollups.db.GetContext(ctx, &c.created, `
		SELECT CAST(CREATE_TIME AS CHAR) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'ai_sessions'`)
	if err != nil {
		return false, pool.Translate(err)
	}
	all, found, err := extent.Filled(ctx, c.rollups.db)
	if err != nil || !found {
		return true, err
	}
	if state.RawFrom.Valid && all.From.Before(state.RawFrom.Time) {
		all.From = state.RawFrom.Time
	}
	// The last day need not be near: clocks go wrong.
	now := time.Now()
	for _, day := range []time.Time{all.From, usage.Day.Floor(all.To.Add(-1)), now.AddDate(0, 0, -1), now} {
		if differs, err := c.compare(ctx, state, day, usage.Day); err != nil || differs {
			return false, err
		}
	}
	whole := before.Valid && before != c.created
	if whole || c.next.Before(all.From) {
		c.next = all.From
	}
	for deadline := time.Now().Add(compareFor); whole || time.Now().Before(deadline); c.next = usage.Day.Next(c.next) {
		hour, found, err := c.rollups.firstHour(ctx, c.next)
		if err != nil {
			return false, err
		}
		if !found {
			c.next, c.month = time.Time{}, time.Time{}
			return true, nil
		}
		c.next = hour
		coarsest := usage.Day
		if month := usage.Month.Floor(hour); !month.Equal(c.month) {
			c.month, coarsest = month, usage.Month
		}
		if differs, err := c.compare(ctx, state, hour, coarsest); err != nil || differs {
			return false, err
		}
	}
	return false, nil
}

// compare compares the rest of the day from an instant on, the day with its hours and,
// where that is the coarsest grain asked for, the month with its days. It begins the
// repair where they differ; the error then says so.
func (c *Comparer) compare(ctx context.Context, state *phase.State, at time.Time, coarsest usage.Grain) (differs bool, err error) {
	span := usage.Range{From: usage.Hour.Floor(at), To: usage.Day.Next(at)}
	if day := usage.Day.Floor(at); !state.RawFrom.Valid || !day.Before(state.RawFrom.Time) {
		span.From = day
	} else if span.From.Before(state.RawFrom.Time) {
		span.From = state.RawFrom.Time
	}
	reason, err := c.rollups.sessionsDiffer(ctx, span)
	for grain := usage.Day; grain <= coarsest && err == nil && reason == ""; grain++ {
		reason, err = c.rollups.grainDiffers(ctx, grain, grain.Floor(at))
	}
	if err != nil || reason == "" {
		return false, err
	}
	if begun, err := c.rollups.phases.Distrust(ctx, state, reason); err != nil || !begun {
		return true, err
	}
	return true, usage.Errorf(usage.Unavailable, "%s; reports read raw sessions until they are repaired", reason)
}

// A signature is a sum in which every subject and hour has a weight of its own, so
// that usage which was moved between them does not cancel out. It takes no grouping.

// signed is the signature of rows with these amounts.
func signed(weight, minutes, seconds, sessions string) string {
	return "COALESCE(SUM(CAST(" + weight + " AS DECIMAL(20, 0)) * (" + sessions + " + 7 * CAST(" + minutes + " AS DECIMAL(30, 0)) + 31 * CAST(" + seconds + " AS DECIMAL(30, 0)))), 0)"
}

// sessionsDiffer says how the sessions of a span differ from the sums of its hours,
// if they do, in one snapshot.
func (r *Rollups) sessionsDiffer(ctx context.Context, span usage.Range) (reason string, err error) {
	sessions := where.SessionsIn([]usage.Range{span})
	changes, sums := where.InSpan("hour", span), where.InSpan("bucket", span)
	sums.Add("grain = ?", usage.Hour)
	weight := func(hour string) string {
		return "CRC32(CONCAT(RTRIM(account_id), '\n', RTRIM(COALESCE(customer_id, '')), '\n', HOUR(" + hour + ")))"
	}
	part := func(sign, minutes, seconds, sessions, signature string) string {
		return "SELECT COALESCE(" + sign + "SUM(" + minutes + "), 0) AS minutes, COALESCE(" + sign + "SUM(" + seconds + "), 0) AS seconds, " +
			"COALESCE(" + sign + "SUM(" + sessions + "), 0) AS sessions, " + sign + signature + " AS signature FROM "
	}
	var more usage.Usage
	var same bool
	err = r.db.QueryRowContext(ctx, `
		SELECT `+column.Total("minutes")+`, `+column.Total("seconds")+`, `+column.Total("sessions")+`, SUM(signature) = 0 FROM (
			`+part("", "ai_minutes", "duration_seconds", "1", signed(weight("started_at"), "COALESCE(ai_minutes, 0)", "COALESCE(duration_seconds, 0)", "1"))+
		`ai_sessions`+sessions.String()+`
			UNION ALL `+part("-", "minutes", "seconds", "sessions", signed(weight("hour"), "minutes", "seconds", "sessions"))+`usage_deltas`+changes.String()+`
			UNION ALL `+part("-", "minutes", "seconds", "sessions", signed(weight("bucket"), "minutes", "seconds", "sessions"))+
		`usage_rollups JOIN usage_subjects ON usage_subjects.subject_no = usage_rollups.subject_no`+sums.String()+`
		) AS sides`, slices.Concat(sessions.Args, changes.Args, sums.Args)...).
		Scan((*column.Sum)(&more.Minutes), (*column.Sum)(&more.Seconds), (*column.Sum)(&more.Sessions), &same)
	switch {
	case err != nil:
		return "", pool.Translate(err)
	case more != (usage.Usage{}):
		return fmt.Sprintf("the sums of %s are not those of its sessions: these have %d min, %d s and %d sessions more",
			span.From.Format(time.DateOnly), more.Minutes, more.Seconds, more.Sessions), nil
	case !same:
		return fmt.Sprintf("the sums of %s are not those of its sessions: these belong to other accounts, customers or hours",
			span.From.Format(time.DateOnly)), nil
	}
	return "", nil
}

// grainDiffers says whether the sums of a bucket differ from those of the grain below.
func (r *Rollups) grainDiffers(ctx context.Context, grain usage.Grain, bucket time.Time) (reason string, err error) {
	fine := where.InSpan("bucket", usage.Range{From: bucket, To: grain.Next(bucket)})
	var same bool
	err = r.db.QueryRowContext(ctx, `
		SELECT SUM(signature) = 0 FROM (
			SELECT `+signed("subject_no", "minutes", "seconds", "sessions")+` AS signature FROM usage_rollups WHERE grain = ? AND bucket = ?
			UNION ALL
			SELECT -`+signed("subject_no", "minutes", "seconds", "sessions")+` FROM usage_rollups`+fine.String()+` AND grain = ?
		) AS sides`, slices.Concat([]any{grain, bucket}, fine.Args, []any{grain - 1})...).Scan(&same)
	if err != nil || same {
		return "", pool.Translate(err)
	}
	return fmt.Sprintf("the sums of the %s from %s are not those of its %ss", grain, bucket.Format(time.DateOnly), grain-1), nil
}

// resolve distrusts the rollups where there is a suspicion. The error then says so.
func (r *Rollups) resolve(ctx context.Context) error {
	reason := r.phases.Suspicion()
	if reason == "" {
		return nil
	}
	state, err := r.phases.Read(ctx)
	if err != nil {
		return err
	}
	begun, err := r.phases.Distrust(ctx, state, reason)
	if err != nil {
		return err
	}
	r.phases.ClearSuspicion()
	if !begun {
		return nil // it has been settled, or is being settled
	}
	return usage.Errorf(usage.Unavailable, "%s; reports read raw sessions until the rollups are repaired", reason)
}

// refuseTooLarge makes reports read raw sessions where a sum does not fit in the
// rollups, which nothing could be added to any more.
func (r *Rollups) refuseTooLarge(ctx context.Context, err error) error {
	if !errors.Is(err, usage.ErrTooLarge) && !pool.HasNumber(err, pool.ErOutOfRange, pool.ErOutOfRangeColumn) {
		return err
	}
	return errors.Join(err, r.phases.FallBack(ctx, "a sum of the rollups does not fit in 64 bits; correct the durations in ai_sessions, make the tables of the rollups anew with the migrate down command, and run the migrate command"))
}
