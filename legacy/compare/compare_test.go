package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// twoHosts are an old and a new host, and a Comparer of them.
func twoHosts(t *testing.T, old, after http.HandlerFunc, options Options) *Comparer {
	t.Helper()
	servers := [2]*httptest.Server{httptest.NewServer(old), httptest.NewServer(after)}
	for _, server := range servers {
		t.Cleanup(server.Close)
	}
	options.Old, options.New = servers[0].URL, servers[1].URL+"/"
	options.Rate, options.Timeout = 1000, 20*time.Second
	comparer, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return comparer
}

// answers a request with a type and a body.
func answers(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// run replays lines and returns what came of each.
func run(t *testing.T, c *Comparer, lines ...string) (results []Result, summary Summary) {
	t.Helper()
	summary, err := c.Run(t.Context(), strings.NewReader(strings.Join(lines, "\n")), func(r Result, _ Summary) error {
		results = append(results, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return results, summary
}

const ask = `{"path":"/ai/usage"}`

const (
	asXML = `<?xml version="1.0" encoding="utf-8"?><AIUsage xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI">` +
		`<AccountUsage><AIAccountUsage><AIMinutes>7</AIMinutes><AccountId>a&#x1B;</AccountId></AIAccountUsage></AccountUsage><CustomerUsage /></AIUsage>`
	asJSON = `{"accountUsage":[{"accountId":"a","aiMinutes":7},{"accountId":"b","aiMinutes":1}],"customerUsage":[{"accountId":"a","customerId":"c","aiMinutes":7}]}`
	asJSV  = `{accountUsage:[{accountId:a,aiMinutes:7}],customerUsage:[{accountId:a,customerId:"c,d",aiMinutes:7}]}`
	asCSV  = "AccountUsage,CustomerUsage\r\n\"[{accountId:a,aiMinutes:7}]\",\"[{accountId:a,customerId:\"\"c,d\"\",aiMinutes:7}]\"\r\n"
)

func TestWhatDiffers(t *testing.T) {
	const jsonType = "application/json; charset=utf-8"
	change := func(body, from, to string) string {
		if !strings.Contains(body, from) {
			t.Fatalf("%s has no %s", body, from)
		}
		return strings.Replace(body, from, to, 1)
	}
	for name, c := range map[string]struct {
		old, now http.HandlerFunc
		want     []string
	}{
		"nothing":            {answers(200, jsonType, asJSON), answers(200, jsonType, asJSON), nil},
		"white space":        {answers(200, jsonType, asJSON), answers(200, jsonType, asJSON+"\n"), nil},
		"a header of no use": {answers(200, jsonType, asJSON, "Server", "Old", "Date", "x"), answers(200, jsonType, asJSON, "X-Request-Id", "1"), nil},
		"a status":           {answers(200, jsonType, asJSON), answers(403, jsonType, ""), []string{"status: 200 OK, 403 Forbidden"}},
		"a header":           {answers(200, jsonType, asJSON), answers(200, "application/json", asJSON), []string{"header Content-Type: application/json; charset=utf-8, application/json"}},
		"a header's absence": {answers(200, "text/csv", asCSV, "Content-Disposition", "attachment"), answers(200, "text/csv", asCSV), []string{"header Content-Disposition: attachment, none"}},
		"minutes in JSON":    {answers(200, jsonType, asJSON), answers(200, jsonType, change(asJSON, `"aiMinutes":7`, `"aiMinutes":8`)), []string{`account "a": 7, 8`}},
		"minutes in XML":     {answers(200, "application/xml", asXML), answers(200, "application/xml", change(asXML, ">7<", ">8<")), []string{`account "a\x1b": 7, 8`}},
		"minutes in JSV":     {answers(200, "application/jsv", asJSV), answers(200, "application/jsv", change(asJSV, `c,d",aiMinutes:7`, `c,d",aiMinutes:9`)), []string{`customer "c,d" of account "a": 7, 9`}},
		"minutes in CSV":     {answers(200, "text/csv", asCSV), answers(200, "text/csv", change(asCSV, "aiMinutes:7", "aiMinutes:8")), []string{`account "a": 7, 8`}},
		"minutes in JSONP":   {answers(200, "text/javascript", "f("+asJSON+")"), answers(200, "text/javascript", "f("+change(asJSON, ":7", ":8")+")"), []string{`account "a": 7, 8`}},
		"in a batch":         {answers(200, jsonType, "["+asJSON+"]"), answers(200, jsonType, "["+change(asJSON, ":7", ":8")+"]"), []string{`account "a": 7, 8`}},
		"size of a batch":    {answers(200, jsonType, "["+asJSON+"]"), answers(200, jsonType, "["+asJSON+","+asJSON+"]"), []string{`requests in the batch: 1, 2`}},
		"a row less":         {answers(200, jsonType, asJSON), answers(200, jsonType, change(asJSON, `,{"accountId":"b","aiMinutes":1}`, "")), []string{`account "b": 1, none`}},
		"another id":         {answers(200, jsonType, asJSON), answers(200, jsonType, change(asJSON, `"b"`, `"B"`)), []string{`account "B": none, 1`, `account "b": 1, none`}},
		"a row twice":        {answers(200, jsonType, asJSON), answers(200, jsonType, change(asJSON, `"b"`, `"a"`)), []string{`account "a": 7, 7 and 1`, `account "b": 1, none`}},
		"order": {answers(200, jsonType, asJSON), answers(200, jsonType, `{"accountUsage":[{"accountId":"b","aiMinutes":1},{"accountId":"a","aiMinutes":7}],"customerUsage":[{"accountId":"a","customerId":"c","aiMinutes":7}]}`),
			[]string{`order: account "a", account "b"`}},
		"broken":       {answers(200, jsonType, asJSON), answers(200, jsonType, "{"), []string{"body: can be read, cannot be read: unexpected end of JSON input"}},
		"broken twice": {answers(200, jsonType, "["), answers(200, jsonType, "{"), []string{"body: cannot be read: unexpected end of JSON input, cannot be read: unexpected end of JSON input"}},
		"pages":        {answers(200, "text/html", "<p>1"), answers(200, "text/html", "<p>2"), nil},
		"an error":     {answers(400, jsonType, `{"responseStatus":{"errorCode":"ArgumentException","message":"x"}}`), answers(400, jsonType, `{"responseStatus":{"errorCode":"ArgumentException","message":"y"}}`), nil},
		"another error": {answers(400, "application/xml", `<ErrorResponse><ResponseStatus><ErrorCode>A</ErrorCode></ResponseStatus></ErrorResponse>`), answers(400, "application/xml", `<ErrorResponse><ResponseStatus><ErrorCode>B</ErrorCode></ResponseStatus></ErrorResponse>`),
			[]string{"error: A, B"}},
		"another error in JSV": {answers(400, "application/jsv", `{responseStatus:{errorCode:A,message:x}}`), answers(400, "application/jsv", `{responseStatus:{errorCode:B}}`), []string{"error: A, B"}},
		"no error":             {answers(401, jsonType, ""), answers(401, jsonType, ""), nil},
	} {
		results, summary := run(t, twoHosts(t, c.old, c.now, Options{}), ask)
		var got []string
		for _, d := range results[0].Differences {
			got = append(got, d.What+": "+d.Old+", "+d.New)
		}
		if !slices.Equal(got, c.want) || summary.Different != min(len(c.want), 1) || summary.Same != 1-summary.Different {
			t.Errorf("%s: got %q, %+v", name, got, summary)
		}
	}
}

// What is sent is what was recorded, but for what belongs to the connection, and
// with the credentials of each host.
func TestWhatIsSent(t *testing.T) {
	var mu sync.Mutex
	sent := map[string][]string{}
	record := func(host string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			sent[host] = append(sent[host], fmt.Sprintf("%s %s %q %s %s %s %s", r.Method, r.RequestURI, body, r.Header.Get("Accept"), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.Header.Get("Cookie")))
			if _, found := r.Header["X-Empty"]; found {
				t.Error("an empty header was sent")
			}
		}
	}
	lines := []string{
		`{"path":"/ai/usage?accountId=a%20b","headers":{"Accept":"application/xml","Authorization":"Basic eA==","Cookie":"ss-id=1",":method":"GET","Content-Length":"99","Host":"x"}}`,
		``,
		`{"method":"POST","path":"//AI//usage.json/","headers":{"X-Empty":"","content-type":"application/json"},"body":"{\"AccountId\":\"é\"}"}`,
		`{"method":"DELETE","path":"/json/reply/GetAIUsage[]","bodyBase64":"W3t9XQ=="}`,
	}
	results, summary := run(t, twoHosts(t, record("old"), record("new"), Options{OldCredentials: "ada:pass:word", NewCredentials: "Bearer aiu_1"}), lines...)
	for host, credentials := range map[string]string{"old": "Basic YWRhOnBhc3M6d29yZA==", "new": "Bearer aiu_1"} {
		want := []string{
			`GET /ai/usage?accountId=a%20b "" application/xml  ` + credentials + ` `,
			`POST //AI//usage.json/ "{\"AccountId\":\"é\"}"  application/json ` + credentials + ` `,
			`DELETE /json/reply/GetAIUsage[] "[{}]"   ` + credentials + ` `,
		}
		// Without a difference each is sent once; here the empty bodies are one.
		if got := slices.Compact(sent[host]); !slices.Equal(got, want) {
			t.Errorf("%s: got %q\nwant %q", host, got, want)
		}
	}
	if summary.Requests != 3 || results[2].Line != 4 || results[2].Method != "DELETE" {
		t.Errorf("got %+v, %+v", results, summary)
	}
	clear(sent)
	run(t, twoHosts(t, record("old"), record("new"), Options{}), lines[0])
	if got := sent["new"][0]; !strings.HasSuffix(got, " Basic eA== ss-id=1") {
		t.Errorf("without credentials: got %q", got)
	}
}

// Nothing is sent but requests for the operation.
func TestWhatIsSkipped(t *testing.T) {
	fail := func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was sent", r.Method, r.URL) }
	results, summary := run(t, twoHosts(t, fail, fail, Options{}),
		`{"method":"POST","path":"/auth/credentials","body":"{\"password\":\"x\"}"}`, `{"path":"/auth/logout"}`, `{"path":"/metadata"}`, `{"path":"/other"}`,
		`{"path":"/json/reply/Authenticate"}`, `{"path":"/json/reply/Other"}`, `{"method":"TRACE","path":"/ai/usage"}`, `{"method":"OPTIONS","path":"/ai/usage"}`, `{"path":"/ai/usage/x"}`)
	if len(results) != 0 || summary != (Summary{Skipped: 9}) {
		t.Errorf("got %+v, %+v", results, summary)
	}
}

// Sessions may come in between two answers: what differs once only does not count.
func TestWhatDiffersOnceIsAskedAgain(t *testing.T) {
	var mu sync.Mutex
	calls := 0
	growing := func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		calls++
		minutes := min(calls, 2)
		mu.Unlock()
		answers(200, "application/json", fmt.Sprintf(`{"accountUsage":[{"accountId":"a","aiMinutes":%d}]}`, minutes))(w, r)
	}
	_, summary := run(t, twoHosts(t, growing, answers(200, "application/json", `{"accountUsage":[{"accountId":"a","aiMinutes":2}]}`), Options{}), ask)
	if summary.Same != 1 || calls != 2 {
		t.Errorf("got %+v after %d calls", summary, calls)
	}
}

func TestAHostThatDoesNotAnswer(t *testing.T) {
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	results, summary := run(t, twoHosts(t, answers(200, "application/json", "{}"), hangUp, Options{}), ask, ask)
	if summary != (Summary{Requests: 2, Failed: 2}) || !strings.HasPrefix(results[0].Error, "the new host: ") {
		t.Errorf("got %+v, %+v", results, summary)
	}
}

func TestItEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hang := func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }
	comparer := twoHosts(t, hang, hang, Options{})
	summary, err := comparer.Run(ctx, strings.NewReader(ask+"\n"+ask), func(Result, Summary) error { return nil })
	if !errors.Is(err, context.Canceled) || summary.Requests != 0 {
		t.Errorf("got %+v, %v", summary, err)
	}
}

func TestFilesThatAreWrong(t *testing.T) {
	comparer := twoHosts(t, answers(200, "text/csv", ""), answers(200, "text/csv", ""), Options{})
	for line, want := range map[string]string{
		`{`: "line 2: unexpected EOF", `{"path":"x"}`: `line 2: the path "x" does not begin with /`, `{"path":"/ai/usage","verb":"GET"}`: `line 2: json: unknown field "verb"`,
		`{"path":"/ai/usage","body":"x","bodyBase64":"eA=="}`: "both body and bodyBase64", `{"path":"/ai/usage","bodyBase64":"?"}`: "line 2: bodyBase64: ",
		`{"path":"/ai/usage"} {}`: "more than one object", `{"method":"A B","path":"/ai/usage"}`: "line 2: net/http: invalid method",
		`"` + strings.Repeat("x", maxLine): "line 2: bufio.Scanner: token too long",
	} {
		summary, err := comparer.Run(t.Context(), strings.NewReader(ask+"\n"+line), func(Result, Summary) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) || summary.Requests != 1 {
			t.Errorf("%.40s: got %v, %+v", line, err, summary)
		}
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	good := Options{Old: "https://old.example", New: "http://127.0.0.1:8080/base", Rate: 1, Timeout: time.Second}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"old is": func(o *Options) { o.Old = "old.example" }, "new is": func(o *Options) { o.New = "ftp://x" }, "name and a password": func(o *Options) { o.Old = "https://a:b@old.example" },
		"rate and": func(o *Options) { o.Rate = 0 }, "timeout are": func(o *Options) { o.Timeout = -1 },
		"for old are neither": func(o *Options) { o.OldCredentials = "aiu_1" }, "for new are neither": func(o *Options) { o.NewCredentials = "Digest x" },
	} {
		options := good
		change(&options)
		if _, err := New(options); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "aiu_1") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
