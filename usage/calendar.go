package usage

import "time"

// wallClock is a date and time as a clock on the wall shows it, in no zone
// yet. It is held as the instant at which a clock in UTC shows it.
type wallClock struct{ utc time.Time }

func wallClockAt(year int, month time.Month, day, hour, minute, second, nanosecond int) wallClock {
	return wallClock{time.Date(year, month, day, hour, minute, second, nanosecond, time.UTC)}
}

// wallClockOf returns what a clock in the given zone shows at an instant.
func wallClockOf(t time.Time) wallClock {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return wallClockAt(year, month, day, hour, minute, second, t.Nanosecond())
}

// nextDay adds one day on the calendar, never 24 hours of elapsed time.
func (w wallClock) nextDay() wallClock { return wallClock{w.utc.AddDate(0, 0, 1)} }

// surroundings is more than the largest offset from UTC any zone has ever had
// (15:13:42 at Juneau before 1867), so that it surely holds the transitions
// that can matter to a wall clock.
const surroundings = 26 * time.Hour

// in returns the first instant at which a clock in the zone shows w. Where the
// zone skips w (the clock was put forward), it is the instant of the skip, so
// that a day without a midnight begins at its first instant. Where the zone
// shows w twice (the clock was put back), it is the earlier one, so that two
// ranges which meet at w neither overlap nor leave a gap.
//
// time.Date leaves both choices open, which is why it is not used here.
func (w wallClock) in(zone *time.Location) time.Time {
	if at, alone := w.shownOnce(zone); alone {
		return at
	}
	at := w.utc.Add(-surroundings).In(zone)
	for {
		_, offset := at.Zone()
		until, changes := nextChange(at, w.utc.Add(surroundings))
		candidate := w.utc.Add(-time.Duration(offset) * time.Second).In(zone)
		switch {
		case candidate.Before(at):
			return at // shown only before this period began, yet not in the one before: skipped
		case !changes || candidate.Before(until):
			return candidate
		}
		at = until
	}
}

// ShownIn returns the instant at which a clock in the zone shows what one in UTC shows at
// the given one, by the rules of all dates: the first of two, and that of the skip where
// the zone skips it.
func ShownIn(inUTC time.Time, zone *time.Location) time.Time { return wallClock{inUTC.UTC()}.in(zone) }

// shownOnce returns the instant at which a clock in the zone shows w, and whether it is
// sure that there is one only, because the clocks have not changed for long enough. Most
// often they have not, and it is much faster than looking at every change.
func (w wallClock) shownOnce(zone *time.Location) (at time.Time, sure bool) {
	_, offset := w.utc.In(zone).Zone()
	at = w.utc.Add(-time.Duration(offset) * time.Second).In(zone)
	if _, then := at.Zone(); then != offset {
		return at, false
	}
	since, _ := at.ZoneBounds()
	return at, since.IsZero() || at.Sub(since) > surroundings
}

// nextChange returns the first instant after t, before horizon, at which the
// clocks of t's zone are put forward or back, and whether there is one.
//
// time.Time.ZoneBounds is not enough for that: after the last transition that a
// zone's file lists, most often in 2037, it ends every period with the year, and
// on the last day of a leap year its end lies before the instant it was asked for.
func nextChange(t, horizon time.Time) (time.Time, bool) {
	for {
		_, until := t.ZoneBounds()
		if !until.IsZero() && !until.After(t) {
			until = time.Date(t.UTC().Year()+1, 1, 1, 0, 0, 0, 0, time.UTC).In(t.Location())
		}
		if until.IsZero() || !until.Before(horizon) {
			return time.Time{}, false
		}
		_, before := t.Zone()
		if _, after := until.Zone(); after != before {
			return until, true
		}
		t = until
	}
}
