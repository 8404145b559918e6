package usage

import (
	"math/rand/v2"
	"testing"
	"time"
)

// In every zone the days and months of a calendar are those that a series has, without a
// gap and without an overlap, whatever the zone's clocks have done.
func TestCalendarsHaveTheDaysOfSeries(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "America/St_Johns", "Asia/Gaza", "America/Goose_Bay", "Africa/Cairo", "Pacific/Kwajalein", "America/Juneau", "Antarctica/Casey"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for grain, step := range map[Grain]Step{Day: Daily, Month: Monthly} {
			grid := Grid{grain, Calendar{1, zone}}
			for range 40 {
				from := grid.Floor(time.Date(1900+random.IntN(150), time.Month(1+random.IntN(12)), 1+random.IntN(28), random.IntN(24), random.IntN(60), 0, 0, time.UTC))
				buckets, err := Buckets(Range{from, from.AddDate(1, 0, 0)}, step, zone)
				if err != nil {
					t.Fatal(err)
				}
				for _, bucket := range buckets[:len(buckets)-1] {
					middle := bucket.From.Add(bucket.To.Sub(bucket.From) / 2)
					for _, at := range []time.Time{bucket.From, middle, bucket.To.Add(-time.Nanosecond)} {
						if got := grid.Floor(at); !got.Equal(bucket.From) {
							t.Fatalf("%s of %s in %s begins %v, in a series %v", grain, at, name, got, bucket.From)
						}
						if got := grid.Next(at); !got.Equal(bucket.To) {
							t.Fatalf("%s of %s in %s ends %v, in a series %v", grain, at, name, got, bucket.To)
						}
					}
					if !grid.Ceil(bucket.From).Equal(bucket.From) || !grid.Ceil(middle).Equal(bucket.To) {
						t.Fatalf("%s of %s in %s is rounded up to %v", grain, middle, name, grid.Ceil(middle))
					}
				}
			}
		}
	}
}

// Each grid of each calendar has a number of its own, and those of UTC keep theirs.
func TestGridsHaveNumbers(t *testing.T) {
	seen := map[int]Grid{}
	for no := range 20 {
		for _, grain := range []Grain{Day, Month} {
			grid := Grid{grain, Calendar{no, time.UTC}}
			if other, found := seen[grid.Code()]; found {
				t.Errorf("%+v and %+v have the number %d", grid, other, grid.Code())
			}
			seen[grid.Code()] = grid
			if no == 0 && grid.Code() != int(grain) {
				t.Errorf("the %s of UTC has the number %d", grain, grid.Code())
			}
		}
	}
	for _, grain := range []Grain{QuarterHour, Hour} {
		grid := Grid{grain, Calendar{3, time.FixedZone("", 3600)}}
		at := time.Date(2026, 3, 1, 10, 44, 0, 0, time.UTC)
		if _, found := seen[grid.Code()]; found || grid.Code() != int(grain) || !grid.Floor(at).Equal(grain.Floor(at)) || !grid.Next(at).Equal(grain.Next(at)) {
			t.Errorf("the %s of a calendar are not those of UTC", grain)
		}
	}
}
