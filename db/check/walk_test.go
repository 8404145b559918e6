package check

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// A chunk begins with the first bucket that has anything at or after an instant, and has so many
// days of UTC from there on. There is none beyond the span.
func TestChunksBeginWhereAnythingIs(t *testing.T) {
	calendars := []usage.Calendar{usage.UTCCalendar, calendar(t, 1, "Asia/Kolkata")}
	all := usage.Range{From: usage.Earliest, To: usage.Latest.Add(time.Millisecond)}
	for name, test := range map[string]struct {
		at   string
		days int
		to   string
		// first is a session.
		first, want string
		asks        bool
	}{
		"a session":                  {"1000-01-01 00:00", 1, "", "05 10:00", "2026-03-04 18:30 2026-03-06 00:00", true},
		"some days":                  {"1000-01-01 00:00", 3, "", "05 10:00", "2026-03-04 18:30 2026-03-08 00:00", true},
		"after another chunk":        {"05 00:00", 1, "", "05 10:00", "2026-03-05 00:00 2026-03-06 00:00", true},
		"nothing":                    {"05 00:00", 1, "", "", "", true},
		"beyond the span":            {"01 00:00", 1, "04 18:30", "05 10:00", "", true},
		"in a day that begins in it": {"01 00:00", 1, "04 18:31", "05 10:00", "2026-03-04 18:30 2026-03-06 00:00", true},
		"at the end":                 {"04 18:30", 1, "04 18:30", "05 10:00", "", false},
		"after the end":              {"05 00:00", 1, "04 18:30", "05 10:00", "", false},
		"the last day":               {"05 00:00", 9, "", "9999-12-31 10:00", "9999-12-30 18:30 10000-01-01 00:00", true},
		"soon":                       {"05 01:00", 2, "", "06 10:00", "2026-03-05 01:00 2026-03-07 00:00", true},
	} {
		span := all
		if test.to != "" {
			span.To = at(t, test.to)
		}
		g := gateway{looked: map[string]time.Time{}}
		if test.first != "" {
			g.looked["FROM ai_sessions"] = at(t, test.first)
		}
		server := g.server()
		s, got := in(t, server, &phase.State{}), ""
		chunk, ended, err := s.chunkFrom(t.Context(), stages(calendars)[0], at(t, test.at), test.days, span)
		if !ended {
			got = chunk.From.Format("2006-01-02 15:04 ") + chunk.To.Format("2006-01-02 15:04")
		}
		if err != nil || got != test.want || len(server.sent) > 1 != test.asks {
			t.Errorf("%s: got %q, %v, want %q; %d statements", name, got, err, test.want, len(server.sent))
		}
	}
	// A session counts in the day in which its quarter-hour begins.
	start := time.Date(1971, 5, 3, 0, 44, 45, 0, time.UTC)
	monrovia := []comparison{{grid: usage.Grid{Grain: usage.Day, Calendar: calendar(t, 1, "Africa/Monrovia")}, ofSessions: true}}
	g := gateway{looked: map[string]time.Time{"FROM ai_sessions": start}}
	if chunk, _, err := in(t, g.server(), &phase.State{}).chunkFrom(t.Context(), monrovia, usage.Earliest, 1, all); err != nil || !chunk.From.Equal(start.AddDate(0, 0, -1).Add(15*time.Second)) {
		t.Errorf("got %v, %v", chunk, err)
	}
	server := gateway{}.server()
	if _, ended, err := in(t, server, &phase.State{}).chunkFrom(t.Context(), nil, begin, 1, all); !ended || err != nil {
		t.Errorf("of no comparisons: %v, %v", ended, err)
	}
}

// Each comparison is of the buckets that begin in a chunk and that the span touches.
func TestWhatOfAChunkIsCompared(t *testing.T) {
	kolkata := calendar(t, 1, "Asia/Kolkata")
	days := []comparison{{grid: usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar}, ofSessions: true}, {grid: usage.Grid{Grain: usage.Day, Calendar: kolkata}, ofSessions: true}}
	for _, test := range []struct{ from, to, spanFrom, spanTo, want string }{
		{"04 18:30", "06 00:00", "01 00:00", "20 00:00", "[05 00:00 06 00:00] [04 18:30 06 18:30]"},
		{"05 00:00", "06 00:00", "01 00:00", "20 00:00", "[05 00:00 06 00:00] [05 18:30 06 18:30]"},
		{"01 00:00", "09 00:00", "03 12:00", "04 12:00", "[03 00:00 05 00:00] [02 18:30 04 18:30]"},
		{"04 18:30", "06 00:00", "05 19:00", "05 20:00", "[05 00:00 06 00:00] [05 18:30 06 18:30]"},
		{"05 06:00", "05 18:00", "01 00:00", "20 00:00", ""}, // nothing begins in it
	} {
		var got []string
		server := &scripted{}
		server.answers = func(string) ([]string, [][]driver.Value) { // the changes of each are those of its span
			from, to := server.args[2].Value.(time.Time), server.args[3].Value.(time.Time)
			got = append(got, fmt.Sprintf("[%s %s]", from.Format("02 15:04"), to.Format("02 15:04")))
			return make([]string, 9), nil
		}
		_, err := in(t, server, &phase.State{}).differencesIn(t.Context(), days, span(t, test.from, test.to), span(t, test.spanFrom, test.spanTo))
		if strings.Join(got, " ") != test.want || err != nil {
			t.Errorf("from %s to %s: got %s, %v, want %s", test.from, test.to, got, err, test.want)
		}
	}
	one := func() *scripted {
		return &scripted{answers: func(string) ([]string, [][]driver.Value) {
			none := []byte("0")
			return make([]string, 9), [][]driver.Value{{"a", "x", begin, []byte("1"), none, none, none, none, none}}
		}}
	}
	failing(t, "differences in a chunk", one, func(server *scripted) error {
		tx, err := server.open(t).BeginTxx(t.Context(), nil)
		if err != nil {
			return pool.Translate(err)
		}
		found, err := (&snapshot{tx: tx, state: &phase.State{}}).differencesIn(t.Context(), days, span(t, "05 00:00", "06 00:00"), span(t, "01 00:00", "20 00:00"))
		if err == nil && len(found) != 2 || err != nil && found != nil {
			t.Errorf("found %+v, %v", found, err)
		}
		return err
	})
}

// Whoever writes folds first, and again after some time; who only reads never folds.
func TestWhenACheckFolds(t *testing.T) {
	folds, broken := 0, error(nil)
	checks := New(nil, nil, func(context.Context) error {
		folds++
		return broken
	})
	reads, writes := &checker{checks: checks}, &checker{checks: checks, fold: true}
	expect := func(what string, c *checker, more int) {
		t.Helper()
		before := folds
		if err := c.foldNowAndThen(t.Context()); !errors.Is(err, broken) && more > 0 || err != nil && more == 0 || folds != before+more {
			t.Errorf("%s: %d folds, %v", what, folds-before, err)
		}
	}
	expect("reading", reads, 0)
	expect("writing", writes, 1)
	writes.folded = time.Now().Add(time.Hour) // as if it had just been, however slow this is
	expect("a moment later", writes, 0)
	writes.folded = time.Now().Add(-2 * foldEvery)
	broken = errNotAdopted
	begun := time.Now()
	expect("later", writes, 1)
	if writes.folded.Before(begun) {
		t.Errorf("folded at %v, which is before %v", writes.folded, begun)
	}
}

// A calendar is compared alone, or all are.
func TestWhichCalendarsAreCompared(t *testing.T) {
	s := &snapshot{registered: []phase.Registered{{No: 1, Zone: "Asia/Kolkata", Phase: string(phase.Ready)}, {No: 2, Zone: "Europe/Berlin", Phase: string(phase.Filling)}}}
	for want, c := range map[string]*checker{
		"[0 0 0 1] [0 0] [0 0 1] [0 0 0 0 0 0 1 1 1 1 1 1]": {compares: isReady},
		"[2] [] [2] [2 2 2 2 2 2]":                          {compares: func(one phase.Registered) bool { return one.No == 2 }, only: 2},
	} {
		var got []string
		for stage := range stageGrains {
			numbers := []int{}
			for _, one := range c.comparisons(s, stage) {
				numbers = append(numbers, one.grid.Calendar.No)
			}
			got = append(got, fmt.Sprint(numbers))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// Progress is of the span that it is told by, also where whole months are compared.
func TestProgressStaysInItsSpan(t *testing.T) {
	var got []CheckProgress
	c := &checker{told: span(t, "05 00:00", "06 00:00"), found: 3, progress: func(p CheckProgress) { got = append(got, p) }}
	c.tell(1, at(t, "05 12:00"))
	c.tell(3, at(t, "20 00:00"))
	want := []CheckProgress{
		{Grain: usage.Hour, At: at(t, "05 12:00"), Span: c.told, Found: 3}, {Grain: usage.Month, At: at(t, "06 00:00"), Span: c.told, Found: 3},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}
