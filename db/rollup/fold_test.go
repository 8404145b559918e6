package rollup

import (
	"reflect"
	"testing"
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
