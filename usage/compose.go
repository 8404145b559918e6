package usage

import (
	"slices"
	"time"
)

// Sums says which sums answers may be composed of.
type Sums struct {
	// Level is whose they are.
	Level Level
	// Grains are those there are, from fine to coarse. Without any, everything is read from
	// sessions.
	Grains []Grain
	// Calendars are those that days and months are kept by, that of UTC first.
	Calendars []Calendar
	// Until is the instant from which sums may not be read, or zero.
	Until time.Time
	// HoursUntil is the instant before which there are no quarter-hours, or zero.
	HoursUntil time.Time
}

// forever is behind all that the database can hold.
var forever = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

// Compose plans points, which must be neighbours in order, in their normal form and not
// empty; only the first may be open at its start, and only the last at its end.
//
// Each point is the sum of whole buckets between the bounds nearest to its ends, and of the
// tails from there to its ends: added where they are within it, and taken away where they
// are not. So a day of any zone is a day of the calendar and two tails of less than half a
// day, each of which serves two neighbouring points, and what is read grows with the points
// alone. Sums are whole numbers, so this is exact.
func Compose(points []Range, sums Sums) Plan {
	c := composer{Sums: sums, pieces: map[Grid][]Edge{}, summed: make([]Edge, 0, len(points)), once: make([]Share, len(points)), taken: make([]Share, len(points))}
	for i := range points {
		c.once[i], c.taken[i] = Share{i, 1}, Share{i, -1}
	}
	c.calendar = c.nearestCalendar(points)
	for i, point := range points {
		if point.To.IsZero() {
			point.To = forever
		}
		c.point(i, point)
	}
	plan := Plan{Level: sums.Level, Edges: apart(c.edges), Summed: c.summed}
	for _, grid := range c.grids() {
		runs := apart(c.pieces[grid])
		plan.Pieces = slices.Grow(plan.Pieces, len(runs))
		for _, run := range runs {
			plan.Pieces = append(plan.Pieces, Piece{grid, run})
		}
	}
	return plan
}

// composer collects the parts of a plan.
type composer struct {
	Sums
	// calendar is that whose days and months are used.
	calendar      Calendar
	pieces        map[Grid][]Edge
	edges, summed []Edge
	// once and taken are the shares of what counts once in each point, or is taken away.
	once, taken []Share
	// runs are those of a point, in memory that all points share.
	runs []run
	// last is the bound that was rounded last, which is where the next point begins.
	last struct{ of, base time.Time }
}

// grids are those that may be used, from coarse to fine.
func (c *composer) grids() []Grid {
	var grids []Grid
	for _, grain := range slices.Backward(c.Grains) {
		grids = append(grids, c.grid(grain))
	}
	return grids
}

func (c *composer) grid(grain Grain) Grid {
	if grain < Day {
		return Grid{grain, UTCCalendar}
	}
	return Grid{grain, c.calendar}
}

// looked is at how many of the points nearestCalendar looks.
const looked = 12

// nearestCalendar returns the calendar at whose midnights most points begin, of some that
// are spread over all of them: whichever it is, the plan is exact.
func (c *composer) nearestCalendar(points []Range) Calendar {
	if len(c.Calendars) == 0 || len(points) == 0 {
		return UTCCalendar
	}
	best, most := c.Calendars[0], -1
	for _, calendar := range c.Calendars {
		if calendar.No > 0 && points[0].From.Before(c.HoursUntil) {
			continue // its midnights need not be on the hour
		}
		day, begin := Grid{Day, calendar}, 0
		onMidnight := func(t time.Time) {
			if !t.IsZero() && day.Floor(t).Equal(t) {
				begin++
			}
		}
		for i := 0; i < len(points); i += 1 + len(points)/looked {
			onMidnight(points[i].From)
		}
		if onMidnight(points[len(points)-1].To); begin > most {
			best, most = calendar, begin
		}
	}
	return best
}

// point plans one point.
func (c *composer) point(i int, point Range) {
	shares := c.once[i : i+1 : i+1]
	summed := point
	if !c.Until.IsZero() {
		if point.To.After(c.Until) {
			kept := Range{later(point.From, c.Until), point.To}
			c.edges = append(c.edges, Edge{kept, shares})
			summed.To = kept.From
		}
		if !summed.From.Before(summed.To) {
			return
		}
	}
	if len(c.Grains) == 0 {
		c.edges = append(c.edges, Edge{summed, shares})
		return
	}
	base := Range{c.base(summed.From), c.base(summed.To)}
	if beside(base.From, summed.From)+beside(base.To, summed.To) >= length(summed) {
		c.edges = append(c.edges, Edge{summed, shares}) // is shorter than its tails
		return
	}
	c.tail(base.From, summed.From, i, -1)
	c.tail(base.To, summed.To, i, 1)
	c.summed = append(c.summed, Edge{base, shares})
	_, c.runs = c.express(c.runs[:0], base, len(c.Grains)-1, false)
	for _, run := range c.runs {
		shares = c.once[i : i+1 : i+1]
		if run.minus {
			shares = c.taken[i : i+1 : i+1]
		}
		c.pieces[run.grid] = append(c.pieces[run.grid], Edge{run.Range, shares})
	}
}

// base returns the bound of sums that is nearest to an instant.
func (c *composer) base(t time.Time) time.Time {
	if c.last.of.Equal(t) && !c.last.base.IsZero() {
		return c.last.base
	}
	finest := c.Grains[0]
	if finest == QuarterHour && t.Before(c.HoursUntil) {
		finest = Hour
	}
	c.last.of, c.last.base = t, c.nearest(c.grid(finest), t, false)
	return c.last.base
}

// tail adds the span between a bound of sums and an instant: it counts times if it is before
// the instant, and is taken away as often if it is behind it.
func (c *composer) tail(base, at time.Time, point, times int) {
	span := Range{base, at}
	if at.Before(base) {
		span, times = Range{at, base}, -times
	}
	shares := c.once[point : point+1 : point+1]
	if times < 0 {
		shares = c.taken[point : point+1 : point+1]
	}
	if span.From.Before(span.To) {
		c.edges = append(c.edges, Edge{span, shares})
	}
}

// run is a run of buckets to be added or taken away.
type run struct {
	grid Grid
	Range
	minus bool
}

// express appends to runs the fewest buckets that make up a span, to be added or taken away,
// using those of a grain and of the finer ones, and returns about how many they are. The
// span must begin and end where buckets of the finest grain do.
func (c *composer) express(runs []run, span Range, at int, minus bool) (count int, all []run) {
	grid := c.grid(c.Grains[at])
	if at == 0 {
		return bucketsIn(grid.Grain, span), append(runs, run{grid, span, minus})
	}
	if length(span) < nominal[grid.Grain]/2 {
		return c.express(runs, span, at-1, minus) // to take so much away from one bucket would take more
	}
	inner := Range{c.nearest(grid, span.From, true), c.nearest(grid, span.To, false)}
	if !inner.From.Before(inner.To) {
		return c.express(runs, span, at-1, minus)
	}
	before := len(runs)
	count, all = bucketsIn(grid.Grain, inner), append(runs, run{grid, inner, minus})
	for _, end := range []struct {
		Range
		minus bool
	}{{Range{span.From, inner.From}, minus}, {Range{inner.From, span.From}, !minus}, {Range{inner.To, span.To}, minus}, {Range{span.To, inner.To}, !minus}} {
		if end.From.Before(end.To) {
			var more int
			more, all = c.express(all, end.Range, at-1, end.minus)
			count += more
		}
	}
	if count > 1 && length(span) < 2*nominal[grid.Grain] {
		these := len(all)
		fewer, both := c.express(all, span, at-1, minus)
		if fewer <= count {
			return fewer, append(both[:before], both[these:]...)
		}
		all = both[:these]
	}
	return count, all
}

// nearest returns the bound of a grid that is nearest to an instant, of those up to which
// sums may be read; of two, the later one or the earlier one. Open ends stay.
func (c *composer) nearest(grid Grid, t time.Time, later bool) time.Time {
	if t.IsZero() || !t.Before(forever) {
		return t
	}
	floor := grid.Floor(t)
	if floor.Equal(t) {
		return floor
	}
	next := grid.Next(t)
	nearer := next.Sub(t) < t.Sub(floor) || later && next.Sub(t) == t.Sub(floor)
	if nearer && (c.Until.IsZero() || !next.After(c.Until)) {
		return next
	}
	return floor
}

// nominal is about how long buckets are.
var nominal = map[Grain]time.Duration{QuarterHour: 15 * time.Minute, Hour: time.Hour, Day: 24 * time.Hour, Month: 30 * 24 * time.Hour}

// bucketsIn is about how many buckets a span has.
func bucketsIn(grain Grain, span Range) int {
	return int((length(span) + nominal[grain]/2) / nominal[grain])
}

// length is how long a span is, up to 292 years.
func length(span Range) time.Duration { return span.To.Sub(span.From) }

// beside is how far two instants are apart.
func beside(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
