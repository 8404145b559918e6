package usage

import (
	"testing"
	"time"
)

// A start that is no instant is stored between two that are.
func TestWhatIsAroundAStart(t *testing.T) {
	for start, want := range map[string][2]string{
		"2026-03-01 10:00:00":        {"2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"},
		"2026-03-01 10:00:00.12":     {"2026-03-01T10:00:00.12Z", "2026-03-01T10:00:00.12Z"},
		"2026-03-01 10:00:00.123456": {"2026-03-01T10:00:00.123456Z", "2026-03-01T10:00:00.123456Z"},
		"2026-02-31 10:00:00":        {"2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"},
		"2026-12-32 00:00:00":        {"2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"},
		"2026-03-00 10:00:00.000":    {"2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"},
		"2026-00-10 10:00:00":        {"2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"},
		"2026-00-00 00:00:00":        {"2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"},
		"0000-00-00 00:00:00":        {"", "1000-01-01T00:00:00Z"},
		"0999-12-31 23:59:59":        {"", "1000-01-01T00:00:00Z"},
		"1000-00-00 00:00:00":        {"", "1000-01-01T00:00:00Z"},
		"":                           {"", ""},
	} {
		from, to, ok := SessionPlace{Start: start}.Around()
		shown := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.Format(time.RFC3339Nano)
		}
		if !ok || shown(from) != want[0] || shown(to) != want[1] {
			t.Errorf("%s: got %s to %s, %v", start, shown(from), shown(to), ok)
		}
	}
	for _, start := range []string{" ", "yesterday", "2026-3-1 10:00:00", "+026-03-01 10:00"} {
		if _, _, ok := (SessionPlace{Start: start}).Around(); ok {
			t.Errorf("%q is a start", start)
		}
	}
}

func TestHowMinutesWereRounded(t *testing.T) {
	for seconds, want := range map[int64]int64{0: 0, 1: 59, 59: 1, 60: 0, 61: 59} {
		one := Session{DurationSeconds: seconds}
		if got := (ListedSession{Session: one, Minutes: one.Minutes()}).RoundedUp(); got != want {
			t.Errorf("%d s: got %d, want %d", seconds, got, want)
		}
	}
}

func TestSessionsThatMayHaveBeenDroppedAreRefused(t *testing.T) {
	kept := instant(t, "2026-03-01T00:00:00Z")
	for _, c := range []struct {
		request Request
		want    string // the argument and what is accepted
	}{
		{Request{StartDate: "2026-03-01"}, ""},
		{Request{StartDate: "2026-03-05", EndDate: "2026-03-06"}, ""},
		{Request{}, "startDate: a start at or after 2026-03-01T00:00:00Z"},
		{Request{EndDate: "2026-03-05"}, "endDate: a start at or after 2026-03-01T00:00:00Z"},
		{Request{EndDate: "2026-02-05"}, "endDate"},
		{Request{StartDate: "2026-02-28T23:59:59.999Z"}, "startDate: a start at or after 2026-03-01T00:00:00Z"},
		{Request{StartDate: "2026-02-01", EndDate: "2026-02-28"}, "startDate"},
		{Request{Period: LastMonth}, "period"},
	} {
		query, err := c.request.Query(nil, kept.AddDate(0, 0, 9))
		if err != nil {
			t.Fatal(err)
		}
		span, _ := query.Range.Normal()
		got := ""
		if err := (Retention{Kept: kept}).CheckSessions(query, span); err != nil {
			told := AsError(err).In(Names{})
			if got = told.Argument; len(told.Accepted) > 0 {
				got += ": " + told.Accepted[0]
			}
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.request, got, c.want)
		}
	}
}

// A start is an instant from the first one on that databases have, and is looked for around it otherwise.
func TestTheFirstStartIsAnInstant(t *testing.T) {
	if at, is := (SessionPlace{Start: "1000-01-01 00:00:00.000000"}).StartedAt(); !is || !at.Equal(Earliest) {
		t.Errorf("got %v, %t", at, is)
	}
	if _, is := (SessionPlace{Start: "0999-12-31 23:59:59.999999"}).StartedAt(); is {
		t.Error("what is before it is none")
	}
	if from, to, ok := (SessionPlace{Start: "2026-02-31"}).Around(); !ok || !to.Equal(instant(t, "2026-03-01T00:00:00Z")) || !from.Before(to) {
		t.Errorf("a date alone: %v to %v, %t", from, to, ok)
	}
}
