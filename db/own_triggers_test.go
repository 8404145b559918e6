package db_test

import (
	"maps"
	"testing"

	"aiusage/db"
	"aiusage/usage"
)

// What the platform's own triggers make of imported sessions is what counts, whatever they
// change, for new sessions and for known ones, and from the first batch after their creation on.
func TestSumsAreOfWhatThePlatformsTriggersStore(t *testing.T) {
	changes := []string{
		"account_id = LOWER(NEW.account_id)",
		"customer_id = NULL",
		"customer_id = CONCAT('c-', COALESCE(NEW.customer_id, ''))",
		"started_at = TIMESTAMPADD(HOUR, -5, NEW.started_at)",
		"duration_seconds = NEW.duration_seconds + 61",
		"account_id = 'other', NEW.customer_id = 'x', NEW.started_at = '2026-01-01', NEW.duration_seconds = 7",
	}
	events := map[string][]string{"insert": {"INSERT"}, "update": {"UPDATE"}, "both": {"INSERT", "UPDATE"}}
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, ofTwoAccounts(0)...)
		for n, change := range changes {
			for name, on := range events {
				what := name + ": " + change
				execute(t, dsn, "DELETE FROM ai_sessions")
				write(t, store, ofTwoAccounts(0)[:4]...)
				for _, event := range on {
					execute(t, dsn, "CREATE TRIGGER own_"+event+" BEFORE "+event+" ON ai_sessions FOR EACH ROW SET NEW."+change)
				}
				write(t, store, ofTwoAccounts(1)[2:]...) // known ones and new ones
				write(t, store, session("new", 61), session("newer", 1))
				write(t, store, ofTwoAccounts(int64(n))...)
				rowsHold(t, dsn, what, nil, utcOnly, nil)
				customersHold(t, store, dsn, what)
				for _, event := range on {
					execute(t, dsn, "DROP TRIGGER own_"+event)
				}
			}
			if t.Failed() {
				return
			}
		}
		write(t, store, ofTwoAccounts(9)...) // without any of them
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := store.CheckRollups(t.Context()); err != nil {
			t.Fatal(err)
		}
		customersHold(t, store, dsn, "folded")
		if found := differences(t, store); len(found) > 0 || status(t, store).Phase != db.Ready {
			t.Errorf("%d differences: %+v, %+v", len(found), found[:min(1, len(found))], status(t, store))
		}
	})
}

// An account that may not see the platform's triggers counts what they store all the same.
func TestTriggersThatAnImportMayNotSeeCount(t *testing.T) {
	eachRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		execute(t, dsn, "CREATE TRIGGER own BEFORE INSERT ON ai_sessions FOR EACH ROW SET NEW.account_id = LOWER(NEW.account_id)")
		limited, drop := limitedTo(t, dsn, "SELECT, INSERT, UPDATE, DELETE")
		defer drop()
		write(t, limited, ofTwoAccounts(0)...)
		write(t, limited, ofTwoAccounts(1)...)
		rowsHold(t, dsn, "hidden", nil, utcOnly, nil)
		customersHold(t, store, dsn, "hidden")
	})
}

// ofTwoAccounts are sessions of some quarter-hours, with and without customers.
func ofTwoAccounts(more int64) (all []usage.Session) {
	for n := range 8 {
		one := session(string(rune('a'+n)), 60*int64(n)+more)
		one.AccountID = []string{"ACC", "Other"}[n%2]
		one.CustomerID = []string{"c", "", "d"}[n%3]
		all = append(all, one)
	}
	return all
}

// customersHold compares a report by customer with what the table has.
func customersHold(t *testing.T, store *db.Store, dsn, what string) {
	t.Helper()
	want := map[usage.Subject]usage.Usage{}
	for _, one := range sessionsOf(t, dsn) {
		who := usage.Subject{AccountID: one.AccountID, CustomerID: one.CustomerID}
		want[who] = want[who].Plus(one.Usage())
	}
	got := map[usage.Subject]usage.Usage{}
	for _, one := range report(t, store, usage.Request{Level: usage.ByCustomer}).Subjects {
		got[one.Subject()] = one.Usage
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s: the report has %v, the table %v", what, got, want)
	}
}
