package cli

import (
	"math"
	"runtime/debug"
	"testing"

	"aiusage/admission"
)

// The variables of Go win.
func TestTheMemoryLimitIsThatOfTheAnswers(t *testing.T) {
	limit, percent := debug.SetMemoryLimit(-1), debug.SetGCPercent(100)
	defer func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}()
	for _, c := range []struct {
		limit, percent string
		wantLimit      int64
		wantPercent    int
	}{
		{"", "", 1<<30 + admission.UnforeseenBytes + besideAnswers, garbagePercent},
		{"1GiB", "", math.MaxInt64, garbagePercent},
		{"", "70", 1<<30 + admission.UnforeseenBytes + besideAnswers, 100},
	} {
		debug.SetMemoryLimit(math.MaxInt64)
		debug.SetGCPercent(100)
		t.Setenv("GOMEMLIMIT", c.limit)
		t.Setenv("GOGC", c.percent)
		turnFlags{MaxAnswerBytes: 1 << 30}.limitMemory()
		if got := debug.SetMemoryLimit(-1); got != c.wantLimit {
			t.Errorf("%+v: the limit is %d", c, got)
		}
		if got := debug.SetGCPercent(100); got != c.wantPercent {
			t.Errorf("%+v: the percentage is %d", c, got)
		}
	}
}

// An answer takes a connection, and maybe another; and there are only so many cores.
func TestAnswersAreAsManyAsThePoolAndTheCoresServe(t *testing.T) {
	for connections, want := range map[int]int{2: 1, 3: 1, 4: 2} {
		if got := (turnFlags{}).answersFor(connections); got != want {
			t.Errorf("with %d connections there are %d answers at a time, want %d", connections, got, want)
		}
	}
	if got := (turnFlags{}).answersFor(1_000_000); got < answersPerCore || got > 4096*answersPerCore {
		t.Errorf("with any number of connections there are %d", got)
	}
	if got := (turnFlags{MaxAnswers: 5}).answersFor(2); got != 5 {
		t.Errorf("where 5 are asked for there are %d", got)
	}
}
