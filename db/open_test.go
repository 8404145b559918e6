package db_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

func TestADSNThatCannotBeReadIsNotRepeated(t *testing.T) {
	for name, dsn := range map[string]string{
		"no slash":           "root:hunter2@tcp(localhost:3306)",
		"a URL":              "mysql://root:hunter2@localhost:3306/aiusage",
		"no database":        "root:hunter2@tcp(localhost:3306)/",
		"unclosed address":   "root:hunter2@tcp(localhost:3306/aiusage",
		"slash in the wrong": "root:hunter2/hunter2@/hunter2?tls=hunter2",
		"bad parameter":      "root:pw@tcp(localhost)/aiusage?parseTime=hunter2",
		"unknown network":    "root@hunter2(hunter2)/aiusage?tls=hunter2",
		"unknown TLS":        "root:pw@tcp(localhost)/aiusage?tls=hunter2",
	} {
		_, err := db.Open(dsn, db.Options{})
		if coded := wantCode(t, err, usage.InvalidArgument); strings.Contains(coded.Error(), "hunter2") {
			t.Errorf("%s: the message repeats the DSN: %s", name, coded)
		}
	}
}

func TestAPasswordIsInNoConnectionError(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		at := strings.LastIndex(dsn, "@")
		store := open(t, "nobody:hunter2"+dsn[at:])
		coded := wantCode(t, store.Ping(t.Context()), usage.Unavailable)
		if text := coded.Error() + coded.Unwrap().Error(); strings.Contains(text, "hunter2") {
			t.Errorf("the error has the password: %s", text)
		}
	})
}

func TestSessionsOfTheServerAreStrictAndInUTC(t *testing.T) {
	// The DSN asks for the opposite of everything that must not depend on it.
	dbtest.Each(t, func(t *testing.T, dsn string) {
		separator := "?"
		if strings.Contains(dsn, "?") {
			separator = "&"
		}
		store := open(t, dsn+separator+"loc=Asia%2FTokyo&time_zone=%27%2B09%3A00%27&sql_mode=%27%27&multiStatements=true")
		migrate(t, store)
		start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
		write(t, store, usage.Session{SessionID: "s", AccountID: "a", StartedAt: start, DurationSeconds: 60})
		if got := report(t, store, usage.Request{StartDate: "2026-03-01T10:00:00Z", EndDate: "2026-03-01T10:00:00.001Z"}); got.Totals.Sessions != 1 {
			t.Errorf("the session is not at the instant it was written for")
		}
		if age := time.Since(report(t, store, usage.Request{}).AsOf); age < -time.Minute || age > time.Minute {
			t.Errorf("a report is as of %s ago", age)
		}
		tooLong := usage.Session{SessionID: strings.Repeat("s", 65), AccountID: "a", StartedAt: start}
		if _, err := store.WriteSessions(t.Context(), []usage.Session{tooLong}); err == nil {
			t.Error("a value that does not fit was cut")
		}
	})
}

func TestTheDatabaseGoesAwayAndReturns(t *testing.T) {
	server := dbtest.Private(t)
	store := open(t, server.DSN)
	migrate(t, store)
	write(t, store, usage.Session{SessionID: "s", AccountID: "a", StartedAt: time.Now(), DurationSeconds: 61})

	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	_, err := store.Report(t.Context(), usage.Query{Zone: time.UTC})
	if coded := wantCode(t, err, usage.Unavailable); !db.IsConnectionLoss(coded) {
		t.Errorf("%v does not count as a lost connection", coded)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if got := report(t, store, usage.Request{}).Totals.Minutes; got != 2 {
		t.Errorf("after the return: %d minutes, want 2", got)
	}
}

func TestADatabaseThatHangsEndsInATimeout(t *testing.T) {
	server := dbtest.Private(t)
	store := open(t, server.DSN)
	migrate(t, store)
	release, err := store.TakeTurn(t.Context(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = store.Report(ctx, usage.Query{Zone: time.UTC})
	wantCode(t, err, usage.Timeout)
	released := make(chan struct{})
	go func() { release(); close(released) }()
	select {
	case <-released:
	case <-time.After(time.Minute):
		t.Error("after a minute the turn to import is not given back")
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	report(t, store, usage.Request{})
}
