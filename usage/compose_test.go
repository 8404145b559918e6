package usage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Which of the plans that are all exact is taken: the fewest sums, of the calendar that most
// points begin in.
func TestWhichPlanIsTaken(t *testing.T) {
	berlin := Calendar{1, zone(t, "Europe/Berlin")}
	all := Sums{Grains: []Grain{QuarterHour, Hour, Day, Month}, Calendars: []Calendar{UTCCalendar, berlin}}
	until := func(instant string) Sums {
		sums := all
		sums.Until = parse(t, instant)
		return sums
	}
	sessions := until("2026-03-01T06:00:00Z")
	sessions.Grains = nil
	hoursUntil := all
	hoursUntil.HoursUntil = parse(t, "2026-02-28T23:00:00Z")
	for _, c := range []struct {
		sums           Sums
		from, to, want string
	}{
		// As many hours as a day without the others, or as days as a month without the others.
		{all, "2026-03-01T06:00:00Z", "2026-03-01T18:00:00Z", "+hour 2026-03-01T06:00:00Z 2026-03-01T18:00:00Z"},
		{all, "2026-03-01T06:00:00Z", "2026-03-01T19:00:00Z", "+day 2026-03-01 2026-03-02, -hour 2026-03-01 2026-03-01T06:00:00Z, -hour 2026-03-01T19:00:00Z 2026-03-02"},
		{all, "2026-03-08T00:00:00Z", "2026-03-24T00:00:00Z", "+day 2026-03-08 2026-03-24"},
		// In the middle of a bucket, its beginning.
		{all, "2026-03-01T00:00:00Z", "2026-03-03T12:00:00Z", "+day 2026-03-01 2026-03-03, +hour 2026-03-03 2026-03-03T12:00:00Z"},
		// As much beside sums as there is.
		{all, "2026-03-01T10:37:30Z", "2026-03-01T10:45:00Z", "+sessions 2026-03-01T10:37:30Z 2026-03-01T10:45:00Z"},
		// Up to an instant, which may be the end of a sum.
		{until("2026-03-02T00:00:00Z"), "2026-03-01T00:00:00Z", "2026-03-01T23:00:00Z", "+day 2026-03-01 2026-03-02, -hour 2026-03-01T23:00:00Z 2026-03-02"},
		{until("2026-03-02T00:00:00Z"), "2026-03-01T00:00:00Z", "2026-03-02T12:10:00Z", "+day 2026-03-01 2026-03-02, +sessions 2026-03-02 2026-03-02T12:10:00Z"},
		{until("2026-03-01T23:00:00Z"), "2026-03-01T00:00:00Z", "2026-03-02T12:10:00Z", "+hour 2026-03-01 2026-03-01T23:00:00Z, +sessions 2026-03-01T23:00:00Z 2026-03-02T12:10:00Z"},
		{until("2026-03-01T00:00:00Z"), "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "+sessions 2026-03-01 2026-03-02"},
		// Without sums.
		{sessions, "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "+sessions 2026-03-01 2026-03-02"},
		{Sums{}, "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "+sessions 2026-03-01 2026-03-02"},
		// By the calendar of most bounds; an open one is no midnight, and stays open.
		{all, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", "+month 2026-02-28T23:00:00Z 2026-03-31T22:00:00Z"},
		{all, "2026-03-01T00:00:00Z", "2026-03-02T23:00:00Z", "+day 2026-03-01 2026-03-03, -hour 2026-03-02T23:00:00Z 2026-03-03"},
		{all, "2026-03-01T00:05:00Z", "2026-03-04T00:05:00Z", "+day 2026-03-01 2026-03-04, -sessions 2026-03-01 2026-03-01T00:05:00Z, +sessions 2026-03-04 2026-03-04T00:05:00Z"},
		{all, "", "2026-02-28T23:00:00Z", "+month - 2026-02-28T23:00:00Z"},
		{all, "2026-02-28T23:00:00Z", "", "+month 2026-02-28T23:00:00Z 10000-01-01"},
		{hoursUntil, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", "+month 2026-02-28T23:00:00Z 2026-03-31T22:00:00Z"},
		{hoursUntil, "2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z", "+month 2026-02-01 2026-03-01, +hour 2026-01-31T23:00:00Z 2026-02-01, -hour 2026-02-28T23:00:00Z 2026-03-01"},
	} {
		c.sums.Level = ByAccount
		plan := Compose([]Range{{parse(t, c.from), parse(t, c.to)}}, c.sums)
		if got := described(plan); got != c.want || plan.Level != ByAccount {
			t.Errorf("%s to %s until %v:\ngot  %s\nwant %s", c.from, c.to, c.sums.Until, got, c.want)
		}
	}
	// The last point ends at another midnight than all others begin.
	days := append(cut(t, "2026-02-28T23:00:00Z", "2026-03-04T23:00:00Z", Daily, berlin.Zone), Range{parse(t, "2026-03-04T23:00:00Z"), parse(t, "2026-03-08T00:00:00Z")})
	for _, piece := range Compose(days, all).Pieces {
		if piece.Grid.Grain == Day && piece.Grid.Calendar != berlin {
			t.Errorf("days of Berlin are made of %+v", piece)
		}
	}
}

// Spans of a few minutes, counted minute by minute, are cut into the fewest that tell the same.
func TestSpansAreCutApart(t *testing.T) {
	const minutes, points = 12, 3
	random := rand.New(rand.NewPCG(3, 4))
	at := func(minute int) time.Time { return time.Unix(int64(60*minute), 0).UTC() }
	for range 3000 {
		var spans []Edge
		var counts [minutes][points]int
		for range random.IntN(6) {
			from, to, share := random.IntN(minutes), 1+random.IntN(minutes), Share{random.IntN(points), 2*random.IntN(2) - 1}
			if from >= to {
				continue
			}
			spans = append(spans, Edge{Range{at(from), at(to)}, []Share{share}})
			for minute := from; minute < to; minute++ {
				counts[minute][share.Point] += share.Times
			}
		}
		var want []Edge
		for minute, count := range counts {
			var shares []Share
			for point, times := range count {
				if times != 0 {
					shares = append(shares, Share{point, times})
				}
			}
			last := len(want) - 1
			switch {
			case shares == nil:
			case last >= 0 && want[last].To.Equal(at(minute)) && slices.Equal(want[last].Shares, shares):
				want[last].To = at(minute + 1)
			default:
				want = append(want, Edge{Range{at(minute), at(minute + 1)}, shares})
			}
		}
		given := fmt.Sprint(spans)
		if got := apart(spans); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s:\ngot  %v\nwant %v", given, got, want)
		}
	}
}
