package legacy

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/usage"
)

// errorBody is the body of the answer to an error.
func errorBody(e *contract.ErrorResponse, as contract.Format) []byte {
	w := recorder()
	answer.WriteError(w, httptest.NewRequest("GET", "/ai/usage", nil), e, as)
	return w.Body.Bytes()
}

func TestFact15JSONToTheByte(t *testing.T) {
	const want = `{"responseStatus":{"errorCode":"ArgumentException","message":"Bad thing (Parameter 'StartDate')","errors":[{"errorCode":"ArgumentException","fieldName":"StartDate","message":"Bad thing"}]}}`
	if got := string(errorBody(contract.BadArgument("StartDate", "Bad thing"), contract.JSON)); got != want {
		t.Errorf("got %s", got)
	}
	const without = `{"responseStatus":{"errorCode":"ArgumentException","message":"Bad thing","errors":[]}}`
	if got := string(errorBody(contract.BadArgument("", "Bad thing"), contract.JSON)); got != without {
		t.Errorf("got %s", got)
	}
}

func TestFact16XMLToTheByte(t *testing.T) {
	const head = `<?xml version="1.0" encoding="utf-8"?><ErrorResponse xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.servicestack.net/types"><ResponseStatus><ErrorCode>ArgumentException</ErrorCode>`
	const foot = `<Meta xmlns:d3p1="http://schemas.microsoft.com/2003/10/Serialization/Arrays" i:nil="true" /></ResponseStatus></ErrorResponse>`
	want := head + `<Message>Bad thing (Parameter 'StartDate')</Message><StackTrace i:nil="true" /><Errors><ResponseError><ErrorCode>ArgumentException</ErrorCode><FieldName>StartDate</FieldName><Message>Bad thing</Message><Meta xmlns:d5p1="http://schemas.microsoft.com/2003/10/Serialization/Arrays" i:nil="true" /></ResponseError></Errors>` + foot
	if got := string(errorBody(contract.BadArgument("StartDate", "Bad thing"), contract.XML)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	want = head + `<Message>Bad thing</Message><StackTrace i:nil="true" /><Errors />` + foot
	if got := string(errorBody(contract.BadArgument("", "Bad thing"), contract.XML)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFact16CSVAndJSVToTheByte(t *testing.T) {
	f := contract.BadArgument("StartDate", `Bad, "thing"`)
	if got := string(errorBody(f, contract.JSV)); got != `{responseStatus:{errorCode:ArgumentException,message:"Bad, ""thing"" (Parameter 'StartDate')",errors:[{errorCode:ArgumentException,fieldName:StartDate,message:"Bad, ""thing"""}]}}` {
		t.Errorf("got %s", got)
	}
	if got := string(errorBody(contract.BadArgument("", "Bad thing"), contract.CSV)); got != "ResponseStatus\r\n\"{errorCode:ArgumentException,message:Bad thing,errors:[]}\"\r\n" {
		t.Errorf("got %q", got)
	}
	if got := string(errorBody(contract.BadArgument("", "a,b"), contract.CSV)); !strings.Contains(got, `message:""a,b"",`) {
		t.Errorf("got %q", got)
	}
}

// TestErrorsToTheByte holds every kind of error in every format to golden files.
func TestErrorsToTheByte(t *testing.T) {
	index := 1
	for name, f := range map[string]*contract.ErrorResponse{
		"field": contract.BadArgument("StartDate", `StartDate "<&>" cannot be read`),
		"unread": {Status: http.StatusBadRequest, Reason: "SerializationException", Code: "SerializationException",
			Message: "Could not deserialize 'application/xml' request using Voice.Api.AI.GetAIUsage'\nError: the document ends within <x> & \"y\""},
		"operation": noSuchOperation("Nope"),
		"batch":     {Status: 500, Code: "ArgumentException", Message: "Bad thing", BatchIndex: &index},
		"strange":   {Status: 500, Code: "Exception", Message: "a\x01b\xFFc\r\nd\te😀"},
	} {
		for as := range contract.ContentTypes {
			golden(t, "fault-"+name+"."+string(as), errorBody(f, as))
		}
		var parsed struct{}
		if err := xml.Unmarshal(errorBody(f, contract.XML), &parsed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := json.Unmarshal(errorBody(f, contract.JSON), &parsed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFact17BadArguments: 400, naming the contract's field and what it takes.
func TestFact17BadArguments(t *testing.T) {
	for _, c := range []struct{ query, field, detail string }{
		{"startDate=yesterday", "StartDate", `StartDate \"yesterday\" cannot be read: it has none of the accepted forms; accepted: 2026-03-31`},
		{"endDate=2026-02-30", "EndDate", `EndDate \"2026-02-30\" cannot be read: the day 2026-02-30 does not exist; accepted: `},
		{"startDate=13/1/2026", "StartDate", `StartDate \"13/1/2026\" cannot be read: the day 2026-13-01 does not exist; accepted: `},
		{"startDate=startDate", "StartDate", `StartDate \"startDate\" cannot be read`},
		{"startDate=2026-03-02&endDate=2026-03-01", "EndDate", `EndDate \"2026-03-01\" is before StartDate \"2026-03-02\"`},
		{"customerId=" + strings.Repeat("x", 65), "CustomerId", `CustomerId is longer than 64 characters`},
		{"accountId=%FF", "AccountId", `AccountId is not valid UTF-8`},
	} {
		w := newDoor(t).send("GET", "/ai/usage?"+c.query, "")
		body := w.Body.String()
		if w.Code != http.StatusBadRequest || !strings.HasPrefix(body, `{"responseStatus":{"errorCode":"ArgumentException","message":"`+c.detail) ||
			!strings.Contains(body, ` (Parameter '`+c.field+`')","errors":[{"errorCode":"ArgumentException","fieldName":"`+c.field+`","message":"`+c.detail) {
			t.Errorf("%s: %d %s", c.query, w.Code, body)
		}
		if strings.Contains(c.detail, "accepted") && !strings.Contains(body, "3/31/2026 5:00:00 PM") {
			t.Errorf("%s: the forms of this door are not mentioned: %s", c.query, body)
		}
	}
}

// TestFact17Failures: every code of the domain has its status, and nothing
// inside the gateway shows.
func TestFact17Failures(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
		logged bool
	}{
		{errPlain, 500, "Exception", true},
		{fmt.Errorf("wrapped: %w", errPlain), 500, "Exception", true},
		{&usage.Error{Code: usage.Internal, Message: "hunter2"}, 500, "Exception", true},
		{&usage.Error{Code: "NEW_CODE", Message: "clear", Cause: errPlain}, 500, "Exception", true},
		{&usage.Error{Code: usage.Unavailable, Message: "the database cannot be reached", Cause: errPlain}, 503, "ServiceUnavailable", true},
		{usage.Errorf(usage.Stale, "behind"), 503, "ServiceUnavailable", false},
		{errDatabaseAway, 503, "ServiceUnavailable", false},
		{usage.Errorf(usage.Timeout, "too slow"), 504, "TimeoutException", false},
		{fmt.Errorf("query: %w", context.DeadlineExceeded), 504, "TimeoutException", true},
		{context.Canceled, 499, "OperationCanceledException", false},
		{usage.Errorf(usage.OutOfRange, "too much"), 500, "OverflowException", false},
		{usage.Errorf(usage.NotFound, "no such thing"), 404, "NotFound", false},
		{usage.Errorf(usage.InvalidArgument, "bad"), 400, "ArgumentException", false},
	} {
		d := newDoor(t)
		d.respond = func(context.Context, usage.Request) (*usage.Report, error) { return nil, c.err }
		w := d.send("GET", "/ai/usage", "")
		if body := w.Body.String(); w.Code != c.status || !strings.HasPrefix(body, `{"responseStatus":{"errorCode":"`+c.code+`","message":"`) || strings.Contains(body, "hunter2") {
			t.Errorf("%v: %d %s", c.err, w.Code, body)
		}
		if lines := strings.Count(d.log.String(), "\n"); lines > 1 || (lines == 1) != c.logged {
			t.Errorf("%v: logged %q", c.err, d.log.String())
		}
		if got := w.Header().Get("Retry-After"); (got == "5") != (c.status == 503) {
			t.Errorf("%v: Retry-After %q", c.err, got)
		}
	}
}

func TestAFaultIsLoggedOnceHoweverManyCallersAreTold(t *testing.T) {
	d := newDoor(t)
	panicked := usage.Recovered("hunter2")
	d.respond = func(context.Context, usage.Request) (*usage.Report, error) { return nil, panicked }
	for range 2 {
		if w := d.send("GET", "/ai/usage", ""); w.Code != 500 || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if log := d.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "hunter2") {
		t.Errorf("logged %q", log)
	}
	// What this door refuses itself is no fault.
	for _, path := range []string{"/ai/usage?startDate=x", "/nothing", "/json/reply/Nothing", "/auth/nothing"} {
		d := newDoor(t)
		if w := d.send("GET", path, ""); w.Code < 400 || d.log.Len() != 0 {
			t.Errorf("%s: %d, logged %q", path, w.Code, d.log.String())
		}
	}
}

func TestFact17UnreadableBodyNamesTheContentType(t *testing.T) {
	d := newDoor(t)
	got := d.refused(t, 400, "POST", "/ai/usage.jsv", "<", "Content-Type: application/xml; charset=utf-8")
	if !strings.HasPrefix(got, "{responseStatus:{errorCode:SerializationException,message:\"Could not deserialize 'application/xml; charset=utf-8' request using Voice.Api.AI.GetAIUsage'\nError: ") {
		t.Error(got)
	}
	d.refused(t, 400, "POST", "/ai/usage.xml", "<", "Content-Type: application/xml; x=\xff"+strings.Repeat("é", 500))
}

// TestFact18 holds who may ask.
func TestFact18NoCredentials(t *testing.T) {
	for _, suffix := range []string{".xml", ".json", ".csv", ".jsv"} {
		d := newDoor(t)
		for _, header := range []string{"Authorization: ", "Authorization: Digest x", "Authorization: Basic"} {
			w := d.send("GET", "/ai/usage"+suffix, "", header)
			if w.Code != 401 || w.Body.Len() != 0 || sent(w, "WWW-Authenticate") != `basic realm="/auth/basic"` || len(d.asked()) != 0 {
				t.Errorf("%s: %d %q %v", suffix, w.Code, w.Body, w.Header())
			}
		}
	}
}

const wrongPassword = "Authorization: Basic YWRtaW46d3Jvbmc=" // admin:wrong

func TestFact18WrongPassword(t *testing.T) {
	d := newDoor(t)
	w := d.send("GET", "/ai/usage", "", wrongPassword)
	if w.Code != 401 || w.Body.String() != `{"responseStatus":{"errorCode":"Unauthorized","message":"Invalid Username or Password","errors":[]}}` ||
		sent(w, "WWW-Authenticate") != "" || len(d.asked()) != 0 {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	if w := d.send("GET", "/ai/usage.xml", "", wrongPassword); w.Code != 401 || !strings.Contains(w.Body.String(), "<ErrorCode>Unauthorized</ErrorCode><Message>Invalid Username or Password</Message>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestFact18NoRole(t *testing.T) {
	d := newDoor(t)
	if w := d.send("GET", "/ai/usage", "", "Authorization: Basic Y2xlcms6c2VjcmV0"); w.Code != 403 || w.Body.Len() != 0 || len(d.asked()) != 0 { // clerk:secret
		t.Errorf("%d %s", w.Code, w.Body)
	}
	d.respond = func(context.Context, usage.Request) (*usage.Report, error) {
		return nil, usage.Errorf(usage.PermissionDenied, "not yours")
	}
	if w := d.send("GET", "/ai/usage", ""); w.Code != 403 || w.Body.Len() != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestFact18HTMLIsSentToTheLoginPage(t *testing.T) {
	for target, want := range map[string]string{
		"/ai/usage.html":                         "/login?redirect=%2Fai%2Fusage.html",
		"/ai/usage.html?accountId=a%26b&x=1":     "/login?redirect=%2Fai%2Fusage.html%3FaccountId%3Da%2526b%26x%3D1",
		"http://host//ai/usage.html":             "/login?redirect=%2Fai%2Fusage.html",
		"http://host//ai//usage?format=html":     "/login?redirect=%2Fai%2F%2Fusage%3Fformat%3Dhtml",
		"/html/reply/GetAIUsage":                 "/login?redirect=%2Fhtml%2Freply%2FGetAIUsage",
		"/ai/usage.html?x=https://evil.example/": "/login?redirect=%2Fai%2Fusage.html%3Fx%3Dhttps%3A%2F%2Fevil.example%2F",
	} {
		w := newDoor(t).send("GET", target, "", "Authorization: ")
		if w.Code != 302 || w.Header().Get("Location") != want || sent(w, "WWW-Authenticate") != "" {
			t.Errorf("%s: %d %s", target, w.Code, w.Header().Get("Location"))
		}
	}
	// Whoever sent a wrong password sees that.
	if w := newDoor(t).send("GET", "/ai/usage.html", "", wrongPassword); w.Code != 401 || !strings.Contains(w.Body.String(), "Invalid Username or Password") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestFact18AuthenticationThatFails(t *testing.T) {
	if w := newDoor(t).send("GET", "/ai/usage", "", "Authorization: Basic YXdheTp4"); w.Code != 503 || w.Header().Get("Retry-After") != "5" { // away:x
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// unreadableBody fails the test when it is read.
type unreadableBody struct{ t *testing.T }

func (b unreadableBody) Read([]byte) (int, error) {
	b.t.Error("the body was read")
	return 0, errors.New("read")
}

func TestFact18AuthenticationComesBeforeTheBody(t *testing.T) {
	d := newDoor(t)
	for _, password := range []string{"", "wrong"} {
		r, _ := http.NewRequest("POST", "/ai/usage", unreadableBody{t})
		r.Header.Set("Content-Type", "application/json")
		if password != "" {
			r.SetBasicAuth("admin", password)
		}
		w := recorder()
		d.ServeHTTP(w, r)
		if w.Code != 401 {
			t.Errorf("%d", w.Code)
		}
	}
}
