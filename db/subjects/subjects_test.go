package subjects_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/db/subjects"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

func exec(t *testing.T, db *pool.Pool, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func introduce(t *testing.T, db *pool.Pool, customers ...string) {
	t.Helper()
	var all []usage.Subject
	for _, one := range customers {
		all = append(all, usage.Subject{AccountID: "a", CustomerID: one})
	}
	if err := sums.Introduce(t.Context(), db, all); err != nil {
		t.Fatal(err)
	}
}

// known counts the subjects in memory, or returns -1 where there are none to be used.
func known(t *testing.T, s *subjects.Subjects) (count int) {
	t.Helper()
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := s.Known()
	if all == nil {
		return -1
	}
	for number := range int64(1000) {
		if _, ok := all.Of(number); ok {
			count++
		}
	}
	return count
}

func stamp(t *testing.T, db *pool.Pool) (stamp int64) {
	t.Helper()
	if err := db.GetContext(t.Context(), &stamp, "SELECT "+sums.StampColumn); err != nil {
		t.Fatal(err)
	}
	return stamp
}

// Subjects are known that the stamp stands for, and there is another stamp whenever there are
// more of them, and only then.
func TestSubjectsAreKnownByTheirStamp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		db := tables.Open(t, dsn)
		s := subjects.New(db)
		if s.Known() != nil || known(t, s) != -1 {
			t.Error("known before there is a stamp")
		}
		exec(t, db, "INSERT INTO usage_subjects (account_no, account_id, customer_id) VALUES (1, 'b', 'of an earlier version')")
		if got := known(t, s); got != -1 {
			t.Errorf("%d are known without a stamp", got)
		}
		for range 2 { // installing again changes nothing
			before := stamp(t, db)
			if err := sums.StampFirst(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			if after := stamp(t, db); after == 0 || before != 0 && after != before {
				t.Errorf("stamped %d, before that %d", after, before)
			}
		}
		if got := known(t, s); got != 1 {
			t.Errorf("%d are known, want 1", got)
		}
		first := stamp(t, db)
		introduce(t, db, "x", "y")
		second := stamp(t, db)
		if got := known(t, s); got != 3 || first == second || s.Known().Stamp != second {
			t.Errorf("%d are known, want 3; stamps %d, %d", got, first, second)
		}
		introduce(t, db, "x", "y")
		if stamp(t, db) != second {
			t.Error("those who have numbers are stamped again")
		}
		exec(t, db, "INSERT INTO usage_subjects (account_no, account_id, customer_id) VALUES (1, 'b', 'of an earlier version, again')")
		if got := known(t, s); got != 3 {
			t.Errorf("%d are known, want 3: the stamp does not stand for the others", got)
		}
		introduce(t, db, "z")
		if got := known(t, s); got != 5 {
			t.Errorf("%d are known, want 5", got)
		}
		s.KeepAtMost(5)
		if got := known(t, s); got != 5 {
			t.Errorf("%d are known, want 5", got)
		}
		introduce(t, db, "and one more")
		if got := known(t, s); got != -1 {
			t.Errorf("%d are known, and at most 5 may be", got)
		}
	})
}

// Whoever gave numbers first may be the last to stamp them: the stamp stands for the numbers
// that another has given meanwhile, too.
func TestAStampStandsForNumbersThatOthersGaveMeanwhile(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		db := tables.Open(t, dsn)
		introduce(t, db, "x")
		err := db.InTransaction(t.Context(), func(slow *sqlx.Tx) error {
			var before int
			if err := slow.GetContext(t.Context(), &before, "SELECT COUNT(*) FROM usage_subjects"); err != nil {
				return err
			}
			introduce(t, db, "y", "z")
			return sums.StampSubjects(t.Context(), slow)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := known(t, subjects.New(db)); got != 3 {
			t.Errorf("%d are known, want 3", got)
		}
	})
}

// Whichever statement fails, whoever asked is told, and what is in memory stays; connections are
// given back, whatever happens.
func TestNoStatementOfSubjectsFailsUnnoticed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		plain := tables.Open(t, dsn)
		introduce(t, plain, "x", "y")
		recorded, statements := dbtest.Record(t, dsn)
		db, err := pool.Open(recorded, pool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := subjects.New(db)
		if got := known(t, s); got != 2 {
			t.Fatalf("%d are known, want 2", got)
		}
		for at := 1; ; at++ {
			statements.Fail(at)
			err := s.Load(t.Context())
			failed := statements.Failed()
			if failed == "" {
				if err != nil || at < 3 {
					t.Errorf("%v with %d statements", err, at-1)
				}
				break
			}
			if _, ok := s.Known().Of(1); err == nil || !ok || db.Stats().InUse != 0 {
				t.Errorf("%s failed: %v, known: %v, %d connections in use", failed, err, ok, db.Stats().InUse)
			}
		}
	})
}

// Whoever asks when nothing is known, or finds it outdated, has it read in the background.
func TestSubjectsAreReadInTheBackground(t *testing.T) {
	db := tables.Open(t, dbtest.One(t))
	introduce(t, db, "x")
	until := func(what string, holds func() bool) {
		t.Helper()
		for begun := time.Now(); !holds(); runtime.Gosched() {
			if time.Since(begun) > 20*time.Second {
				t.Fatal(what)
			}
		}
	}
	s := subjects.New(db)
	until("nothing is known", func() bool { return s.Known() != nil })
	introduce(t, db, "y")
	after := stamp(t, db)
	until("what was known is known for ever", func() bool { s.Outdated(); return s.Known().Stamp == after })
	if (*subjects.Subjects)(nil).Known() != nil {
		t.Error("nobody's subjects are known")
	}
}

// Numbers so far apart that a list of them would take more than the subjects do are not kept:
// whoever reads looks such subjects up.
func TestNumbersFarApartAreNotKept(t *testing.T) {
	for highest, want := range map[int64]bool{10: true, 16 * 10: true, 16*10 + 1: false, 4_000_000_000: false} {
		known := subjects.Numbered(7, map[int64]usage.Subject{1: {AccountID: "a"}, highest: {AccountID: "b"}}, 10)
		subject, found := known.Of(highest)
		if found != want || found && subject.AccountID != "b" || known.Stamp != 7 {
			t.Errorf("%d: got %+v, %v", highest, subject, found)
		}
	}
}

// Subjects are known by their numbers and in the order of reports, whatever order their numbers have,
// and whether an id ends with a blank, in an account or a customer, is known of all together.
func TestSubjectsAreInTheOrderOfReports(t *testing.T) {
	known := subjects.Numbered(7, map[int64]usage.Subject{1: {AccountID: "c"}, 3: {AccountID: "a", CustomerID: "y"}, 4: {AccountID: "b"}, 9: {AccountID: "a"}}, 4)
	if known.Stamp != 7 || known.Blanks || known.Len() != 4 {
		t.Errorf("got %+v", known)
	}
	for i, number := range []int64{9, 3, 4, 1} {
		if rank, is := known.Rank(number); !is || rank != int32(i+1) {
			t.Errorf("%d has the rank %d, %t", number, rank, is)
		}
	}
	for _, number := range []int64{-1, 0, 2, 10} {
		if _, is := known.Rank(number); is {
			t.Errorf("%d is known", number)
		}
	}
	for _, subject := range []usage.Subject{{AccountID: "a "}, {AccountID: "a", CustomerID: "x "}} {
		if !subjects.Numbered(7, map[int64]usage.Subject{1: subject, 2: {AccountID: "z"}}, 4).Blanks {
			t.Errorf("%q has no blank at its end", subject)
		}
	}
}
