package phase_test

import (
	"fmt"
	"testing"
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// A calendar is that of whoever registered it only where both know the same rules.
func TestACalendarHasTheRulesThatItWasRegisteredWith(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	rules := usage.ZoneRules(berlin)
	for name, test := range map[string]struct {
		registered phase.Registered
		want       string
		same       bool
	}{
		"the same":        {phase.Registered{No: 3, Zone: "Europe/Berlin", Rules: rules}, "{3 Europe/Berlin}", true},
		"other rules":     {phase.Registered{No: 3, Zone: "Europe/Berlin", Rules: rules + 1}, "{3 Europe/Berlin}", false},
		"an unknown zone": {phase.Registered{No: 3, Zone: "Europe/Atlantis", Rules: rules}, "{0 UTC}", false},
	} {
		if calendar, same := test.registered.Calendar(); fmt.Sprint(calendar) != test.want || same != test.same {
			t.Errorf("%s: got %v, %v", name, calendar, same)
		}
	}
}

// onOne runs test on one engine, the next one for each turn, with the gateway's tables.
func onOne(t *testing.T, turn int, test func(t *testing.T, db *pool.Pool, run func(statement string, args ...any))) {
	dbtest.InTurn(t, turn, func(t *testing.T, dsn string) {
		db := tables.Open(t, dsn)
		test(t, db, func(statement string, args ...any) {
			t.Helper()
			if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		})
	})
}

// The sums of a calendar are read where they are ready, and have the days that this process
// knows.
func TestReadyCalendarsAreThoseThatMayBeRead(t *testing.T) {
	onOne(t, 0, func(t *testing.T, db *pool.Pool, run func(string, ...any)) {
		tracker := phase.NewTracker(db, phase.Levels)
		run(ofSet(phase.Levels, ready))
		read := func(want string) *phase.State {
			t.Helper()
			state, err := tracker.Read(t.Context())
			if err != nil || fmt.Sprint(state.Calendars) != want {
				t.Errorf("got %+v, %v, want the calendars %s", state, err, want)
			}
			return state
		}
		read("[{0 UTC}]")
		berlin, kolkata := usage.ZoneRules(zone(t, "Europe/Berlin")), usage.ZoneRules(zone(t, "Asia/Kolkata"))
		for _, one := range []phase.Registered{
			{6, "Asia/Kolkata", kolkata, "ready"}, {2, "Europe/Atlantis", berlin, "ready"}, {3, "Europe/Paris", berlin + 1, "ready"},
			{4, "Asia/Kathmandu", usage.ZoneRules(zone(t, "Asia/Kathmandu")), "filling"}, {5, "Europe/Berlin", berlin, "ready"},
		} {
			run("INSERT INTO usage_calendars (calendar_no, zone, rules, phase) VALUES (?, ?, ?, ?)", one.No, one.Zone, one.Rules, one.Phase)
		}
		const all = "[{0 UTC} {5 Europe/Berlin} {6 Asia/Kolkata}]"
		if read(all).Accounts != 0 {
			t.Error("there are accounts")
		}
		registered, err := phase.RegisteredCalendars(t.Context(), db)
		if err != nil || len(registered) != 5 || registered[0].Zone != "Europe/Atlantis" || registered[4] != (phase.Registered{No: 6, Zone: "Asia/Kolkata", Rules: kolkata, Phase: "ready"}) {
			t.Errorf("registered are %+v, %v", registered, err)
		}
		run("INSERT INTO usage_accounts (account_no, account_id) VALUES (7, 'a'), (9, 'b')")
		if got := read(all).Accounts; got != 9 {
			t.Errorf("%d accounts have a number, want 9", got)
		}
		run(ofSet(phase.Hours, ready))
		if hours, err := phase.NewTracker(db, phase.Hours).Read(t.Context()); err != nil || fmt.Sprint(hours.Calendars) != "[{0 UTC}]" || hours.Accounts != 0 {
			t.Errorf("the sums by hour are of UTC alone: %+v, %v", hours, err)
		}
		run(ofSet(phase.Levels, "UPDATE STATE SET phase = 'filling'"))
		read("[{0 UTC}]") // none of their sums is
		run(ofSet(phase.Levels, "UPDATE STATE SET phase = 'ready'"))
		for _, table := range []string{"usage_accounts", "usage_calendars"} {
			run("RENAME TABLE " + table + " TO away")
			_, err := tracker.Read(t.Context())
			wantCode(t, "without "+table, err, usage.Unavailable)
			run("RENAME TABLE away TO " + table)
		}
		run("DROP TABLE usage_calendars")
		_, err = phase.RegisteredCalendars(t.Context(), db)
		wantCode(t, "registered", err, usage.Unavailable)
		_, err = phase.ReadyCalendars(t.Context(), db)
		wantCode(t, "ready", err, usage.Unavailable)
	})
}
