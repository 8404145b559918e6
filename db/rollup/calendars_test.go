package rollup

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// registered are calendars, from number 1 on, each "Europe/Berlin ready".
func registered(t *testing.T, all ...string) (found []phase.Registered) {
	t.Helper()
	for i, one := range all {
		zone, phaseOf, _ := strings.Cut(one, " ")
		found = append(found, phase.Registered{No: i + 1, Zone: zone, Rules: usage.ZoneRules(loaded(t, zone)), Phase: phaseOf})
	}
	return found
}

// calendarRows is the answer with calendars.
func calendarRows(all []phase.Registered) answer {
	one := none("FROM usage_calendars", "calendar_no, zone, rules, phase")
	for _, each := range all {
		one.rows = append(one.rows, calendarRow(each.No, each.Zone, each.Rules, each.Phase))
	}
	return one
}

// What reports can read goes when something else has come, and what nobody needs goes at once.
func TestWhatBecomesOfCalendars(t *testing.T) {
	for _, c := range []struct {
		before   []string
		zone     string
		leave    []int
		register int
	}{
		{nil, "UTC", nil, 0},
		{nil, "Europe/Berlin", nil, 1},
		{[]string{"Europe/Berlin ready"}, "UTC", []int{1}, 0},
		{[]string{"Europe/Berlin filling", "Asia/Kolkata stale"}, "UTC", []int{1, 2}, 0},
		{[]string{"Europe/Berlin leaving"}, "UTC", nil, 0},
		{[]string{"Europe/Berlin ready"}, "Europe/Berlin", nil, 0},
		{[]string{"Europe/Berlin filling"}, "Europe/Berlin", nil, 0},
		{[]string{"Europe/Berlin leaving"}, "Europe/Berlin", nil, 2},
		{[]string{"Europe/Berlin stale"}, "Europe/Berlin", []int{1}, 2},
		{[]string{"Asia/Kolkata ready"}, "Europe/Berlin", nil, 2},
		{[]string{"Asia/Kolkata ready", "Europe/Berlin filling"}, "Europe/Berlin", nil, 0},
		{[]string{"Asia/Kolkata ready", "Europe/Berlin ready"}, "Europe/Berlin", []int{1}, 0},
		{[]string{"Europe/Berlin ready", "Asia/Kolkata ready"}, "Europe/Berlin", []int{2}, 0},
		{[]string{"Asia/Kolkata filling"}, "Europe/Berlin", []int{1}, 2},
		{[]string{"Asia/Kolkata ready", "Asia/Kathmandu filling"}, "Europe/Berlin", []int{2}, 3},
		{[]string{"Asia/Kolkata ready", "Asia/Kathmandu filling"}, "Asia/Kolkata", []int{2}, 0},
		{slices.Repeat([]string{"Asia/Kolkata leaving"}, maxCalendars-1), "Europe/Berlin", nil, maxCalendars},
		{slices.Repeat([]string{"Asia/Kolkata leaving"}, maxCalendars), "Europe/Berlin", nil, 0},
	} {
		got := planCalendars(registered(t, c.before...), usage.ZoneRules(loaded(t, c.zone)))
		if !slices.Equal(got.leave, c.leave) || got.register != c.register || got.isNothing() != (len(c.leave) == 0 && c.register == 0) {
			t.Errorf("%q to %s: got %+v", c.before[:min(3, len(c.before))], c.zone, got)
		}
	}
	gap := registered(t, "Asia/Kolkata leaving", "Asia/Kolkata leaving", "Asia/Kolkata leaving")
	if got := planCalendars(append(gap[:1:1], gap[2]), usage.ZoneRules(loaded(t, "Europe/Berlin"))); got.register != 2 {
		t.Errorf("the number that is free is 2, and it gets %d", got.register)
	}
}

// With UTC, nothing is registered, and with what there is, nothing changes.
func TestWhatIsWrittenOfCalendars(t *testing.T) {
	for _, c := range []struct {
		before, zone      string
		inserted, changed int
	}{{"Europe/Berlin ready", "UTC", 0, 2}, {"Europe/Berlin ready", "Europe/Berlin", 0, 0}, {"Europe/Berlin filling", "Asia/Kolkata", 1, 2}, {"Europe/Berlin ready", "Asia/Kolkata", 1, 1}} {
		server := &scripted{t: t, answers: withDefaults(calendarRows(registered(t, c.before)))}
		err := server.open().registerCalendar(t.Context(), loaded(t, c.zone))
		if inserted, changed := server.count("INSERT INTO usage_calendars"), server.count("UPDATE usage_"); err != nil || inserted != c.inserted || changed != c.changed {
			t.Errorf("%s, then %s: %d inserted, %d changed, %v", c.before, c.zone, inserted, changed, err)
		}
	}
}

// A fold adds to what is filled and what is ready.
func TestCalendarsThatFoldsAddTo(t *testing.T) {
	add := func(answers ...answer) ([]usage.Calendar, error) {
		tx, err := (&scripted{t: t, answers: withDefaults(answers...)}).open().db.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return calendarsToAddTo(t.Context(), tx)
	}
	all := registered(t, "Asia/Kolkata leaving", "Europe/Berlin filling", "Asia/Kathmandu stale", "America/Havana ready", "Asia/Gaza another")
	for name, answers := range map[string][]answer{
		"with a state":    {calendarRows(all)},
		"without a state": {none("SELECT generation FROM usage_level_state", "generation"), calendarRows(all)},
	} {
		got, err := add(answers...)
		want := []usage.Calendar{usage.UTCCalendar, {No: 2, Zone: loaded(t, "Europe/Berlin")}, {No: 4, Zone: loaded(t, "America/Havana")}}
		if err != nil || !slices.EqualFunc(got, want, func(a, b usage.Calendar) bool { return a.No == b.No && a.Zone.String() == b.Zone.String() }) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	all[3].Rules++
	if _, err := add(calendarRows(all)); err == nil || !strings.Contains(err.Error(), "the days of America/Havana begin elsewhere") {
		t.Errorf("with other rules: %v", err)
	}
	all[3].Phase = leaving
	if got, err := add(calendarRows(all)); err != nil || len(got) != 2 {
		t.Errorf("with other rules of one that leaves: %v, %v", got, err)
	}
}

// The zone of before is the one that was asked for last.
func TestTheZoneOfBefore(t *testing.T) {
	for _, c := range []struct {
		before []string
		want   string
	}{
		{nil, "UTC"},
		{[]string{"Europe/Berlin ready"}, "Europe/Berlin"},
		{[]string{"Europe/Berlin leaving"}, "UTC"},
		{[]string{"Europe/Berlin stale"}, "Europe/Berlin"},
		{[]string{"Europe/Berlin ready", "Asia/Kolkata filling"}, "Asia/Kolkata"},
		{[]string{"Asia/Kolkata filling", "Europe/Berlin ready"}, "Asia/Kolkata"},
		{[]string{"Asia/Kolkata filling", "Europe/Berlin leaving"}, "Asia/Kolkata"},
	} {
		zone, err := (&scripted{t: t, answers: []answer{calendarRows(registered(t, c.before...))}}).open().zoneOfBefore(t.Context())
		if err != nil || zone.String() != c.want {
			t.Errorf("%q: %v, %v, want %s", c.before, zone, err, c.want)
		}
	}
	unknown := registered(t, "Europe/Berlin ready", "Asia/Kolkata filling")
	unknown[0].Zone = "Europe/Nowhere"
	if zone, err := (&scripted{t: t, answers: []answer{calendarRows(unknown)}}).open().zoneOfBefore(t.Context()); err != nil || zone != nil {
		t.Errorf("a zone that this machine does not know: %v, %v", zone, err)
	}
}

// A zone has sums of its own where there are some by its rules, which other zones may have as well.
func TestZonesThatHaveSums(t *testing.T) {
	for _, c := range []struct {
		before []string
		zone   string
		want   bool
	}{
		{nil, "UTC", true}, {nil, "Africa/Abidjan", true}, {nil, "Europe/Berlin", false},
		{[]string{"Asia/Kolkata ready"}, "Asia/Calcutta", true},
		{[]string{"Asia/Kolkata filling"}, "Asia/Kolkata", true},
		{[]string{"Asia/Kolkata leaving"}, "Asia/Kolkata", false},
		{[]string{"Asia/Kolkata stale"}, "Asia/Kolkata", false},
		{[]string{"Asia/Kolkata ready"}, "Europe/Berlin", false},
		{[]string{"Asia/Kolkata leaving", "Europe/Berlin ready"}, "Asia/Kolkata", false},
	} {
		zone := loaded(t, c.zone)
		if c.zone == "Africa/Abidjan" && usage.ZoneRules(zone) != usage.ZoneRules(time.UTC) {
			continue // it had another time before 1912
		}
		got, err := (&scripted{t: t, answers: []answer{calendarRows(registered(t, c.before...))}}).open().HasCalendar(t.Context(), zone)
		if err != nil || got != c.want {
			t.Errorf("%q has %s: %v, %v", c.before, c.zone, got, err)
		}
	}
}

// After what changes the state, it is read anew.
func TestTheStateIsReadAnewOnceItHasBeenChanged(t *testing.T) {
	to := march.AddDate(0, 0, 1)
	for name, change := range map[string]func(ctx context.Context, r *Rollups) error{
		"a stale calendar": func(ctx context.Context, r *Rollups) error { return r.markStale(ctx, phase.Registered{No: 1}) },
		"another calendar": func(ctx context.Context, r *Rollups) error {
			return r.registerCalendar(ctx, loaded(t, "Europe/Berlin"))
		},
		"a day that is kept": func(ctx context.Context, r *Rollups) error {
			known, err := r.phases.Known(ctx)
			if err == nil {
				err = r.keepDays(ctx, known, to)
			}
			return err
		},
	} {
		server := &scripted{t: t, answers: withDefaults(none("LOCK IN SHARE MODE", "a, b, c, d"), none("FROM ai_sessions", amountColumns))}
		r := server.open()
		if _, err := r.phases.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := change(t.Context(), r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		before := server.count(" AS believed\n\t\tFROM usage_level_state")
		if _, err := r.phases.Known(t.Context()); err != nil || server.count(" AS believed\n\t\tFROM usage_level_state") != before+1 {
			t.Errorf("%s: the state of before is believed, %v", name, err)
		}
	}
	failing(t, "marking", withDefaults(), func(ctx context.Context, r *Rollups) error {
		return pool.Translate(r.markStale(ctx, phase.Registered{No: 1}))
	})
}
