package usage

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// Calendar says where days and months begin: at the midnights of a time zone. Sums are
// kept by the days and months of two calendars at most, that of UTC and that of the
// gateway's default time zone.
type Calendar struct {
	// No is the number by which the database knows the calendar. UTC is 0.
	No   int
	Zone *time.Location
}

// UTCCalendar is the calendar of UTC.
var UTCCalendar = Calendar{0, time.UTC}

// Grid cuts time into the buckets of a grain in a calendar. Quarter-hours and hours are
// those of UTC in every calendar. Buckets are known by the instant at which they begin, and
// are whole quarter-hours, of which they are added up: where the zone's days begin within one, as
// they did before there were time zones, the bucket begins with the next. Such days are no
// buckets, so that their first and last minutes are read from sessions.
type Grid struct {
	Grain
	Calendar Calendar
}

// Code is the number of the grid in the database: that of the grain in UTC, and 10 + 2 × No
// for the days of another calendar, 11 + 2 × No for its months.
func (g Grid) Code() int {
	if g.Calendar.No == 0 || g.Grain < Day {
		return int(g.Grain)
	}
	return 10 + 2*g.Calendar.No + int(g.Grain-Day)
}

// utc tells whether the buckets are those of UTC.
func (g Grid) utc() bool { return g.Grain < Day || g.Calendar.No == 0 }

// Floor returns the start of the bucket that holds an instant.
func (g Grid) Floor(t time.Time) time.Time {
	if g.utc() {
		return g.Grain.Floor(t)
	}
	begin := g.begin(t)
	if floor := QuarterHour.Ceil(begin); !floor.After(t) {
		return floor
	}
	return QuarterHour.Ceil(g.begin(begin.Add(-1)))
}

// begin returns the start of the day or month, on the zone's clocks, that holds an instant.
func (g Grid) begin(t time.Time) time.Time {
	local := t.In(g.Calendar.Zone)
	if begin, sure := g.Calendar.dayOf(local); sure && g.Grain == Day {
		return begin
	}
	year, month, day := local.Date()
	if g.Grain == Month {
		day = 1
	}
	begin := g.Calendar.midnight(year, month, day)
	for {
		// Where clocks are put back over midnight, a day has begun before the clocks show
		// the last of the day before for the second time.
		next := g.after(begin)
		if next.After(t) {
			return begin
		}
		begin = next
	}
}

// dayOf returns the start of the day that holds an instant, which is shown in the
// calendar's zone, and whether that is sure, because the clocks have not changed for long enough.
func (c Calendar) dayOf(local time.Time) (begin time.Time, sure bool) {
	hour, minute, second := local.Clock()
	begin = local.Add(-time.Duration(hour)*time.Hour - time.Duration(minute)*time.Minute - time.Duration(second)*time.Second - time.Duration(local.Nanosecond()))
	since, _ := local.ZoneBounds()
	return begin.UTC(), since.IsZero() || begin.Sub(since) > surroundings
}

// Next returns the end of the bucket that holds an instant, which is where the next one
// starts.
func (g Grid) Next(t time.Time) time.Time {
	if g.utc() {
		return g.Grain.Next(t)
	}
	begin := g.begin(t)
	if first := QuarterHour.Ceil(begin); first.After(t) {
		return first
	}
	return QuarterHour.Ceil(g.after(begin))
}

// Ceil returns the start of the first bucket that starts at t or later.
func (g Grid) Ceil(t time.Time) time.Time {
	if floor := g.Floor(t); floor.Equal(t) {
		return floor
	}
	return g.Next(t)
}

// after returns where the day or month ends, on the zone's clocks, that begins at an instant.
func (g Grid) after(start time.Time) time.Time {
	year, month, day := start.In(g.Calendar.Zone).Date()
	if g.Grain == Month {
		return g.Calendar.midnight(year, month+1, 1)
	}
	return g.Calendar.midnight(year, month, day+1)
}

// midnight returns the first instant of a day in the calendar.
func (c Calendar) midnight(year int, month time.Month, day int) time.Time {
	return wallClockAt(year, month, day, 0, 0, 0, 0).in(c.Zone).UTC()
}

// ZoneRules stands for where the days of a zone begin from 1970 to 2100: two zones, or two
// time zone databases, with the same number have the same days.
func ZoneRules(zone *time.Location) int64 {
	hash := fnv.New64a()
	add := func(number int64) { _ = binary.Write(hash, binary.BigEndian, number) } // never fails
	begin, end := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	for at, changes := begin.In(zone), true; changes; at, changes = nextChange(at, end) {
		_, offset := at.Zone()
		add(at.Unix())
		add(int64(offset))
	}
	return int64(hash.Sum64())
}
