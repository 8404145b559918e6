package legacy

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"aiusage/legacy/contract"
	"aiusage/legacy/dotnet"
	"aiusage/usage"
)

func TestFact22PredefinedPaths(t *testing.T) {
	for target, want := range map[string]contract.Format{
		"/xml/reply/GetAIUsage": contract.XML, "/json/reply/GetAIUsage": contract.JSON, "/jsv/reply/GetAIUsage": contract.JSV,
		"/csv/reply/GetAIUsage": contract.CSV, "/html/reply/GetAIUsage": contract.HTML, "/json/oneway/GetAIUsage": contract.JSON,
		"/JSON/Reply/getaiusage/": contract.JSON, "//xml//reply//GetAIUsage": contract.XML,
		"/api/GetAIUsage": contract.JSON, "/API/getAIUsage": contract.JSON, "/api/GetAIUsage.xml": contract.XML, "/api/GetAIUsage.csv": contract.CSV,
		"/api/GetAIUsage.html": contract.HTML, "/json/reply/GetAIUsage?format=xml": contract.XML, "/api/GetAIUsage?format=jsv": contract.JSV,
	} {
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		d := newDoor(t)
		w := d.send("GET", "http://host"+target+separator+"accountId=A", "", "Accept: text/csv")
		asked := d.asked()
		if w.Code != 200 || w.Header().Get("Content-Type") != contract.ContentTypes[want] || len(asked) != 1 || asked[0] != accountA() {
			t.Errorf("%s: %d %s %+v", target, w.Code, w.Header().Get("Content-Type"), asked)
		}
		path, _, _ := strings.Cut(target, "?")
		if !Serves(path) {
			t.Errorf("%s is not served", path)
		}
	}
	newDoor(t).refused(t, 404, "GET", "/api/GetAIUsage.yaml", "")
	newDoor(t).refused(t, 404, "GET", "/api/GetAIUsage.XML", "")
}

func TestFact22ABodyBeatsTheQuery(t *testing.T) {
	d := newDoor(t)
	if got := d.bound(t, "POST", "/json/reply/GetAIUsage?customerId=C", `{"accountId":"A"}`, asJSON); got != accountA() {
		t.Errorf("%+v", got)
	}
	if got := d.bound(t, "POST", "/api/GetAIUsage?customerId=C", `accountId=A`, asForm); got != accountA() {
		t.Errorf("%+v", got)
	}
	if got := d.bound(t, "POST", "/api/GetAIUsage?accountId=A", "", asJSON); got != accountA() {
		t.Errorf("%+v", got)
	}
}

// TestFact22ThePathSaysHowABodyIsWritten when its Content-Type does not.
func TestFact22ThePathSaysHowABodyIsWritten(t *testing.T) {
	d := newDoor(t)
	for _, contentType := range []string{"", "text/plain"} {
		if got := d.bound(t, "POST", "/json/reply/GetAIUsage", `{"accountId":"A"}`, "Content-Type: "+contentType); got != accountA() {
			t.Errorf("%+v", got)
		}
		if got := d.bound(t, "POST", "/xml/reply/GetAIUsage", dotnet.Request(`<AccountId>A</AccountId>`), "Content-Type: "+contentType); got != accountA() {
			t.Errorf("%+v", got)
		}
	}
	if got := d.refused(t, 400, "POST", "/json/reply/GetAIUsage", `{`, "Content-Type: text/plain"); !strings.Contains(got, "'application/json'") {
		t.Error(got)
	}
}

func TestFact22UnknownOperation(t *testing.T) {
	const want = `{"responseStatus":{"errorCode":"NotImplementedException","message":"The operation 'Nope' does not exist for this service","errors":[]}}`
	for _, target := range []string{"/json/reply/Nope", "/json/oneway/Nope", "/api/Nope", "/api/Nope[]"} {
		if got := newDoor(t).refused(t, 405, "GET", target, ""); got != want {
			t.Errorf("%s: %s", target, got)
		}
	}
	if got := newDoor(t).refused(t, 405, "GET", "/xml/reply/Nope", ""); !strings.Contains(got, "<ErrorCode>NotImplementedException</ErrorCode>") {
		t.Error(got)
	}
}

// byAccount answers with the account asked for, and fails for "bad".
func byAccount(_ context.Context, request usage.Request) (*usage.Report, error) {
	switch request.AccountID {
	case "bad":
		return nil, &usage.Error{Code: usage.InvalidArgument, Argument: "accountId", Message: "Bad thing"}
	case "none":
		return emptyReport(), nil
	}
	return reportOf(subject(request.AccountID, "cus-1", 7)), nil
}

const batchJSON = `[{"AccountId":"acc-2"},{},{"accountId":"none"}]`

func TestFact23BatchesToTheByte(t *testing.T) {
	for as := range contract.ContentTypes {
		d := newDoor(t)
		d.respond = byAccount
		w := d.send("POST", "/"+string(as)+"/reply/GetAIUsage[]", batchJSON, asJSON)
		if w.Code != 200 || sent(w, "X-AutoBatch-Completed") != "3" || w.Header().Get("Content-Type") != contract.ContentTypes[as] {
			t.Errorf("%s: %d %v %s", as, w.Code, w.Header(), w.Body)
		}
		golden(t, "batch."+string(as), w.Body.Bytes())
	}
}

func TestFact23BatchRequests(t *testing.T) {
	item := `<GetAIUsage><AccountId>%s</AccountId></GetAIUsage>`
	asArray := `<ArrayOfGetAIUsage xmlns="` + contract.Namespace + `">` + fmt.Sprintf(item, "A") + "\n" + fmt.Sprintf(item, "B") + `</ArrayOfGetAIUsage>`
	for _, c := range []struct{ target, body, contentType string }{
		{"/xml/reply/GetAIUsage[]", asArray, "application/xml"},
		{"/xml/reply/GetAIUsage%5B%5D?accountId=Z", asArray, ""},
		{"/json/reply/GetAIUsage%5B%5D", `[{"accountId":"A"},{"AccountId":"B"}]`, "application/json"},
		{"/api/GetAIUsage[]", `[{"accountId":"A"},{"AccountId":"B"}]`, "application/json"},
		{"/api/GetAIUsage[]", asArray, "text/xml"},
		{"/api/getaiusage[].json", `[{"accountId":"A"},{"AccountId":"B"}]`, ""},
	} {
		d := newDoor(t)
		w := d.send("POST", c.target, c.body, "Content-Type: "+c.contentType)
		if asked := d.asked(); w.Code != 200 || len(asked) != 2 || asked[0].AccountID != "A" || asked[1].AccountID != "B" {
			t.Errorf("%s: %d %+v %s", c.target, w.Code, asked, w.Body)
		}
	}
	d := newDoor(t)
	for _, body := range []string{"", "[]"} {
		if w := d.send("POST", "/json/reply/GetAIUsage[]", body, asJSON); w.Code != 200 || w.Body.String() != "[]" || sent(w, "X-AutoBatch-Completed") != "0" {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	}
	empty := `<ArrayOfGetAIUsage xmlns="` + contract.Namespace + `"/>`
	if w := d.send("POST", "/xml/reply/GetAIUsage[]", empty, asXML); w.Code != 200 || !strings.HasSuffix(w.Body.String(), `Voice.Api.AI" />`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestFact23FirstFailureIsTheAnswer(t *testing.T) {
	d := newDoor(t)
	d.respond = byAccount
	w := d.send("POST", "/json/reply/GetAIUsage[]", `[{},{"accountId":"bad"},{}]`, asJSON)
	const want = `{"responseStatus":{"errorCode":"ArgumentException","message":"Bad thing (Parameter 'AccountId')","errors":[{"errorCode":"ArgumentException","fieldName":"AccountId","message":"Bad thing"}],"meta":{"AutoBatchIndex":"1"}}}`
	if asked := d.asked(); w.Code != 400 || w.Body.String() != want || sent(w, "X-AutoBatch-Completed") != "1" || len(asked) != 2 {
		t.Errorf("%d %v %s, %d asked", w.Code, w.Header(), w.Body, len(asked))
	}
	w = d.send("POST", "/xml/reply/GetAIUsage[]", `[{"accountId":"A"},{"startDate":"1/32/2026"}]`, asJSON)
	if w.Code != 400 || !strings.Contains(w.Body.String(), `<d3p1:KeyValueOfstringstring><d3p1:Key>AutoBatchIndex</d3p1:Key><d3p1:Value>1</d3p1:Value></d3p1:KeyValueOfstringstring></Meta>`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	d.respond = func(context.Context, usage.Request) (*usage.Report, error) { return nil, errPlain }
	if w = d.send("POST", "/api/GetAIUsage[]", `[{}]`, asJSON); w.Code != 500 || strings.Count(d.log.String(), "\n") != 1 {
		t.Errorf("%d %s", w.Code, d.log.String())
	}
}

func TestFact23BatchesAreBounded(t *testing.T) {
	d := newDoor(t)
	batch := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat("{},", n), ",") + "]" }
	if w := d.send("POST", "/api/GetAIUsage[]", batch(100), asJSON); w.Code != 200 || len(d.asked()) != 100 {
		t.Errorf("%d", w.Code)
	}
	if got := d.refused(t, 400, "POST", "/api/GetAIUsage[]", batch(100+1), asJSON); !strings.Contains(got, "at most 100") {
		t.Error(got)
	}
	asXMLBatch := `<ArrayOfGetAIUsage xmlns="` + contract.Namespace + `">` + strings.Repeat("<GetAIUsage/>", 100+1) + `</ArrayOfGetAIUsage>`
	if got := d.refused(t, 400, "POST", "/api/GetAIUsage[]", asXMLBatch, asXML); !strings.Contains(got, "at most 100") {
		t.Error(got)
	}
}

// All reports of a batch are in memory at the same time, so their rows are bounded together; those
// of a report by itself are not.
func TestFact23RowsOfBatchesAreBounded(t *testing.T) {
	d := newDoor(t)
	d.respond = func(context.Context, usage.Request) (*usage.Report, error) {
		return reportOf(slices.Repeat([]usage.SubjectUsage{subject("acc-1", "cus-1", 7)}, 250_001)...), nil
	}
	w := d.send("POST", "/json/reply/GetAIUsage[]", "[{},{},{}]", asJSON)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "more than 600000 rows together") || !strings.Contains(w.Body.String(), `"AutoBatchIndex":"2"`) || len(d.asked()) != 3 {
		t.Errorf("got %d %.300s", w.Code, w.Body)
	}
	d.respond = func(context.Context, usage.Request) (*usage.Report, error) {
		return reportOf(slices.Repeat([]usage.SubjectUsage{subject("acc-1", "cus-1", 7)}, 600_001)...), nil
	}
	for target, body := range map[string]string{"/json/reply/GetAIUsage[]": "[{}]", "/json/reply/GetAIUsage": "{}"} {
		if w := d.send("POST", target, body, asJSON); w.Code != 200 {
			t.Errorf("%s: got %d", target, w.Code)
		}
	}
}

func TestFact23BrokenBatches(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct{ body, header string }{
		{`{}`, asJSON}, {`[{}`, asJSON}, {`[{},]`, asJSON}, {`[1]`, asJSON}, {`[null]`, asJSON}, {`[]x`, asJSON}, {`null`, asJSON},
		{`[{}]`, "Content-Type: text/csv"}, {"accountId=A", asForm}, {dotnet.Request(""), asXML},
		{`<ArrayOfGetAIUsage><GetAIUsage/></ArrayOfGetAIUsage>`, asXML},
		{`<ArrayOfGetAIUsage xmlns="` + contract.Namespace + `"><Other/></ArrayOfGetAIUsage>`, asXML},
	} {
		got := d.refused(t, 400, "POST", "/json/reply/GetAIUsage[]", c.body, c.header)
		if !strings.Contains(got, "request using Voice.Api.AI.GetAIUsage[]'\\nError: ") {
			t.Errorf("%s: %s", c.body, got)
		}
	}
	d.refused(t, 401, "POST", "/json/reply/GetAIUsage[]", `[{}]`, asJSON, wrongPassword)
}

func TestFact24Metadata(t *testing.T) {
	for _, path := range []string{"/metadata", "/Metadata/"} {
		w := newDoor(t).send("GET", path, "", "Authorization: ")
		if body := w.Body.String(); w.Code != http.StatusOK || !Serves(path) || !strings.Contains(body, "GetAIUsage") || !strings.Contains(body, "SystemAdministrator") ||
			w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	if Serves("/metadata/x") || Serves("/soap11") {
		t.Error("more than one page is served")
	}
}
