package usage

import (
	"errors"
	"testing"
	"time"
)

func TestRangesThatNeedDroppedSessionsAreRefused(t *testing.T) {
	kept := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		from, to, argument, nearest string
	}{
		{"2026-02-01T00:00:00Z", "2026-02-28T23:00:00Z", "", ""},
		{"2026-03-01T00:00:00.001Z", "2026-03-05T10:10:00Z", "", ""},
		{"2026-02-01T10:31:00Z", "2026-03-05T10:10:00Z", "startDate", "the nearest exact range from 2026-02-01T11:00:00Z to 2026-03-05T10:10:00Z (exclusive)"},
		{"2026-02-01T10:00:00Z", "2026-02-05T10:29:59Z", "endDate", "the nearest exact range from 2026-02-01T10:00:00Z to 2026-02-05T10:00:00Z (exclusive)"},
		{"2026-02-01T10:10:00Z", "2026-02-01T10:20:00Z", "startDate", "the nearest exact range from 2026-02-01T10:00:00Z to 2026-02-01T11:00:00Z (exclusive)"},
	} {
		span, err := ParseRange(c.from, c.to, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		err = CheckEdges(span, NewPlan(span), kept, true)
		coded, refused := errors.AsType[*Error](err)
		if refused != (c.argument != "") || refused && (string(coded.Argument) != c.argument || coded.Accepted[0] != c.nearest) {
			t.Errorf("%s to %s: got %v", c.from, c.to, err)
		}
	}
	everything, _ := Range{}.Normal()
	if err := CheckEdges(everything, Plan{Edges: []Range{everything}}, kept, false); err == nil {
		t.Error("sessions that are gone were read without their sums")
	}
}
