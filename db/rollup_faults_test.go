package db_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// maintenance is what is done to the rollups from time to time, or by an operator.
type maintenance struct {
	// before prepares a try through a connection without faults; round counts the tries.
	before func(round int)
	// try does it through a connection on which a statement fails.
	try func(ctx context.Context) error
	// told tells whether the one who asked was told of a failure although try returned
	// no error, nil if it has to return one.
	told func() bool
	// after finishes the work without faults, and looks at the result.
	after func()
}

// everyStatement has each statement of an operation fail, and not only the first ones and
// then one in ever so many: operations on the sums take a hundred of them and more.
var everyStatement = flag.Bool("every-statement", false, "let each statement fail where maintenance is tested")

// nextFault returns the number of the statement that fails after another has.
func nextFault(at int) int {
	if *everyStatement {
		return at + 1
	}
	return at + 1 + at/2
}

// eachFault fails the first statement of an operation, then the second one, and so on
// until it is through.
func eachFault(t *testing.T, statements *dbtest.Statements, m maintenance) {
	t.Helper()
	round := 0
	for at := 1; !t.Failed(); at = nextFault(at) {
		if round++; m.before != nil {
			m.before(round)
		}
		statements.Fail(at)
		err := m.try(t.Context())
		failed := statements.Failed()
		if err == nil && failed != "" && !triedAgain(failed) && (m.told == nil || !m.told()) {
			t.Errorf("nobody is told that this failed: %.300s", failed)
		}
		m.after()
		if t.Failed() {
			t.Errorf("statement %d failed: %.300s", at, failed)
		}
		if failed == "" {
			if at < 2 {
				t.Error("there is no statement")
			}
			return
		}
	}
}

// triedAgain tells whether the pool settles by itself that a statement fails: it closes
// the connection, or sets one as if nothing were known of the server.
func triedAgain(failed string) bool {
	return strings.HasPrefix(failed, "SET @aiusage_recorded = NULL") || strings.HasPrefix(failed, "SET @@SESSION.")
}

// faultyInTurn is rolledUpInTurn with some sessions, and with another store whose
// statements can be made to fail. That they fail is told alike on every engine.
func faultyInTurn(t *testing.T, turn int, test func(t *testing.T, store, faulty *db.Store, dsn string, statements *dbtest.Statements)) {
	rolledUpInTurn(t, turn, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, fewSessions(60)...)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		recorded, statements := dbtest.Record(t, dsn)
		test(t, store, open(t, recorded), dsn, statements)
	})
}

// unseen takes a trigger away and adds sessions of a new subject, some of them without
// a start.
func unseen(t *testing.T, dsn string, round int) {
	t.Helper()
	execute(t, dsn, "DROP TRIGGER IF EXISTS aiusage_change_inserted", fmt.Sprintf(
		`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('unseen%d', 'new%d', '2026-03-05 10:00', 60)`, round, round))
	w := newWriter(t, dsn, "")
	w.run(fmt.Sprintf(`INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated%d', 'a', '0000-00-00', 60)`, round))
	w.close() // there are many rounds
}

func TestNoStatementOfInstallingFailsUnnoticed(t *testing.T) {
	faultyInTurn(t, 1, func(t *testing.T, store, faulty *db.Store, dsn string, statements *dbtest.Statements) {
		var said db.RollupStatus
		eachFault(t, statements, maintenance{
			before: func(round int) { unseen(t, dsn, round) },
			try: func(ctx context.Context) (err error) {
				said, err = faulty.InstallRollups(ctx, nil)
				return err
			},
			told: func() bool { return said.Phase == db.Raw && said.Reason != "" },
			after: func() {
				got, want := report(t, faulty, usage.Request{}).Totals, plainSums(t, dsn, "TRUE")
				if got != want && status(t, store).Phase != db.Ready { // until it has noticed, it cannot know
					t.Errorf("afterwards: got %v, want %v", got, want)
				}
				install(t, store)
				holds(t, store, dsn, "installed in the end")
			},
		})
	})
}

func TestNoStatementOfFillingFailsUnnoticed(t *testing.T) {
	faultyInTurn(t, 2, func(t *testing.T, store, faulty *db.Store, dsn string, statements *dbtest.Statements) {
		eachFault(t, statements, maintenance{
			before: func(round int) {
				unseen(t, dsn, round)
				if _, err := store.InstallRollups(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			},
			try: func(ctx context.Context) error { return faulty.FillRollups(ctx, nil) },
			after: func() {
				if got, want := report(t, faulty, usage.Request{}).Totals, plainSums(t, dsn, "TRUE"); got != want {
					t.Errorf("afterwards: got %v, want %v", got, want)
				}
				if err := store.FillRollups(t.Context(), nil); err != nil || status(t, store).Phase != db.Ready {
					t.Errorf("filling in the end: %v, %+v", err, status(t, store))
				}
				holds(t, store, dsn, "filled in the end")
			},
		})
	})
}

func TestNoStatementOfCheckingFailsUnnoticed(t *testing.T) {
	faultyInTurn(t, 3, func(t *testing.T, store, faulty *db.Store, dsn string, statements *dbtest.Statements) {
		check := func(ctx context.Context) error { return faulty.CheckRollups(ctx) }
		eachFault(t, statements, maintenance{try: check, after: func() {
			if got := status(t, store); got.Phase != db.Ready {
				t.Errorf("a failure is taken for an obstacle: %+v", got)
			}
		}})
		isRaw := func() bool { return status(t, store).Phase == db.Raw && status(t, store).Reason != "" }
		for what, damage := range map[string][]string{
			"no trigger": {"DROP TRIGGER aiusage_change_deleted"},
			"an obstacle": {"ALTER TABLE ai_sessions MODIFY account_id VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
				"ALTER TABLE ai_sessions MODIFY account_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL"},
		} {
			eachFault(t, statements, maintenance{
				before: func(int) { execute(t, dsn, damage[0]) }, try: check, told: isRaw,
				after: func() {
					if err := faulty.CheckRollups(t.Context()); err != nil || !isRaw() {
						t.Errorf("%s goes unnoticed: %v", what, err)
					}
					execute(t, dsn, damage[1:]...)
					install(t, store)
				},
			})
		}
	})
}

func TestNoStatementOfDroppingFailsUnnoticed(t *testing.T) {
	faultyInTurn(t, 4, func(t *testing.T, store, faulty *db.Store, dsn string, statements *dbtest.Statements) {
		cut := usage.Day.Floor(noon.AddDate(-1, 0, 0))
		var old []usage.Session
		for day := range 300 {
			one := session(fmt.Sprint("old", day), 60)
			one.StartedAt = cut.Add(time.Duration(day) * 24 * time.Hour)
			old = append(old, one)
		}
		write(t, store, old...)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		want := report(t, store, usage.Request{}).Totals
		left := func() int {
			return count(t, dsn, "SELECT COUNT(*) FROM ai_sessions WHERE started_at < '"+cut.Format(time.DateTime)+"'")
		}
		eachFault(t, statements, maintenance{
			before: func(int) { cut = cut.Add(24 * time.Hour) },
			try: func(ctx context.Context) error {
				dropped, err := faulty.DropSessions(ctx, cut, nil)
				if err == nil && (dropped != 1 || left() != 0) {
					t.Errorf("%d were dropped, %d are left", dropped, left())
				}
				return err
			},
			after: func() {
				if got := report(t, store, usage.Request{}).Totals; got != want {
					t.Errorf("got %v, want %v", got, want)
				}
				if _, err := store.DropSessions(t.Context(), cut, nil); err != nil || left() != 0 {
					t.Errorf("%d are left, %v", left(), err)
				}
				if found := differences(t, store); len(found) > 0 {
					t.Errorf("differences: %+v", found)
				}
				if got := report(t, store, usage.Request{}).Totals; got != want || faulty.BulkVariable(t) {
					t.Errorf("got %v, want %v", got, want)
				}
			},
		})
	})
}

func TestNoStatementOfComparingFailsUnnoticed(t *testing.T) {
	faultyInTurn(t, 5, func(t *testing.T, store, faulty *db.Store, dsn string, statements *dbtest.Statements) {
		compare := func(ctx context.Context) error { return faulty.NewComparer().Sweep(ctx) }
		eachFault(t, statements, maintenance{try: compare, after: func() {
			if got := status(t, store); got.Phase != db.Ready {
				t.Errorf("a failure is taken for a difference: %+v", got)
			}
		}})
		for _, damage := range []string{"UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 0", "UPDATE usage_customer_rollups SET minutes = minutes + 1 WHERE grain = 3"} {
			eachFault(t, statements, maintenance{
				before: func(int) { execute(t, dsn, damage) },
				try:    compare,
				told:   func() bool { return status(t, store).Distrusted },
				after: func() {
					if _, begun := store.LookAfter(t.Context()), store.LookAfter(t.Context()); begun != nil {
						t.Error(begun)
					}
					holds(t, store, dsn, "repaired")
				},
			})
		}
	})
}

// What was suspected stays so until somebody has taken it up.
func TestNoStatementOfLookingAfterFailsUnnoticed(t *testing.T) {
	faultyInTurn(t, 6, func(t *testing.T, store, faulty *db.Store, dsn string, statements *dbtest.Statements) {
		eachFault(t, statements, maintenance{
			before: func(int) {
				execute(t, dsn, "UPDATE usage_customer_rollups SET sessions = -7")
				faulty.Forget()
				report(t, faulty, usage.Request{})
				if !status(t, faulty).Distrusted {
					t.Fatal("nothing is suspected")
				}
			},
			try: faulty.CheckRound,
			after: func() {
				for range 2 {
					_ = faulty.CheckRound(t.Context()) // tells once more what was found
				}
				if got := status(t, faulty); got.Phase != db.Ready || got.Distrusted {
					t.Errorf("it is not settled: %+v", got)
				}
				holds(t, store, dsn, "settled")
			},
		})
		eachFault(t, statements, maintenance{
			before: func(int) {
				execute(t, dsn, "UPDATE usage_level_state SET phase = 'filling'")
				faulty.Forget()
			},
			try: faulty.CheckRound,
			after: func() {
				if err := faulty.CheckRound(t.Context()); err != nil || status(t, store).Phase != db.Ready {
					t.Errorf("%v, %+v", err, status(t, store))
				}
			},
		})
		changes := 0
		eachFault(t, statements, maintenance{
			before: func(int) {
				changes++
				write(t, store, session(fmt.Sprint("n", changes), 60))
				faulty.Forget()
			},
			try: faulty.KeepFolding,
			after: func() {
				if err := faulty.KeepFolding(t.Context()); err != nil || status(t, store).Pending != 0 {
					t.Errorf("%v, %+v", err, status(t, store))
				}
				holds(t, store, dsn, "folded")
			},
		})
	})
}
