package write

import (
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/internal/dbtest"
)

// Until the end of a transaction that has looked for triggers, there can come no other.
func TestNoTriggerComesBetweenLookingAndWriting(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		db, err := pool.Open(dsn, pool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE ai_sessions (session_id INT PRIMARY KEY, customer_id INT)"); err != nil {
			t.Fatal(err)
		}
		platform, err := db.Connx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Discard(platform)
		run := func(statement string) error {
			_, err := platform.ExecContext(t.Context(), statement)
			return err
		}
		if err := run("SET lock_wait_timeout = 1"); err != nil {
			t.Fatal(err)
		}
		tx, err := db.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if same, err := storesWhatIsWritten(t.Context(), tx); same || err != nil {
			t.Errorf("where no trigger is shown: got %v, %v", same, err)
		}
		const create = "CREATE TRIGGER own BEFORE INSERT ON ai_sessions FOR EACH ROW SET NEW.customer_id = NULL"
		if err := run(create); !pool.HasNumber(err, pool.ErLockWaitTimeout) {
			t.Errorf("a trigger beside the transaction: got %v", err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if err := run(create); err != nil {
			t.Error(err)
		}
	})
}

// Only triggers that run before sessions are written can change what is stored; and where none is
// shown, it is not known whether there are any.
func TestWhichTriggersMayStoreSomethingElse(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		db, err := pool.Open(dsn, pool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, step := range []struct {
			statement string
			want      bool
		}{
			{"CREATE TABLE others (session_id INT PRIMARY KEY, customer_id INT)", false},
			{"CREATE TABLE ai_sessions (session_id INT PRIMARY KEY, customer_id INT)", false},
			{"CREATE TRIGGER after_others AFTER INSERT ON others FOR EACH ROW SET @x = 1", false},
			{"CREATE TRIGGER after_delete AFTER DELETE ON ai_sessions FOR EACH ROW SET @x = 1", true},
			{"CREATE TRIGGER before_others BEFORE INSERT ON others FOR EACH ROW SET NEW.customer_id = NULL", true},
			{"CREATE TRIGGER before_delete BEFORE DELETE ON ai_sessions FOR EACH ROW SET @x = 1", true},
			{"CREATE TRIGGER before_update BEFORE UPDATE ON ai_sessions FOR EACH ROW SET NEW.customer_id = NULL", false},
			{"DROP TRIGGER before_update", true},
			{"CREATE TRIGGER before_insert BEFORE INSERT ON ai_sessions FOR EACH ROW SET NEW.customer_id = NULL", false},
		} {
			if _, err := db.ExecContext(t.Context(), step.statement); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(step.statement, "CREATE TABLE others") {
				continue
			}
			err := db.InTransaction(t.Context(), func(tx *sqlx.Tx) error {
				got, err := storesWhatIsWritten(t.Context(), tx)
				if got != step.want {
					t.Errorf("after %s: %v", step.statement, got)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
