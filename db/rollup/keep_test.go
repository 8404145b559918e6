package rollup

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var begin = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func TestFoldingIsStuckWhenTheOldestChangeStays(t *testing.T) {
	var f folding
	want := func(when, words string, after time.Duration) {
		t.Helper()
		if got := f.stuck(begin.Add(after)); (got == "") != (words == "") || !strings.Contains(got, words) {
			t.Errorf("%s: %q, want %q", when, got, words)
		}
	}
	want("at the start", "", time.Hour)
	f.note(begin, 7, nil)
	f.note(begin.Add(30*time.Second), 7, nil)
	want("after a minute", "", stuckAfter)
	want("after more than a minute", "minute", stuckAfter+1)
	f.note(begin.Add(stuckAfter), 8, nil)
	want("when another is the oldest", "", 2*stuckAfter)
	f.note(begin.Add(stuckAfter), 0, nil)
	want("when none is left", "", time.Hour)
}

func TestFoldingIsStuckWhenItFailsAgainAndAgain(t *testing.T) {
	var f folding
	fail := func(times int) {
		for range times {
			f.note(begin, 0, errors.New("failed"))
		}
	}
	fail(failedOften - 1)
	if got := f.stuck(begin); got != "" {
		t.Errorf("after two failures: %q", got)
	}
	fail(1)
	if got := f.stuck(begin); !strings.Contains(got, "cannot be folded") {
		t.Errorf("after three failures: %q", got)
	}
	f.note(begin, 0, nil)
	fail(failedOften - 1)
	if got := f.stuck(begin); got != "" {
		t.Errorf("after two more: %q", got)
	}
	// What was the oldest change before still is, as far as is known.
	f.note(begin, 7, nil)
	f.note(begin.Add(time.Second), 9, errors.New("failed"))
	if f.oldest != 7 || f.since != begin {
		t.Errorf("a failure made %d the oldest change, since %v", f.oldest, f.since)
	}
}

// A round that fails or panics is told, and the next one comes. What fails because all
// is to end is not told.
func TestRoundsGoOnUntilTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rounds := 0
	var told []string
	repeatedly(ctx, time.Microsecond, func(context.Context) error {
		switch rounds++; rounds {
		case 1:
			return errors.New("fails")
		case 2:
			panic("panics")
		case 3:
			return nil
		case 4:
			cancel()
		}
		return errors.New("ends")
	}, func(err error) { told = append(told, err.Error()) })
	if rounds < 4 || len(told) != 2 || told[0] != "fails" || !strings.Contains(told[1], "panics") || slices.Contains(told, "ends") {
		t.Errorf("after %d rounds, %q were told", rounds, told)
	}
}

// The first round does not wait.
func TestTheFirstRoundIsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	repeatedly(ctx, time.Hour, func(context.Context) error { cancel(); return nil }, nil)
}
