package db_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

func TestSessionsAreFoundByTheirIDsAndStarts(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		var rows []usage.Session
		for n := range 250 {
			row := session(fmt.Sprint(n), int64(n))
			row.StartedAt = noon.Add(time.Duration(n/2) * time.Millisecond)
			rows = append(rows, row)
		}
		rows[7].CustomerID = ""
		write(t, store, rows...)
		byID := func(a, b usage.Session) int { return strings.Compare(a.SessionID, b.SessionID) }

		asked := append(slices.Clone(rows[:240]), session("unknown", 1), session("3", 99))
		got, err := store.SessionsByID(t.Context(), asked)
		want := slices.Clone(rows[:240])
		slices.SortFunc(got, byID)
		slices.SortFunc(want, byID)
		if err != nil || !slices.EqualFunc(got, want, sameSession) {
			t.Errorf("by id: %d sessions, %v, want %d", len(got), err, len(want))
		}

		other := session("other", 1)
		other.StartedAt = noon.Add(3*time.Millisecond + 999*time.Microsecond).In(time.FixedZone("", 3600))
		// More starts than one statement asks for, each of them twice and in two zones, one at both ends.
		asked = slices.Clone(rows[8:])
		for i := range asked {
			if i%2 == 0 {
				asked[i].StartedAt = asked[i].StartedAt.In(time.FixedZone("", 3600))
			}
		}
		got, err = store.SessionsStartedWith(t.Context(), slices.Concat([]usage.Session{other}, asked, []usage.Session{rows[7], other}))
		want = slices.Clone(rows[6:])
		slices.SortFunc(got, byID)
		slices.SortFunc(want, byID)
		if err != nil || !slices.EqualFunc(got, want, sameSession) {
			t.Errorf("by start: %v, %v, want %v", got, err, want)
		}
		if got, err := store.SessionsStartedWith(t.Context(), nil); len(got) > 0 || err != nil {
			t.Errorf("nothing asked: %v, %v", got, err)
		}
	})
}

func sameSession(a, b usage.Session) bool {
	return a.StartedAt.Equal(b.StartedAt) && a.SessionID == b.SessionID && a.AccountID == b.AccountID &&
		a.CustomerID == b.CustomerID && a.DurationSeconds == b.DurationSeconds
}

// The engines of tests run on the machine's own clock.
func TestTheDatabaseTellsItsTime(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		before := time.Now().Add(-time.Second)
		got, err := store.Clock(t.Context())
		if err != nil || got.Before(before) || got.After(time.Now().Add(time.Second)) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}
