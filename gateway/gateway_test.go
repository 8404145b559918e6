package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/observe/audit"
	"aiusage/observe/metrics"
	"aiusage/usage"
	"aiusage/web"
)

// service is a gateway with two users on a database.
type service struct {
	url        string
	log, audit *buffer
}

// buffer is a log that can be read while it is written.
type buffer = dbtest.Output

const password = "correct horse"

// start serves a gateway, which configure may change before.
func start(t *testing.T, store gateway.Store, configure ...func(*gateway.Config)) *service {
	t.Helper()
	log, audited := &buffer{}, &buffer{}
	entries := audit.To(audited, audit.Options{})
	config := gateway.Config{Store: store, Pages: web.New(pages), Log: slog.New(gateway.LogHandler(slog.NewJSONHandler(log, nil))),
		Metrics: metrics.New(), Audit: entries}
	for _, change := range configure {
		change(&config)
	}
	handler, err := gateway.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = gateway.NewServer(handler, slog.New(slog.DiscardHandler))
	server.Start()
	t.Cleanup(func() {
		server.Close()
		entries.Close()
		scraped := httptest.NewRecorder()
		config.Metrics.Handler().ServeHTTP(scraped, httptest.NewRequest("GET", "/metrics", nil))
		evidence.add("the log of "+t.Name(), log.String())
		evidence.add("the audit of "+t.Name(), audited.String())
		evidence.add("the metrics of "+t.Name(), scraped.Body.String())
	})
	return &service{server.URL, log, audited}
}

// fill makes the schema, an administrator, one of an account, one of none, a user
// without a role, and three sessions.
func fill(t *testing.T, dsn string) *db.Store {
	t.Helper()
	tables.Make(t, dsn)
	store, err := db.Open(dsn, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	hash := hashOf(t, password, 64)
	for _, user := range []auth.User{
		{Name: "ada", PasswordHash: hash, Roles: []string{auth.SystemAdministrator}},
		{Name: "ann", PasswordHash: hash, Roles: []string{auth.AccountAdministrator}, Accounts: []string{"acc-1"}},
		{Name: "nil", PasswordHash: hash, Roles: []string{auth.AccountAdministrator}},
		{Name: "bob", PasswordHash: hash},
	} {
		if err := store.AddUser(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	_, err = store.WriteSessions(t.Context(), []usage.Session{
		{SessionID: "1", AccountID: "acc-1", CustomerID: "cus-1", StartedAt: noon, DurationSeconds: 61},
		{SessionID: "2", AccountID: "acc-1", StartedAt: noon, DurationSeconds: 10},
		{SessionID: "3", AccountID: "acc-2", CustomerID: "cus-1", StartedAt: noon.AddDate(0, 0, 1), DurationSeconds: 60},
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// hashOf hashes a password with so much memory, in KiB, and in one pass. The gateway's own
// hashes are made to be slow, and the cost is a part of each.
func hashOf(t *testing.T, password string, memory uint32) string {
	t.Helper()
	hash, err := argon2id.CreateHash(password, &argon2id.Params{Memory: memory, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request as user, or without credentials when that is empty.
func (s *service) ask(t *testing.T, user, method, path, contentType, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		request.SetBasicAuth(user, password)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode >= 400 {
		evidence.add(method+" "+path+" in "+t.Name(), string(content))
	}
	return answer{response.StatusCode, response.Header, string(content)}
}

func (s *service) query(t *testing.T, user, query string) answer {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	return s.ask(t, user, "POST", "/graphql", "application/json", string(body))
}

const march1 = `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-01"){from to timeZone totals{aiMinutes aiSeconds sessions}` +
	`accountUsage{accountId aiMinutes aiSeconds sessions withoutCustomer{aiMinutes}}customerUsage{accountId customerId aiMinutes aiSeconds sessions}}}`

const march1Answer = `{"data":{"aiUsage":{"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z","timeZone":"UTC",` +
	`"totals":{"aiMinutes":3,"aiSeconds":71,"sessions":2},` +
	`"accountUsage":[{"accountId":"acc-1","aiMinutes":3,"aiSeconds":71,"sessions":2,"withoutCustomer":{"aiMinutes":1}}],` +
	`"customerUsage":[{"accountId":"acc-1","customerId":"cus-1","aiMinutes":2,"aiSeconds":61,"sessions":1}]}}}`

const legacyXML = `<?xml version="1.0" encoding="utf-8"?><AIUsage xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI">` +
	`<AccountUsage><AIAccountUsage><AIMinutes>3</AIMinutes><AccountId>acc-1</AccountId></AIAccountUsage></AccountUsage>` +
	`<CustomerUsage><AICustomerUsage><AIMinutes>2</AIMinutes><AccountId>acc-1</AccountId><CustomerId>cus-1</CustomerId></AICustomerUsage></CustomerUsage></AIUsage>`

// Every door gives the same numbers, on every engine.
func TestTheSameReportThroughEveryDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := start(t, fill(t, dsn))
		if got := s.query(t, "ada", march1); got.status != 200 || got.body != march1Answer {
			t.Errorf("GraphQL by POST: got %d %s", got.status, got.body)
		}
		got := s.ask(t, "ada", "GET", "/query?query="+strings.NewReplacer(`"`, "%22", " ", "%20", "{", "%7B", "}", "%7D").Replace(march1), "", "")
		if got.status != 200 || got.body != march1Answer {
			t.Errorf("GraphQL by GET at /query: got %d %s", got.status, got.body)
		}
		got = s.ask(t, "ada", "POST", "/ai/usage", "application/xml",
			`<GetAIUsage xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI"><EndDate>2026-03-01</EndDate><StartDate>2026-03-01</StartDate></GetAIUsage>`, "Accept", "*/*")
		if got.status != 200 || got.body != legacyXML || got.header.Get("Content-Type") != "application/xml" {
			t.Errorf("legacy XML (fact 10): got %d %s %s", got.status, got.header.Get("Content-Type"), got.body)
		}
		got = s.ask(t, "ada", "GET", "//AI/Usage/?startDate=2026-03-01&endDate=2026-03-01", "", "")
		want := `{"accountUsage":[{"accountId":"acc-1","aiMinutes":3}],"customerUsage":[{"accountId":"acc-1","customerId":"cus-1","aiMinutes":2}]}`
		if got.status != 200 || got.body != want {
			t.Errorf("legacy JSON (facts 1 and 11): got %d %s", got.status, got.body)
		}
	})
}

func TestNobodyGetsInWithoutCredentials(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, path := range []string{"/graphql", "/query", "/graphiql", "/", "/accounts/acc-1"} {
		for _, user := range []string{"", "eve"} {
			got := s.ask(t, user, "GET", path, "", "")
			if got.status != 401 || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") || !strings.Contains(got.body, `"UNAUTHENTICATED"`) {
				t.Errorf("%s as %q: got %d %v %s", path, user, got.status, got.header, got.body)
			}
		}
	}
	if got := s.ask(t, "", "POST", "/ai/usage", "", ""); got.status != 401 || got.body != "" || got.header.Get("WWW-Authenticate") != `basic realm="/auth/basic"` {
		t.Errorf("the legacy door (fact 18): got %d %v %q", got.status, got.header, got.body)
	}
	for path, body := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if got := s.ask(t, "", "GET", path, "", ""); got.status != 200 || got.body != body {
			t.Errorf("%s: got %d %q", path, got.status, got.body)
		}
	}
}

func TestTheRoleIsRequired(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	if got := s.query(t, "bob", march1); got.status != 200 || !strings.Contains(got.body, `"code":"FORBIDDEN"`) || strings.Contains(got.body, "acc-1") {
		t.Errorf("GraphQL: got %d %s", got.status, got.body)
	}
	if got := s.ask(t, "bob", "GET", "/ai/usage", "", ""); got.status != 403 || got.body != "" {
		t.Errorf("the legacy door (fact 18): got %d %q", got.status, got.body)
	}
}

func TestABadArgumentIsNamed(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	got := s.query(t, "ada", `{aiUsage(startDate:"2026-02-30"){asOf}}`)
	var document struct {
		Errors []struct {
			Message    string
			Path       []string
			Extensions struct {
				Code, Argument string
				Accepted       []string
			}
		}
	}
	if err := json.Unmarshal([]byte(got.body), &document); err != nil || len(document.Errors) != 1 {
		t.Fatalf("got %s", got.body)
	}
	fault := document.Errors[0]
	if fault.Extensions.Code != "BAD_USER_INPUT" || fault.Extensions.Argument != "startDate" ||
		len(fault.Extensions.Accepted) != len(usage.DateForms) || fault.Path[0] != "aiUsage" {
		t.Errorf("got %+v", fault)
	}
	got = s.ask(t, "ada", "GET", "/ai/usage?StartDate=2026-02-30", "", "")
	if got.status != 400 || !strings.Contains(got.body, `"errorCode":"ArgumentException"`) || !strings.Contains(got.body, `"fieldName":"StartDate"`) {
		t.Errorf("the legacy door (facts 15 and 17): got %d %s", got.status, got.body)
	}
	if got := s.query(t, "ada", `{nonsense}`); !strings.Contains(got.body, "GRAPHQL_VALIDATION_FAILED") {
		t.Errorf("a field that does not exist: got %d %s", got.status, got.body)
	}
}

func TestMinutesBeyond32BitsAreAnErrorOnTheirField(t *testing.T) {
	store := fill(t, dbtest.One(t))
	var many []usage.Session
	for i := range 31 {
		many = append(many, usage.Session{SessionID: string(rune('A' + i)), AccountID: "big", CustomerID: "c",
			StartedAt: time.Now(), DurationSeconds: usage.MaxDurationSeconds})
	}
	if _, err := store.WriteSessions(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	s := start(t, store)
	got := s.query(t, "ada", `{aiUsage(accountId:"big"){totals{aiMinutes} accountUsage{aiMinutes}}}`)
	if !strings.Contains(got.body, `"code":"OUT_OF_RANGE"`) || !strings.Contains(got.body, `"path":["aiUsage","accountUsage",0,"aiMinutes"]`) {
		t.Errorf("GraphQL: got %s", got.body)
	}
	if got := s.query(t, "ada", `{aiUsage(accountId:"big"){totals{aiMinutes}}}`); !strings.Contains(got.body, `"aiMinutes":2219066459`) {
		t.Errorf("a total of 64 bits: got %s", got.body)
	}
	if got := s.ask(t, "ada", "GET", "/ai/usage?accountId=big", "", ""); got.status != 500 || strings.Contains(got.body, "aiMinutes\":") {
		t.Errorf("the legacy door: got %d %s", got.status, got.body)
	}
}

func TestTheDatabaseGoesAwayAndReturns(t *testing.T) {
	server := dbtest.Private(t)
	s := start(t, fill(t, server.DSN))
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/graphql?query={aiUsage{asOf}}", "/ai/usage"} {
		got := s.ask(t, "ada", "GET", path, "", "")
		if got.status != 503 || got.header.Get("Retry-After") == "" || strings.Contains(got.body, "127.0.0.1") {
			t.Errorf("%s: got %d %v %s", path, got.status, got.header, got.body)
		}
	}
	if got := s.query(t, "ada", march1); !strings.Contains(got.body, `"code":"SERVICE_UNAVAILABLE"`) {
		t.Errorf("GraphQL: got %s", got.body)
	}
	if got := s.ask(t, "", "GET", "/readyz", "", ""); got.status != 503 {
		t.Errorf("/readyz: got %d", got.status)
	}
	if got := s.ask(t, "", "GET", "/healthz", "", ""); got.status != 200 {
		t.Errorf("/healthz: got %d", got.status)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if got := s.query(t, "ada", march1); got.body != march1Answer {
		t.Errorf("after the return: got %d %s", got.status, got.body)
	}
}

// broken is a store whose reports fail for no reason that a caller may know.
type broken struct{ *db.Store }

func (broken) Report(context.Context, usage.Query) (*usage.Report, error) {
	return nil, errors.New("table corrupted at page 4711")
}

func TestAFaultIsLoggedOnceUnderTheRequestsID(t *testing.T) {
	s := start(t, broken{fill(t, dbtest.One(t))})
	for id, ask := range map[string]func() answer{
		"graphql-1": func() answer {
			return s.ask(t, "ada", "POST", "/graphql", "application/json", `{"query":"{aiUsage{asOf}}"}`, "X-Request-Id", "graphql-1")
		},
		"legacy-1": func() answer { return s.ask(t, "ada", "GET", "/ai/usage", "", "", "X-Request-Id", "legacy-1") },
	} {
		got := ask()
		if strings.Contains(got.body, "4711") || !strings.Contains(got.body, "internal error") || got.header.Get("X-Request-Id") != id {
			t.Errorf("%s: got %d %v %s", id, got.status, got.header, got.body)
		}
		found := 0
		for line := range strings.Lines(s.log.String()) {
			if strings.Contains(line, `"level":"ERROR"`) && strings.Contains(line, "4711") && strings.Contains(line, `"request_id":"`+id+`"`) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s: the cause is logged %d times, want once:\n%s", id, found, s.log)
		}
	}
	if strings.Contains(s.log.String(), password) {
		t.Error("the log has a password")
	}
}

// hanging is a store whose reports fail once the caller has gone, in words of its own.
type hanging struct {
	*db.Store
	asked chan struct{}
}

func (h hanging) Report(ctx context.Context, _ usage.Query) (*usage.Report, error) {
	h.asked <- struct{}{}
	<-ctx.Done()
	return nil, errors.New("the snapshot has been closed")
}

func TestACallerWhoHangsUpIsNoErrorOfTheGateway(t *testing.T) {
	store := hanging{fill(t, dbtest.One(t)), make(chan struct{}, 1)}
	s := start(t, store)
	ctx, hangUp := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, "POST", s.url+"/graphql", strings.NewReader(`{"query":"{aiUsage{totals{sessions}}}"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("ada", password)
	request.Header.Set("Content-Type", "application/json")
	go func() {
		<-store.asked
		hangUp()
	}()
	if response, err := http.DefaultTransport.RoundTrip(request); err == nil {
		response.Body.Close()
		t.Fatal("there was an answer")
	}
	for deadline := time.Now().Add(time.Minute); !strings.Contains(s.log.String(), `"msg":"request"`); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the request has not ended")
		}
	}
	if log := s.log.String(); strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, "the snapshot has been closed") {
		t.Errorf("got %s", log)
	}
}

func TestARequestIDFromOutsideIsNotTrusted(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	got := s.ask(t, "", "GET", "/healthz", "", "", "X-Request-Id", "a b<script>").header.Get("X-Request-Id")
	if got == "" || strings.Contains(got, "<") {
		t.Errorf("got %q", got)
	}
}

// Whoever is refused is told so, whether or not the rest of the body ever comes.
func TestARefusalDoesNotWaitForTheBody(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, path := range []string{"/graphql", "/ai/usage", "/nowhere"} {
		connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		if err := connection.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx", path)
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		response.Body.Close()
		if response.StatusCode != 401 && response.StatusCode != 404 {
			t.Errorf("%s: got %d", path, response.StatusCode)
		}
	}
}

// A database that hangs keeps nobody waiting for longer than it takes to give up
// on finding out who is asking.
func TestADatabaseThatHangsIsGivenUpOn(t *testing.T) {
	server := dbtest.Private(t)
	s := start(t, fill(t, server.DSN))
	if err := server.Pause(); err != nil {
		t.Skip(err)
	}
	defer server.Resume()
	for _, path := range []string{"/graphql?query={aiUsage{asOf}}", "/ai/usage"} {
		if got := s.ask(t, "ada", "GET", path, "", ""); got.status != 504 {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
}
