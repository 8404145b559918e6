package db_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// Before there were time zones, days began within a quarter-hour of UTC, and here and there they
// did until 1972. Usage of such days, as of a date that stands for "not known", is exact, and so
// are the sums by the days of such a zone, however they came to be.
func TestDaysThatBeginWithinAQuarterHour(t *testing.T) {
	for i, c := range []struct {
		zone             string
		year, month, day int
	}{
		{"Europe/Paris", 1900, 1, 1}, {"Europe/Moscow", 1900, 1, 1}, {"Asia/Kolkata", 1900, 1, 1}, {"Europe/Amsterdam", 1937, 7, 1}, // clocks change by 28 seconds
		{"Africa/Monrovia", 1972, 1, 7}, {"Europe/Berlin", 1893, 4, 1}, {"Asia/Shanghai", 1000, 9, 23},
	} {
		t.Run(c.zone, func(t *testing.T) {
			rolledUpInTurn(t, i, func(t *testing.T, store *db.Store, dsn string) {
				random := rand.New(rand.NewPCG(uint64(i), 3))
				zone, noon := calendarOf(t, 1, c.zone).Zone, time.Date(c.year, time.Month(c.month), c.day, 12, 0, 0, 0, time.UTC)
				some := func(name string) (sessions []usage.Session) {
					for i := range 60 {
						at := noon.Add(time.Duration(random.IntN(6*24*3600)-3*24*3600) * time.Second)
						if i%2 == 0 { // about midnight, where a quarter-hour is of two days
							_, offset := at.In(zone).Zone()
							at = at.Add(time.Duration(offset) * time.Second).Truncate(24 * time.Hour).Add(time.Duration(random.IntN(1800)-900-offset) * time.Second)
						}
						sessions = append(sessions, usage.Session{SessionID: fmt.Sprint(name, i), AccountID: fmt.Sprint("a", random.IntN(2)),
							CustomerID: []string{"", "c"}[random.IntN(2)], StartedAt: at, DurationSeconds: random.Int64N(4000)})
					}
					return sessions
				}
				write(t, store, some("filled ")...)
				registerZone(t, store, c.zone)
				daysHold(t, store, dsn, c.zone, "filled")
				newWriter(t, dsn, "").run("DELETE FROM ai_sessions WHERE session_id LIKE '%1'",
					"UPDATE ai_sessions SET started_at = TIMESTAMPADD(MINUTE, 20, started_at) WHERE session_id LIKE '%2'")
				write(t, store, some("folded ")...)
				daysHold(t, store, dsn, c.zone, "waiting")
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				daysHold(t, store, dsn, c.zone, "folded")
				if _, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil {
					t.Fatal(err)
				}
				daysHold(t, store, dsn, c.zone, "rebuilt")
			})
		})
	}
}

// daysHold compares a report of each day on which a session begins, by a zone's clocks, and a series of all of them,
// with the sessions, and the sums with one another.
func daysHold(t *testing.T, store *db.Store, dsn, zone, when string) {
	t.Helper()
	location, want := calendarOf(t, 1, zone).Zone, map[string]usage.Usage{}
	first, last := "9999-12-31", "0000-01-01"
	for _, one := range sessionsOf(t, dsn) {
		day := one.StartedAt.In(location).Format(time.DateOnly)
		want[day] = want[day].Plus(one.Usage())
		first, last = min(first, day), max(last, day)
	}
	for day, used := range want {
		got := report(t, store, usage.Request{StartDate: day, EndDate: day, TimeZone: zone, Level: usage.ByCustomer})
		if got.Totals != used || got.Source != usage.FromRollups {
			t.Errorf("%s, %s: %v from %s, the sessions have %v", when, day, got.Totals, got.Source, used)
		}
	}
	query, err := usage.Request{StartDate: first, EndDate: last, TimeZone: zone, Level: usage.Together}.Query(nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	set, err := store.Series(t.Context(), usage.SeriesQuery{Query: query, Step: usage.Daily})
	if err != nil {
		t.Fatal(err)
	}
	for _, point := range set.Of(usage.Subject{}) {
		if day := point.From.In(location).Format(time.DateOnly); point.Usage != want[day] {
			t.Errorf("%s, the point of %s: %v, the sessions have %v", when, day, point.Usage, want[day])
		}
	}
	if found := differences(t, store); len(found) > 0 {
		t.Errorf("%s: %d differences, first %+v", when, len(found), found[0])
	}
}
