package rollup

import (
	"reflect"
	"testing"
	"time"
)

// Changes are named by their span where it has no others in between, and else one by one.
func TestChangesAreNamedWithoutOthers(t *testing.T) {
	for _, c := range []struct {
		numbers []uint64
		clause  string
		args    []any
	}{
		{[]uint64{5}, "n BETWEEN ? AND ?", []any{uint64(5), uint64(5)}},
		{[]uint64{5, 6, 7}, "n BETWEEN ? AND ?", []any{uint64(5), uint64(7)}},
		{[]uint64{5, 7}, "n IN (?, ?)", []any{uint64(5), uint64(7)}},
		{[]uint64{5, 6, 8}, "n IN (?, ?, ?)", []any{uint64(5), uint64(6), uint64(8)}},
	} {
		got := among("n", c.numbers)
		if got.All() != c.clause || !reflect.DeepEqual(got.Args, c.args) {
			t.Errorf("%d: got %s %v, want %s %v", c.numbers, got.All(), got.Args, c.clause, c.args)
		}
	}
}

// A batch takes about as many changes as can be folded while locks may be held, whatever the
// machine does.
func TestABatchTakesAsManyAsFit(t *testing.T) {
	for _, c := range []struct {
		folded int
		took   time.Duration
		want   int
	}{
		{5000, maxHeld, 5000},
		{5000, maxHeld * 5 / 4, 4000},
		{5000, maxHeld * 20, minFolded},
		{5000, maxHeld * 4 / 5, 6250},
		{5000, maxHeld / 10, 7500}, // what comes next may be of another kind
		{minFolded, 0, minFolded * 3 / 2},
		{16000, maxHeld / 2, maxFolded},
		{maxFolded, time.Nanosecond, maxFolded},
		{1, time.Hour, minFolded},
	} {
		if got := nextBatch(c.folded, c.took); got != c.want {
			t.Errorf("after %d in %s: %d, want %d", c.folded, c.took, got, c.want)
		}
	}
}
