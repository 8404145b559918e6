package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/status"
	"aiusage/usage"
)

const bothTypes = "application/json, text/event-stream"

// toolCall is the message that calls a tool.
func toolCall(tool, arguments string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + `}}`
}

const marchCall = `{"startDate":"2026-03-01","endDate":"2026-03-31"}`

// post sends a message by itself.
func (s *service) post(t *testing.T, user, body string, headers ...string) answer {
	t.Helper()
	return s.ask(t, user, "POST", "/mcp", "application/json", body, append([]string{"Accept", bothTypes}, headers...)...)
}

// Whoever may ask GraphQL may ask here, and nobody else; all see what they see there.
func TestTheDoorOfModelsIsThatOfGraphQL(t *testing.T) {
	store := fill(t, dbtest.One(t))
	s := start(t, store, withTokens(t, &clock{}), func(c *gateway.Config) { c.AllowedOrigins = []string{"https://app.example"} })
	key, _ := apiKey(t, store, auth.AccountAdministrator, "acc-1")
	cookies, _ := s.signIn(t, "ada")
	call := toolCall("usage_report", marchCall)
	const all, theirs = `"totals":{"aiMinutes":4,`, `"totals":{"aiMinutes":3,`
	for _, c := range []struct {
		name    string
		headers []string
		status  int
		want    string
	}{
		{"a password", []string{"Authorization", basic("ada", password)}, 200, all},
		{"an account's administrator", []string{"Authorization", basic("ann", password)}, 200, theirs},
		{"an API key", []string{"Authorization", "Bearer " + key}, 200, theirs},
		{"a token", []string{"Authorization", "Bearer " + token(t, tokenSecret, auth.SystemAdministrator)}, 200, all},
		{"a session", []string{"Cookie", cookies}, 200, all},
		{"no accounts", []string{"Authorization", basic("nil", password)}, 200, "no account is assigned to you"},
		{"no role", []string{"Authorization", basic("bob", password)}, 200, "one of the roles SystemAdministrator and AccountAdministrator is required"},
		{"nobody", nil, 401, `"code":"UNAUTHENTICATED"`},
		{"a wrong password", []string{"Authorization", basic("ada", "wrong")}, 401, `"code":"UNAUTHENTICATED"`},
		{"a wrong key", []string{"Authorization", "Bearer aiu_x"}, 401, `"code":"UNAUTHENTICATED"`},
		{"another site, with a session", []string{"Cookie", cookies, "Sec-Fetch-Site", "cross-site"}, 403, `"code":"FORBIDDEN"`},
		{"another origin, with a key", []string{"Authorization", "Bearer " + key, "Origin", "https://evil.example"}, 403, `"code":"FORBIDDEN"`},
		{"an origin that is allowed", []string{"Authorization", "Bearer " + key, "Origin", "https://app.example"}, 200, theirs},
	} {
		got := s.post(t, "", call, c.headers...)
		if got.status != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: got %d %s", c.name, got.status, got.body)
		}
		if got.header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: may be stored: %v", c.name, got.header)
		}
		if c.status >= 400 {
			same := s.ask(t, "", "POST", "/graphql", "application/json", usageQuery, c.headers...)
			if c.name != "another origin, with a key" && (same.status != got.status || same.body != got.body || same.header.Get("WWW-Authenticate") != got.header.Get("WWW-Authenticate")) {
				t.Errorf("%s: got %v %s, and of GraphQL %d %v %s", c.name, got.header, got.body, same.status, same.header, same.body)
			}
		}
	}
	if got := s.post(t, "", `[{}`); got.status != 401 {
		t.Errorf("nobody with nonsense: got %d %s", got.status, got.body)
	}
}

// No tool shows anybody an account that is not theirs, by whichever argument.
func TestNoToolWidensAScope(t *testing.T) {
	store := fill(t, dbtest.One(t))
	name(t, store)
	if _, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "acc-2", Name: "Secret Ltd"}}); err != nil {
		t.Fatal(err)
	}
	s := start(t, store)
	key, _ := apiKey(t, store, auth.AccountAdministrator, "acc-1")
	ada := s.connect(t, basic("ada", password))
	for who, header := range map[string]string{"ann": basic("ann", password), "key": "Bearer " + key} {
		session := s.connect(t, header)
		for _, tool := range tools(t, session) {
			arguments := object{"startDate": "2026-03-01", "endDate": "2026-03-31"}
			if tool == "usage_drivers" {
				arguments["by"] = "customer"
			}
			_, text := call(t, ada, tool, arguments)
			if !strings.Contains(text, "acc-2") {
				t.Errorf("%s shows nobody acc-2: %s", tool, text)
			}
			data, text := call(t, session, tool, arguments)
			if encoded, _ := json.Marshal(data); data == nil || strings.Contains(string(encoded)+text, "acc-2") || strings.Contains(string(encoded)+text, "Secret") ||
				!strings.Contains(text, "acc-1") {
				t.Errorf("%s of %s: got %v %s", tool, who, data, text)
			}
			for _, account := range []string{"acc-2", "acc-99", "ACC-2", "acc-2 "} {
				data, text = call(t, session, tool, with(arguments, object{"accountId": account}))
				if data != nil || text != "accountId is not one of the accounts you may see" {
					t.Errorf("%s of %s, asked for %q: got %v %s", tool, who, account, data, text)
				}
			}
		}
	}
	// A cursor of somebody else's list leads nowhere beyond one's own.
	first, _ := call(t, ada, "usage_sessions", object{"startDate": "2026-03-01", "endDate": "2026-03-31", "first": 1})
	data, text := call(t, s.connect(t, basic("ann", password)), "usage_sessions", object{"startDate": "2026-03-01", "endDate": "2026-03-31", "after": first["next"]})
	if data == nil || strings.Contains(text, "acc-2") {
		t.Errorf("another's cursor: got %v %s", data, text)
	}
}

// tools are the names of all tools, which say that they only read.
func tools(t *testing.T, session *sdk.ClientSession) (names []string) {
	t.Helper()
	listed, err := session.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range listed.Tools {
		names = append(names, one.Name)
		if notes := one.Annotations; !notes.ReadOnlyHint || !notes.IdempotentHint || *notes.DestructiveHint || *notes.OpenWorldHint {
			t.Errorf("%s: %+v", one.Name, notes)
		}
	}
	slices.Sort(names)
	if want := []string{"find_accounts", "usage_compare", "usage_drivers", "usage_report", "usage_sessions"}; !slices.Equal(names, want) {
		t.Fatalf("the tools are %v", names)
	}
	return names
}

// What a tool does not take is refused by name, with what it takes.
func TestToolsSayWhatTheyTake(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	long := strings.Repeat("x", 300)
	for _, c := range []struct{ tool, arguments, want string }{
		{"usage_report", `{"Period":"today"}`, `there is no argument \"Period\"; did you mean period?; accepted: period, startDate, endDate, timeZone, accountId,`},
		{"usage_report", `{"sql":"1"}`, `there is no argument \"sql\"; accepted: period`},
		{"usage_report", `{"by":"account"}`, `there is no argument \"by\"`},
		{"usage_report", `{"period":"last-month","startDate":"2026-03-01","endDate":"2026-03-02"}`, "period names a range already; it cannot go together with startDate or endDate"},
		{"usage_report", `{"period":"last-moth"}`, `period \"last-moth\" is not known; did you mean last-month?; accepted: today, yesterday`},
		{"usage_report", `{"period":7}`, "period is not a text"},
		{"usage_report", `{"period":["today"]}`, "period is not a text"},
		{"usage_report", `{"startDate":"2026-03-01"}`, "startDate needs endDate beside it"},
		{"usage_report", `{"endDate":"2026-03-01"}`, "endDate needs startDate beside it"},
		{"usage_report", `{"startDate":"2026-02-30","endDate":"2026-03-01"}`, `startDate \"2026-02-30\" cannot be read: the day 2026-02-30 does not exist; accepted: 2026-03-31 (a day`},
		{"usage_report", `{"startDate":"2026-03-02","endDate":"2026-03-01"}`, `endDate \"2026-03-01\" is before startDate \"2026-03-02\"`},
		{"usage_report", `{"timeZone":"Mars/Olympus"}`, `timeZone \"Mars/Olympus\" is not a time zone this gateway knows`},
		{"usage_report", `{"top":0}`, `top is \"0\"; accepted: a whole number from 1 to 100`},
		{"usage_report", `{"top":101}`, `top is \"101\"; accepted`},
		{"usage_report", `{"top":-1}`, `top is \"-1\"; accepted`},
		{"usage_report", `{"top":1.5}`, `top is \"1.5\"; accepted`},
		{"usage_report", `{"top":1e2}`, `top is \"1e2\"; accepted`},
		{"usage_report", `{"top":99999999999999999999999999}`, "top is"},
		{"usage_report", `{"top":"10"}`, "top is not a whole number; accepted: a whole number from 1 to 100"},
		{"usage_report", `{"top":true}`, "top is not a whole number"},
		{"usage_report", `{"level":"everybody"}`, `level \"everybody\" is not known; accepted: account, customer`},
		{"usage_report", `{"order":"change"}`, `order \"change\" is not known`},
		{"usage_report", `{"granularity":"decade"}`, `granularity \"decade\" is not known; accepted: quarter-hour, hour`},
		{"usage_report", `{"startDate":"2026-01-01","endDate":"2026-12-31","granularity":"day"}`, "the range has 365 steps of granularity day; accepted: at most 100: a larger granularity or a shorter range"},
		{"usage_report", `{"startDate":"1990-01-01","endDate":"2026-12-31","granularity":"hour"}`, "a series has at most 10000 points; narrow the range or take a larger granularity"},
		{"usage_report", `{"customerId":"cus-1"}`, "customerId needs accountId beside it"},
		{"usage_report", `{"accountId":"` + long + `"}`, "accountId is longer than 64 characters"},
		{"usage_report", `{"search":"` + long + `"}`, "search is longer than 255 characters"},
		{"usage_report", `{"search":"a\u0000b"}`, "search contains a NUL character"},
		{"usage_report", `{"search":"\ud800"}`, "the arguments cannot be read; accepted: an object of JSON, with each name once"},
		{"usage_report", `{"top":1,"top":2}`, "the arguments cannot be read"},
		{"usage_report", `["today"]`, "the arguments cannot be read"},
		{"usage_report", `"today"`, "the arguments cannot be read"},
		{"usage_compare", `{"shift":"week","comparePeriod":"today"}`, "shift and elapsed are about the range of the report; they cannot go together with compareStartDate, compareEndDate or comparePeriod"},
		{"usage_compare", `{"compareStartDate":"2026-03-01"}`, "compareStartDate needs compareEndDate beside it"},
		{"usage_compare", `{"compareStartDate":"yesterday","compareEndDate":"2026-03-01"}`, `compareStartDate \"yesterday\" cannot be read`},
		{"usage_compare", `{"elapsed":"yes"}`, "elapsed is not true or false; accepted: true or false"},
		{"usage_compare", `{"measure":"seconds","order":"id"}`, "measure is what an order by change or previous is counted in; order is id"},
		{"usage_compare", `{"startDate":"0001-01-01","endDate":"9999-12-31"}`, "only a range with a start and an end has a time before it to compare with"},
		{"usage_drivers", `{}`, "by is needed; accepted: account, customer, hour-of-day, weekday"},
		{"usage_drivers", `{"by":null}`, "by is needed"},
		{"usage_drivers", `{"by":"month"}`, `by \"month\" is not known`},
		{"usage_drivers", `{"by":"account","startDate":"0001-01-01","endDate":"9999-12-31"}`, "only a range with a start and an end has a time before it to compare with"},
		{"usage_sessions", `{"first":101}`, `first is \"101\"; accepted: a whole number from 1 to 100`},
		{"usage_sessions", `{"after":"x"}`, "after is not a cursor"},
		{"find_accounts", `{"first":51}`, `first is \"51\"; accepted: a whole number from 1 to 50`},
		{"find_accounts", `{"customerId":"x"}`, `there is no argument \"customerId\"`},
	} {
		got := s.post(t, "ada", toolCall(c.tool, c.arguments))
		var message struct {
			Result struct {
				IsError bool
				Content []struct{ Text string }
			}
		}
		if err := json.Unmarshal([]byte(got.body), &message); err != nil {
			t.Fatal(err, got.body)
		}
		want := strings.ReplaceAll(c.want, `\"`, `"`)
		if got.status != 200 || !message.Result.IsError || len(message.Result.Content) != 1 || !strings.HasPrefix(message.Result.Content[0].Text, want) {
			t.Errorf("%s %s: got %d %s", c.tool, c.arguments, got.status, got.body)
		}
	}
	if strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Error(s.log)
	}
}

// What is asked in another spelling, or as if it were not there, is asked all the same.
func TestToolsTakeWhatModelsWrite(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, arguments := range []string{
		`null`, `{}`, `{"period":null,"top":null,"search":""}`, `{"period":"LAST_30_DAYS","level":"ACCOUNT","order":"AI_MINUTES"}`, `{"period":"Last-30-Days"}`,
		`{"startDate":"2026-03-01t10:00:00z","endDate":"2026-03-02"}`, `{"accountId":"a\u0000b"}`, `{"accountId":" "}`,
		`{"startDate":"0001-01-01","endDate":"9999-12-31","granularity":"year"}`,
	} {
		if got := s.post(t, "ada", toolCall("usage_report", arguments)); got.status != 200 || !strings.Contains(got.body, `"structuredContent":{`) {
			if !strings.Contains(arguments, "year") || !strings.Contains(got.body, "at most 100") {
				t.Errorf("%s: got %d %s", arguments, got.status, got.body)
			}
		}
	}
	if got := s.post(t, "ada", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"usage_report"}}`); !strings.Contains(got.body, `"structuredContent":{`) {
		t.Errorf("without arguments: got %d %s", got.status, got.body)
	}
}

// What is not the protocol is refused, and nothing of it is a fault.
func TestMessagesThatAreNotTheProtocol(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)), func(c *gateway.Config) { c.Limits.Body = 4000 })
	ok := toolCall("usage_report", marchCall)
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"x","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`
	for _, c := range []struct {
		name, method, contentType, body string
		headers                         []string
		status                          int
		want                            string
	}{
		{"a call", "POST", "application/json", ok, nil, 200, `"aiMinutes":4`},
		{"a call, without a version", "POST", "application/json; charset=utf-8", ok, []string{"Accept", "*/*"}, 200, `"aiMinutes":4`},
		{"a version of before", "POST", "application/json", ok, []string{"Mcp-Protocol-Version", "2025-06-18"}, 200, `"aiMinutes":4`},
		{"a session of nobody's", "POST", "application/json", ok, []string{"Mcp-Session-Id", "x"}, 200, `"aiMinutes":4`},
		{"a version there is not", "POST", "application/json", ok, []string{"Mcp-Protocol-Version", "1999-01-01"}, 400, "Unsupported protocol version"},
		{"a version to come", "POST", "application/json", ok, []string{"Mcp-Protocol-Version", "2999-01-01"}, 400, ""},
		{"GET", "GET", "", "", nil, 405, "POST"},
		{"HEAD", "HEAD", "", "", nil, 405, ""},
		{"DELETE", "DELETE", "", "", []string{"Mcp-Session-Id", "x"}, 405, "POST"},
		{"PUT", "PUT", "application/json", ok, nil, 405, "POST"},
		{"no Accept", "POST", "application/json", ok, []string{"Accept", ""}, 400, "Accept must contain both"},
		{"JSON alone", "POST", "application/json", ok, []string{"Accept", "application/json"}, 400, "Accept must contain both"},
		{"another type", "POST", "text/plain", ok, nil, 415, "Content-Type must be"},
		{"a form", "POST", "application/x-www-form-urlencoded", ok, nil, 415, ""},
		{"nothing", "POST", "application/json", "", nil, 400, ""},
		{"no JSON", "POST", "application/json", "{", nil, 400, "malformed payload"},
		{"NUL", "POST", "application/json", "\x00", nil, 400, "malformed payload"},
		{"no message", "POST", "application/json", "{}", nil, 400, ""},
		{"a number", "POST", "application/json", "7", nil, 400, ""},
		{"a batch", "POST", "application/json", "[" + ok + "]", nil, 400, "a batch of messages is not taken here"},
		{"a batch behind blanks", "POST", "application/json", " \n[" + ok + "," + ok + "]", nil, 400, "a batch of messages"},
		{"an empty batch", "POST", "application/json", "[]", nil, 400, "a batch of messages"},
		{"a large body", "POST", "application/json", toolCall("usage_report", `{"search":"`+strings.Repeat("x", 5000)+`"}`), nil, 413, "the body is too large"},
		{"a tool there is not", "POST", "application/json", toolCall("drop_tables", "{}"), nil, 200, `"code":-32602`},
		{"a tool in another case", "POST", "application/json", toolCall("Usage_Report", "{}"), nil, 200, `"code":-32602`},
		{"a method there is not", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"method":"tools/drop","params":{}}`, nil, 200, `"code":-32601`},
		{"a method there is not, as a form", "POST", "application/x-www-form-urlencoded", `{"jsonrpc":"2.0","id":1,"method":"tools/drop"}`, nil, 415, "Content-Type must be"},
		{"resources", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"method":"resources/list","params":{}}`, nil, 200, `"code":-32601`},
		{"prompts", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"x"}}`, nil, 200, `"code":-32601`},
		{"a level of logs", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}`, nil, 200, `"code":-32601`},
		{"a subscription", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},` + meta + `}}`,
			[]string{"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "subscriptions/listen"}, 404, `"code":-32601`},
		{"a ping", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, nil, 200, `"result":{}`},
		{"a notification", "POST", "application/json", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, nil, 202, ""},
		{"an answer", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"result":{}}`, nil, 202, ""},
		{"no method", "POST", "application/json", `{"jsonrpc":"2.0","id":1}`, nil, 202, ""},
		{"parameters that are none", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}`, nil, 200, `"error"`},
		{"no parameters", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"method":"tools/call"}`, nil, 400, ""},
		{"a deep one", "POST", "application/json", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"usage_report","arguments":{"top":` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `}}}`, nil, 200, "top is not a whole number"},
		{"a deeper one", "POST", "application/json", strings.Repeat(`{"a":`, 700) + "1", nil, 400, "malformed payload"},
	} {
		headers := append([]string{"Accept", bothTypes}, c.headers...)
		got := s.ask(t, "ada", c.method, "/mcp", c.contentType, c.body, headers...)
		if got.status != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: got %d %s", c.name, got.status, got.body)
		}
		if got.header.Get("Mcp-Session-Id") != "" {
			t.Errorf("%s: a session begins", c.name)
		}
		if c.status == 405 && got.header.Get("Allow") != "POST" {
			t.Errorf("%s: allowed is %s", c.name, got.header.Get("Allow"))
		}
	}
	if got := s.ask(t, "ada", "POST", "/mcp/", "application/json", ok, "Accept", bothTypes); got.status != 200 {
		t.Errorf("with a slash: got %d %s", got.status, got.body)
	}
	if strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Error(s.log)
	}
}

// What is asked for and is not there is refused in the words of JSON-RPC, under the id it was asked by; what is only told gets no answer.
func TestMethodsThatThereAreNot(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, version := range []string{"", "2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"} {
		var headers []string
		if version != "" {
			headers = []string{"Mcp-Protocol-Version", version}
		}
		status := 200
		if version == "2026-07-28" {
			status = 404 // from then on, HTTP has it, too
		}
		for _, id := range []string{`7`, `0`, `"seven"`} {
			for _, method := range []string{"nope", "tasks/list", "Tools/List", "resources/list", "prompts/get", "completion/complete", "roots/list", "logging/setLevel",
				"subscriptions/listen", "resources/subscribe", "notifications/foo"} {
				for _, more := range []string{``, `,"params":{}`, `,"params":[1]`} {
					got := s.post(t, "ada", `{"jsonrpc":"2.0","id":`+id+`,"method":"`+method+`"`+more+`}`, headers...)
					var message struct {
						JSONRPC string
						ID      json.RawMessage
						Error   struct {
							Code    int
							Message string
						}
					}
					err := json.Unmarshal([]byte(got.body), &message)
					if err != nil || got.status != status || got.header.Get("Content-Type") != "application/json" || message.JSONRPC != "2.0" ||
						string(message.ID) != id || message.Error.Code != -32601 || message.Error.Message == "" {
						t.Errorf("%s, version %q, id %s%s: got %d %v %s", method, version, id, more, got.status, got.header, got.body)
					}
				}
			}
		}
		for _, method := range []string{"notifications/foo", "notifications/initialized", "notifications/roots/list_changed", "notifications/progress", "nope", "resources/list"} {
			if got := s.post(t, "ada", `{"jsonrpc":"2.0","method":"`+method+`"}`, append(headers, "Mcp-Method", method)...); got.status != 202 || got.body != "" {
				t.Errorf("%s, version %q: got %d %s", method, version, got.status, got.body)
			}
		}
	}
}

// Any gateway answers any message: nothing is kept from one to the next, and many ask at once.
func TestNothingIsKeptBetweenCalls(t *testing.T) {
	store := fill(t, dbtest.One(t))
	one, other := start(t, store, func(c *gateway.Config) {
		c.Status = func(context.Context) (status.Rollups, error) { return status.Rollups{}, nil }
	}), start(t, store)
	began := one.post(t, "ada", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`)
	if began.status != 200 || !strings.Contains(began.body, `"protocolVersion":"2025-11-25"`) || strings.Contains(began.body, `"logging"`) {
		t.Fatalf("got %d %s", began.status, began.body)
	}
	var program struct{ Version string }
	if err := json.Unmarshal([]byte(one.ask(t, "ada", "GET", "/status.json", "", "").body), &program); err != nil || program.Version == "" || !strings.Contains(began.body, `"version":"`+program.Version+`"`) {
		t.Errorf("the program is of version %q (%v), and says %s", program.Version, err, began.body)
	}
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			s, user, want := []*service{one, other}[i%2], "ada", `"aiMinutes":4,`
			if i%3 == 0 {
				user, want = "ann", `"aiMinutes":3,`
			}
			for range 4 {
				if got := s.post(t, user, toolCall("usage_report", marchCall), "Mcp-Protocol-Version", "2025-11-25"); got.status != 200 || !strings.Contains(got.body, `"totals":{`+want) {
					t.Errorf("%s: got %d %s", user, got.status, got.body)
				}
			}
		})
	}
	all.Wait()
	page, _ := call(t, one.connect(t, basic("ada", password)), "usage_sessions", object{"startDate": "2026-03-01", "endDate": "2026-03-31", "first": 2})
	next, _ := call(t, other.connect(t, basic("ada", password)), "usage_sessions", object{"startDate": "2026-03-01", "endDate": "2026-03-31", "after": page["next"]})
	if len(list(next["sessions"])) != 1 {
		t.Errorf("the next page of another gateway is %v", next)
	}
}

// faulty is a store that fails, or panics, or never answers.
type faulty struct {
	gateway.Store
	fail func(context.Context) error
}

func (b faulty) Snapshot(ctx context.Context) usage.Snapshot {
	return faultySnapshot{b.Store.Snapshot(ctx), b}
}

type faultySnapshot struct {
	usage.Snapshot
	faulty
}

func (b faultySnapshot) Report(ctx context.Context, _ usage.Query) (*usage.Report, error) {
	return nil, b.fail(ctx)
}

// A fault says nothing of itself, is logged once, and ends nothing but its call.
func TestFaultsOfTools(t *testing.T) {
	store := fill(t, dbtest.One(t))
	for _, c := range []struct {
		name  string
		fail  func(context.Context) error
		want  string
		level string
	}{
		{"a fault", func(context.Context) error { return errors.New("the password of the database") }, "internal error", `"level":"ERROR"`},
		{"a panic", func(context.Context) error { panic("the password of the database") }, "internal error", `"level":"ERROR"`},
		{"too late", func(ctx context.Context) error { <-ctx.Done(); return errors.New("cut") }, "the answer took too long", `"level":"ERROR"`},
		{"a database that is away", func(context.Context) error {
			return usage.Errorf(usage.Unavailable, "the database cannot be reached")
		}, "the database cannot be reached; wait 5 seconds", `"level":"ERROR"`},
	} {
		s := start(t, faulty{store, c.fail}, func(config *gateway.Config) { config.QueryTimeout = 300 * time.Millisecond })
		session := s.connect(t, basic("ada", password))
		for _, tool := range tools(t, session) {
			arguments := object{}
			if tool == "usage_drivers" {
				arguments["by"] = "account"
			}
			before := strings.Count(s.log.String(), c.level)
			if data, text := call(t, session, tool, arguments); data != nil || text != c.want {
				t.Errorf("%s, %s: got %v %q", c.name, tool, data, text)
			}
			if logged := strings.Count(s.log.String(), c.level) - before; logged != 1 && c.want == "internal error" {
				t.Errorf("%s, %s: logged %d times: %s", c.name, tool, logged, s.log)
			}
		}
	}
}

// Long names make an answer shorter, and what is left out is counted.
func TestAnswersAreBounded(t *testing.T) {
	store := fill(t, dbtest.One(t))
	var sessions []usage.Session
	var customers []usage.Customer
	for i := range 120 {
		id := fmt.Sprintf("%s%03d", strings.Repeat("é", 60), i)
		sessions = append(sessions, usage.Session{SessionID: "long-" + fmt.Sprint(i), AccountID: "acc-3", CustomerID: id, StartedAt: time.Date(2026, 3, 5, i%24, 0, 0, 0, time.UTC), DurationSeconds: int64(60 * i)})
		customers = append(customers, usage.Customer{AccountID: "acc-3", CustomerID: id, Name: strings.Repeat("😀", 250)})
	}
	if _, err := store.WriteSessions(t.Context(), sessions); err != nil {
		t.Fatal(err)
	}
	if _, err := store.WriteCustomers(t.Context(), customers); err != nil {
		t.Fatal(err)
	}
	s := start(t, store)
	session := s.connect(t, basic("ada", password))
	march := object{"startDate": "2026-03-01", "endDate": "2026-03-31", "accountId": "acc-3"}
	short := func(what string, data object, rows []any) {
		encoded, err := json.Marshal(data)
		if err != nil || len(encoded) > 50_000 || len(rows) < 20 || len(rows) > 99 {
			t.Errorf("%s: %d rows in %d bytes, %v", what, len(rows), len(encoded), err)
		}
	}
	report, _ := call(t, session, "usage_report", with(march, object{"top": 100}))
	rows := list(report["rows"])
	short("usage_report", report, rows)
	sum := amount(report["leftOut"])
	for _, row := range rows {
		sum = plus(sum, amount(row), 1)
	}
	if got := fmt.Sprint(sum); got != fmt.Sprint(report["totals"]) || at(report, "leftOut", "rows") != float64(120-len(rows)) {
		t.Errorf("usage_report adds up to %s, not %v; left out: %v", got, report["totals"], report["leftOut"])
	}
	compare, _ := call(t, session, "usage_compare", with(march, object{"top": 100}))
	short("usage_compare", compare, list(compare["rows"]))
	drivers, _ := call(t, session, "usage_drivers", with(march, object{"top": 100, "by": "customer"}))
	short("usage_drivers", drivers, list(drivers["largest"]))
	change := at(drivers, "leftOut", "change").(float64)
	for _, one := range list(drivers["largest"]) {
		change += at(one, "change").(float64)
	}
	if change != at(drivers, "total", "change") || at(drivers, "leftOut", "parts") != float64(120-len(list(drivers["largest"]))) {
		t.Errorf("usage_drivers adds up to %v of %v, left out: %v", change, drivers["total"], drivers["leftOut"])
	}
	for tool, field := range map[string]string{"usage_sessions": "sessions", "find_accounts": "found"} {
		seen, more := 0, with(march, object{"first": map[string]int{"usage_sessions": 100, "find_accounts": 50}[tool]})
		for pages := 0; pages < 20; pages++ {
			page, _ := call(t, session, tool, more)
			if encoded, _ := json.Marshal(page); len(encoded) > 50_000 {
				t.Errorf("%s: %d bytes", tool, len(encoded))
			}
			if seen += len(list(page[field])); page["next"] == nil {
				break
			}
			more["after"] = page["next"]
		}
		if seen != 120 {
			t.Errorf("%s: %d on all pages", tool, seen)
		}
	}
}

// A page leads to what an answer shows, where the caller has reached the gateway.
func TestLinksLeadToWhereTheCallerIs(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)), func(c *gateway.Config) {
		c.Auth.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	request := func(host, scheme string) string {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/mcp", strings.NewReader(toolCall("usage_report", marchCall)))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.SetBasicAuth("ada", password)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", bothTypes)
		r.Header.Set("X-Forwarded-Proto", scheme)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var message struct {
			Result struct{ StructuredContent object }
		}
		if err := json.NewDecoder(response.Body).Decode(&message); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(message.Result.StructuredContent["link"])
	}
	for _, scheme := range []string{"http", "https"} {
		if got, want := request("usage.example:8443", scheme), scheme+"://usage.example:8443/?from=2026-03-01&sort=-minutes&to=2026-03-31&zone=UTC"; got != want {
			t.Errorf("got %s", got)
		}
	}
}
