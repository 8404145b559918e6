package check

import (
	"context"
	"errors"
	"slices"
	"time"

	"aiusage/db/phase"
	"aiusage/usage"
)

// checker walks over the sums and hands differences to handle, in chunks that take about
// paceGoal each, so that neither memory nor a snapshot grows with the tables. When handle
// returns phase.ErrChanged, the chunk is read again.
type checker struct {
	checks   *Checks
	handle   func(seen *snapshot, chunk usage.Range, found []Difference) error
	progress func(CheckProgress)
	// compares are the calendars that are compared, beside that of UTC, and only, unless it
	// is 0, the number of the one that is compared alone.
	compares func(phase.Registered) bool
	only     int
	// filled is how far sums were compared with sessions before.
	filled time.Time
	// told is the span by which progress is told.
	told  usage.Range
	found int64
	// fold makes the checker fold now and then, because it reads all changes that are not
	// folded in every chunk. folded is when it last did.
	fold   bool
	folded time.Time
	// days is how many days the next chunk has.
	days int
}

// paceGoal is how long a chunk should take.
const paceGoal = 300 * time.Millisecond

// foldEvery is how often a checker folds that does.
const foldEvery = time.Second

// maxDays bounds the days of a chunk.
const maxDays = 2 * 366

// all walks over the sums of a span, and those of the whole months that it is part of.
func (c *checker) all(ctx context.Context, span usage.Range) error {
	span.From = later(span.From, usage.Earliest)
	if span.To.IsZero() || span.To.After(usage.Latest) {
		span.To = usage.Latest
	}
	sessions := span
	sessions.From = later(sessions.From, c.filled)
	if err := c.walk(ctx, 0, sessions); err != nil {
		return err
	}
	wide := usage.Range{From: usage.Month.Floor(span.From), To: usage.Month.Ceil(span.To)}
	for stage := 1; stage < len(stageGrains); stage++ {
		if err := c.walk(ctx, stage, wide); err != nil {
			return err
		}
	}
	return nil
}

// comparisons are those of a stage in a snapshot.
func (c *checker) comparisons(s *snapshot, stage int) []comparison {
	all := stages(s.calendars(c.compares))[stage]
	if c.only == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(one comparison) bool { return one.grid.Calendar.No != c.only })
}

// undated checks the sums of sessions whose start cannot be read, which are in the grids of
// UTC only: a stage after the other, since what is corrected in one changes the next.
func (c *checker) undated(ctx context.Context) error {
	for _, stage := range stages([]usage.Calendar{usage.UTCCalendar}) {
		err := c.chunk(ctx, func(s *snapshot) (_ usage.Range, found []Difference, err error) {
			for _, one := range stage {
				some, err := s.differences(ctx, one, undatedSpan)
				if err != nil {
					return undatedSpan, nil, err
				}
				found = append(found, some...)
			}
			return undatedSpan, found, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// chunk reads a chunk and handles what is found, again while the state changes.
func (c *checker) chunk(ctx context.Context, read func(*snapshot) (usage.Range, []Difference, error)) error {
	for {
		var chunk usage.Range
		var found []Difference
		var seen *snapshot
		err := c.checks.inSnapshot(ctx, func(s *snapshot) (err error) {
			seen = s
			chunk, found, err = read(s)
			return err
		})
		if err == nil {
			err = c.handle(seen, chunk, found)
		}
		if errors.Is(err, phase.ErrChanged) {
			continue
		}
		c.found += int64(len(found))
		return err
	}
}

// walk compares the sums of a stage, in chunks of as many days as the pace allows. A bucket
// belongs to the chunk in which it begins, and those that the span touches are compared.
func (c *checker) walk(ctx context.Context, stage int, span usage.Range) error {
	c.days = max(c.days, 1) // a later stage begins with what the one before has come to
	at, ended := time.Time{}, false
	for !ended {
		if err := c.foldNowAndThen(ctx); err != nil {
			return err
		}
		started := time.Now()
		var chunk usage.Range
		err := c.chunk(ctx, func(s *snapshot) (_ usage.Range, found []Difference, err error) {
			comparisons := c.comparisons(s, stage)
			chunk, ended, err = s.chunkFrom(ctx, comparisons, later(at, floor(comparisons, span.From)), c.days, span)
			if ended {
				return chunk, nil, err
			}
			if found, err = s.differencesIn(ctx, comparisons, chunk, span); err != nil {
				return chunk, nil, err
			}
			_, ended, err = s.chunkFrom(ctx, comparisons, chunk.To, 1, span) // whether this was the last
			return chunk, found, err
		})
		if err != nil {
			return err
		}
		if !ended { // the last chunk may be a short one, which tells nothing of the pace
			c.days, at = pace(c.days, time.Since(started)), chunk.To
			c.tell(stage, at)
		}
	}
	c.tell(stage, c.told.To)
	return nil
}

// chunkFrom returns the next chunk at or after an instant in which anything begins, of so
// many days. ended tells that there is none in the span, or an error.
func (s *snapshot) chunkFrom(ctx context.Context, comparisons []comparison, at time.Time, days int, span usage.Range) (chunk usage.Range, ended bool, err error) {
	if len(comparisons) == 0 || !at.Before(span.To) {
		return usage.Range{}, true, nil
	}
	first, found, err := s.first(ctx, comparisons, at, chunkEnd(at, days))
	if !found {
		return usage.Range{}, true, err
	}
	from := later(at, floor(comparisons, first))
	if !from.Before(span.To) {
		return usage.Range{}, true, nil
	}
	return usage.Range{From: from, To: earlier(chunkEnd(first, days), usage.Day.Next(usage.Latest))}, false, nil
}

// chunkEnd is the end of so many days of UTC, of which the first holds an instant.
func chunkEnd(at time.Time, days int) time.Time { return usage.Day.Floor(at).AddDate(0, 0, days) }

// floor returns where the first of the buckets begins that hold an instant.
func floor(comparisons []comparison, at time.Time) time.Time {
	first := at
	for _, one := range comparisons {
		first = earlier(first, one.grid.Floor(at))
	}
	return first
}

// differencesIn returns what differs in a chunk of a span.
func (s *snapshot) differencesIn(ctx context.Context, comparisons []comparison, chunk, span usage.Range) (found []Difference, err error) {
	for _, one := range comparisons {
		begin := usage.Range{
			From: later(one.grid.Ceil(chunk.From), one.grid.Floor(span.From)),
			To:   one.grid.Ceil(earlier(chunk.To, span.To)),
		}
		some, err := s.differences(ctx, one, begin)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func (c *checker) foldNowAndThen(ctx context.Context) error {
	if !c.fold || time.Since(c.folded) < foldEvery {
		return nil
	}
	err := c.checks.fold(ctx)
	c.folded = time.Now()
	return err
}

// pace returns how many days to take next: as many as should take the goal, if each takes
// as long as those before, but no more than 16 times and no less than half as many.
func pace(days int, took time.Duration) int {
	next := float64(days) * float64(paceGoal) / float64(took)
	return int(min(max(next, float64(days)/2, 1), 16*float64(days), maxDays))
}

func (c *checker) tell(stage int, at time.Time) {
	if c.progress != nil {
		c.progress(CheckProgress{Grain: stageGrains[stage], At: earlier(at, c.told.To), Span: c.told, Found: c.found})
	}
}
