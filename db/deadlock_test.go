package db_test

import (
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/internal/dbtest"
)

// Where nodes of a cluster write at the same time, any statement may be the victim of another's.
func TestAStatementAloneIsTriedAgainAfterADeadlock(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		migrate(t, store)
		_, key, err := auth.NewAPIKey("a key", auth.SystemAdministrator, nil, noon, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.AddAPIKey(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		execute(t, dsn, `CREATE TRIGGER deadlocks BEFORE UPDATE ON api_keys FOR EACH ROW
			BEGIN
				SET @tries = COALESCE(@tries, 0) + 1;
				IF @tries < 3 THEN
					SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found';
				END IF;
			END`)
		if err := store.TouchAPIKey(t.Context(), key.ID, noon); err != nil {
			t.Fatal(err)
		}
		if got, err := store.APIKeyByHash(t.Context(), key.Hash); err != nil || !got.LastUsedAt.Equal(noon) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
