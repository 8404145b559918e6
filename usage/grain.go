package usage

import (
	"fmt"
	"time"
)

// Grain is a size of pre-aggregated buckets: the quarter-hours, hours, days and months of
// UTC. Each bucket of a grain is made up of whole buckets of the grain below it.
type Grain int

// The grains, from fine to coarse. The numbers are those in the database.
const (
	QuarterHour Grain = iota
	Hour
	Day
	Month
)

// Grains are those of the sums by hour, from fine to coarse.
var Grains = []Grain{Hour, Day, Month}

// String returns "quarter-hour", "hour", "day" or "month".
func (g Grain) String() string {
	switch g {
	case QuarterHour:
		return "quarter-hour"
	case Hour:
		return "hour"
	case Day:
		return "day"
	case Month:
		return "month"
	}
	return fmt.Sprintf("Grain(%d)", int(g))
}

// Floor returns the start of the bucket that holds an instant.
func (g Grain) Floor(t time.Time) time.Time {
	t = t.UTC()
	year, month, day := t.Date()
	switch g {
	case QuarterHour:
		return time.Date(year, month, day, t.Hour(), t.Minute()/15*15, 0, 0, time.UTC)
	case Hour:
		return time.Date(year, month, day, t.Hour(), 0, 0, 0, time.UTC)
	case Day:
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	default:
		return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	}
}

// Ceil returns the start of the first bucket that starts at t or later.
func (g Grain) Ceil(t time.Time) time.Time {
	if floor := g.Floor(t); floor.Equal(t) {
		return floor
	}
	return g.Next(t)
}

// Next returns the end of the bucket that holds an instant, which is where the
// next bucket starts.
func (g Grain) Next(t time.Time) time.Time {
	switch floor := g.Floor(t); g {
	case QuarterHour:
		return floor.Add(15 * time.Minute)
	case Hour:
		return floor.Add(time.Hour)
	case Day:
		return floor.AddDate(0, 0, 1)
	default:
		return floor.AddDate(0, 1, 0)
	}
}
