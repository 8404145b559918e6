package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// signIn signs in as the old host's callers do, and returns the Cookie header
// that a client would send from then on, and the session's id.
func (s *service) signIn(t *testing.T, user string, members ...string) (cookies, id string) {
	t.Helper()
	body := fmt.Sprintf(`{"provider":"credentials","userName":%q,"password":%q%s}`, user, password, strings.Join(members, ""))
	got := s.ask(t, "", "POST", "/auth/credentials", "application/json", body, "Accept", "application/json")
	if got.status != 200 {
		t.Fatalf("signing in: got %d %s", got.status, got.body)
	}
	var response struct{ SessionID string }
	if err := json.Unmarshal([]byte(got.body), &response); err != nil || response.SessionID == "" {
		t.Fatalf("signing in: got %s", got.body)
	}
	return cookiesOf(got), secret(response.SessionID)
}

func cookiesOf(got answer) string {
	var pairs []string
	for _, cookie := range (&http.Response{Header: got.header}).Cookies() {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(pairs, "; ")
}

// The public command-line caller: sign in, keep the cookies, look who one is, ask.
func TestFacts19And20TheCommandLineCaller(t *testing.T) {
	dbtest.Any(t, func(t *testing.T, dsn string) {
		store := fill(t, dsn)
		if _, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "acc-1", Name: `Acme & "Söhne"`}}); err != nil {
			t.Fatal(err)
		}
		s := start(t, store)
		cookies, id := s.signIn(t, "Ada")
		want := fmt.Sprintf("ss-id=%[1]s; ss-pid=%[1]s; ss-opt=temp", id)
		if cookies != want {
			t.Errorf("cookies: got %s, want %s", cookies, want)
		}
		got := s.ask(t, "", "GET", "/auth/status", "", "", "Cookie", cookies, "Accept", "application/json")
		if want := `{"id":"ada","isAuthenticated":true,"firstName":"","lastName":"","name":"ada","emailAddress":"",` +
			`"roles":["SystemAdministrator"],"accountIds":["acc-1","acc-2"],"accountNames":["Acme & \"Söhne\"","acc-2"]}`; got.body != want ||
			got.header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("status: got %d %s\nwant %s", got.status, got.body, want)
		}
		got = s.ask(t, "", "GET", "/ai/usage?accountId=acc-1&customerId=cus-1&startDate=2026-03-01&endDate=2026-03-01", "", "",
			"Cookie", cookies, "Accept", "application/json")
		if want := `{"accountUsage":[{"accountId":"acc-1","aiMinutes":2}],"customerUsage":[{"accountId":"acc-1","customerId":"cus-1","aiMinutes":2}]}`; got.status != 200 || got.body != want {
			t.Errorf("usage: got %d %s", got.status, got.body)
		}
		got = s.ask(t, "", "GET", "/auth/logout", "", "", "Cookie", cookies, "Accept", "application/json")
		if got.status != 200 || got.body != `{"responseStatus":{}}` || cookiesOf(got) != "ss-id=; ss-pid=; ss-opt=" {
			t.Errorf("logout: got %d %s %v", got.status, got.body, got.header)
		}
		if got = s.ask(t, "", "GET", "/ai/usage", "", "", "Cookie", cookies); got.status != 401 || got.body != "" {
			t.Errorf("after logout: got %d %s", got.status, got.body)
		}
	})
}

func TestFact19TheAnswerToSigningIn(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, c := range []struct{ path, contentType, body string }{
		{"/auth/credentials", "application/json", `{"provider":"credentials","userName":"ada","password":"correct horse"}`},
		{"/auth/credentials", "application/json; charset=utf-8", `{"UserName":"ada","Password":"correct horse","RememberMe":false,"Meta":{"a":"b"}}`},
		{"/Auth//Credentials/", "application/x-www-form-urlencoded", `UserName=ada&Password=correct+horse`},
		{"/auth", "application/x-www-form-urlencoded", `provider=credentials&username=ada&password=correct%20horse`},
		{"/json/reply/Authenticate", "application/json", `{"provider":"credentials","userName":"ada","password":"correct horse"}`},
		{"/api/Authenticate", "application/json", `{"provider":"credentials","userName":"ada","password":"correct horse"}`},
	} {
		got := s.ask(t, "", "POST", c.path, c.contentType, c.body)
		id, _, _ := strings.Cut(strings.TrimPrefix(cookiesOf(got), "ss-id="), ";")
		want := fmt.Sprintf(`{"userId":"ada","sessionId":"%s","userName":"ada","displayName":"ada","roles":["SystemAdministrator"],"responseStatus":{}}`, secret(id))
		if got.status != 200 || got.body != want || got.header.Get("Content-Type") != "application/json; charset=utf-8" ||
			got.header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s %s: got %d %v %s\nwant %s", c.path, c.body, got.status, got.header, got.body, want)
		}
		for _, cookie := range got.header.Values("Set-Cookie") {
			if !strings.HasSuffix(cookie, "; Path=/; HttpOnly; SameSite=Lax") {
				t.Errorf("got the cookie %s", cookie)
			}
		}
	}
	cookies, id := s.signIn(t, "ada", `,"rememberMe":true`)
	if want := fmt.Sprintf("ss-id=%[1]s; ss-pid=%[1]s; ss-opt=perm", id); cookies != want {
		t.Errorf("remembered: got %s, want %s", cookies, want)
	}
	for header, value := range map[string]string{"Cookie": "ss-pid=" + id + "; ss-opt=perm", "X-ss-id": id} {
		if got := s.ask(t, "", "GET", "/ai/usage", "", "", header, value); got.status != 200 {
			t.Errorf("by %s: got %d", header, got.status)
		}
		if got := s.ask(t, "", "GET", "/auth", "", "", header, value); !strings.HasPrefix(got.body, `{"userId":"ada","userName":"ada"`) {
			t.Errorf("GET /auth by %s: got %d %s", header, got.status, got.body)
		}
	}
	if got := s.ask(t, "", "GET", "/ai/usage?ss-id="+id+"&X-ss-id="+id, "", ""); got.status != 401 {
		t.Errorf("by the query: got %d", got.status)
	}
}

func TestFact19SigningInThatFails(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	const wrong = `{"responseStatus":{"errorCode":"Unauthorized","message":"Invalid Username or Password","errors":[]}}`
	for _, c := range []struct {
		method, path, contentType, body string
		status                          int
		want                            string
	}{
		{"POST", "/auth/credentials", "application/json", `{"userName":"ada","password":"wrong"}`, 401, wrong},
		{"POST", "/auth/credentials", "application/json", `{"userName":"eve","password":"wrong"}`, 401, wrong},
		{"POST", "/auth/credentials", "application/json", `{"userName":"ada"}`, 400, `"errorCode":"NotEmpty","fieldName":"Password","message":"'Password' must not be empty."`},
		{"POST", "/auth/credentials?userName=ada&password=correct+horse", "application/json", `{}`, 400, `"fieldName":"UserName"`},
		{"POST", "/auth/credentials", "application/json", `{"userName":"ada","password":"correct horse"`, 400, `SerializationException`},
		{"POST", "/auth/credentials", "application/json", `["ada","correct horse"]`, 400, `SerializationException`},
		{"POST", "/auth/credentials", "application/json", `{"password":"` + strings.Repeat("x", 20000) + `"}`, 413, `RequestEntityTooLarge`},
		{"POST", "/auth/google", "application/json", `{"userName":"ada","password":"correct horse"}`, 404, `'google'`},
		{"GET", "/auth/credentials?userName=ada&password=correct+horse", "", "", 405, `Sign in with POST`},
		{"GET", "/auth/google", "", "", 404, `'google'`},
		{"GET", "/auth/credentials/more", "", "", 404, `nothing at this path`},
		{"GET", "/auth", "", "", 401, ``},
	} {
		got := s.ask(t, "", c.method, c.path, c.contentType, c.body)
		if got.status != c.status || !strings.Contains(got.body, c.want) || len(got.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s %s %.50s: got %d %s", c.method, c.path, c.body, got.status, got.body)
		}
	}
	request, err := http.NewRequest("POST", s.url+"/auth/credentials", strings.NewReader("userName=ada&password=wrong"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.Status != "401 Invalid Username or Password" || response.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("a wrong password (fact 18): got %s %v", response.Status, response.Header)
	}
}

func TestFact19ABrowserIsSentToAPageOfThisGateway(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for back, want := range map[string]string{"%2Fgraphiql": "/graphiql", "": "/", "https%3A%2F%2Fevil.example": "/"} {
		got := s.ask(t, "", "POST", "/auth/credentials", "application/x-www-form-urlencoded",
			"userName=ada&password=correct+horse&returnUrl="+back, "Accept", "text/html", "Sec-Fetch-Site", "same-origin")
		if got.status != 302 || got.header.Get("Location") != want || !strings.HasPrefix(cookiesOf(got), "ss-id=") {
			t.Errorf("%s: got %d to %s", back, got.status, got.header.Get("Location"))
		}
	}
	if got := s.ask(t, "", "GET", "/auth/logout", "", "", "Accept", "text/html"); got.status != 302 || got.header.Get("Location") != "/" {
		t.Errorf("logout: got %d to %s", got.status, got.header.Get("Location"))
	}
}

func TestFact20StatusOfEveryKind(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for _, c := range []struct {
		user, path, accept string
		status             int
		want               string
	}{
		{"ann", "/auth/status", "", 200, `"roles":["AccountAdministrator"],"accountIds":["acc-1"],"accountNames":["acc-1"]}`},
		{"nil", "/auth/status", "", 200, `"roles":["AccountAdministrator"],"accountIds":[],"accountNames":[]}`},
		{"bob", "/auth/status", "", 200, `"roles":[],"accountIds":[],"accountNames":[]}`},
		{"", "/auth/status", "application/json", 200, `{"isAuthenticated":false}`},
		{"", "/AUTH/status?format=json", "", 200, `{"isAuthenticated":false}`},
		{"", "/auth/status", "*/*", 401, ``},
		{"", "/auth/status", "", 401, ``},
		{"eve", "/auth/status", "application/json", 401, `Invalid Username or Password`},
	} {
		got := s.ask(t, c.user, "GET", c.path, "", "", "Accept", c.accept)
		if got.status != c.status || !strings.HasSuffix(got.body, c.want) && !strings.Contains(got.body, c.want) || c.want == "" && got.body != "" {
			t.Errorf("%q with Accept %q: got %d %s", c.user, c.accept, got.status, got.body)
		}
	}
}

func TestSessionsEndWithThePasswordAndTheUser(t *testing.T) {
	dbtest.Any(t, func(t *testing.T, dsn string) {
		store := fill(t, dsn)
		s := start(t, store)
		first, _ := s.signIn(t, "ada")
		second, _ := s.signIn(t, "ann")
		hash := hashOf(t, secret("battery staple"), 64)
		status := func(cookies string) int {
			return s.ask(t, "", "POST", "/graphql", "application/json", `{"query":"{aiUsage{asOf}}"}`, "Cookie", cookies).status
		}
		if err := store.SetPasswordHash(t.Context(), "ada", hash); err != nil {
			t.Fatal(err)
		}
		if one, two := status(first), status(second); one != 401 || two != 200 {
			t.Errorf("after a change of password: %d, and of another user %d", one, two)
		}
		if err := store.RemoveUser(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if got := status(second); got != 401 {
			t.Errorf("after the user was removed: %d", got)
		}
	})
}

func TestSigningInIsRefusedToOtherSites(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	cookies, _ := s.signIn(t, "ada")
	for _, path := range []string{"/auth/credentials", "/auth/logout"} {
		got := s.ask(t, "", "POST", path, "application/x-www-form-urlencoded", "userName=ada&password=correct+horse",
			"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example", "Cookie", cookies)
		if got.status != 403 || len(got.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: got %d %v", path, got.status, got.header)
		}
	}
	got := s.ask(t, "", "GET", "/auth/logout", "", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Cookie", cookies)
	if got.status != 403 {
		t.Errorf("a link that signs out: got %d", got.status)
	}
	for _, path := range []string{"/graphql?query=%7BaiUsage%7BasOf%7D%7D", "/ai/usage?callback=f"} {
		got := s.ask(t, "", "GET", path, "", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Cookie", cookies)
		if got.status != 403 || strings.Contains(got.body, "acc-") {
			t.Errorf("a script at %s: got %d %s", path, got.status, got.body)
		}
	}
}

func TestFact21AnAPIKeyAtEveryDoor(t *testing.T) {
	dbtest.Any(t, func(t *testing.T, dsn string) {
		store := fill(t, dsn)
		s := start(t, store)
		key, stored, err := auth.NewAPIKey("test", auth.SystemAdministrator, nil, time.Now(), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.AddAPIKey(t.Context(), stored); err != nil {
			t.Fatal(err)
		}
		secret(key)
		ask := func(header string) (graphQL, old answer) {
			graphQL = s.ask(t, "", "POST", "/graphql", "application/json", `{"query":"{aiUsage{totals{sessions}}}"}`, "Authorization", header)
			return graphQL, s.ask(t, "", "GET", "/ai/usage", "", "", "Authorization", header)
		}
		for _, header := range []string{"Bearer " + key, "bearer  " + key, basic(key, "")} {
			if graphQL, old := ask(header); graphQL.status != 200 || !strings.Contains(graphQL.body, `"sessions":3`) || old.status != 200 {
				t.Errorf("%.8s…: got %d %s and %d %s", header, graphQL.status, graphQL.body, old.status, old.body)
			}
		}
		if keys, err := store.APIKeys(t.Context()); err != nil || len(keys) != 1 || time.Since(keys[0].LastUsedAt) > time.Hour {
			t.Errorf("the last use: got %+v, %v", keys, err)
		}
		if err := store.RevokeAPIKey(t.Context(), stored.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		graphQL, old := ask("Bearer " + key)
		if graphQL.status != 401 || graphQL.header.Get("WWW-Authenticate") != `Bearer realm="AI usage", error="invalid_token"` ||
			!strings.Contains(graphQL.body, "the API key was revoked") {
			t.Errorf("revoked, GraphQL: got %d %v %s", graphQL.status, graphQL.header, graphQL.body)
		}
		if want := `{"responseStatus":{"errorCode":"Unauthorized","message":"the API key was revoked","errors":[]}}`; old.status != 401 ||
			old.body != want || old.header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
			t.Errorf("revoked, legacy: got %d %v %s", old.status, old.header, old.body)
		}
	})
}

func basic(name, password string) string {
	request, _ := http.NewRequest("GET", "/", nil)
	request.SetBasicAuth(name, password)
	return request.Header.Get("Authorization")
}

func TestTooManyWrongPasswordsHaveToWait(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	if got := s.ask(t, "ada", "GET", "/ai/usage", "", ""); got.status != 200 {
		t.Fatal(got.status)
	}
	wrong := basic("ada", "not it")
	for range 11 {
		s.ask(t, "", "GET", "/ai/usage", "", "", "Authorization", wrong)
	}
	old := s.ask(t, "", "GET", "/ai/usage", "", "", "Authorization", wrong)
	wait, err := strconv.Atoi(old.header.Get("Retry-After"))
	if old.status != 429 || err != nil || wait < 1 || wait > 60 || !strings.Contains(old.body, `"errorCode":"TooManyRequests"`) {
		t.Errorf("the legacy door: got %d %v %s", old.status, old.header, old.body)
	}
	graphQL := s.ask(t, "", "POST", "/graphql", "application/json", `{"query":"{aiUsage{asOf}}"}`, "Authorization", wrong)
	if graphQL.status != 429 || graphQL.header.Get("Retry-After") == "" || !strings.Contains(graphQL.body, `"TOO_MANY_REQUESTS"`) {
		t.Errorf("GraphQL: got %d %v %s", graphQL.status, graphQL.header, graphQL.body)
	}
	signIn := s.ask(t, "", "POST", "/auth/credentials", "application/x-www-form-urlencoded", "userName=ada&password=not+it")
	if signIn.status != 429 || signIn.header.Get("Retry-After") == "" {
		t.Errorf("signing in: got %d %v %s", signIn.status, signIn.header, signIn.body)
	}
	if got := s.ask(t, "ada", "GET", "/ai/usage", "", ""); got.status != 200 {
		t.Errorf("who is signed in: got %d", got.status)
	}
}

// introspection is what GraphiQL asks for.
const introspection = `query IntrospectionQuery {
  __schema { queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType } directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description
  fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`

func TestTheSchemaIsOpenWhereItIsConfiguredSo(t *testing.T) {
	store := fill(t, dbtest.One(t))
	closed, open := start(t, store), start(t, store, func(c *gateway.Config) { c.OpenSchema = true })
	for _, query := range []string{introspection, `{__schema{types{name}}}`, `query Q {__type(name:"AIUsage"){fields{name}} __typename}`} {
		if got := closed.query(t, "", query); got.status != 401 || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("closed, %s: got %d %s", query, got.status, got.body)
		}
		if got := closed.query(t, "ada", query); got.status != 200 || !strings.Contains(strings.ToLower(got.body), "totals") {
			t.Errorf("signed in, %s: got %d %s", query, got.status, got.body)
		}
		if got := open.query(t, "", query); got.status != 200 || !strings.Contains(strings.ToLower(got.body), "totals") {
			t.Errorf("open, %s: got %d %s", query, got.status, got.body)
		}
	}
	for _, query := range []string{
		`{aiUsage{asOf}}`, `{__typename aiUsage{asOf}}`, `{...F} fragment F on Query{aiUsage{asOf}}`,
		`{__schema{types{name}} ... on Query{aiUsage{asOf}}}`, `{a:__typename} {`, ``, `query A{__typename} query B{aiUsage{asOf}}`,
		`{__typename` + strings.Repeat(" #", 20000) + "\n}",
		`{__schema{types` + strings.Repeat(`{fields{type`, 9) + `{name}` + strings.Repeat(`}}`, 9) + `}}`,
		`{__schema{types{...F}}} fragment F on __Type{fields{type{...F}}}`,
	} {
		if got := open.query(t, "", query); got.status != 401 || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%.60s: got %d %s", query, got.status, got.body)
		}
	}
	if got := open.ask(t, "", "GET", "/graphql?query=%7B__typename%7D", "", ""); got.status != 200 || got.body != `{"data":{"__typename":"Query"}}` {
		t.Errorf("by GET: got %d %s", got.status, got.body)
	}
	if got := open.query(t, "ada", march1); got.body != march1Answer {
		t.Errorf("signed in: got %d %s", got.status, got.body)
	}
	for s, want := range map[*service]int{closed: 401, open: 200} {
		if got := s.ask(t, "", "GET", "/graphiql", "", ""); got.status != want {
			t.Errorf("the page: got %d, want %d", got.status, want)
		}
	}
}

func TestAHiddenSchemaIsShownToNobody(t *testing.T) {
	hidden := start(t, fill(t, dbtest.One(t)), func(c *gateway.Config) { c.OpenSchema, c.HideSchema = true, true })
	if got := hidden.query(t, "", introspection); got.status != 401 {
		t.Errorf("without credentials: got %d %s", got.status, got.body)
	}
	if got := hidden.query(t, "ada", introspection); got.status != 200 || !strings.Contains(got.body, "the schema is not shown here") || strings.Contains(got.body, `"data"`) {
		t.Errorf("signed in: got %d %s", got.status, got.body)
	}
	if got := hidden.query(t, "ada", `{aiUsag{asOf}}`); strings.Contains(got.body, "aiUsage") {
		t.Errorf("a suggestion: got %s", got.body)
	}
	if got := hidden.ask(t, "", "GET", "/graphiql", "", ""); got.status != 401 {
		t.Errorf("the page: got %d", got.status)
	}
	if got := hidden.query(t, "ada", march1); got.body != march1Answer {
		t.Errorf("data: got %d %s", got.status, got.body)
	}
}

func TestSharingAcrossOriginsIsOffUnlessAllowed(t *testing.T) {
	store := fill(t, dbtest.One(t))
	const friend, stranger = "https://app.example.com", "https://evil.example"
	off, on := start(t, store), start(t, store, func(c *gateway.Config) { c.AllowedOrigins = []string{friend} })
	for _, path := range []string{"/graphql", "/ai/usage"} {
		preflight := func(s *service, origin string) http.Header {
			return s.ask(t, "", "OPTIONS", path, "", "", "Origin", origin,
				"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type").header
		}
		if got := preflight(on, friend); got.Get("Access-Control-Allow-Origin") != friend || got.Get("Access-Control-Allow-Headers") == "" ||
			got.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%s, an origin that is allowed: got %v", path, got)
		}
		for name, got := range map[string]http.Header{"off": preflight(off, friend), "a stranger": preflight(on, stranger)} {
			if got.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s, %s: got %v", path, name, got)
			}
		}
	}
	from := func(s *service, origin string) answer {
		return s.ask(t, "ada", "POST", "/graphql", "application/json", `{"query":"{aiUsage{totals{sessions}}}"}`,
			"Origin", origin, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors")
	}
	if got := from(on, friend); got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != friend {
		t.Errorf("an origin that is allowed: got %d %v", got.status, got.header)
	}
	for name, got := range map[string]answer{"off": from(off, friend), "a stranger": from(on, stranger)} {
		if got.status != 403 || got.header.Get("Access-Control-Allow-Origin") != "" || strings.Contains(got.body, "data") {
			t.Errorf("%s: got %d %v %s", name, got.status, got.header, got.body)
		}
	}
	for _, origin := range []string{"*", "https://*.example.com", "app.example.com", "null"} {
		if _, err := gateway.New(gateway.Config{Store: store, AllowedOrigins: []string{origin}}); err == nil {
			t.Errorf("%q was taken for an origin", origin)
		}
	}
}
