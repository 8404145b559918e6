package pool_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// Results of more than fits between a server and who reads it, of many rows and of a few.
const (
	many  = "SELECT a.c, REPEAT('x', 1000) FROM digits a, digits b, digits c, digits d, digits e"
	large = "SELECT a.c, REPEAT('x', 1000000) FROM digits a JOIN digits b ON b.c < 5"
)

// prepareMany makes what they read, and a table to write to.
func prepareMany(t *testing.T, connections *pool.Pool) {
	t.Helper()
	for _, statement := range []string{"CREATE TABLE digits (c INT)", "INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)",
		"CREATE TABLE written (way VARCHAR(64))"} {
		if _, err := connections.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

var errNoFurther = errors.New("this goes no further")

// hangs are what is begun before a server hangs and is to end when its context does, though it
// is not a statement.
var hangs = map[string]func(ctx context.Context, connections *pool.Pool, hang func()) error{
	"rolling back": func(ctx context.Context, connections *pool.Pool, hang func()) error {
		return connections.InTransaction(ctx, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO written VALUES ('rolled back')")
			hang()
			return errors.Join(err, errNoFurther)
		})
	},
	"rolling back after it has ended": func(ctx context.Context, connections *pool.Pool, hang func()) error {
		return connections.InTransaction(ctx, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO written VALUES ('rolled back')")
			hang()
			<-ctx.Done()
			return errors.Join(err, errNoFurther)
		})
	},
	"committing": func(ctx context.Context, connections *pool.Pool, hang func()) error {
		return connections.InTransaction(ctx, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO written VALUES ('committed')")
			hang()
			return err
		})
	},
	"committing, when the server is looked at before": func(ctx context.Context, connections *pool.Pool, hang func()) error {
		return connections.InTransaction(ctx, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO written VALUES ('committed after a while')")
			time.Sleep(pool.LookEvery)
			hang()
			return err
		})
	},
	"rolling back what triggers do not see": func(ctx context.Context, connections *pool.Pool, hang func()) error {
		return connections.WithoutTriggers(ctx, []string{"nobody_asks_for_this"}, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO written VALUES ('rolled back')")
			hang()
			return errors.Join(err, errNoFurther)
		})
	},
	"closing a result that has many more rows": func(ctx context.Context, connections *pool.Pool, hang func()) error {
		return readOne(ctx, hang, func() (*sql.Rows, error) { return connections.QueryContext(ctx, many) })
	},
	"closing a result that has some large rows": func(ctx context.Context, connections *pool.Pool, hang func()) error {
		return readOne(ctx, hang, func() (*sql.Rows, error) { return connections.QueryContext(ctx, large) })
	},
	"closing a prepared one": func(ctx context.Context, connections *pool.Pool, hang func()) error {
		prepared, err := connections.PrepareContext(ctx, large+" WHERE a.c >= ?")
		if err != nil {
			return err
		}
		return errors.Join(readOne(ctx, hang, func() (*sql.Rows, error) { return prepared.QueryContext(ctx, 0) }), prepared.Close())
	},
}

// readOne closes rows after the first one, which it says is no error of the rows.
func readOne(ctx context.Context, hang func(), query func() (*sql.Rows, error)) error {
	rows, err := query()
	if err != nil {
		return err
	}
	if !rows.Next() {
		return errors.Join(errors.New("there are no rows"), rows.Err(), rows.Close())
	}
	hang()
	if err := rows.Close(); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// overdue is a context that says of its end that it came in time's stead.
type overdue struct{ context.Context }

func (o overdue) Err() error {
	if o.Context.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// endingPause is how long a test waits so that what it has let go is under way, which nothing
// tells. Were it too short, the test would pass without having tried anything.
const endingPause = 300 * time.Millisecond

// The driver waits for these as long as a read may take, here for ever.
func TestAContextEndsWhatAServerThatHangsIsToEnd(t *testing.T) {
	server := dbtest.Private(t)
	connections := open(t, server.DSN)
	prepareMany(t, connections)
	canceled, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx := overdue{canceled}
	// Each several times, for what ends first is chance.
	const times = 2
	ready, hung, ended := make(chan struct{}), make(chan struct{}), make(chan struct{}, times*len(hangs))
	for name, way := range hangs {
		for range times {
			go func() {
				err := way(ctx, connections, func() { ready <- struct{}{}; <-hung })
				coded, ok := errors.AsType[*usage.Error](pool.Translate(err))
				if !errors.Is(err, errNoFurther) && (!ok || coded.Code != usage.Timeout) {
					t.Errorf("%s: got %v, want an error with the code %s", name, err, usage.Timeout)
				}
				ended <- struct{}{}
			}()
		}
	}
	await := func(what <-chan struct{}, until string) {
		t.Helper()
		for range times * len(hangs) {
			select {
			case <-what:
			case <-time.After(time.Minute):
				t.Fatalf("after a minute not all are %s", until)
			}
		}
	}
	await(ready, "at work")
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	close(hung)
	time.Sleep(endingPause)
	cancel()
	await(ended, "at an end")
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := connections.GetContext(t.Context(), new(int), "SELECT COUNT(*) FROM written WHERE way = 'rolled back' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := connections.GetContext(t.Context(), &left, "SELECT COUNT(*) FROM written WHERE way = 'rolled back'"); err != nil || left != 0 {
		t.Errorf("%d rows are there that were rolled back, %v", left, err)
	}
	if used := connections.Stats().InUse; used != 0 {
		t.Errorf("%d connections are in use", used)
	}
}

// An error that comes in the place of a row is told whoever closes the rows before that, also who
// asks for one row.
func TestAnErrorInThePlaceOfARowIsToldByClosing(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connections, err := pool.Open(dsn, pool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer connections.Close()
		prepareMany(t, connections)
		const fails = "SELECT c, IF(c = 5, (SELECT x.c FROM digits x WHERE x.c <= digits.c), 0) FROM digits"
		for _, read := range []int{0, 1, 3} {
			rows, err := connections.QueryContext(t.Context(), fails)
			if err != nil {
				t.Fatal(err)
			}
			for range read {
				rows.Next()
			}
			if err := rows.Close(); err == nil {
				t.Errorf("closed after %d rows: no error", read)
			}
		}
		var one, other int
		if err := connections.QueryRowContext(t.Context(), fails).Scan(&one, &other); err == nil {
			t.Error("one row: no error")
		}
	})
}
