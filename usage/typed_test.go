package usage

import (
	"strings"
	"testing"
	"time"
)

func pointer[T any](value T) *T { return &value }

// A typed range is the range of the same dates by themselves, and each kind takes its own form only.
func TestATypedRangeIsThatOfItsDates(t *testing.T) {
	zone := time.FixedZone("", 3600)
	ends := func(from, to string) *Ends {
		both := &Ends{}
		if from != "" {
			both.From = &from
		}
		if to != "" {
			both.To = &to
		}
		return both
	}
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		typed TypedRange
		same  Request
		fault string // in the error
	}{
		{typed: TypedRange{Days: ends("2026-03-01", "2026-03-02")}, same: Request{StartDate: "2026-03-01", EndDate: "2026-03-02"}},
		{typed: TypedRange{Days: ends("", "2026-03-02")}, same: Request{EndDate: "2026-03-02"}},
		{typed: TypedRange{Days: ends("", "")}},
		{typed: TypedRange{Instants: ends("2026-03-01T00:00:00Z", "2026-03-01T02:00:00.5+02:00")}, same: Request{StartDate: "2026-03-01T00:00:00Z", EndDate: "2026-03-01T00:00:00.5Z"}},
		{typed: TypedRange{Instants: ends("2026-03-01t00:00:00z", "")}, same: Request{StartDate: "2026-03-01T00:00:00Z"}},
		{typed: TypedRange{Period: pointer(Today)}, same: Request{Period: Today}},
		{typed: TypedRange{Days: ends("2026-03-01T00:00:00Z", "")}, fault: `range.days.from "2026-03-01T00:00:00Z" is none of days`},
		{typed: TypedRange{Days: ends("", "")}, same: Request{StartDate: "x"}, fault: "range says it all already"},
		{typed: TypedRange{Days: &Ends{From: pointer("")}}, fault: `range.days.from "" is none of days`},
		{typed: TypedRange{Instants: ends("2026-03-01", "")}, fault: `range.instants.from "2026-03-01" is none of instants`},
		{typed: TypedRange{Instants: ends("", "2026-03-01T10:00")}, fault: `range.instants.to "2026-03-01T10:00" is none of instants`},
		{typed: TypedRange{Instants: ends("", "2026-03-01T10:00+99")}, fault: `range.instants.to "2026-03-01T10:00+99" cannot be read`},
		{typed: TypedRange{Days: ends("2026-02-30", "")}, fault: `range.days.from "2026-02-30" cannot be read`},
		{typed: TypedRange{Days: ends("2026-03-02", "2026-03-01")}, fault: `range.days.to "2026-03-01" is before range.days.from "2026-03-02"`},
		{typed: TypedRange{Period: pointer(Period("NEVER"))}, fault: `period "NEVER"`},
	} {
		asked := Request{}
		if c.fault != "" {
			asked = c.same
		}
		request, err := asked.In(&c.typed)
		var got Query
		if err == nil {
			got, err = request.Query(zone, now)
		}
		comparison, second := (Comparison{StartDate: asked.StartDate}).To(&c.typed)
		var with Query
		if second == nil {
			with, _, second = comparison.Of(Query{Zone: zone}, now, time.Time{})
		}
		if c.fault != "" {
			for _, err := range []error{err, second} {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("%+v: got %v, want %s", c.typed, err, c.fault)
				}
			}
			continue
		}
		want, wrong := c.same.Query(zone, now)
		if err != nil || second != nil || wrong != nil || got.Range != want.Range || with.Range != want.Range {
			t.Errorf("%+v: got %v and %v (%v, %v), want %v (%v)", c.typed, got.Range, with.Range, err, second, want.Range, wrong)
		}
	}
}

// Dates by themselves stay what they are without a typed range, and each of them is refused beside
// one. A comparison with a typed range is one with another range.
func TestATypedRangeStandsAlone(t *testing.T) {
	own := Request{StartDate: "2026-03-01", EndDate: "2026-03-02", StartsBy: "from", EndsBy: "to"}
	if got, err := own.In(nil); err != nil || got.StartDate != own.StartDate || got.EndDate != own.EndDate || got.StartsBy != "from" || got.EndsBy != "to" {
		t.Errorf("got %+v, %v", got, err)
	}
	typed := &TypedRange{Period: pointer(Today)}
	for _, request := range []Request{{StartDate: "2026-03-01"}, {EndDate: "2026-03-01"}, {Period: Today}} {
		if _, err := request.In(typed); err == nil {
			t.Errorf("%+v goes together with a typed range", request)
		}
	}
	for _, another := range []bool{false, true} {
		before := Comparison{Another: another, Period: Today}
		if got, err := before.To(nil); err != nil || got.Another != another || got.Period != Today {
			t.Errorf("without a typed range: %+v, %v", got, err)
		}
	}
	if got, err := (Comparison{}).To(typed); err != nil || !got.Another || got.Period != Today {
		t.Errorf("with a typed range: %+v, %v", got, err)
	}
}
