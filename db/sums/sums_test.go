package sums_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var calendars = []usage.Calendar{usage.UTCCalendar, {No: 1, Zone: time.FixedZone("", 3600)}}

func of(account, customer string) usage.Subject {
	return usage.Subject{AccountID: account, CustomerID: customer}
}

// added adds amounts in a transaction.
func added(ctx context.Context, db *pool.Pool, totals map[sums.Row]usage.Usage) error {
	return db.InTransaction(ctx, func(tx *sqlx.Tx) error { return sums.Add(ctx, tx, totals) })
}

// ofDay reads a day in a transaction.
func ofDay(ctx context.Context, db *pool.Pool, day time.Time) (found map[sums.Row]usage.Usage, err error) {
	err = db.InTransaction(ctx, func(tx *sqlx.Tx) (err error) {
		found, err = sums.OfDay(ctx, tx, day)
		return err
	})
	return found, err
}

// numbered is what the tables say of numbers: subjects, accounts, the stamp, and up to which.
type numbered struct {
	Subjects, Accounts, Stamp, Upto int64
}

func numbersOf(t *testing.T, db *pool.Pool) (n numbered) {
	t.Helper()
	if err := db.GetContext(t.Context(), &n, `SELECT (SELECT COUNT(*) FROM usage_subjects WHERE account_no > 0 AND subject_no > 0) AS subjects,
		(SELECT COUNT(*) FROM usage_accounts) AS accounts, COALESCE(MAX(stamp), 0) AS stamp, COALESCE(MAX(upto), 0) AS upto FROM usage_subject_stamp`); err != nil {
		t.Fatal(err)
	}
	return n
}

// A day has its own sums in all tables, those of its quarter-hours and hours, none of the
// days beside it, of months or of other calendars.
func TestTheSumsOfADay(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		db := tables.Open(t, dsn)
		day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		stored, want := map[sums.Row]usage.Usage{}, map[sums.Row]usage.Usage{}
		for i, at := range []time.Time{day.Add(-15 * time.Minute), day, day.Add(10*time.Hour + 15*time.Minute), day.Add(24*time.Hour - 15*time.Minute), day.Add(24 * time.Hour), column.Undated} {
			for account := range uint32(3) {
				amount := usage.Usage{Minutes: int64(i) + 1, Seconds: 50 + int64(i), Sessions: int64(1 + account)}
				key := sums.Key{AccountNo: 1 + account%2, SubjectNo: 7 + account}
				sums.Spread(stored, calendars, key, at, amount)
				if !at.Before(day) && at.Before(day.Add(24*time.Hour)) {
					sums.Spread(want, calendars[:1], key, at, amount)
				}
			}
		}
		maps.DeleteFunc(want, func(row sums.Row, _ usage.Usage) bool {
			return row.Grid == usage.Grid{Grain: usage.Month, Calendar: usage.UTCCalendar}.Code()
		})
		if _, err := db.ExecContext(t.Context(), "INSERT INTO usage_accounts (account_no, account_id) VALUES (1, 'a'), (2, 'b')"); err != nil {
			t.Fatal(err)
		}
		if err := added(t.Context(), db, stored); err != nil {
			t.Fatal(err)
		}
		if got, err := ofDay(t.Context(), db, day); err != nil || !maps.Equal(got, want) {
			t.Errorf("got %v, %v\nwant %v", got, err, want)
		}
		// What comes to nothing is not written, and nothing is where a sum is too large.
		empty, large := sums.Row{Table: sums.Totals, Grid: 0, Bucket: day.Add(time.Hour)}, sums.Row{Table: sums.Totals, Grid: 0, Bucket: day.Add(2 * time.Hour)}
		if err := added(t.Context(), db, map[sums.Row]usage.Usage{empty: {}}); err != nil {
			t.Error(err)
		}
		if err := added(t.Context(), db, map[sums.Row]usage.Usage{empty: {Sessions: 1}, large: {Seconds: math.MaxInt64}}); !errors.Is(err, usage.ErrTooLarge) {
			t.Errorf("a sum that is too large: got %v", err)
		}
		if got, err := ofDay(t.Context(), db, day); err != nil || !maps.Equal(got, want) {
			t.Errorf("got %v, %v\nwant %v", got, err, want)
		}
	})
}

// What is undated has sums of UTC alone: in each table one for each of its grains, all of one bucket.
func TestWhatIsUndatedHasSumsOfUTC(t *testing.T) {
	totals := map[sums.Row]usage.Usage{}
	sums.Spread(totals, calendars, sums.Key{AccountNo: 1, SubjectNo: 2}, column.Undated, usage.Usage{Sessions: 1})
	count := 0
	for _, table := range sums.Tables {
		count += len(table.Grains())
	}
	for row := range totals {
		if !row.Bucket.Equal(column.Undated) || row.Grid > int(usage.Month) {
			t.Errorf("got %+v", row)
		}
	}
	if len(totals) != count {
		t.Errorf("got %d sums, want %d", len(totals), count)
	}
}

// Whoever has no number gets one, once, however many there are and however often they are
// named; and the stamp is another one when there are more numbers, and only then.
func TestWhoHasNoNumberGetsOne(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		db := tables.Open(t, dsn)
		if err := sums.StampFirst(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		first := numbersOf(t, db)
		var many []usage.Subject
		for i := range 700 {
			many = append(many, of(fmt.Sprint("many", i%350), fmt.Sprint(i/350)))
		}
		last := first
		for _, c := range []struct {
			subjects                 []usage.Subject
			moreSubjects, moreOthers int64
		}{
			{[]usage.Subject{of("b", ""), of("a", "x"), of("b", ""), of("a", "")}, 3, 2},
			{[]usage.Subject{of("b", ""), of("a", "x")}, 0, 0},
			{[]usage.Subject{of("a", "x"), of("a ", "y")}, 1, 0},
			{many, 700, 350},
			{nil, 0, 0},
		} {
			if err := sums.Introduce(t.Context(), db, c.subjects); err != nil {
				t.Fatal(err)
			}
			got := numbersOf(t, db)
			if got.Subjects != last.Subjects+c.moreSubjects || got.Accounts != last.Accounts+c.moreOthers || (got.Stamp != last.Stamp) != (c.moreSubjects > 0) {
				t.Errorf("%.80v: from %+v to %+v", c.subjects, last, got)
			}
			last = got
		}
		var most int64
		if err := db.GetContext(t.Context(), &most, "SELECT MAX(subject_no) FROM usage_subjects"); err != nil || last.Upto != most || first.Stamp == 0 {
			t.Errorf("the stamp %+v, before it %+v, stands for %d numbers; %v", last, first, most, err)
		}
		if err := sums.StampFirst(t.Context(), db); err != nil || numbersOf(t, db) != last {
			t.Errorf("a stamp was replaced: %+v, %v", numbersOf(t, db), err)
		}
	})
}

// Where nobody has given a stamp, or there is no place for one, there is none, which is no error.
func TestThereMayBeNoStamp(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		db := tables.Open(t, dsn)
		for _, statement := range []string{"DELETE FROM usage_subject_stamp", "DROP TABLE usage_subject_stamp"} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if got, err := sums.StampOf(t.Context(), db); err != nil || got != (sums.Stamp{}) {
				t.Errorf("%s: %+v, %v", statement, got, err)
			}
		}
	})
}

// Whichever statement fails, whoever asked is told, and nothing is left half done.
func TestNoStatementOnSumsFailsUnnoticed(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		plain := tables.Open(t, dsn)
		recorded, statements := dbtest.Record(t, dsn)
		faulty, err := pool.Open(recorded, pool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer faulty.Close()
		day, tries := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 0
		for name, try := range map[string]func() error{
			"introducing": func() error {
				tries++
				return sums.Introduce(t.Context(), faulty, []usage.Subject{of(fmt.Sprint("a", tries), "x")})
			},
			"the first stamp": func() error { return sums.StampFirst(t.Context(), faulty) },
			"adding": func() error {
				totals := map[sums.Row]usage.Usage{}
				sums.Spread(totals, calendars, sums.Key{AccountNo: 1, SubjectNo: 1}, day, usage.Usage{Minutes: 1, Seconds: 60, Sessions: 1})
				return added(t.Context(), faulty, totals)
			},
			"a day": func() error {
				_, err := ofDay(t.Context(), faulty, day)
				return err
			},
		} {
			if err := try(); err != nil { // connects
				t.Fatal(err)
			}
			for at := 1; ; at++ {
				before := numbersOf(t, plain)
				statements.Fail(at)
				err := try()
				failed := statements.Failed()
				if failed == "" {
					if err != nil || at < 2 {
						t.Errorf("%s: %v after %d statements", name, err, at-1)
					}
					break
				}
				if err == nil {
					t.Errorf("%s: nobody is told that this failed: %.100s", name, failed)
				}
				if after := numbersOf(t, plain); after.Subjects != before.Subjects || after.Stamp != before.Stamp {
					t.Errorf("%s: after %.100s, %+v became %+v", name, failed, before, after)
				}
			}
		}
	})
}
