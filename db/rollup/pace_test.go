package rollup

import (
	"testing"
	"time"

	"aiusage/usage"
)

var begin = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func TestAChunkEndsWithItsSpan(t *testing.T) {
	span := usage.Range{From: begin, To: begin.Add(5 * time.Hour)}
	for buckets, want := range map[int]time.Duration{1: 2, 2: 3, 4: 5, 5: 5, 744: 5} {
		got := chunkOf(usage.Hour, begin.Add(time.Hour+17*time.Minute), buckets, span)
		if wanted := (usage.Range{From: begin.Add(time.Hour), To: begin.Add(want * time.Hour)}); got != wanted {
			t.Errorf("%d hours: got %v, want %v", buckets, got, wanted)
		}
	}
	got := chunkOf(usage.Month, begin, 2, usage.Range{From: begin, To: begin.AddDate(1, 0, 0)})
	if want := (usage.Range{From: usage.Month.Floor(begin), To: usage.Month.Floor(begin.AddDate(0, 2, 0))}); got != want {
		t.Errorf("two months: got %v, want %v", got, want)
	}
}

func TestChunksGrowAndShrinkWithTheTimeTheyTake(t *testing.T) {
	for _, c := range []struct {
		buckets int
		took    time.Duration
		want    int
	}{
		{1, 0, 2}, {8, paceGoal/2 - 1, 16}, {700, 0, 744}, {8, paceGoal / 2, 8}, {8, paceGoal, 8},
		{8, 2 * paceGoal, 8}, {8, 2*paceGoal + 1, 4}, {1, time.Minute, 1},
	} {
		if got := pace(c.buckets, c.took); got != c.want {
			t.Errorf("after %d buckets in %v: %d, want %d", c.buckets, c.took, got, c.want)
		}
	}
}

func TestTheShareThatHasBeenChecked(t *testing.T) {
	span := usage.Range{From: begin, To: begin.Add(4 * time.Hour)}
	for after, want := range map[time.Duration]float64{0: 0, 1: .25, 3: .75, 4: 1, 5: 1, -1: 0} {
		if got := (CheckProgress{At: begin.Add(after * time.Hour), Span: span}).Share(); got != want {
			t.Errorf("after %d h: %v, want %v", after, got, want)
		}
	}
	for _, to := range []time.Time{begin, begin.Add(-time.Hour)} {
		if got := (CheckProgress{At: begin, Span: usage.Range{From: begin, To: to}}).Share(); got != 1 {
			t.Errorf("of nothing: %v, want 1", got)
		}
	}
}

func TestTheEarlierOfTwoInstants(t *testing.T) {
	later := begin.Add(time.Hour)
	if earlier(begin, later) != begin || earlier(later, begin) != begin {
		t.Error("got the later one")
	}
}
