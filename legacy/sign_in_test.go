package legacy

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aiusage/auth"
	"aiusage/legacy/contract"
	"aiusage/legacy/dotnet"
	"aiusage/usage"
)

// SignIn knows one user, and remembers whether to remember them.
type signIn struct{ remembered, ended, unwritten bool }

func (s *signIn) SignIn(_ *http.Request, name, password string) (auth.User, error) {
	if name != "ada" || password != "corr;ct <horse>" {
		return auth.User{}, auth.ErrWrongCredentials
	}
	return auth.User{Name: name, Roles: []string{auth.SystemAdministrator}}, nil
}

func (s *signIn) Begin(w http.ResponseWriter, _ *http.Request, user auth.User, remember bool) (string, error) {
	s.remembered = remember
	http.SetCookie(w, &http.Cookie{Name: "ss-id", Value: "id-1"})
	return "id-1", nil
}

// AfterBasic has a session for anybody but whom the store fails.
func (s *signIn) AfterBasic(_ *http.Request, principal auth.Principal) func(http.ResponseWriter) string {
	return func(w http.ResponseWriter) string {
		if s.unwritten {
			return ""
		}
		http.SetCookie(w, &http.Cookie{Name: "ss-id", Value: "id-2"})
		return "id-2"
	}
}

func (s *signIn) End(http.ResponseWriter, *http.Request) error { s.ended = true; return nil }

func (s *signIn) CheckChange(*http.Request) error { return nil }

func (s *signIn) Accounts(*http.Request, auth.Principal) ([]usage.Account, error) { return nil, nil }

func signInDoor() (*signIn, http.Handler) {
	s := &signIn{}
	report := func(context.Context, usage.Request) (*usage.Report, error) { return oneRow(), nil }
	return s, New(Config{Report: report, Authenticate: authenticate, SignIn: s})
}

func post(handler http.Handler, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", target, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// The answers to signing in, in every format.
var signedInAnswers = map[contract.Format]string{
	contract.JSON: `{"userId":"ada","sessionId":"id-1","userName":"ada","displayName":"ada","roles":["SystemAdministrator"],"responseStatus":{}}`,
	contract.JSV:  `{userId:ada,sessionId:id-1,userName:ada,displayName:ada,roles:[SystemAdministrator],responseStatus:{}}`,
	contract.CSV: "UserId,SessionId,UserName,DisplayName,ReferrerUrl,BearerToken,RefreshToken,ProfileUrl,Roles,Permissions,ResponseStatus,Meta\r\n" +
		"ada,id-1,ada,ada,,,,,\"[SystemAdministrator]\",,{},\r\n",
	contract.XML: `<?xml version="1.0" encoding="utf-8"?><AuthenticateResponse xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.servicestack.net/types">` +
		`<UserId>ada</UserId><SessionId>id-1</SessionId><UserName>ada</UserName><DisplayName>ada</DisplayName><ReferrerUrl i:nil="true" /><BearerToken i:nil="true" />` +
		`<RefreshToken i:nil="true" /><ProfileUrl i:nil="true" /><Roles xmlns:d2p1="http://schemas.microsoft.com/2003/10/Serialization/Arrays"><d2p1:string>SystemAdministrator</d2p1:string></Roles>` +
		`<Permissions xmlns:d2p1="http://schemas.microsoft.com/2003/10/Serialization/Arrays" i:nil="true" /><ResponseStatus><ErrorCode i:nil="true" /><Message i:nil="true" />` +
		`<StackTrace i:nil="true" /><Errors i:nil="true" /><Meta xmlns:d3p1="http://schemas.microsoft.com/2003/10/Serialization/Arrays" i:nil="true" /></ResponseStatus>` +
		`<Meta xmlns:d2p1="http://schemas.microsoft.com/2003/10/Serialization/Arrays" i:nil="true" /></AuthenticateResponse>`,
}

// TestFact19SigningInInEveryFormat reads the request by its type and writes the
// answer as it was asked for.
func TestFact19SigningInInEveryFormat(t *testing.T) {
	const xmlRequest = `<Authenticate xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.servicestack.net/types"><provider>credentials</provider>` +
		`<State i:nil="true" /><UserName>ada</UserName><Password>corr;ct &lt;horse&gt;</Password><RememberMe>true</RememberMe><Meta xmlns:d2p1="urn:x" i:nil="true" /></Authenticate>`
	const jsvRequest = `{provider:credentials,UserName:ada,Password:corr;ct <horse>,RememberMe:True,Meta:{a:b}}`
	const jsonRequest = `{"provider":"credentials","userName":"ada","PASSWORD":"corr;ct <horse>","rememberMe":true,"meta":{"a":"b"},"accountId":["x"]}`
	multi := "--b\r\nContent-Disposition: form-data; name=\"UserName\"\r\n\r\nada\r\n--b\r\nContent-Disposition: form-data; name=\"Password\"\r\n\r\ncorr;ct <horse>\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"RememberMe\"\r\n\r\non\r\n--b--\r\n"
	for _, c := range []struct {
		target, contentType, body, accept string
		as                                contract.Format
	}{
		{"/auth/credentials", "application/xml", xmlRequest, "application/xml", contract.XML},
		{"/auth/credentials", "text/xml", xmlRequest, "*/*", contract.XML},
		{"/auth", "application/xml", xmlRequest, "application/json", contract.JSON},
		{"/xml/reply/Authenticate", "application/xml", xmlRequest, "", contract.XML},
		{"/xml/reply/Authenticate", "", xmlRequest, "application/json", contract.XML},
		{"/auth/credentials", "application/jsv", jsvRequest, "application/jsv", contract.JSV},
		{"/auth/credentials?format=jsv", "text/jsv", jsvRequest, "", contract.JSV},
		{"/jsv/reply/Authenticate", "application/jsv", jsvRequest, "", contract.JSV},
		{"/auth/credentials", "application/json", jsonRequest, "application/xml", contract.XML},
		{"/json/reply/Authenticate", "text/plain", jsonRequest, "", contract.JSON},
		{"/api/Authenticate", "application/json", jsonRequest, "", contract.JSON},
		{"/api/Authenticate.csv", "application/json", jsonRequest, "", contract.CSV},
		{"/auth/credentials", "text/csv", "UserName,Password,RememberMe\r\nada,corr;ct <horse>,TRUE\r\n", "text/csv", contract.CSV},
		{"/auth/credentials", "application/x-www-form-urlencoded", "userName=ada&password=corr%3bct+<horse>&rememberMe=1", "", contract.JSON},
		{"/auth/credentials", "multipart/form-data; boundary=b", multi, "application/jsv", contract.JSV},
	} {
		s, handler := signInDoor()
		w := post(handler, c.target, c.body, "Content-Type: "+c.contentType, "Accept: "+c.accept)
		if w.Code != 200 || w.Body.String() != signedInAnswers[c.as] || w.Header().Get("Content-Type") != contract.ContentTypes[c.as] || !s.remembered || w.Header().Get("Set-Cookie") != "ss-id=id-1" {
			t.Errorf("%+v\ngot %d %v %s", c, w.Code, w.Header(), w.Body)
		}
		w = post(handler, c.target, strings.Replace(c.body, "horse", "house", 1), "Content-Type: "+c.contentType, "Accept: "+c.accept)
		if w.Code != 401 || w.Header().Get("Content-Type") != contract.ContentTypes[c.as] || w.Header().Get("Set-Cookie") != "" || !strings.Contains(w.Body.String(), "Invalid Username or Password") {
			t.Errorf("a wrong password, %+v\ngot %d %v %s", c, w.Code, w.Header(), w.Body)
		}
	}
}

// TestFact19SigningOutInEveryFormat, whatever the body.
func TestFact19SigningOutInEveryFormat(t *testing.T) {
	for as, want := range map[contract.Format]string{
		contract.JSON: `{"responseStatus":{}}`, contract.JSV: `{responseStatus:{}}`, contract.XML: `<UserId i:nil="true" />`, contract.CSV: "\r\n,,,,,,,,,,{},\r\n",
	} {
		s, handler := signInDoor()
		if w := post(handler, "/auth/logout?format="+string(as), "x", "Content-Type: text/plain"); w.Code != 200 || !strings.Contains(w.Body.String(), want) || !s.ended {
			t.Errorf("%s: got %d %s", as, w.Code, w.Body)
		}
		s, handler = signInDoor()
		if w := post(handler, "/auth?format="+string(as), `{"provider":"logout"}`, asJSON); w.Code != 200 || !strings.Contains(w.Body.String(), want) || !s.ended {
			t.Errorf("%s, by the provider: got %d %s", as, w.Code, w.Body)
		}
	}
}

// TestFact19CredentialsThatCannotBeRead: the answer says nothing of them.
func TestFact19CredentialsThatCannotBeRead(t *testing.T) {
	for contentType, bodies := range map[string][]string{
		"application/xml": {`<Authenticate><Password>hunter2</Password></Authenticate>`, `<Authenticate xmlns="http://schemas.servicestack.net/types"><Password>hunter2`,
			dotnet.Request(`<Password>hunter2</Password>`), `<Authenticate xmlns="http://schemas.servicestack.net/types"><hunter2 hunter2=1/></Authenticate>`},
		"application/json": {`{"password":"hunter2"`, `{"password":"hunter2"hunter2`, `["hunter2"]`, `{"password":{"hunter2":1}}`},
		"application/jsv":  {`{Password:"hunter2}`, `hunter2`},
		"text/csv":         {"Password\nhunter2\nhunter2"},
	} {
		for _, body := range bodies {
			_, handler := signInDoor()
			w := post(handler, "/auth/credentials", body, "Content-Type: "+contentType, "Accept: application/json")
			if w.Code != 400 || !strings.Contains(w.Body.String(), "SerializationException") || strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("%s %s: got %d %s", contentType, body, w.Code, w.Body)
			}
		}
	}
	_, handler := signInDoor()
	if w := post(handler, "/auth/credentials", `{"userName":"ada"}`, "Content-Type: text/plain"); w.Code != 415 {
		t.Errorf("an unknown type: got %d %s", w.Code, w.Body)
	}
}

// TestFact19AsDotNetSignsIn: what its serializer writes is read, and answered to the
// byte as it would.
func TestFact19AsDotNetSignsIn(t *testing.T) {
	o := dotnet.Ask(t)
	_, handler := signInDoor()
	body := o.Write(t, 'p', strings.Join([]string{dotnet.Hex("credentials"), dotnet.Hex("ada"), dotnet.Hex("corr;ct <horse>"), "true"}, " "))
	got := post(handler, "/xml/reply/Authenticate", body, asXML).Body.String()
	if want := o.Write(t, 'w', dotnet.Hex("ada")+" "+dotnet.Hex("id-1")+" "+dotnet.Hex("SystemAdministrator")); got != want || got != signedInAnswers[contract.XML] {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got = post(handler, "/auth/logout", "", "Accept: application/xml").Body.String()
	if want := o.Write(t, 'w', "- - -"); got != want {
		t.Errorf("signing out: got %s\nwant %s", got, want)
	}
}

// TestFact19AfterBasicASession, whatever the answer, except to whoever was not let in.
func TestFact19AfterBasicASession(t *testing.T) {
	const admin, clerk = "Authorization: Basic YWRtaW46c2VjcmV0", "Authorization: Basic Y2xlcms6c2VjcmV0"
	for _, c := range []struct {
		target, body, credentials string
		status                    int
		cookie                    bool
	}{
		{"/ai/usage", "", admin, 200, true},
		{"/ai/usage.xml", "", admin, 200, true},
		{"/json/reply/GetAIUsage[]", "[{}]", admin, 200, true},
		{"/ai/usage?callback=1", "", admin, 400, true},
		{"/ai/usage", "", clerk, 403, false},
		{"/ai/usage", "", wrongPassword, 401, false},
		{"/auth/basic", "", admin, 200, true},
		{"/auth/basic", "", clerk, 200, true},
		{"/auth/basic", `{"userName":"ada","password":"corr;ct <horse>"}`, "X: y", 401, false},
		{"/auth/status", "", admin, 200, true},
		{"/metadata", "", admin, 200, false},
	} {
		for _, unwritten := range []bool{false, true} {
			s, handler := signInDoor()
			s.unwritten = unwritten
			w := post(handler, c.target, c.body, c.credentials, asJSON)
			if w.Code != c.status || (w.Header().Get("Set-Cookie") != "") != (c.cookie && !unwritten) {
				t.Errorf("%+v, unwritten %v: got %d %v", c, unwritten, w.Code, w.Header())
			}
		}
	}
	_, handler := signInDoor()
	for as, want := range map[string]string{
		"json": `{"userId":"admin","sessionId":"id-2","userName":"admin","displayName":"admin","roles":["SystemAdministrator"],"responseStatus":{}}`,
		"jsv":  `{userId:admin,sessionId:id-2,userName:admin,displayName:admin,roles:[SystemAdministrator],responseStatus:{}}`,
	} {
		if w := post(handler, "/auth/basic?format="+as, "", admin); w.Body.String() != want {
			t.Errorf("%s: got %s", as, w.Body)
		}
	}
	if w := post(handler, "/auth/basic", ""); w.Code != 401 || sent(w, "WWW-Authenticate") != `basic realm="/auth/basic"` {
		t.Errorf("without credentials: got %d %v", w.Code, w.Header())
	}
}
