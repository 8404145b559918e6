package db_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// writeSome writes sessions of two accounts around the change of clocks in Berlin.
func writeSome(t *testing.T, store *db.Store) {
	t.Helper()
	start := time.Date(2026, 3, 28, 22, 30, 0, 0, time.UTC)
	var sessions []usage.Session
	for i, subject := range []usage.Subject{{AccountID: "a", CustomerID: "x"}, {AccountID: "a"}, {AccountID: "b", CustomerID: "x"}, {AccountID: "a", CustomerID: "y"}} {
		for hour := range 30 {
			sessions = append(sessions, usage.Session{
				SessionID: string(rune('a'+i)) + time.Duration(hour).String(),
				AccountID: subject.AccountID, CustomerID: subject.CustomerID,
				StartedAt:       start.Add(time.Duration(hour)*time.Hour + time.Duration(i)*time.Millisecond),
				DurationSeconds: int64(60*i + hour),
			})
		}
	}
	if _, err := store.WriteSessions(t.Context(), sessions); err != nil {
		t.Fatal(err)
	}
}

// On every engine, at every level and step, series add up to the report of the
// same range and have each day's sessions in its own point.
func TestSeriesAddUpToTheReport(t *testing.T) {
	berlin, err := usage.LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		writeSome(t, store)
		closed := usage.Range{From: time.Date(2026, 3, 28, 22, 45, 0, 0, time.UTC), To: time.Date(2026, 3, 30, 12, 0, 0, 1e6, time.UTC)}
		for _, query := range []usage.Query{
			{Zone: berlin, Range: closed},
			{Zone: berlin},
			{Zone: time.UTC, Range: usage.Range{From: closed.From}},
			{Zone: berlin, Accounts: []string{"a"}},
			{Zone: berlin, Accounts: []string{}},
			{Zone: berlin, AccountID: "a", CustomerID: "x"},
		} {
			report, err := store.Report(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []usage.Step{usage.QuarterHourly, usage.Hourly, usage.Daily, usage.Weekly, usage.Monthly, usage.Yearly} {
				if query.Range.To.IsZero() && (step == usage.Hourly || step == usage.QuarterHourly) {
					continue // too many hours, some day
				}
				for level, want := range map[usage.Level]map[usage.Subject]usage.Usage{
					usage.Together: {{}: report.Totals}, usage.ByAccount: byAccount(report), usage.ByCustomer: bySubject(report),
				} {
					set, err := store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(level, query), Step: step})
					if err != nil {
						t.Fatalf("%+v %s: %v", query, step, err)
					}
					got := map[usage.Subject]usage.Usage{}
					for subject := range want {
						var sum usage.Usage
						for _, point := range set.Of(subject) {
							sum = sum.Plus(point.Usage)
						}
						got[subject] = sum
					}
					if !reflect.DeepEqual(got, want) {
						t.Errorf("%+v, level %d, %s:\ngot  %+v\nwant %+v", query, level, step, got, want)
					}
				}
			}
		}
		set, err := store.Series(t.Context(), usage.SeriesQuery{Query: usage.Query{Level: usage.Together, Zone: berlin}, Step: usage.Daily})
		if err != nil {
			t.Fatal(err)
		}
		var counts []int64
		for _, point := range set.Of(usage.Subject{}) {
			counts = append(counts, point.Sessions)
		}
		// The 29th has 23 hours.
		want := make([]int64, len(counts))
		copy(want, []int64{4, 4 * 23, 4 * 6})
		if !reflect.DeepEqual(counts, want) {
			t.Errorf("got %d sessions a day, want %d", counts, want)
		}
	})
}

// An open end is the later of now and the last usage of what is asked for, and an open start its
// first: what others have, at whatever time, does not matter.
func TestAnOpenEndIsThatOfWhatIsAskedFor(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, dsn string) {
		now, err := store.Clock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at := func(days int) time.Time { return usage.Day.Floor(now).AddDate(0, 0, days).Add(90 * time.Minute) }
		session := func(account, customer string, days int) usage.Session {
			return usage.Session{SessionID: fmt.Sprint(account, customer, days), AccountID: account, CustomerID: customer, StartedAt: at(days), DurationSeconds: 60}
		}
		write(t, store, session("a", "x", -20), session("a", "", -10), session("a", "y", -5), session("a", "y", 3), session("b", "x", -30), session("b", "z", 40))
		write(t, store, usage.Session{SessionID: "wrong clock", AccountID: "c", CustomerID: "w", StartedAt: time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)})
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		write(t, store, session("d", "x", -40)) // not folded
		for _, test := range []struct {
			query       usage.Query
			first, last int // days from today
		}{
			{usage.Query{AccountID: "a"}, -20, 3},
			{usage.Query{AccountID: "a", CustomerID: "x"}, -20, 0},
			{usage.Query{AccountID: "a", CustomerID: "y"}, -5, 3},
			{usage.Query{AccountID: "b"}, -30, 40},
			{usage.Query{AccountID: "b", CustomerID: "x"}, -30, 0},
			{usage.Query{CustomerID: "x"}, -40, 0},
			{usage.Query{CustomerID: "z"}, 40, 40},
			{usage.Query{Accounts: []string{"a", "b"}}, -30, 40},
			{usage.Query{Accounts: []string{"a", "b"}, CustomerID: "x"}, -30, 0},
			{usage.Query{Accounts: []string{"a"}, AccountID: "a", CustomerID: "x"}, -20, 0},
			{usage.Query{AccountID: "d"}, -40, 0},
			{usage.Query{AccountID: "a", Range: usage.Range{From: usage.Day.Floor(at(-8))}}, -8, 3},
			{usage.Query{AccountID: "a", Range: usage.Range{To: usage.Day.Floor(at(-8))}}, -20, -9},
		} {
			test.query.Zone = time.UTC
			set, err := store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(usage.Together, test.query), Step: usage.Daily})
			if err != nil {
				t.Fatalf("%+v: %v", test.query, err)
			}
			first, last := set.Buckets[0], set.Buckets[len(set.Buckets)-1]
			if got, want := usage.Day.Floor(first.From), usage.Day.Floor(at(test.first)); !got.Equal(want) {
				t.Errorf("%+v begins on %s, want %s", test.query, got, want)
			}
			// Midnight may have passed since the clock was read.
			if got, want := usage.Day.Floor(last.From), usage.Day.Floor(at(test.last)); !got.Equal(want) && !(test.last == 0 && got.Equal(usage.Day.Next(want))) {
				t.Errorf("%+v ends on %s, want %s", test.query, got, want)
			}
		}
		for _, query := range []usage.Query{{AccountID: "nobody"}, {AccountID: "a", CustomerID: "z"}, {CustomerID: "nobody"}, {Accounts: []string{"a"}, AccountID: "b"}, {Accounts: []string{"a"}, CustomerID: "z"}} {
			query.Zone = time.UTC
			if set, err := store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(usage.Together, query), Step: usage.Daily}); err != nil || len(set.Buckets) != 0 {
				t.Errorf("%+v: %d points, %v", query, len(set.Buckets), err)
			}
		}
		_, err = store.Series(t.Context(), usage.SeriesQuery{Query: usage.Query{Level: usage.Together, Zone: time.UTC}, Step: usage.Daily})
		wantCode(t, err, usage.InvalidArgument)
		if !isEmbedded(t, store) {
			endsAfterRetention(t, store, at)
		}
	})
}

// endsAfterRetention makes sure that usage begins where it began before its sessions were dropped.
func endsAfterRetention(t *testing.T, store *db.Store, at func(days int) time.Time) {
	t.Helper()
	if _, err := store.Fold(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := store.DropSessions(t.Context(), usage.Day.Floor(at(-7)), nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		query usage.Query
		first int
	}{
		{usage.Query{AccountID: "a"}, -20},
		{usage.Query{AccountID: "a", CustomerID: "x"}, -20},
		{usage.Query{AccountID: "a", CustomerID: "y"}, -5},
		{usage.Query{CustomerID: "x"}, -40},
	} {
		test.query.Zone = time.UTC
		set, err := store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(usage.Together, test.query), Step: usage.Daily})
		if err != nil {
			t.Fatalf("%+v after retention: %v", test.query, err)
		}
		if got, want := usage.Day.Floor(set.Buckets[0].From), usage.Day.Floor(at(test.first)); !got.Equal(want) {
			t.Errorf("%+v begins on %s after retention, want %s", test.query, got, want)
		}
	}
}

func byAccount(report *usage.Report) map[usage.Subject]usage.Usage {
	amounts := map[usage.Subject]usage.Usage{}
	for _, row := range report.Accounts {
		amounts[usage.Subject{AccountID: row.AccountID}] = row.Usage
	}
	return amounts
}

func bySubject(report *usage.Report) map[usage.Subject]usage.Usage {
	amounts := map[usage.Subject]usage.Usage{}
	for _, row := range report.Subjects {
		amounts[usage.Subject{AccountID: row.AccountID, CustomerID: row.CustomerID}] = row.Usage
	}
	return amounts
}

// Whatever the length of a bucket, a session is in the one that holds its start.
func TestASessionIsInItsPointWhateverTheLength(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	anyStore(t, func(t *testing.T, store *db.Store, _ string) {
		var sessions []usage.Session
		for second := range 300 {
			sessions = append(sessions, usage.Session{SessionID: time.Duration(second).String(), AccountID: "a", StartedAt: start.Add(time.Duration(second) * time.Second)})
		}
		for minute := 10; minute < 24*60; minute++ {
			sessions = append(sessions, usage.Session{SessionID: "m" + time.Duration(minute).String(), AccountID: "a", StartedAt: start.Add(time.Duration(minute)*time.Minute - time.Second)})
		}
		if _, err := store.WriteSessions(t.Context(), sessions); err != nil {
			t.Fatal(err)
		}
		for _, length := range []time.Duration{
			100 * time.Second, 128 * time.Second, 184 * time.Second, 255 * time.Second, 256 * time.Second,
			8 * time.Hour, 9*time.Hour + 30*time.Minute, 9*time.Hour + 45*time.Minute, 12 * time.Hour, 18 * time.Hour, 20 * time.Hour,
		} {
			for _, step := range []usage.Step{usage.Hourly, usage.Daily} {
				query := usage.Query{Zone: time.UTC, Range: usage.Range{From: start, To: start.Add(length)}}
				report, err := store.Report(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				set, err := store.Series(t.Context(), usage.SeriesQuery{Query: atLevel(usage.Together, query), Step: step})
				if err != nil {
					t.Fatalf("%s of %s: %v", step, length, err)
				}
				var sum usage.Usage
				for _, point := range set.Of(usage.Subject{}) {
					sum = sum.Plus(point.Usage)
					one, err := store.Report(t.Context(), usage.Query{Zone: time.UTC, Range: point.Range})
					if err != nil {
						t.Fatal(err)
					}
					if one.Totals != point.Usage {
						t.Errorf("%s of %s, %v: got %+v, want %+v", step, length, point.Range, point.Usage, one.Totals)
					}
				}
				if sum != report.Totals {
					t.Errorf("%s of %s: got %+v, want %+v", step, length, sum, report.Totals)
				}
			}
		}
	})
}

// A snapshot shows what was there at its first answer, whatever is asked of it and
// whatever happens meanwhile.
func TestASnapshotShowsOneState(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, _ string) {
		writeSome(t, store)
		snapshot := store.Snapshot(t.Context())
		defer snapshot.Close()
		before, err := snapshot.Report(t.Context(), usage.Query{Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.WriteSessions(t.Context(), []usage.Session{{
			SessionID: "late", AccountID: "c", StartedAt: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), DurationSeconds: 600,
		}}); err != nil {
			t.Fatal(err)
		}
		after, err := snapshot.Report(t.Context(), usage.Query{Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		if after.Totals != before.Totals || !after.AsOf.Equal(before.AsOf) {
			t.Errorf("got %+v as of %v, then %+v as of %v", before.Totals, before.AsOf, after.Totals, after.AsOf)
		}
		set, err := snapshot.Series(t.Context(), usage.SeriesQuery{Query: usage.Query{Level: usage.Together, Zone: time.UTC}, Step: usage.Monthly})
		if err != nil {
			t.Fatal(err)
		}
		var sum usage.Usage
		for _, point := range set.Of(usage.Subject{}) {
			sum = sum.Plus(point.Usage)
		}
		if sum != before.Totals || !set.AsOf.Equal(before.AsOf) {
			t.Errorf("got %+v as of %v", sum, set.AsOf)
		}
		if err := snapshot.Close(); err != nil {
			t.Error(err)
		}
		if _, err := snapshot.Report(t.Context(), usage.Query{Zone: time.UTC}); err == nil {
			t.Error("a closed snapshot answered")
		}
	})
}

// Whoever holds a snapshot can still be answered by another connection.
func TestSnapshotsLeaveConnections(t *testing.T) {
	anyStore(t, func(t *testing.T, _ *db.Store, dsn string) {
		store, err := db.Open(dsn, db.Options{MaxConnections: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		done := make(chan error)
		for range 10 {
			go func() {
				snapshot := store.Snapshot(t.Context())
				defer snapshot.Close()
				_, err := snapshot.Report(t.Context(), usage.Query{Zone: time.UTC})
				if err == nil {
					_, err = store.Report(t.Context(), usage.Query{Zone: time.UTC})
				}
				done <- err
			}()
		}
		for range 10 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

// What is asked of a snapshot whose context has ended says so, whichever part of the
// work noticed it first, and is no fault.
func TestASnapshotSaysThatItsContextHasEnded(t *testing.T) {
	for name, want := range map[string]usage.Code{"gone": usage.Canceled, "out of time": usage.Timeout} {
		t.Run(name, func(t *testing.T) {
			anyStore(t, func(t *testing.T, store *db.Store, _ string) {
				for _, closed := range []bool{false, true} {
					ctx, cancel := context.WithCancel(t.Context())
					if want == usage.Timeout {
						ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
					}
					snapshot := store.Snapshot(ctx)
					_, _ = snapshot.Report(t.Context(), usage.Query{Zone: time.UTC})
					if want == usage.Canceled {
						cancel()
					}
					<-ctx.Done()
					if closed {
						_ = snapshot.Close()
					}
					// Whoever asks may use another context, as loaders of a request do. An
					// answer that was quicker than the end is as good.
					says := func(err error) {
						t.Helper()
						if err != nil {
							wantCode(t, err, want)
						}
					}
					_, err := snapshot.Report(t.Context(), usage.Query{Zone: time.UTC})
					says(err)
					_, err = snapshot.Series(t.Context(), usage.SeriesQuery{Query: usage.Query{Level: usage.Together, Zone: time.UTC}, Step: usage.Daily})
					says(err)
					_, err = snapshot.Names(t.Context(), []usage.Subject{{AccountID: "a"}})
					says(err)
					if closed && err == nil {
						t.Error("a closed snapshot answered")
					}
					cancel()
					_ = snapshot.Close()
				}
			})
		})
	}
}

// atLevel is a query that tells usage apart at a level.
func atLevel(level usage.Level, query usage.Query) usage.Query {
	query.Level = level
	return query
}
