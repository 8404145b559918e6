package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/observe/metrics"
	"aiusage/transport"
)

// The names of registered documents have series of their own, however many others came first.
func TestRegisteredNamesHaveSeries(t *testing.T) {
	measured := metrics.New()
	s := start(t, fill(t, dbtest.One(t)), func(c *gateway.Config) {
		c.Metrics, c.PersistedDocuments = measured, []byte(`{"one":"query Registered { __typename }"}`)
	})
	for i := range 51 {
		s.ask(t, "ada", "POST", "/graphql", "application/json", fmt.Sprintf(`{"query":"query n%d {__typename}"}`, i), "X-Request-Id", "many")
	}
	linesOf(t, s.log, "many", 51, isRequest)
	s.ask(t, "ada", "POST", "/graphql", "application/json", `{"documentId":"one"}`, "X-Request-Id", "last")
	linesOf(t, s.log, "last", 1, isRequest)
	if operations := labelsOf(families(t, measured)["aiusage_requests_total"])["operation"]; !operations["Registered"] || !operations["(other)"] {
		t.Errorf("got %v", operations)
	}
}

// Who signs in with a wrong password is noted to have tried a password.
func TestATriedPasswordIsNoted(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	s.ask(t, "", "POST", "/auth/credentials", "application/json", `{"userName":"ada","password":"wrong horse"}`, "X-Request-Id", "tried")
	lines := linesOf(t, s.log, "tried", 1, isRequest)
	if len(lines) != 1 || lines[0]["credential"] != auth.PasswordCredential || lines[0]["principal"] != nil {
		t.Errorf("got %v", lines)
	}
}

// Whose key is revoked while their stream lasts is known in its record still, and counted: once as
// let in, however often they were looked at, and once as refused.
func TestARevokedCallerStaysKnown(t *testing.T) {
	store, measured := fill(t, dbtest.One(t)), metrics.New()
	key, stored := apiKey(t, store, auth.SystemAdministrator)
	s := start(t, store, func(c *gateway.Config) {
		c.Metrics, c.Streams = measured, transport.StreamOptions{Recheck: 5 * time.Millisecond}
	})
	conn, _, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + key}, "X-Request-Id": {"revoked"}}, Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.RevokeAPIKey(t.Context(), stored.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	_, _, _ = conn.Read(t.Context()) // until it is closed
	lines := linesOf(t, s.log, "revoked", 1, isRequest)
	if len(lines) != 1 || lines[0]["principal"] == nil || lines[0]["credential"] != auth.APIKeyCredential {
		t.Errorf("got %v", lines)
	}
	results := map[string]float64{}
	for _, one := range families(t, measured)["aiusage_authentications_total"].Metric {
		results[one.Label[1].GetValue()] += one.Counter.GetValue()
	}
	if results["ok"] != 1 || results["invalid"] != 1 || len(results) != 2 {
		t.Errorf("got %v", results)
	}
}

// An export that is cut has the code of why in its record; one whose reader has hung up has none.
func TestACutExportSaysWhy(t *testing.T) {
	store := &endless{Store: fill(t, dbtest.One(t))}
	s := start(t, store)
	store.broken.Store(true)
	conn, request := begin(t, s, "HTTP/1.1", "X-Request-Id: broken\r\n")
	if _, err := readAnswer(conn, request); err == nil {
		t.Error("it looks whole")
	}
	if lines := linesOf(t, s.log, "broken", 1, isRequest); len(lines) != 1 || lines[0]["code"] != "INTERNAL_SERVER_ERROR" {
		t.Errorf("got %v", lines)
	}
	store.broken.Store(false)
	store.parts.Store(0)
	store.waits.Store(true)
	conn, _ = begin(t, s, "HTTP/1.1", "X-Request-Id: left\r\n")
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	lines := linesOf(t, s.log, "left", 1, isRequest)
	if len(lines) != 1 || strings.Contains(fmt.Sprint(lines), "ERROR") {
		t.Errorf("got %v", lines)
	}
}

// Where the first message of a WebSocket has credentials, they are those that its record has.
func TestTheFirstMessageSaysWhoAsks(t *testing.T) {
	store := fill(t, dbtest.One(t))
	key, _ := apiKey(t, store, auth.SystemAdministrator)
	s := start(t, store)
	_, _, err := converse(t, s.url, http.Header{"Authorization": {basic("ann", password)}, "X-Request-Id": {"both"}},
		`{"type":"connection_init","payload":{"Authorization":"Bearer `+key+`"}}`, sessionsQuery)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range linesOf(t, s.log, "both", 2, isRequest) {
		if one["principal"] == "ann" || one["credential"] != auth.APIKeyCredential {
			t.Errorf("got %v", one)
		}
	}
}
