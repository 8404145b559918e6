package sample

import (
	"iter"
	"math/bits"
	"math/rand/v2"
	"time"
)

const (
	hour = int64(time.Hour / time.Millisecond)
	day  = 24 * hour
)

// workload is the share of an hour of the day (UTC) in the sessions of a day,
// in thousandths.
var workload = [24]uint64{
	4, 3, 2, 2, 4, 8, 20, 45, 75, 95, 98, 90,
	70, 82, 92, 90, 78, 55, 32, 20, 14, 10, 7, 4,
}

// weight is how many sessions an hour gets relative to the others, per
// millisecond of it. Saturdays have a third of the sessions of a working day,
// Sundays a fifth.
func weight(start int64) uint64 {
	at := time.UnixMilli(start).UTC()
	w := workload[at.Hour()] * 15
	switch at.Weekday() {
	case time.Saturday:
		w /= 3
	case time.Sunday:
		w /= 5
	}
	return w
}

// span is an hour, or the part of the hour of Now that has passed.
type span struct {
	start, length int64 // milliseconds
	weight        uint64
}

// spans returns the hours of the config's days up to Now, in order. The last
// day counts for at least a quarter of a working day, so that there is
// something to see on it at any hour.
func (c Config) spans() iter.Seq[span] {
	now := c.Now.UnixMilli() + 1 // a session may start at Now itself
	today := c.Now.UTC().Truncate(24 * time.Hour).UnixMilli()
	least := uint64(0)
	if now-1 > today {
		var soFar uint64
		for start := today; start < now; start += hour {
			soFar += weight(start) * uint64(min(hour, now-start))
		}
		quarter := uint64(15 * 1000 / 4 * hour)
		least = (quarter - min(quarter, soFar)) / uint64(now-today)
	}
	return func(yield func(span) bool) {
		for start := today - int64(c.Days-1)*day; start < now; start += hour {
			s := span{start: start, length: min(hour, now-start), weight: weight(start)}
			if start >= today {
				s.weight += least
			}
			s.weight *= uint64(s.length)
			if !yield(s) {
				return
			}
		}
	}
}

// starts returns the index and the start (Unix time in milliseconds) of every
// session, in order. The sessions of an hour are spread over it evenly but for
// some jitter, so that they come sorted.
func (c Config) starts(draw drawing) iter.Seq2[int, int64] {
	var total uint64
	for s := range c.spans() {
		total += s.weight
	}
	return func(yield func(int, int64) bool) {
		made, passed := 0, uint64(0)
		for s := range c.spans() {
			passed += s.weight
			first, until := made, int(share(uint64(c.Sessions), passed, total))
			for ; made < until; made++ {
				slots, slot := uint64(until-first), uint64(made-first)
				at := share(uint64(s.length)<<20, slot<<20|draw.Uint64()>>44, slots<<20) >> 20
				if !yield(made, s.start+int64(at)) {
					return
				}
			}
		}
	}
}

// share returns n*part/whole, rounded down. It counts in integers because
// floating point sums differ between processors.
func share(n, part, whole uint64) uint64 {
	high, low := bits.Mul64(n, part)
	quotient, _ := bits.Div64(high, low, whole)
	return quotient
}

// drawing draws random values.
type drawing struct{ *rand.Rand }

func (d drawing) oneIn(n uint64) bool { return d.Uint64N(n) == 0 }

// skewed draws from 0 up to n. Low numbers come much more often: of twenty, the
// first comes 37 times in a hundred and the last twice.
func (d drawing) skewed(n int) int {
	u := d.Float64()
	return int(float64(n) * (u * u * u))
}

// duration draws the seconds of a conversation.
func (d drawing) duration() int64 {
	between := func(low, high int64) int64 { return low + d.Int64N(high-low) }
	switch p := d.Uint64N(100); {
	case p < 4: // nobody answered
		return 0
	case p < 18: // broken off
		return between(1, 20)
	case p < 30: // ended by a limit of whole minutes
		return 60 * between(1, 11)
	case p < 97:
		return between(20, 20+between(1, 600))
	default:
		return between(1200, 7200)
	}
}
