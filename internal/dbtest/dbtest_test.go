package dbtest_test

import (
	"context"
	"database/sql"
	"os"
	"testing"
	"time"

	"aiusage/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

func TestEachDatabaseIsEmptyAndComparesIdsByByte(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		db := open(t, dsn)
		var tables int
		if err := db.QueryRow("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&tables); err != nil {
			t.Fatal(err)
		}
		if tables != 0 {
			t.Errorf("a fresh database has %d tables", tables)
		}
		if _, err := db.Exec("CREATE TABLE ids (id VARCHAR(64) PRIMARY KEY)"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("INSERT INTO ids VALUES ('a'), ('A'), ('á')"); err != nil {
			t.Errorf("ids that differ by case or accent collide: %v", err)
		}
	})
}

func TestPrivateServerStopsStartsAndPauses(t *testing.T) {
	server := dbtest.Private(t)
	db := open(t, server.DSN)
	if _, err := db.Exec("CREATE TABLE kept (n INT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}

	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := ping(db, time.Second); err == nil {
		t.Error("a stopped server answers")
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO kept VALUES (1)"); err != nil {
		t.Errorf("after a restart: %v", err)
	}

	if err := server.Pause(); err != nil {
		t.Skip(err)
	}
	if err := ping(db, 200*time.Millisecond); err == nil {
		t.Error("a paused server answers")
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := ping(db, time.Minute); err != nil {
		t.Errorf("after a pause: %v", err)
	}
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func ping(db *sql.DB, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return db.PingContext(ctx)
}
