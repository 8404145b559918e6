package faults

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/gateway"
)

// serverClock: the clock of the database's server is a day ahead, then a day behind, then right.
func serverClock(t *testing.T, w *world) {
	if w.server.Engine() == "mysql" {
		t.Skip("with libfaketime, MySQL takes minutes for what takes seconds")
	}
	right := w.server.GiveClock(t)
	for _, ahead := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		w.server.SetClock(t, ahead)
		w.await(t, "the server's clock has been stepped", func() bool {
			off := time.Duration(w.number(t, `SELECT UNIX_TIMESTAMP()`)-time.Now().Unix()) * time.Second
			return (off - ahead).Abs() < time.Minute
		})
		w.serves(t)
		w.folds(t)
		doctor := start(t, w.throughProxy, "doctor")
		w.await(t, "doctor has looked", doctor.isOver)
		if said := doctor.output.String(); !strings.Contains(said, "clock and this machine's differ by 2") {
			t.Errorf("doctor does not tell the difference: %s", said)
		}
	}
	right()
}

// gatewayClock: the clock of the gateway's machine is a year ahead, and then a year behind. A key
// that expires by it is good again when it is right.
func gatewayClock(t *testing.T, w *world) {
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	address, client := w.anotherGateway(t, now)
	asking := newCallers(w.ledger, client, doorsAt(address, w.key), w.callers.secrets...)
	defer asking.ask()()
	soon := strings.TrimSpace(run(t, "", "key", "create", "soon", "--role", "SystemAdministrator",
		"--expires", time.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339), "--dsn", w.dsn))
	for _, step := range []struct {
		ahead  time.Duration
		status int
	}{{365 * 24 * time.Hour, http.StatusUnauthorized}, {-365 * 24 * time.Hour, http.StatusOK}, {0, http.StatusOK}} {
		ahead.Store(int64(step.ahead))
		asking.forget()
		w.await(t, "callers at each door get usage", func() bool { return asking.everyDoor(isUsage) })
		response, err := client.Do(doorsAt(address, soon)[0].request(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != step.status {
			t.Errorf("with a clock that is %v ahead, a key that expires in a month is answered with %s", step.ahead, response.Status)
		}
	}
	for _, wrong := range asking.complaints() {
		t.Error(wrong)
	}
}

// anotherGateway runs a gateway in this process, with a clock of its own.
func (w *world) anotherGateway(t *testing.T, now func() time.Time) (address string, client *http.Client) {
	t.Helper()
	store, err := db.Open(w.throughProxy, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	store.Now = now
	handler, err := gateway.New(gateway.Config{Store: store, QueryTimeout: queryTimeout, Auth: auth.Options{Now: now}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(handler)
	t.Cleanup(served.Close)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		store.KeepRollups(ctx, func(err error) { t.Errorf("looking after the rollups: %v", err) })
	}()
	t.Cleanup(func() { stop(); <-ended })
	return strings.TrimPrefix(served.URL, "http://"), served.Client()
}
