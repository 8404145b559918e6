package gateway_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

func TestReadinessAndMetricsSayWhatReportsRead(t *testing.T) {
	store := fill(t, dbtest.One(t))
	health, failure := gateway.RollupHealth{Phase: "ready", Pending: 7, Lag: 3 * time.Second}, error(nil)
	handler, err := gateway.New(gateway.Config{
		Store: store, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Rollups: func(context.Context) (gateway.RollupHealth, error) { return health, failure },
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (int, string) {
		answer := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		request.SetBasicAuth("ada", password)
		handler.ServeHTTP(answer, request)
		return answer.Code, answer.Body.String()
	}
	if status, body := get("/readyz"); status != 200 || body != "ready\nreports read rollups\n" {
		t.Errorf("got %d %q", status, body)
	}
	_, body := get("/metrics")
	for _, line := range []string{"aiusage_rollups_ready 1", "aiusage_rollups_pending_changes 7", "aiusage_rollups_lag_seconds 3", "go_goroutines "} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("no %q in\n%s", line, body)
		}
	}
	health.Phase = "raw"
	if status, body := get("/readyz"); status != 200 || !strings.Contains(body, "raw sessions") {
		t.Errorf("got %d %q", status, body)
	}
	health.Phase, health.Former = "filling", true
	if status, body := get("/readyz"); status != 200 || !strings.Contains(body, "reports read rollups of an earlier version") {
		t.Errorf("got %d %q", status, body)
	}
	if _, body := get("/metrics"); !strings.Contains(body, "\naiusage_rollups_ready 1") {
		t.Errorf("reports that read rollups of an earlier version are not said to read rollups:\n%s", body)
	}
	health = gateway.RollupHealth{Phase: "filling", Distrusted: true, Undated: 9}
	if status, body := get("/readyz"); status != 200 || !strings.Contains(body, "found to differ") {
		t.Errorf("got %d %q", status, body)
	}
	health.Stuck = "no change has been folded for a minute"
	if status, body := get("/readyz"); status != 503 || !strings.Contains(body, health.Stuck) {
		t.Errorf("got %d %q", status, body)
	}
	_, body = get("/metrics")
	for _, line := range []string{"aiusage_rollups_ready 0", "aiusage_rollups_stuck 1", "aiusage_rollups_distrusted 1", "aiusage_undated_sessions 9"} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("no %q in\n%s", line, body)
		}
	}
	health = gateway.RollupHealth{Phase: "ready"}
	if _, body := get("/metrics"); strings.Contains(body, "aiusage_replica_lag_seconds") {
		t.Error("a server of its own is said to be behind")
	}
	health.Replica = gateway.ReplicaHealth{Follows: true}
	if status, body := get("/readyz"); status != 200 || !strings.Contains(body, "behind its primary is not known") {
		t.Errorf("got %d %q", status, body)
	}
	if _, body := get("/metrics"); strings.Contains(body, "aiusage_replica_lag_seconds") {
		t.Error("there is a number for what nobody knows")
	}
	health.Replica.Known, health.Replica.Behind = true, 1500*time.Millisecond
	if status, body := get("/readyz"); status != 200 || body != "ready\nreports read rollups\nthe database server is 1.5s behind its primary\n" {
		t.Errorf("got %d %q", status, body)
	}
	if _, body := get("/metrics"); !strings.Contains(body, "\naiusage_replica_lag_seconds 1.5\n") {
		t.Errorf("no lag in\n%s", body)
	}
	health.Replica.TooOld = usage.Errorf(usage.Stale, "too far behind")
	if status, body := get("/readyz"); status != 503 || body != "too far behind\n" {
		t.Errorf("got %d %q", status, body)
	}
	failure = errors.New("broken")
	if _, body := get("/metrics"); strings.Contains(body, "aiusage_rollups_ready") {
		t.Errorf("values that nobody knows:\n%s", body)
	}
}

func TestMetricsAreForThoseWhoMayKnow(t *testing.T) {
	store := fill(t, dbtest.One(t))
	key, _ := apiKey(t, store, auth.SystemAdministrator)
	s := start(t, store)
	for user, want := range map[string]int{"": 401, "eve": 401, "ada": 200, "ann": 403, "bob": 403} {
		got := s.ask(t, user, "GET", "/metrics", "", "")
		if got.status != want || strings.Contains(got.body, "go_goroutines") != (want == 200) {
			t.Errorf("%q: got %d %.200s", user, got.status, got.body)
		}
	}
	if got := s.ask(t, "", "GET", "/metrics", "", "", "Authorization", "Bearer "+key); got.status != 200 {
		t.Errorf("an API key, as Prometheus sends it: got %d", got.status)
	}
	handler, err := gateway.New(gateway.Config{Store: store, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/metrics": 200, "/graphql": 404, "/": 404, "/ai/usage": 404} {
		answer := httptest.NewRecorder()
		handler.Metrics.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		if answer.Code != want {
			t.Errorf("%s of the address for metrics: got %d", path, answer.Code)
		}
	}
}
