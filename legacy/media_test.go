package legacy

import (
	"net/http"
	"strings"
	"testing"

	"aiusage/legacy/dotnet"
)

// TestFact4ABodyOfUnknownTypeIsNeverAnEmptyRequest: it is read as what its type
// plainly says, or refused.
func TestFact4ABodyOfUnknownTypeIsNeverAnEmptyRequest(t *testing.T) {
	d := newDoor(t)
	bodies := map[string]string{"json": `{"AccountId":"A"}`, "xml": dotnet.Request(`<AccountId>A</AccountId>`), "jsv": `{AccountId:A}`, "csv": "AccountId\nA\n"}
	for contentType, kind := range map[string]string{
		"application/vnd.x+json": "json", "application/problem+json; charset=utf-8": "json", "application/x-json": "json", "text/x-json": "json", "X/Y+JSON": "json",
		"application/soap+xml; charset=utf-8": "xml", "application/vnd.x+xml": "xml", "application/x-xml": "xml", "text/x-xml": "xml", "model/a+b+xml": "xml",
		"text/x-jsv": "jsv", "application/x-jsv": "jsv", "application/csv": "csv", "text/x-csv": "csv",
		"application/json, application/json": "json", "text/xml,text/xml; charset=utf-8, ,": "xml",
	} {
		if got := d.bound(t, "POST", "/ai/usage", bodies[kind], "Content-Type: "+contentType); got != accountA() {
			t.Errorf("%q: %+v", contentType, got)
		}
	}
	for _, contentType := range []string{
		"", "text/plain", "text/plain;charset=UTF-8", "application/octet-stream", "garbage", "application/json/x", "json", "+json", "/", "multipart/mixed; boundary=b",
		"application/json, application/xml", "application/json, text/plain", "multipart/form-data; boundary=a, multipart/form-data; boundary=b", "text/html", "application/x-html", "application/xjson",
	} {
		for _, body := range bodies {
			for _, target := range []string{"/ai/usage", "/ai/usage?accountId=A", "/html/reply/GetAIUsage"} {
				got := d.refused(t, http.StatusUnsupportedMediaType, "POST", target+"", body, "Content-Type: "+contentType, "Accept: application/json")
				if !strings.Contains(got, "UnsupportedMediaType") || !strings.Contains(got, "application/jsv") {
					t.Errorf("%q: %s", contentType, got)
				}
			}
		}
	}
	d.refused(t, http.StatusBadRequest, "POST", "/ai/usage", `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>`, "Content-Type: application/soap+xml")
	d.refused(t, http.StatusUnsupportedMediaType, "POST", "/ai/usage", gzipped("x"), "Content-Type: text/plain", "Content-Encoding: gzip")
}

// TestFact4SeveralContentTypes, as lines of their own.
func TestFact4SeveralContentTypes(t *testing.T) {
	for lines, status := range map[[2]string]int{
		{"application/json", "application/json; charset=utf-8"}:                      200,
		{"application/json", "text/xml"}:                                             415,
		{"multipart/form-data; boundary=\"a,b\"", "multipart/form-data; boundary=c"}: 415,
	} {
		d := newDoor(t)
		r, _ := http.NewRequest("POST", "/ai/usage", strings.NewReader(`{"AccountId":"A"}`))
		r.SetBasicAuth("admin", "secret")
		r.Header["Content-Type"] = lines[:]
		w := recorder()
		d.ServeHTTP(w, r)
		if asked := d.asked(); w.Code != status || status == 200 && asked[0] != accountA() || status != 200 && len(asked) != 0 {
			t.Errorf("%q: %d %+v", lines, w.Code, asked)
		}
	}
	multi := "--a,b\r\nContent-Disposition: form-data; name=\"AccountId\"\r\n\r\nA\r\n--a,b--\r\n"
	if got := newDoor(t).bound(t, "POST", "/ai/usage", multi, `Content-Type: multipart/form-data; boundary="a,b"`); got != accountA() {
		t.Errorf("a comma in the boundary: %+v", got)
	}
}

// TestFact4ABodyThatIsPlainlyOfAnotherTypeIsNeverAnEmptyRequest: curl calls a form
// whatever nobody has told it the type of.
func TestFact4ABodyThatIsPlainlyOfAnotherTypeIsNeverAnEmptyRequest(t *testing.T) {
	d := newDoor(t)
	for contentType, bodies := range map[string][]string{
		"application/x-www-form-urlencoded": {`{"AccountId":"A"}`, " \n{AccountId:A}", "%7B%22AccountId%22%3A%22A%22%7D", dotnet.Request(`<AccountId>A</AccountId>`), `[{"AccountId":"A"}]`, `{"a":"x&b=c"}`},
		"text/csv":                          {"AccountId=A", "AccountId=A&CustomerId=C\n", `{AccountId:A}`, "Account\nA\n", "a,b\n1,2\n"},
	} {
		for _, body := range bodies {
			d.refused(t, http.StatusBadRequest, "POST", "/ai/usage", body, "Content-Type: "+contentType)
		}
	}
	// What only has names that nobody knows is a form all the same (fact 3), and so is
	// one whose text happens to begin like something else.
	for _, body := range []string{"other=1", "x", "&", "AccountId=A&{=1"} {
		d.bound(t, "POST", "/ai/usage", body, "Content-Type: application/x-www-form-urlencoded")
	}
	if got := d.bound(t, "POST", "/ai/usage", "{=1&AccountId=A", "Content-Type: application/x-www-form-urlencoded"); got != accountA() {
		t.Errorf("got %+v", got)
	}
}
