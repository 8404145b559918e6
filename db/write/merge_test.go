package write

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/column"
	"aiusage/db/schema"
	"aiusage/usage"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// What a batch makes of the rows that are known is what writing its rows one after the other
// makes of them, and so is what it counts and what changes by it.
func TestABatchIsWhatItsRowsAreOneByOne(t *testing.T) {
	draw := rand.New(rand.NewPCG(9, 10))
	table := sessionsTable
	id := func(s usage.Session) string { return strings.TrimRight(s.SessionID, " ") }
	one := func(space string) usage.Session {
		return usage.Session{
			SessionID: fmt.Sprint(draw.IntN(6)) + space, AccountID: []string{"a", "b", "a"}[draw.IntN(3)], CustomerID: []string{"", "c"}[draw.IntN(2)],
			StartedAt: noon.Add(time.Duration(draw.IntN(2)) * time.Minute), DurationSeconds: int64(60 * draw.IntN(2)),
		}
	}
	for range 3000 {
		stored, initial := map[string]usage.Session{}, map[string]usage.Session{}
		var known, rows []usage.Session
		for range draw.IntN(5) {
			s := one([]string{"", " "}[draw.IntN(2)])
			if _, there := stored[id(s)]; !there {
				known = append(known, s)
				stored[id(s)], initial[id(s)] = s, s
			}
		}
		for range 1 + draw.IntN(8) {
			rows = append(rows, one(""))
		}
		var want Written
		for _, row := range rows {
			switch before, there := stored[id(row)]; {
			case !there:
				want.Inserted++
			case before == row:
				want.Unchanged++
			default:
				want.Updated++
				if before.AccountID != row.AccountID || before.CustomerID != row.CustomerID {
					want.Moved++
				}
			}
			stored[id(row)] = row
		}
		name := fmt.Sprintf("%+v on %+v", rows, known)
		inserts, updates, written := table.merge(known, rows)
		if written != want {
			t.Fatalf("%s: got %+v, want %+v", name, written, want)
		}
		got := map[string]usage.Session{}
		for key, s := range initial {
			got[key] = s
		}
		for _, s := range inserts {
			if _, there := got[id(s)]; there {
				t.Fatalf("%s: %q is inserted though it is known, or twice", name, s.SessionID)
			}
			got[id(s)] = s
		}
		for _, s := range updates {
			if before, there := initial[id(s)]; !there || before == s {
				t.Fatalf("%s: %q is updated though it is new, or the same", name, s.SessionID)
			}
			got[id(s)] = s
		}
		if fmt.Sprint(got) != fmt.Sprint(stored) {
			t.Fatalf("%s: got %v, want %v", name, got, stored)
		}
		replaced := table.replaced(slices.Clone(known), updates)
		if len(replaced) != len(updates) {
			t.Fatalf("%s: %d rows take the place of %d", name, len(updates), len(replaced))
		}
		for _, s := range replaced {
			if stored[id(s)] == s || initial[id(s)] != s {
				t.Fatalf("%s: %+v is said to be replaced", name, s)
			}
		}
		keys := table.keysOf(slices.Concat(known, rows))
		if len(keys) != len(stored) {
			t.Fatalf("%s: the keys are %v", name, keys)
		}
		for _, key := range keys {
			if _, there := stored[key.SessionID]; !there || key != (usage.Session{SessionID: key.SessionID}) {
				t.Fatalf("%s: the keys are %v", name, keys)
			}
		}
	}
}

// Accounts do not move, and a customer is known by both of its ids.
func TestNamesOfOthersAreNotReplaced(t *testing.T) {
	inserts, updates, written := customersTable.merge([]usage.Customer{{AccountID: "a ", CustomerID: "c", Name: "old"}, {AccountID: "b", CustomerID: "c", Name: "b"}},
		[]usage.Customer{{AccountID: "a", CustomerID: "c", Name: "new"}, {AccountID: "b", CustomerID: "c", Name: "b"}, {AccountID: "a", CustomerID: "d", Name: "d"}})
	if len(inserts) != 1 || len(updates) != 1 || updates[0].Name != "new" || written != (Written{Inserted: 1, Updated: 1, Unchanged: 1}) {
		t.Errorf("got %+v, %+v, %+v", inserts, updates, written)
	}
}

// Spaces at the end of ids make nobody another one, as the tables compare them.
func TestSpacesAtTheEndAreNoOthers(t *testing.T) {
	session := usage.Session{SessionID: "1", AccountID: "a", CustomerID: "c"}
	for other, moved := range map[usage.Session]bool{
		{AccountID: "a ", CustomerID: "c"}: false, {AccountID: "a", CustomerID: "c "}: false, {AccountID: " a", CustomerID: "c"}: true, {AccountID: "a", CustomerID: ""}: true,
	} {
		if got := sessionsTable.moved(session, other); got != moved {
			t.Errorf("%q, %q: moved %v", other.AccountID, other.CustomerID, got)
		}
	}
	if keys := sessionsTable.keysOf([]usage.Session{session, {SessionID: "1 "}, {SessionID: " 1"}}); len(keys) != 2 {
		t.Errorf("sessions: %+v", keys)
	}
	if keys := accountsTable.keysOf([]usage.Account{{AccountID: "a"}, {AccountID: "a "}, {AccountID: " a"}}); len(keys) != 2 {
		t.Errorf("accounts: %+v", keys)
	}
	customers := []usage.Customer{{AccountID: "a", CustomerID: "c"}, {AccountID: "a ", CustomerID: "c"}, {AccountID: "a", CustomerID: "c "}, {AccountID: "a", CustomerID: " c"}}
	if keys := customersTable.keysOf(customers); len(keys) != 2 {
		t.Errorf("customers: %+v", keys)
	}
}

// Primary keys of one column stand alone.
func TestAKeyOfOneColumnStandsAlone(t *testing.T) {
	if got := sessionsTable.keyTuple(); got != "session_id" {
		t.Errorf("got %s", got)
	}
	if got := customersTable.keyTuple(); got != "(account_id, customer_id)" {
		t.Errorf("got %s", got)
	}
}

// A session whose start cannot be read is in no bucket of any time.
func TestAChangeIsInTheBucketOfItsSession(t *testing.T) {
	for _, test := range []struct {
		start  time.Time
		grain  usage.Grain
		bucket time.Time
	}{
		{noon, usage.Hour, noon},
		{noon.Add(time.Hour - time.Millisecond), usage.Hour, noon},
		{noon.Add(time.Hour - time.Millisecond), usage.QuarterHour, noon.Add(45 * time.Minute)},
		{time.Time{}, usage.Hour, column.Undated},
		{time.Time{}, usage.QuarterHour, column.Undated},
	} {
		want := change{usage.Subject{AccountID: "a", CustomerID: "c"}, test.bucket}
		session := usage.Session{SessionID: "1", AccountID: "a", CustomerID: "c", StartedAt: test.start}
		if got := changeOf(session, test.grain); got != want {
			t.Errorf("%v by %v: got %+v, want %+v", test.start, test.grain, got, want)
		}
	}
}

// Engines spell the expression of the minutes in ways of their own.
func TestMinutesAreComputedHereWhereTheTableComputesTheSame(t *testing.T) {
	for _, test := range []struct {
		expression string
		precision  int64
		want       bool
	}{
		{"(`duration_seconds` + 59) DIV 60", 3, true},
		{"((`duration_seconds` + 59) div 60)", 6, true},
		{"(`duration_seconds` + 59) DIV 60", 2, false},
		{"(`duration_seconds` + 29) DIV 30", 3, false},
		{"", 3, false},
	} {
		columns := map[string]schema.Column{
			"ai_minutes": {Expression: sql.NullString{String: test.expression, Valid: test.expression != ""}},
			"started_at": {Precision: sql.NullInt64{Int64: test.precision, Valid: true}},
		}
		if got := countsAsGo(columns); got != test.want {
			t.Errorf("%s with %d digits: %v", test.expression, test.precision, got)
		}
	}
}
