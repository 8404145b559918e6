package gateway_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// oblivious is a database that answers however late it is.
type oblivious struct{ *db.Store }

func (oblivious) Report(_ context.Context, query usage.Query) (*usage.Report, error) {
	return usage.NewReport(query, time.Now(), nil), nil
}

// The timeout is that of the whole answer at either door, not of the database alone.
func TestTheQueryTimeoutBoundsTheAnswersOfBothDoors(t *testing.T) {
	store := oblivious{fill(t, dbtest.One(t))}
	for timeout, late := range map[time.Duration]bool{1: true, time.Hour: false, 0: false} {
		s := start(t, store, func(config *gateway.Config) { config.QueryTimeout = timeout })
		got := s.ask(t, "ada", "POST", "/graphql", "application/json", `{"query":"{aiUsage{totals{sessions}}}"}`)
		if got.status != 200 || strings.Contains(got.body, `"code":"TIMEOUT"`) != late || strings.Contains(got.body, "sessions") == late {
			t.Errorf("GraphQL within %v: got %d %s", timeout, got.status, got.body)
		}
		status := map[bool]int{true: 504, false: 200}[late]
		if got := s.ask(t, "ada", "GET", "/ai/usage.json", "", ""); got.status != status {
			t.Errorf("the legacy operation within %v: got %d %s", timeout, got.status, got.body)
		}
	}
}
