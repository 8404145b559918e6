package mirror

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"aiusage/usage"
)

var begin = time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC)

// copyOf is a copy of sessions. Those without a start are undated.
func copyOf(sessions []usage.Session) *Copy {
	made := newMaking(len(sessions))
	for _, one := range sessions {
		start := sql.NullInt64{Int64: one.StartedAt.UnixMicro(), Valid: !one.StartedAt.IsZero()}
		made.add([]byte(one.AccountID), []byte(one.CustomerID), start, one.Usage())
	}
	return made.copy()
}

// drawn are sessions of some days, some of them without a start.
func drawn(random *rand.Rand) []usage.Session {
	sessions := make([]usage.Session, random.IntN(200))
	for i := range sessions {
		sessions[i] = usage.Session{
			AccountID: fmt.Sprint("a", random.IntN(3)), CustomerID: []string{"", "c", "d"}[random.IntN(3)], DurationSeconds: random.Int64N(300),
		}
		if random.IntN(10) > 0 {
			sessions[i].StartedAt = begin.Add(time.Duration(random.IntN(4*24*60)) * time.Minute)
			if random.IntN(3) == 0 {
				sessions[i].StartedAt = sessions[i].StartedAt.Truncate(time.Hour).Add(time.Duration(random.IntN(3)-1) * time.Millisecond)
			}
		}
	}
	return sessions
}

// What there is of each subject in each span is what one finds session by session.
func TestSpansHaveTheSessionsInThem(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		sessions := drawn(random)
		query := usage.Query{Level: []usage.Level{usage.ByCustomer, usage.ByAccount, usage.Together}[random.IntN(3)]}
		if random.IntN(3) == 0 {
			query.AccountID = "a1"
		}
		query.CustomerID = []string{"", "", "c", "nobody", " "}[random.IntN(5)]
		if random.IntN(3) == 0 {
			query.Accounts = [][]string{{}, {"a0"}, {"a0", "a1"}}[random.IntN(3)]
		}
		if random.IntN(3) == 0 {
			query.CustomerIDs = [][]string{{}, {"c"}, {" ", "nobody"}, {"c", "nobody"}}[random.IntN(4)]
		}
		var points []usage.Range
		at := begin.Add(time.Duration(random.IntN(48*60)-600) * time.Minute)
		if random.IntN(5) == 0 {
			at = time.Time{}
		}
		for range random.IntN(40) {
			next := begin.Add(-10 * time.Hour)
			if !at.IsZero() {
				next = at.Add(time.Duration(1+random.IntN(300)) * time.Minute)
			}
			points = append(points, usage.Range{From: at, To: next})
			at = next
		}
		if random.IntN(5) == 0 {
			points = append(points, usage.Range{From: at})
		}
		plan := usage.Compose(points, usage.Sums{})
		plan.Undated = random.IntN(2) == 0 && len(points) > 0

		type key struct {
			subject usage.Subject
			point   int
		}
		want, got := map[key]usage.Usage{}, map[key]usage.Usage{}
		for _, one := range sessions {
			if query.AccountID != "" && one.AccountID != query.AccountID || query.CustomerID != "" && one.CustomerID != query.CustomerID ||
				query.Accounts != nil && !slices.Contains(query.Accounts, one.AccountID) ||
				query.CustomerIDs != nil && (usage.TrimID(one.CustomerID) == "" || !slices.Contains(query.CustomerIDs, one.CustomerID)) {
				continue
			}
			subject := query.Level.Of(usage.Subject{AccountID: one.AccountID, CustomerID: one.CustomerID})
			for i, point := range points {
				if one.StartedAt.IsZero() && plan.Undated && i == 0 || !one.StartedAt.IsZero() &&
					!one.StartedAt.Before(point.From) && (point.To.IsZero() || one.StartedAt.Before(point.To)) {
					want[key{subject, i}] = want[key{subject, i}].Plus(one.Usage())
				}
			}
		}
		err := copyOf(sessions).Each(query, plan, func(subject usage.Subject, shares []usage.Share, amount usage.Usage) error {
			for _, share := range shares {
				if share.Times != 1 {
					t.Errorf("%+v: counts %d times", points, share.Times)
				}
				got[key{subject, share.Point}] = got[key{subject, share.Point}].Plus(amount)
			}
			return nil
		})
		if err != nil || !maps.Equal(got, want) {
			t.Fatalf("%+v\n%v, undated %v\n%d sessions\ngot  %v\nwant %v\n%v", query, points, plan.Undated, len(sessions), got, want, err)
		}

		var span usage.Range
		for _, one := range sessions {
			if one.StartedAt.IsZero() || query.AccountID != "" && one.AccountID != query.AccountID || query.CustomerID != "" && one.CustomerID != query.CustomerID ||
				query.Accounts != nil && !slices.Contains(query.Accounts, one.AccountID) ||
				query.CustomerIDs != nil && (usage.TrimID(one.CustomerID) == "" || !slices.Contains(query.CustomerIDs, one.CustomerID)) {
				continue
			}
			if from := one.StartedAt.Truncate(time.Hour); span.From.IsZero() || from.Before(span.From) {
				span.From = from
			}
			if to := one.StartedAt.Truncate(time.Hour).Add(time.Hour); to.After(span.To) {
				span.To = to
			}
		}
		if got := copyOf(sessions).Span(query); got != span {
			t.Fatalf("%+v: spans %v, want %v", query, got, span)
		}
	}
}

// A sum beyond 64 bits is an error, as it is in the database, and so is whatever the one who
// asks makes of a sum.
func TestWhatDoesNotFitOrIsRefusedEndsTheAnswer(t *testing.T) {
	refused := errors.New("refused")
	for name, plan := range map[string]usage.Plan{
		"dated":   usage.Compose([]usage.Range{{}}, usage.Sums{}),
		"undated": {Undated: true},
	} {
		start := begin
		if plan.Undated {
			start = time.Time{}
		}
		sessions := []usage.Session{{AccountID: "a", StartedAt: start, DurationSeconds: math.MaxInt64 - 5}, {AccountID: "a", StartedAt: start, DurationSeconds: 10}}
		each := func(sessions []usage.Session) error {
			return copyOf(sessions).Each(usage.Query{}, plan, func(usage.Subject, []usage.Share, usage.Usage) error { return refused })
		}
		if err := each(sessions); !errors.Is(err, usage.ErrTooLarge) {
			t.Errorf("%s: got %v", name, err)
		}
		if err := each(sessions[1:]); !errors.Is(err, refused) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
