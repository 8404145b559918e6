package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/observe/metrics"
	"aiusage/usage"
)

// line is a record of the log, or an entry of the audit.
type line map[string]any

// linesOf returns the lines of a request, once there are so many.
func linesOf(t *testing.T, from *buffer, id string, number int, with func(line) bool) (found []line) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		found = nil
		for text := range strings.Lines(from.String()) {
			one := line{}
			if json.Unmarshal([]byte(text), &one) == nil && one["request_id"] == id && with(one) {
				found = append(found, one)
			}
		}
		if len(found) >= number || time.Now().After(deadline) {
			return found
		}
	}
}

func isRequest(l line) bool { return l["msg"] == "request" || l["msg"] == "operation" }
func isAny(line) bool       { return true }

// holds tells whether a line has the members of another one; nil stands for none.
func (l line) holds(t *testing.T, what string, want line) {
	t.Helper()
	for name, value := range want {
		if got := l[name]; !reflect.DeepEqual(got, value) {
			t.Errorf("%s: %s is %v, want %v in %v", what, name, got, value, l)
		}
	}
}

const (
	trace     = "4bf92f3577b34da6a3ce929d0e0e4736"
	parent    = "00-" + trace + "-00f067aa0ba902b7-01"
	namedBody = `{"query":"query March($a: ID) { aiUsage(accountId: $a, startDate: \"2026-03-01\", endDate: \"2026-03-01\") { totals { sessions } } }"`
)

// asked is a question in the audit.
func asked(accounts any, from, to any) line {
	return line{"about": "usage", "accounts": accounts, "customers": nil, "from": from, "to": to}
}

var (
	acc1, acc2 = []any{"acc-1"}, []any{"acc-2"}
	day1, day2 = any("2026-03-01T00:00:00Z"), any("2026-03-02T00:00:00Z")
)

func refused(question line) line {
	question["refused"] = true
	return question
}

// Each request is one record of the log and one entry of the audit, whoever asks by what
// credentials at which door.
func TestEveryRequestIsLoggedAndAuditedOnce(t *testing.T) {
	dsn := dbtest.One(t)
	store := fill(t, dsn)
	measured := metrics.New()
	observed, err := db.Open(dsn, db.Options{Observer: measured.Statement})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { observed.Close() })
	key, stored := apiKey(t, store, auth.AccountAdministrator, "acc-1")
	s := start(t, observed, withTokens(t, &clock{}), func(c *gateway.Config) { c.Metrics = measured })
	cookies, _ := s.signIn(t, "ada")
	bearer := func(text string) []string { return []string{"Authorization", "Bearer " + text} }
	basicOf := func(user string) []string { return []string{"Authorization", basic(user, password)} }
	march := namedBody + "}"
	of := func(account string) string { return namedBody + `,"variables":{"a":"` + account + `"}}` }
	const events = "text/event-stream"
	for i, c := range []struct {
		name               string
		credentials        []string
		method, path, body string
		accept             string
		log                line
		// audit is nil where there is no entry.
		audit line
		asked []any
	}{
		{"a password", basicOf("ada"), "POST", "/graphql", march, "",
			line{"status": 200., "door": "graphql", "principal": "ada", "credential": "password", "operation": "March", "kind": "query", "code": nil, "level": "INFO"},
			line{"principal": "ada", "credential": "password", "result": "ok", "status": 200., "event": "answered"}, []any{asked(nil, day1, day2)}},
		{"an API key", bearer(key), "POST", "/graphql", march, "",
			line{"principal": "key:" + stored.ID, "credential": "api_key"},
			line{"principal": "key:" + stored.ID, "credential": "api_key", "result": "ok"}, []any{asked(acc1, day1, day2)}},
		{"a token", bearer(token(t, tokenSecret, auth.SystemAdministrator)), "POST", "/graphql", of("acc-2"), "",
			line{"principal": "token:svc", "credential": "token"},
			line{"principal": "token:svc", "credential": "token", "result": "ok"}, []any{asked(acc2, day1, day2)}},
		{"a session", []string{"Cookie", cookies}, "POST", "/graphql", of("acc-1"), "",
			line{"principal": "ada", "credential": "session"},
			line{"principal": "ada", "credential": "session", "result": "ok"}, []any{asked(acc1, day1, day2)}},
		{"another's account", basicOf("ann"), "POST", "/graphql", of("acc-2"), "",
			line{"status": 200., "code": "FORBIDDEN", "level": "INFO"},
			line{"principal": "ann", "result": "FORBIDDEN"}, []any{refused(asked(acc2, day1, day2))}},
		{"a GET", basicOf("ada"), "GET", "/graphql?query=" + url.QueryEscape("{aiUsage{totals{sessions}}}"), "", "",
			line{"door": "graphql", "kind": "query", "operation": nil}, line{"result": "ok"}, []any{asked(nil, nil, nil)}},
		{"a start after all years", basicOf("ada"), "POST", "/graphql", `{"query":"{aiUsage(startDate:\"9999-12-31T23:59:59-14:00\"){totals{sessions}}}"}`, "",
			line{"status": 200., "code": nil}, line{"result": "ok"}, []any{asked(nil, "9999-12-31T23:59:59.999999999Z", nil)}},
		{"an argument that is wrong", basicOf("ada"), "POST", "/graphql", `{"query":"{aiUsage(startDate:\"x\"){asOf}}"}`, "",
			line{"status": 200., "code": "BAD_USER_INPUT", "level": "INFO"}, line{"result": "BAD_USER_INPUT"}, nil},
		{"a document that is wrong", basicOf("ada"), "POST", "/graphql", `{"query":"{nothing}"}`, "",
			line{"code": "GRAPHQL_VALIDATION_FAILED", "level": "INFO"}, line{"result": "GRAPHQL_VALIDATION_FAILED"}, nil},
		{"a body that is wrong", basicOf("ada"), "POST", "/graphql", `{`, "",
			line{"status": 400., "code": "BAD_REQUEST"}, line{"result": "BAD_REQUEST", "status": 400.}, nil},
		{"a search for names", basicOf("ann"), "POST", "/graphql", `{"query":"{customers(search:\"x\"){nodes{name}}}"}`, "",
			line{"principal": "ann"}, line{"result": "ok"},
			[]any{line{"about": "names", "accounts": acc1, "customers": nil, "from": nil, "to": nil}}},
		{"nobody", nil, "POST", "/graphql", march, "",
			line{"status": 401., "code": "UNAUTHENTICATED", "principal": nil, "credential": "none", "level": "INFO"},
			line{"principal": "", "credential": "none", "result": "UNAUTHENTICATED", "status": 401., "tried": nil}, nil},
		{"a wrong password", []string{"Authorization", basic("ann", secret("not hers"))}, "POST", "/graphql", march, "",
			line{"status": 401., "code": "UNAUTHENTICATED", "credential": "password"},
			line{"principal": "", "tried": "ann", "credential": "password", "result": "UNAUTHENTICATED"}, nil},
		{"a token that is wrong", bearer(secret("x.y.z")), "GET", "/ai/usage", "", "",
			line{"status": 401., "door": "legacy", "credential": "token", "code": "UNAUTHENTICATED"},
			line{"credential": "token", "result": "UNAUTHENTICATED", "status": 401.}, nil},
		{"a session that is over", []string{"Cookie", "ss-id=" + secret(strings.Repeat("y", 43))}, "GET", "/export/usage.csv", "", "",
			line{"status": 401., "door": "export", "credential": "session"},
			line{"credential": "session", "result": "UNAUTHENTICATED", "door": "export"}, nil},
		{"the legacy door", basicOf("ada"), "GET", "/ai/usage.xml?startDate=2026-03-01&endDate=2026-03-01&accountId=acc-1", "", "",
			line{"status": 200., "door": "legacy", "operation": "GetAIUsage", "principal": "ada", "code": nil},
			line{"door": "legacy", "result": "ok"}, []any{asked(acc1, day1, day2)}},
		{"a batch", basicOf("ada"), "POST", "/json/reply/GetAIUsage[]", `[{"AccountId":"acc-1"},{"AccountId":"acc-2"}]`, "",
			line{"operation": "GetAIUsage[]"}, line{"result": "ok"}, []any{asked(acc1, nil, nil), asked(acc2, nil, nil)}},
		{"the legacy door, without the role", basicOf("ann"), "GET", "/ai/usage", "", "",
			line{"status": 403., "code": "FORBIDDEN", "principal": "ann"}, line{"principal": "ann", "result": "FORBIDDEN"}, nil},
		{"the legacy door, an argument that is wrong", basicOf("ada"), "GET", "/ai/usage?startDate=x", "", "",
			line{"status": 400.}, line{"status": 400.}, nil},
		{"signing in", nil, "POST", "/auth/credentials", `{"userName":"ann","password":"` + password + `"}`, "",
			line{"operation": "Authenticate", "principal": "ann", "credential": "password"}, line{"principal": "ann", "result": "ok"}, nil},
		{"failing to sign in", nil, "POST", "/auth/credentials", `{"userName":"ann","password":"` + secret("hers not") + `"}`, "",
			line{"operation": "Authenticate", "status": 401.}, line{"tried": "ann", "result": "UNAUTHENTICATED"}, nil},
		{"an export", basicOf("ann"), "GET", "/export/usage.csv?startDate=2026-03-01&endDate=2026-03-01", "", "",
			line{"status": 200., "door": "export", "operation": "csv", "principal": "ann"}, line{"door": "export", "result": "ok"}, []any{asked(acc1, day1, day2)}},
		{"an export of another's account", basicOf("ann"), "GET", "/export/usage.csv?accountId=acc-2", "", "",
			line{"status": 403., "code": "FORBIDDEN"}, line{"result": "FORBIDDEN"}, []any{refused(asked(acc2, nil, nil))}},
		{"a tool", bearer(key), "POST", "/mcp", toolCall("usage_report", `{"startDate":"2026-03-01","endDate":"2026-03-01"}`), bothTypes,
			line{"status": 200., "door": "mcp", "operation": "usage_report", "principal": "key:" + stored.ID, "code": nil},
			line{"door": "mcp", "operation": "usage_report", "result": "ok"}, []any{asked(acc1, day1, day2)}},
		{"a tool, of another's account", basicOf("ann"), "POST", "/mcp", toolCall("usage_sessions", `{"accountId":"acc-2","startDate":"2026-03-01","endDate":"2026-03-01"}`), bothTypes,
			line{"status": 200., "door": "mcp", "code": "FORBIDDEN", "level": "INFO"}, line{"result": "FORBIDDEN"}, []any{refused(asked(acc2, day1, day2))}},
		{"a tool that there is not", basicOf("ann"), "POST", "/mcp", toolCall("chosen-by-callers", "{}"), bothTypes,
			line{"door": "mcp", "operation": nil, "code": "BAD_REQUEST", "level": "INFO"}, line{"door": "mcp", "result": "BAD_REQUEST", "status": 200.}, nil},
		{"a method of MCP that there is not", basicOf("ann"), "POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"nope"}`, bothTypes,
			line{"door": "mcp", "operation": nil, "code": "BAD_REQUEST"}, line{"result": "BAD_REQUEST", "status": 200.}, nil},
		{"parameters of MCP that are none", basicOf("ann"), "POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}`, bothTypes,
			line{"door": "mcp"}, line{"result": "BAD_REQUEST", "status": 200.}, nil},
		{"no message of MCP", basicOf("ann"), "POST", "/mcp", `{`, bothTypes,
			line{"door": "mcp", "status": 400.}, line{"result": "BAD_REQUEST", "status": 400.}, nil},
		{"a GET of MCP", basicOf("ann"), "GET", "/mcp", "", bothTypes,
			line{"door": "mcp", "status": 405.}, line{"result": "BAD_REQUEST", "status": 405.}, nil},
		{"a message of MCP that is too large", basicOf("ann"), "POST", "/mcp", toolCall("usage_report", `{"search":"`+strings.Repeat("x", 2<<20)+`"}`), bothTypes,
			line{"door": "mcp", "status": 413.}, line{"result": "BAD_REQUEST", "status": 413.}, nil},
		{"a notification of MCP that there is not", basicOf("ann"), "POST", "/mcp", `{"jsonrpc":"2.0","method":"notifications/nope"}`, bothTypes,
			line{"door": "mcp", "status": 202., "code": nil}, line{"result": "ok", "status": 202.}, nil},
		{"a list of the tools", basicOf("ann"), "POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, bothTypes,
			line{"door": "mcp", "status": 200., "code": nil}, line{"result": "ok"}, nil},
		{"a tool for nobody", nil, "POST", "/mcp", toolCall("usage_report", "{}"), bothTypes,
			line{"status": 401., "door": "mcp", "code": "UNAUTHENTICATED"}, line{"door": "mcp", "result": "UNAUTHENTICATED", "status": 401.}, nil},
		{"an event stream", basicOf("ada"), "POST", "/graphql", march, events,
			line{"door": "events", "operation": "March", "kind": "query"}, line{"door": "events", "result": "ok", "event": "answered"}, []any{asked(nil, day1, day2)}},
		{"GraphiQL", basicOf("ada"), "GET", "/graphiql", "", "", line{"door": "page", "operation": "graphiql", "principal": "ada"}, nil, nil},
		{"a page", basicOf("ada"), "GET", "/", "", "text/html", line{"door": "page", "status": 200.}, nil, nil},
		{"a page for nobody", nil, "GET", "/graphiql", "", "", line{"door": "page", "status": 401.}, line{"door": "page", "result": "UNAUTHENTICATED"}, nil},
		{"a probe", nil, "GET", "/healthz", "", "", line{"door": "probe", "status": 200.}, nil, nil},
		{"the metrics", basicOf("ada"), "GET", "/metrics", "", "", line{"door": "metrics"}, line{"door": "metrics", "principal": "ada"}, nil},
		{"the metrics, without the role", basicOf("ann"), "GET", "/metrics", "", "", line{"door": "metrics", "status": 403.}, line{"result": "FORBIDDEN"}, nil},
		{"nothing", nil, "GET", "/nowhere", "", "", line{"door": "other", "status": 404.}, nil, nil},
	} {
		id := fmt.Sprintf("case-%d", i)
		headers := append([]string{"X-Request-Id", id, "Traceparent", parent, "X-Forwarded-For", "203.0.113.9"}, c.credentials...)
		if c.accept != "" {
			headers = append(headers, "Accept", c.accept)
		}
		contentType := ""
		if c.body != "" {
			contentType = "application/json"
		}
		answer := s.ask(t, "", c.method, c.path, contentType, c.body, headers...)
		records := linesOf(t, s.log, id, 1, isRequest)
		if len(records) != 1 {
			t.Errorf("%s: %d records for %d %s", c.name, len(records), answer.status, answer.body)
			continue
		}
		c.log["trace_id"], c.log["address"] = trace, "127.0.0.1" // no proxy is trusted
		records[0].holds(t, c.name+" in the log", c.log)
		entries := linesOf(t, s.audit, id, min(1, len(c.audit)), isAny)
		if len(entries) != min(1, len(c.audit)) {
			t.Errorf("%s: %d entries: %v", c.name, len(entries), entries)
			continue
		}
		if c.audit == nil {
			continue
		}
		c.audit["trace_id"], c.audit["address"] = trace, "127.0.0.1"
		entries[0].holds(t, c.name+" in the audit", c.audit)
		if got := fmt.Sprint(entries[0]["asked"]); got != fmt.Sprint(append([]any{}, c.asked...)) {
			t.Errorf("%s: asked %s, want %v", c.name, got, c.asked)
		}
	}
}

// Operations on a WebSocket have records of their own, and a subscription an entry when it
// begins and when it ends.
func TestOperationsOnStreamsAreLoggedAndAudited(t *testing.T) {
	store := fill(t, dbtest.One(t))
	key, stored := apiKey(t, store, auth.AccountAdministrator, "acc-1")
	s := start(t, store)
	const subscription = `subscription Live { aiUsageChanged(startDate: \"2026-03-01\", endDate: \"2026-03-01\") { totals { sessions } } }`
	principal := line{"principal": "key:" + stored.ID, "credential": "api_key", "operation": "Live"}
	ends := func(what, id, door string, end func()) {
		t.Helper()
		entries := linesOf(t, s.audit, id, 1, func(l line) bool { return l["event"] == "begun" })
		if len(entries) != 1 {
			t.Fatalf("%s: %d entries of its beginning: %v", what, len(entries), s.audit)
		}
		entries[0].holds(t, what, principal)
		end()
		entries = linesOf(t, s.audit, id, 1, func(l line) bool { return l["event"] == "ended" })
		if len(entries) != 1 {
			t.Fatalf("%s: %d entries of its end", what, len(entries))
		}
		entries[0].holds(t, what, principal)
		entries[0].holds(t, what, line{"door": door, "result": "ok"})
		if got := fmt.Sprint(entries[0]["asked"]); got != fmt.Sprint([]any{asked(acc1, day1, day2)}) {
			t.Errorf("%s: asked %s", what, got)
		}
		records := linesOf(t, s.log, id, 1, func(l line) bool { return isRequest(l) && l["kind"] == "subscription" })
		if len(records) != 1 {
			t.Fatalf("%s: %d records", what, len(records))
		}
		records[0].holds(t, what, principal)
		records[0].holds(t, what, line{"door": door, "level": "INFO"})
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "POST", s.url+"/graphql", strings.NewReader(`{"query":"`+subscription+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "text/event-stream", "Authorization": "Bearer " + key, "X-Request-Id": "events"} {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	// Who ends it while the first report is read is told nothing, and the result says so.
	for events := bufio.NewScanner(response.Body); !strings.Contains(events.Text(), `"sessions"`); {
		if !events.Scan() {
			t.Fatalf("an event stream without a report: %v", events.Err())
		}
	}
	ends("an event stream", "events", "events", cancel)

	conn, _, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{
		HTTPHeader: http.Header{"X-Request-Id": {"socket"}, "Traceparent": {parent}}, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	send := func(messages ...string) {
		t.Helper()
		for _, message := range messages {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(`{"type":"connection_init","payload":{"Authorization":"Bearer `+key+`"}}`,
		`{"id":"1","type":"subscribe","payload":`+namedBody+`,"variables":{"a":"acc-2"}}}`,
		`{"id":"2","type":"subscribe","payload":{"query":"`+subscription+`"}}`)
	queries := linesOf(t, s.audit, "socket", 1, func(l line) bool { return l["operation"] == "March" })
	if len(queries) != 1 {
		t.Fatalf("%d entries of a query on a WebSocket: %v", len(queries), s.audit)
	}
	for told := ""; !strings.Contains(told, `"sessions"`); {
		_, message, err := conn.Read(t.Context())
		if err != nil {
			t.Fatalf("a WebSocket without a report: %v", err)
		}
		told = string(message)
	}
	queries[0].holds(t, "a query on a WebSocket", line{"event": "answered", "result": "FORBIDDEN", "door": "websocket", "status": 101., "trace_id": trace})
	ends("a WebSocket", "socket", "websocket", func() { send(`{"id":"2","type":"complete"}`) })

	// The connection itself is one more record, at its end.
	conn.Close(websocket.StatusNormalClosure, "")
	connections := linesOf(t, s.log, "socket", 1, func(l line) bool { return l["msg"] == "request" })
	if len(connections) != 1 {
		t.Fatalf("%d records of a connection", len(connections))
	}
	connections[0].holds(t, "the connection", line{"status": 101., "door": "websocket", "principal": "key:" + stored.ID})

	if _, _, err := converse(t, s.url, http.Header{"X-Request-Id": {"stranger"}}, `{"type":"connection_init"}`); err == nil {
		t.Error("a stranger was let in")
	}
	entries := linesOf(t, s.audit, "stranger", 1, isAny)
	if len(entries) != 1 {
		t.Fatalf("%d entries of a stranger on a WebSocket", len(entries))
	}
	entries[0].holds(t, "a stranger", line{"principal": "", "result": "UNAUTHENTICATED", "credential": "none"})
}

// The address is the client's where the proxy is trusted.
func TestTheClientsAddressIsLoggedBehindATrustedProxy(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)), func(c *gateway.Config) {
		c.Auth.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	s.ask(t, "ada", "POST", "/graphql", "application/json", usageQuery, "X-Request-Id", "id", "X-Forwarded-For", "198.51.100.7, 203.0.113.9")
	for what, from := range map[string]*buffer{"log": s.log, "audit": s.audit} {
		lines := linesOf(t, from, "id", 1, func(l line) bool { return l["address"] == "203.0.113.9" })
		if len(lines) != 1 {
			t.Errorf("the %s: %v", what, from)
		}
	}
}

// hangingUp is a store whose callers hang up while a report is read.
type hangingUp struct {
	gateway.Store
	hangUp func()
}

func (h hangingUp) Report(ctx context.Context, _ usage.Query) (*usage.Report, error) {
	h.hangUp()
	<-ctx.Done()
	return nil, errors.New("the connection to the database was cut") // as some drivers say
}

func (h hangingUp) Snapshot(context.Context) usage.Snapshot { return hangingSnapshot{h} }

type hangingSnapshot struct{ hangingUp }

func (hangingSnapshot) Close() error { return nil }
func (h hangingSnapshot) Series(ctx context.Context, _ usage.SeriesQuery) (*usage.SeriesSet, error) {
	_, err := h.Report(ctx, usage.Query{})
	return nil, err
}
func (h hangingSnapshot) Names(ctx context.Context, _ []usage.Subject) (map[usage.Subject]string, error) {
	_, err := h.Report(ctx, usage.Query{})
	return nil, err
}

func (hangingSnapshot) Sessions(context.Context, usage.SessionsQuery) ([]usage.ListedSession, error) {
	return nil, nil
}

// A caller who hangs up is nobody's error.
func TestAHangUpIsNoError(t *testing.T) {
	store := fill(t, dbtest.One(t))
	for path, body := range map[string]string{"/graphql": usageQuery, "/mcp": toolCall("usage_report", "{}")} {
		t.Run(path, func(t *testing.T) { hangUp(t, store, path, body) })
	}
}

func hangUp(t *testing.T, store gateway.Store, path, body string) {
	ctx, cancel := context.WithCancel(t.Context())
	s := start(t, hangingUp{store, cancel})
	request, err := http.NewRequestWithContext(ctx, "POST", s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", bothTypes)
	request.Header.Set("X-Request-Id", "gone")
	request.SetBasicAuth("ada", password)
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		t.Fatal("an answer came")
	}
	records := linesOf(t, s.log, "gone", 1, isRequest)
	if len(records) != 1 {
		t.Fatal(s.log)
	}
	records[0].holds(t, "a hang-up", line{"level": "INFO", "gone": true})
	if strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Error(s.log)
	}
}

// A slow request is logged with its statements and how its report was put together.
func TestASlowRequestIsLoggedWithItsStatements(t *testing.T) {
	dsn := dbtest.One(t)
	fill(t, dsn)
	for _, slow := range []time.Duration{time.Nanosecond, time.Hour, 0} {
		measured := metrics.New()
		store, err := db.Open(dsn, db.Options{Observer: measured.Statement})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		s := start(t, store, func(c *gateway.Config) { c.Metrics, c.SlowQuery = measured, slow })
		s.ask(t, "ada", "POST", "/graphql", "application/json", namedBody+"}", "X-Request-Id", "slow")
		linesOf(t, s.log, "slow", 1, isRequest)
		isSlow := func(l line) bool { return l["msg"] == "slow request" }
		if slow != time.Nanosecond {
			if found := linesOf(t, s.log, "slow", 0, isSlow); len(found) != 0 {
				t.Errorf("%v: logged %v", slow, found)
			}
			continue
		}
		found := linesOf(t, s.log, "slow", 1, isSlow)
		if len(found) != 1 {
			t.Fatalf("%v: %v", slow, s.log)
		}
		found[0].holds(t, "a slow request", line{"level": "WARN", "operation": "March"})
		statements, plans := fmt.Sprint(found[0]["statements"]), fmt.Sprint(found[0]["plans"])
		if !strings.Contains(statements, "identity.users: ") || !strings.Contains(statements, "read.") || !strings.Contains(plans, "by total") {
			t.Errorf("statements %s, plans %s", statements, plans)
		}
	}
}
