package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/status"
)

func TestTheStatusIsForSystemAdministrators(t *testing.T) {
	var fault error
	filled := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s := start(t, fill(t, dbtest.One(t)), func(config *gateway.Config) {
		config.Database = "MariaDB of the test"
		config.Status = func(context.Context) (status.Rollups, error) {
			return status.Rollups{Reads: "rollups", Phase: "ready", Calendars: []status.Calendar{{TimeZone: "Europe/Berlin", Phase: "ready"}}, FilledTo: &filled, Pending: 7, LagSeconds: 1.5}, fault
		}
	})
	for user, want := range map[string]int{"": 401, "eve": 401, "ada": 200, "ann": 403, "nil": 403, "bob": 403} {
		got := s.ask(t, user, "GET", "/status.json", "", "")
		if got.status != want || strings.Contains(got.body, "MariaDB of the test") != (want == 200) {
			t.Errorf("%q: got %d %s", user, got.status, got.body)
		}
	}
	got := s.ask(t, "ada", "GET", "/status.json", "", "")
	var told map[string]any
	if err := json.Unmarshal([]byte(got.body), &told); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"reads": "rollups", "phase": "ready", "pendingChanges": 7.0, "lagSeconds": 1.5, "filledTo": "2026-03-01T00:00:00Z", "database": "MariaDB of the test", "streams": 0.0} {
		if told[name] != want {
			t.Errorf("%s: got %v, want %v", name, told[name], want)
		}
	}
	if told["version"] == "" || told["asOf"] == nil || told["started"] == nil || told["reason"] != nil || got.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("got %v %v", got.header, told)
	}
	if got := s.ask(t, "", "GET", "/status.json", "", "", fetched...); got.status != 401 || strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic") {
		t.Errorf("a page whose session is over: got %d %v", got.status, got.header)
	}
	fault = errors.New("secret of the database")
	if got := s.ask(t, "ada", "GET", "/status.json", "", ""); got.status != 500 || strings.Contains(got.body, "secret") {
		t.Errorf("a fault: got %d %s", got.status, got.body)
	}
}
