package rollup

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"aiusage/usage"
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

// Everybody who adds to sums takes them in the order of the table's key.
func TestTheOrderOfSumsIsThatOfTheirKey(t *testing.T) {
	var want []rollup
	for _, grain := range usage.Grains {
		for bucket := range 2 {
			for account := range uint32(2) {
				for subject := range uint32(2) {
					want = append(want, rollup{grain, begin.Add(time.Duration(bucket) * time.Hour), account, subject})
				}
			}
		}
	}
	got := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	slices.SortFunc(got, compareRollups)
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestARowOfSumsAsText(t *testing.T) {
	key := rollup{usage.Month, time.Date(99, 3, 1, 0, 0, 0, 0, time.UTC), 17, 4711}
	got := string(appendRollup([]byte("before,"), key, usage.Usage{Minutes: -5, Seconds: 300, Sessions: 1}))
	if want := "before,(3,'0099-03-01 00:00:00',17,4711,-5,300,1),"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
