package sums_test

import (
	"testing"

	"aiusage/db/sums"
)

// A stamp stands for the numbers up to the largest that there was when it was given, and none for none.
func TestWhatAStampStandsFor(t *testing.T) {
	for _, c := range []struct {
		stamp  sums.Stamp
		number uint32
		want   bool
	}{
		{sums.Stamp{Stamp: 7, Upto: 5}, 4, true}, {sums.Stamp{Stamp: 7, Upto: 5}, 5, true}, {sums.Stamp{Stamp: 7, Upto: 5}, 6, false},
		{sums.Stamp{Upto: 5}, 4, false}, {sums.Stamp{}, 0, false},
	} {
		if got := c.stamp.StandsFor(sums.Key{SubjectNo: c.number}); got != c.want {
			t.Errorf("%+v for %d: %t", c.stamp, c.number, got)
		}
	}
}
