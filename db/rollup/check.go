package rollup

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"aiusage/db/column"
	"aiusage/db/extent"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// Difference is a sum that the rollups do not have as they should.
type Difference struct {
	AccountID, CustomerID string
	Grain                 usage.Grain
	Bucket                time.Time
	// Want is what the finer rows add up to: the sessions of an hour, the hours of
	// a day, the days of a month. Got is what there is.
	Want, Got usage.Usage

	key rollup
}

// CheckProgress tells how far a check or correction of the rollups has come.
type CheckProgress struct {
	// Grain is what is being checked: all hours, then all days, then all months.
	Grain usage.Grain
	// At is how far it has come within Span.
	At   time.Time
	Span usage.Range
	// Found is the number of differences so far.
	Found int64
}

// checker walks over the rollups and hands differences to handle, in chunks that
// take about paceGoal each, so that neither memory nor a snapshot grows with the
// table. handle is called with the state that was read before the chunk was; when
// it returns phase.ErrChanged, the chunk is read again.
type checker struct {
	rollups  *Rollups
	handle   func(state *phase.State, chunk usage.Range, found []Difference) error
	progress func(CheckProgress)
	found    int64
	// fold makes the checker fold now and then, because it reads all changes that
	// are not folded in every chunk. folded is when it last did.
	fold   bool
	folded time.Time
}

// paceGoal is how long a chunk should take.
const paceGoal = 300 * time.Millisecond

// hours checks the hours in a span against sessions. Hours whose sessions may
// have been dropped are left out: their rollups are all there is.
func (c *checker) hours(ctx context.Context, span usage.Range) error {
	return c.walk(ctx, usage.Hour, span, c.rollups.firstHour, c.rollups.hourDifferences)
}

// firstHour returns the first hour at or after an instant with anything in it.
func (r *Rollups) firstHour(ctx context.Context, at time.Time) (time.Time, bool, error) {
	return extent.FirstHour(ctx, r.db, at)
}

// undated checks the sums of sessions whose start cannot be read.
func (c *checker) undated(ctx context.Context) error {
	chunk := usage.Range{From: column.Undated, To: usage.Month.Next(column.Undated)}
	for _, grain := range usage.Grains {
		read := func() ([]Difference, error) { return c.rollups.totalDifferences(ctx, grain, chunk) }
		if grain == usage.Hour {
			read = func() ([]Difference, error) { return c.rollups.undatedDifferences(ctx) }
		}
		if err := c.chunk(ctx, chunk, read); err != nil {
			return err
		}
	}
	return nil
}

// chunk reads a chunk and handles what is found, again while the state changes.
func (c *checker) chunk(ctx context.Context, chunk usage.Range, read func() ([]Difference, error)) error {
	for {
		state, err := c.rollups.phases.Read(ctx)
		if err != nil {
			return err
		}
		found, err := read()
		if err == nil {
			err = c.handle(state, chunk, found)
		}
		if errors.Is(err, phase.ErrChanged) {
			continue
		}
		c.found += int64(len(found))
		return err
	}
}

// totals checks days against hours, and then months against days.
func (c *checker) totals(ctx context.Context, span usage.Range) error {
	for _, grain := range []usage.Grain{usage.Day, usage.Month} {
		wide := usage.Range{From: usage.Month.Floor(span.From), To: usage.Month.Ceil(span.To)}
		err := c.walk(ctx, grain, wide, func(ctx context.Context, at time.Time) (time.Time, bool, error) {
			return extent.FirstBucket(ctx, c.rollups.db, grain, at)
		}, func(ctx context.Context, chunk usage.Range) ([]Difference, error) {
			return c.rollups.totalDifferences(ctx, grain, chunk)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// walk cuts a span into chunks of as many buckets as the pace allows. first finds
// the next bucket with anything in it.
func (c *checker) walk(ctx context.Context, grain usage.Grain, span usage.Range,
	first func(context.Context, time.Time) (time.Time, bool, error),
	read func(context.Context, usage.Range) ([]Difference, error)) error {
	buckets := 1
	for at := span.From; ; {
		if err := c.foldNowAndThen(ctx); err != nil {
			return err
		}
		state, err := c.rollups.phases.Read(ctx)
		if err != nil {
			return err
		}
		if grain == usage.Hour && at.Before(state.RawFrom.Time) {
			at = state.RawFrom.Time
		}
		from, ok, err := time.Time{}, false, error(nil)
		if at.Before(span.To) && !at.After(usage.Latest) {
			if from, ok, err = first(ctx, at); err != nil {
				return err
			}
		}
		if !ok || !from.Before(span.To) {
			c.tell(CheckProgress{Grain: grain, At: span.To, Span: span})
			return nil
		}
		chunk := chunkOf(grain, from, buckets, span)
		started := time.Now()
		found, err := read(ctx, chunk)
		if err == nil {
			err = c.handle(state, chunk, found)
		}
		if errors.Is(err, phase.ErrChanged) {
			continue
		}
		if err != nil {
			return err
		}
		buckets = pace(buckets, time.Since(started))
		c.found += int64(len(found))
		at = chunk.To
		c.tell(CheckProgress{Grain: grain, At: at, Span: span})
	}
}

func (c *checker) foldNowAndThen(ctx context.Context) error {
	if !c.fold || time.Since(c.folded) < foldEvery {
		return nil
	}
	_, err := c.rollups.Fold(ctx, nil)
	c.folded = time.Now()
	return err
}

// chunkOf returns so many buckets from the one that holds an instant on, as far as
// they are in the span.
func chunkOf(grain usage.Grain, from time.Time, buckets int, span usage.Range) usage.Range {
	chunk := usage.Range{From: grain.Floor(from), To: grain.Floor(from)}
	for i := 0; i < buckets && chunk.To.Before(span.To); i++ {
		chunk.To = grain.Next(chunk.To)
	}
	return chunk
}

// pace returns how many buckets to take next.
func pace(buckets int, took time.Duration) int {
	switch {
	case took < paceGoal/2:
		return min(2*buckets, 31*24)
	case took > 2*paceGoal:
		return max(buckets/2, 1)
	}
	return buckets
}

func (c *checker) tell(at CheckProgress) {
	if c.progress != nil {
		at.Found = c.found
		c.progress(at)
	}
}

// differing compares both sides of a check.
const differing = `want_minutes <> got_minutes OR want_seconds <> got_seconds OR want_sessions <> got_sessions`

// bothSides sums up both sides of a check.
var bothSides = column.Total("want_m") + " AS want_minutes, " + column.Total("want_s") + " AS want_seconds, " + column.Total("want_n") + " AS want_sessions, " +
	column.Total("got_m") + " AS got_minutes, " + column.Total("got_s") + " AS got_seconds, " + column.Total("got_n") + " AS got_sessions"

// hourDifferences compares the sessions of some hours with their rollups and
// unfolded changes, in one snapshot.
//
// What it finds stays the difference whatever others do meanwhile: writing a
// session changes both sides alike, and folding neither. So it can be added to
// the rollups at any later time, once.
func (r *Rollups) hourDifferences(ctx context.Context, chunk usage.Range) ([]Difference, error) {
	return r.sessionDifferences(ctx, where.SessionsIn([]usage.Range{chunk}), where.InSpan("hour", chunk), where.InSpan("r.bucket", chunk))
}

// undatedDifferences does the same for the sessions whose start cannot be read.
// No key leads to all of them, so it looks at every session.
func (r *Rollups) undatedDifferences(ctx context.Context) ([]Difference, error) {
	var changes, rollups where.Conditions
	changes.Add("hour = ?", column.Undated)
	rollups.Add("r.bucket = ?", column.Undated)
	return r.sessionDifferences(ctx, where.UndatedSessions(), changes, rollups)
}

// sessionDifferences compares sessions with changes and rollups of hours.
func (r *Rollups) sessionDifferences(ctx context.Context, sessions, changes, rollups where.Conditions) ([]Difference, error) {
	rollups.Add("r.grain = ?", usage.Hour)
	rows, err := r.db.QueryContext(ctx, `
		SELECT sides.account_id, sides.customer_id, sides.bucket, `+bothSides+`
		FROM (
			SELECT account_id, COALESCE(customer_id, '') AS customer_id, `+column.HourOf("started_at")+` AS bucket,
			       SUM(ai_minutes) AS want_m, SUM(duration_seconds) AS want_s, COUNT(*) AS want_n, 0 AS got_m, 0 AS got_s, 0 AS got_n
			FROM ai_sessions`+sessions.String()+`
			GROUP BY 1, 2, 3
			UNION ALL
			SELECT account_id, customer_id, hour, 0, 0, 0, SUM(minutes), SUM(seconds), SUM(sessions)
			FROM usage_deltas`+changes.String()+`
			GROUP BY account_id, customer_id, hour
			UNION ALL
			SELECT s.account_id, s.customer_id, r.bucket, 0, 0, 0, r.minutes, r.seconds, r.sessions
			FROM usage_rollups r JOIN usage_subjects s ON s.subject_no = r.subject_no`+rollups.String()+`
		) AS sides
		GROUP BY sides.account_id, sides.customer_id, sides.bucket
		HAVING `+differing,
		slices.Concat(sessions.Args, changes.Args, rollups.Args)...)
	return readDifferences(rows, err, usage.Hour)
}

// totalDifferences compares the rollups of a grain with those of the grain below,
// in one snapshot. Folding changes both alike.
func (r *Rollups) totalDifferences(ctx context.Context, grain usage.Grain, chunk usage.Range) ([]Difference, error) {
	bucket := "TIMESTAMP(DATE(bucket))"
	if grain == usage.Month {
		bucket = "TIMESTAMP(DATE_FORMAT(bucket, '%Y-%m-01'))"
	}
	fine, coarse := where.InSpan("bucket", chunk), where.InSpan("bucket", chunk)
	fine.Add("grain = ?", grain-1)
	coarse.Add("grain = ?", grain)
	rows, err := r.db.QueryContext(ctx, `
		SELECT s.account_id, s.customer_id, both_sides.bucket,
		       want_minutes, want_seconds, want_sessions, got_minutes, got_seconds, got_sessions
		FROM (SELECT sides.subject_no, sides.bucket, `+bothSides+`
		      FROM (
			SELECT subject_no, `+bucket+` AS bucket, minutes AS want_m, seconds AS want_s, sessions AS want_n, 0 AS got_m, 0 AS got_s, 0 AS got_n
			FROM usage_rollups`+fine.String()+`
			UNION ALL
			SELECT subject_no, bucket, 0, 0, 0, minutes, seconds, sessions
			FROM usage_rollups`+coarse.String()+`
		      ) AS sides
		      GROUP BY sides.subject_no, sides.bucket
		      HAVING `+differing+`) AS both_sides
		JOIN usage_subjects s ON s.subject_no = both_sides.subject_no`,
		append(fine.Args, coarse.Args...)...)
	return readDifferences(rows, err, grain)
}

func readDifferences(rows *sql.Rows, err error, grain usage.Grain) ([]Difference, error) {
	if err != nil {
		return nil, pool.Translate(err)
	}
	defer rows.Close()
	var found []Difference
	for rows.Next() {
		one := Difference{Grain: grain}
		err := rows.Scan(&one.AccountID, &one.CustomerID, &one.Bucket,
			(*column.Sum)(&one.Want.Minutes), (*column.Sum)(&one.Want.Seconds), (*column.Sum)(&one.Want.Sessions),
			(*column.Sum)(&one.Got.Minutes), (*column.Sum)(&one.Got.Seconds), (*column.Sum)(&one.Got.Sessions))
		if err != nil {
			return nil, pool.Translate(err)
		}
		found = append(found, one)
	}
	return found, pool.Translate(rows.Err())
}

// correct adds differences to the rollups, once: not when the rollups have been
// corrected, or the state changed, since seen was read (phase.ErrChanged).
// assignments are what else changes in the state at the same time.
func (r *Rollups) correct(ctx context.Context, seen *phase.State, found []Difference, assignments string, args ...any) error {
	if err := r.number(ctx, found); err != nil {
		return err
	}
	totals := map[rollup]usage.Usage{}
	for _, one := range found {
		for _, grain := range usage.Grains[one.Grain-1:] {
			// What an hour lacks, its day and month lack too. What a day lacks
			// compared to its hours, the month is compared with afterwards.
			if one.Grain != usage.Hour && grain != one.Grain {
				break
			}
			key := one.key
			key.grain, key.bucket = grain, grain.Floor(one.Bucket)
			totals[key] = totals[key].Plus(one.Want).Minus(one.Got)
		}
	}
	err := pool.Retry(ctx, func() error {
		tx, err := r.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := phase.Lock(ctx, tx, seen); err != nil {
			return err
		}
		if err := addRollups(ctx, tx, totals); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE usage_rollup_state SET corrections = corrections + 1`+assignments+` WHERE state_id = 1`, args...)
		if err != nil {
			return err
		}
		return tx.Commit()
	})
	return r.refuseTooLarge(ctx, err)
}

// Share returns how much of what is being checked has been, from 0 to 1.
func (p CheckProgress) Share() float64 {
	whole := p.Span.To.Sub(p.Span.From)
	if whole <= 0 {
		return 1
	}
	return min(1, max(0, float64(p.At.Sub(p.Span.From))/float64(whole)))
}
