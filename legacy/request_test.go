package legacy

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"aiusage/legacy/dotnet"
	"aiusage/usage"
)

const (
	asJSON = "Content-Type: application/json"
	asXML  = "Content-Type: application/xml"
	asForm = "Content-Type: application/x-www-form-urlencoded"
)

func accountA() usage.Request { return usage.Request{AccountID: "A"} }

func TestFact1AnyVerbRunsTheOperation(t *testing.T) {
	d := newDoor(t)
	for _, verb := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND"} {
		if got := d.bound(t, verb, "/ai/usage?AccountId=A", ""); got != accountA() {
			t.Errorf("%s: %+v", verb, got)
		}
	}
}

func TestFact1HEADGivesHeadersOnly(t *testing.T) {
	s := newDoor(t).listen(t, nil)
	for target, wantType := range map[string]string{"/ai/usage.xml": "application/xml", "/ai/usage?startDate=x": "application/json; charset=utf-8"} {
		response, body := s.exchange("HEAD", "HEAD "+target+" HTTP/1.1\r\n"+adminHeaders+"\r\n")
		if body != "" || response.Header.Get("Content-Type") != wantType {
			t.Errorf("%s: %v %q", target, response.Header, body)
		}
	}
}

func TestFact1CORSPreflight(t *testing.T) {
	d := newDoor(t)
	w := d.send("OPTIONS", "/ai/usage", "", "Authorization: ", "Origin: https://example.com", "Access-Control-Request-Method: POST")
	if w.Code != http.StatusNoContent || len(d.asked()) != 0 || w.Body.Len() != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for name := range w.Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s is allowed", name)
		}
	}
	// Either header alone does not make a preflight.
	d.bound(t, "OPTIONS", "/ai/usage", "", "Origin: https://example.com")
	d.bound(t, "OPTIONS", "/ai/usage", "", "Access-Control-Request-Method: POST")
}

func TestFact1Paths(t *testing.T) {
	d := newDoor(t)
	for _, path := range []string{"/ai/usage", "/AI/Usage", "/ai/usage/", "//ai//usage", "/ai/usage//", "/Ai//USAGE.xml", "/ai/usage.json/"} {
		if !Serves(path) {
			t.Errorf("%s is not served", path)
		}
		r, err := http.NewRequest("GET", "http://host"+path, nil)
		if err != nil || r.URL.Path != path {
			t.Fatal(err, r.URL.Path)
		}
		if d.bound(t, "GET", "http://host"+path+"?accountId=A", "") != accountA() {
			t.Error(path)
		}
	}
	for _, path := range []string{"/ai/usage/x", "/ai/usage/x/y", "/ai/usage.xml/x"} {
		if !Serves(path) {
			t.Errorf("%s is not served", path)
		}
		d.refused(t, http.StatusNotFound, "GET", path, "")
	}
	for _, path := range []string{"/", "", "/ai", "/ai/usages", "/ai/other", "/graphql", "/query", "/xml/reply", "/foo/reply/GetAIUsage", "/ai/uſage"} {
		if Serves(path) {
			t.Errorf("%s is served", path)
		}
	}
}

// TestFact2BodyByContentType reads the same request in every format.
func TestFact2BodyByContentType(t *testing.T) {
	multi := "--b\r\nContent-Disposition: form-data; name=\"AccountId\"\r\n\r\nA\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nzzz\r\n--b--\r\n"
	for contentType, body := range map[string]string{
		"application/json":                    `{"AccountId":"A"}`,
		"text/json":                           `{"AccountId":"A"}`,
		"Application/JSON; charset=UTF-8":     `{"AccountId":"A"}`,
		"application/xml":                     dotnet.Request(`<AccountId>A</AccountId>`),
		"text/xml; charset=utf-8":             dotnet.Request(`<AccountId>A</AccountId>`),
		"application/jsv":                     `{AccountId:A}`,
		"text/jsv":                            `{AccountId:A}`,
		"text/csv":                            "AccountId\r\nA\r\n",
		"application/x-www-form-urlencoded":   "AccountId=A",
		"multipart/form-data; boundary=b":     multi,
		`multipart/form-data; boundary="b"  `: multi,
	} {
		if got := newDoor(t).bound(t, "POST", "/ai/usage", body, "Content-Type: "+contentType); got != accountA() {
			t.Errorf("%s: %+v", contentType, got)
		}
	}
}

func TestFact2WhoBeatsWhom(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct{ contentType, body string }{
		{"application/json", `{"accountId":"body","customerId":"C"}`},
		{"application/xml", dotnet.Request(`<AccountId>body</AccountId><CustomerId>C</CustomerId>`)},
		{"application/jsv", `{accountId:body,customerId:C}`},
		{"text/csv", "AccountId,CustomerId\nbody,C\n"},
	} {
		got := d.bound(t, "POST", "/ai/usage?ACCOUNTID=query&customerId=", c.body, "Content-Type: "+c.contentType)
		if got != (usage.Request{AccountID: "query", CustomerID: "C"}) {
			t.Errorf("query over %s: %+v", c.contentType, got)
		}
	}
	got := d.bound(t, "POST", "/ai/usage?accountId=query&customerId=C", "AccountId=form&CustomerId=", asForm)
	if got != (usage.Request{AccountID: "form", CustomerID: "C"}) {
		t.Errorf("form over query: %+v", got)
	}
}

func TestFact3Names(t *testing.T) {
	d := newDoor(t)
	all := usage.Request{AccountID: "A", CustomerID: "C", StartDate: "2026-03-01", EndDate: "2026-03-31"}
	for _, query := range []string{
		"AccountId=A&CustomerId=C&StartDate=2026-03-01&EndDate=2026-03-31",
		"accountid=A&CUSTOMERID=C&sTARTdATE=2026-03-01&endDate=2026-03-31&unknown=1&timeZone=Nowhere",
	} {
		if got := d.bound(t, "GET", "/ai/usage?"+query, ""); got != all {
			t.Errorf("query: %+v", got)
		}
		if got := d.bound(t, "POST", "/ai/usage", query, asForm); got != all {
			t.Errorf("form: %+v", got)
		}
	}
	if got := d.bound(t, "POST", "/ai/usage", `{"ACCOUNTID":"A","customerid":"C","startDate":"2026-03-01","EndDate":"2026-03-31","x":{"AccountId":["B"]}}`, asJSON); got != all {
		t.Errorf("json: %+v", got)
	}
	if got := d.bound(t, "POST", "/ai/usage", `{ACCOUNTID:A, customerid:C,startDate:2026-03-01,EndDate:"2026-03-31",x:{AccountId:[B]}}`, "Content-Type: text/jsv"); got != all {
		t.Errorf("jsv: %+v", got)
	}
}

func TestFact3RepeatedNamesJoin(t *testing.T) {
	d := newDoor(t)
	want := usage.Request{AccountID: "A,B"}
	if got := d.bound(t, "GET", "/ai/usage?accountId=A&AccountId=&ACCOUNTID=B", ""); got != want {
		t.Errorf("query: %+v", got)
	}
	if got := d.bound(t, "POST", "/ai/usage", "accountId=A&AccountId=B", asForm); got != want {
		t.Errorf("form: %+v", got)
	}
	if got := d.bound(t, "POST", "/ai/usage", `{"AccountId":"A","accountId":"B"}`, asJSON); got != want {
		t.Errorf("json: %+v", got)
	}
	if got := d.bound(t, "POST", "/ai/usage", `{AccountId:A,accountId:B}`, "Content-Type: text/jsv"); got != want {
		t.Errorf("jsv: %+v", got)
	}
}

func TestFact3EmptyValuesAreAbsent(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct{ target, body, contentType string }{
		{"/ai/usage?accountId=&startDate&endDate=", "", ""},
		{"/ai/usage", "accountId=&startDate=", "application/x-www-form-urlencoded"},
		{"/ai/usage", `{"AccountId":"","StartDate":"","CustomerId":null}`, "application/json"},
		{"/ai/usage", `{AccountId:,StartDate:""}`, "application/jsv"},
		{"/ai/usage", dotnet.Request(`<AccountId/><CustomerId></CustomerId><EndDate i:nil="true"/>`), "application/xml"},
	} {
		if got := d.bound(t, "POST", c.target, c.body, "Content-Type: "+c.contentType); got != (usage.Request{}) {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// TestFact3QueryIsNeverDropped: a query that other readers refuse or drop is
// read as the old host read it.
func TestFact3QueryIsNeverDropped(t *testing.T) {
	for query, want := range map[string]string{
		"accountId=100%": "100%", "accountId=a%zz": "a%zz", "accountId=a;b": "a;b", "accountId=a%2": "a%2",
		"accountId=a+b%20c": "a b c", "%61ccountId=a": "a", "accountId=a=b": "a=b", "accountId=%C3%A9": "é",
	} {
		if got := newDoor(t).bound(t, "GET", "/ai/usage?"+query, ""); got.AccountID != want {
			t.Errorf("%s: %q", query, got.AccountID)
		}
	}
}

func TestFact4BodiesThatCountAsEmpty(t *testing.T) {
	d := newDoor(t)
	for _, contentType := range []string{"", "text/plain", "garbage", "application/json, application/xml", "application/json", "application/xml", "application/jsv", "text/csv", "multipart/form-data", "application/x-www-form-urlencoded"} {
		if got := d.bound(t, "POST", "/ai/usage?accountId=A", "", "Content-Type: "+contentType); got != accountA() {
			t.Errorf("%s: %+v", contentType, got)
		}
	}
}

func TestFact4JSONBodyOnGETAndDELETE(t *testing.T) {
	for _, verb := range []string{"GET", "DELETE"} {
		if got := newDoor(t).bound(t, verb, "/ai/usage", `{"AccountId":"A"}`, asJSON); got != accountA() {
			t.Errorf("%s: %+v", verb, got)
		}
	}
}

func TestFact4ChunkedBodies(t *testing.T) {
	d := newDoor(t)
	s := d.listen(t, nil)
	response, body := s.exchange("POST", "POST /ai/usage HTTP/1.1\r\n"+adminHeaders+asJSON+"\r\nTransfer-Encoding: chunked\r\n\r\n"+
		"9\r\n{\"Account\r\n8\r\nId\":\"A\"}\r\n0\r\n\r\n")
	if asked := d.asked(); response.StatusCode != http.StatusOK || len(asked) != 1 || asked[0] != accountA() {
		t.Errorf("%s %s %+v", response.Status, body, asked)
	}
}

func gzipped(body string) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.WriteString(w, body)
	w.Close()
	return packed.String()
}

func TestFact4GzipBodies(t *testing.T) {
	d := newDoor(t)
	if got := d.bound(t, "POST", "/ai/usage", gzipped(`{"AccountId":"A"}`), asJSON, "Content-Encoding: gzip"); got != accountA() {
		t.Errorf("%+v", got)
	}
	if got := d.bound(t, "POST", "/ai/usage", gzipped(""), asJSON, "Content-Encoding: gzip"); got != (usage.Request{}) {
		t.Errorf("%+v", got)
	}
	d.refused(t, http.StatusBadRequest, "POST", "/ai/usage", "not gzip", asJSON, "Content-Encoding: gzip")
	d.refused(t, http.StatusBadRequest, "POST", "/ai/usage", gzipped(`{"AccountId":"A"}`)[:20], asJSON, "Content-Encoding: gzip")
	d.refused(t, http.StatusBadRequest, "POST", "/ai/usage", `{"AccountId":"A"}`, asJSON, "Content-Encoding: br")
}

func TestFact4SizeLimit(t *testing.T) {
	d := newDoor(t) // MaxBody is 4096
	within := `{"AccountId":"A","x":"` + strings.Repeat("x", 4096-24) + `"}`
	if len(within) != 4096 {
		t.Fatal(len(within))
	}
	if got := d.bound(t, "POST", "/ai/usage", within, asJSON); got != accountA() {
		t.Errorf("%+v", got)
	}
	beyond := strings.Replace(within, "xx", "xxx", 1)
	d.refused(t, http.StatusRequestEntityTooLarge, "POST", "/ai/usage", beyond, asJSON)
	d.refused(t, http.StatusRequestEntityTooLarge, "POST", "/ai/usage", gzipped(beyond), asJSON, "Content-Encoding: gzip")
	if body := d.refused(t, http.StatusRequestEntityTooLarge, "POST", "/ai/usage", beyond, asForm); !strings.Contains(body, "4096") {
		t.Error(body)
	}
}

func TestFact7BrokenJSONIsRefused(t *testing.T) {
	for _, body := range []string{
		`{"AccountId":"A"`, `{"AccountId":`, `{`, `null`, `[]`, `"x"`, `1`, `true`, ` `, `{}{}`, `{} x`, `{"AccountId":"A",}`,
		`{AccountId:"A"}`, `{"AccountId":'A'}`, `{"AccountId":{"x":1}}`, `{"AccountId":["A"]}`, `[{"AccountId":"A"}]`,
		`{"AccountId":"\ud83d"}`, `{"AccountId":"\ude00\ud83d"}`, `{"AccountId":"\ud83dx"}`, "{\"AccountId\":\"\xff\"}", "{\"AccountId\":\"a\x00\"}",
		`{"x":` + strings.Repeat("[", 2000),
	} {
		d := newDoor(t)
		got := d.refused(t, http.StatusBadRequest, "POST", "/ai/usage", body, asJSON)
		if !strings.HasPrefix(got, `{"responseStatus":{"errorCode":"SerializationException","message":"Could not deserialize 'application/json' request using Voice.Api.AI.GetAIUsage'\nError: `) {
			t.Errorf("%q: %s", body, got)
		}
	}
}

func TestFact7JSONThatIsRead(t *testing.T) {
	for body, want := range map[string]usage.Request{
		"\uFEFF" + `{"AccountId":"A"}`: accountA(),
		" \r\n\t{ } ":                  {},
		`{"AccountId":"\ud83d\ude00"}`: {AccountID: "😀"},
		`{"AccountId":123}`:            {AccountID: "123"},
		`{"AccountId":1.50}`:           {AccountID: "1.50"},
		`{"AccountId":true}`:           {AccountID: "true"},
		`{"AccountId":"\\ud83d"}`:      {AccountID: `\ud83d`},
	} {
		if got := newDoor(t).bound(t, "POST", "/ai/usage", body, asJSON); got != want {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

// TestFact2BrokenBodiesAreRefused in the formats other than JSON and XML.
func TestFact2BrokenBodiesAreRefused(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct{ contentType, body string }{
		{"application/jsv", `AccountId:A`}, {"application/jsv", `{AccountId:A`}, {"application/jsv", `{AccountId:"A}`},
		{"application/jsv", `{AccountId}`}, {"application/jsv", `{AccountId:{x:1}}`}, {"application/jsv", `{AccountId:A}}`},
		{"application/jsv", `{AccountId:A}x`}, {"application/jsv", `{AccountId:"A"x}`}, {"application/jsv", `[]`}, {"application/jsv", `{x:[1}`},
		{"text/csv", "AccountId\nA\nB\n"}, {"text/csv", "AccountId\nA,B\n"}, {"text/csv", "\"AccountId\nA"},
		{"multipart/form-data", "x"}, {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"AccountId\"\r\n\r\nA"},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"AccountId\"; filename=\"f\"\r\n\r\nA\r\n--b--\r\n"},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data\r\n\r\nA\r\n--b--\r\n"},
		{"application/x-www-form-urlencoded", "AccountId=\xff\xfe"},
	} {
		if got := d.refused(t, http.StatusBadRequest, "POST", "/ai/usage", c.body, "Content-Type: "+c.contentType); !strings.Contains(got, "SerializationException") {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestFact2MultipartFromALibrary(t *testing.T) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	w.WriteField("accountId", "A")
	w.Close()
	if got := newDoor(t).bound(t, "PUT", "/ai/usage", body.String(), "Content-Type: "+w.FormDataContentType()); got != accountA() {
		t.Errorf("%+v", got)
	}
}

// TestFact3MuchRepetitionIsRefused rather than cut.
func TestFact3MuchRepetitionIsRefused(t *testing.T) {
	newDoor(t).refused(t, http.StatusBadRequest, "GET", "/ai/usage?"+strings.Repeat("accountId=a&", 500), "")
}

func TestFact17MessagesAreBounded(t *testing.T) {
	name := strings.Repeat("x", 3000)
	for _, got := range []string{
		newDoor(t).refused(t, 400, "POST", "/ai/usage.json", "<"+name+"/>", asXML),
		newDoor(t).refused(t, 405, "GET", "/api/"+name, ""),
	} {
		if len(got) > 1000 {
			t.Errorf("%d bytes: %s", len(got), got)
		}
	}
}
