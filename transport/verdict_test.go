package transport_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/auth"
	"aiusage/resolvers"
	"aiusage/transport"
	"aiusage/usage"
)

// filled is a database in which each list has something.
type filled struct{ readerFunc }

var asOf = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func (filled) Report(_ context.Context, query usage.Query) (*usage.Report, error) {
	one := usage.Usage{Minutes: 1, Seconds: 1, Sessions: 1}
	return usage.NewReport(query, asOf, []usage.SubjectUsage{{AccountID: "x", CustomerID: "y", Usage: one}}), nil
}

func (filled) Series(_ context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	set := usage.NewSeriesSet(query, []usage.Range{{From: asOf, To: asOf.Add(time.Hour)}})
	set.AsOf = asOf
	return set, nil
}

func (filled) FindAccounts(_ context.Context, search usage.Search) ([]usage.Account, error) {
	if search.Only != nil { // whatever is looked up is there
		found := make([]usage.Account, len(search.Only))
		for i, one := range search.Only {
			found[i].AccountID = one.AccountID
		}
		return found, nil
	}
	return []usage.Account{{AccountID: "x"}}, nil
}

func (filled) FindCustomers(_ context.Context, search usage.Search) ([]usage.Customer, error) {
	if search.Only != nil {
		found := make([]usage.Customer, len(search.Only))
		for i, one := range search.Only {
			found[i].AccountID, found[i].CustomerID = one.AccountID, one.CustomerID
		}
		return found, nil
	}
	return []usage.Customer{{AccountID: "x", CustomerID: "y"}}, nil
}

func (f filled) Snapshot(context.Context) usage.Snapshot { return f }

// doors are the ways of one gateway to send an operation, and graphql-js beside it.
type doors struct {
	schema  *ast.Schema
	handler http.Handler
	records *records
	url     string
	oracle  *oracle

	socket *websocket.Conn
	sent   int
}

// records is a log to which streams write as well.
type records struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *records) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(text)
}

// take returns what was logged and forgets it.
func (r *records) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.text.Reset()
	return r.text.String()
}

// openDoors serves the gateway's schema.
func openDoors(tb testing.TB) *doors {
	tb.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		tb.Fatal(err)
	}
	resolver := resolvers.New(filled{}, resolvers.Options{})
	return openDoorsOf(tb, string(text), resolver.Schema(), resolver.Extensions()...)
}

// openDoorsOf serves a schema.
func openDoorsOf(tb testing.TB, text string, schema graphql.ExecutableSchema, extensions ...graphql.HandlerExtension) *doors {
	tb.Helper()
	d := &doors{schema: schema.Schema(), oracle: newOracle(tb, text), records: &records{}}
	handler := transport.New(schema, transport.Options{
		Extensions: extensions, Log: slog.New(slog.NewTextHandler(d.records, nil)), Access: operator{},
	})
	d.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Operator)))
	})
	server := httptest.NewServer(d.handler)
	tb.Cleanup(server.Close)
	d.url = server.URL
	return d
}

// operator is the Access of somebody who may see everything.
type operator struct{}

func (operator) CheckOrigin(*http.Request) error { return nil }
func (operator) Enter(r *http.Request) (context.Context, error) {
	return auth.NewContext(r.Context(), auth.Operator), nil
}
func (operator) Who(context.Context) string     { return "" }
func (operator) AddressOf(*http.Request) string { return "" }

// The ways to send an operation.
const (
	byPost = iota
	byGet
	byEvents
	bySocket
	ways
)

// send sends a request and returns the first answer as JSON.
func (d *doors) send(tb testing.TB, way int, request string) (status int, answer string) {
	tb.Helper()
	switch way {
	case byPost:
		got := send(tb, d.handler, "POST", "/", request)
		return got.Code, got.Body.String()
	case byGet:
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(request), &members); err != nil {
			tb.Fatal(err)
		}
		query := url.Values{}
		for name, member := range members {
			var text string
			if json.Unmarshal(member, &text) != nil {
				text = string(member)
			}
			if text != "" {
				query.Set(name, text)
			}
		}
		got := send(tb, d.handler, "GET", "/?"+query.Encode(), "")
		return got.Code, got.Body.String()
	case byEvents:
		return d.sendForEvents(tb, request)
	}
	return 200, d.sendBySocket(tb, request)
}

// sendForEvents returns the first event of a stream, and then leaves it.
func (d *doors) sendForEvents(tb testing.TB, request string) (status int, answer string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", d.url, strings.NewReader(request))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
			return response.StatusCode, data
		}
		if strings.HasPrefix(lines.Text(), "{") { // no stream
			return response.StatusCode, lines.Text()
		}
	}
	tb.Fatalf("there is no answer to %s", request)
	return 0, ""
}

func (d *doors) sendBySocket(tb testing.TB, request string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	read := func() (kind, id string, payload json.RawMessage) {
		var message struct {
			Type, ID string
			Payload  json.RawMessage
		}
		_, text, err := d.socket.Read(ctx)
		if err == nil {
			err = json.Unmarshal(text, &message)
		}
		if err != nil {
			tb.Fatal(err)
		}
		return message.Type, message.ID, message.Payload
	}
	say := func(text string) {
		if err := d.socket.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			tb.Fatal(err)
		}
	}
	if d.socket == nil {
		var err error
		if d.socket, _, err = websocket.Dial(ctx, d.url, &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}}); err != nil {
			tb.Fatal(err)
		}
		d.socket.SetReadLimit(10 << 20)
		say(`{"type":"connection_init"}`)
		read()
	}
	d.sent++
	id := fmt.Sprint(d.sent)
	say(`{"type":"subscribe","id":"` + id + `","payload":` + request + `}`)
	for {
		kind, of, payload := read()
		if of != id {
			continue // the end of an earlier one
		}
		switch kind {
		case "next":
			say(`{"type":"complete","id":"` + id + `"}`)
			return string(payload)
		case "error":
			return `{"errors":` + string(payload) + `}`
		case "complete":
			tb.Fatalf("there is no answer to %s", request)
		}
	}
}

// The codes by which the gateway refuses what is not GraphQL for its schema.
var refusalCodes = map[string]bool{"GRAPHQL_PARSE_FAILED": true, "GRAPHQL_VALIDATION_FAILED": true}

// The codes that graphql-js has nothing like: the gateway's limits, and what its
// resolvers say of values that are of the right kind.
var ownCodes = map[string]bool{"OPERATION_TOO_LARGE": true, "BAD_USER_INPUT": true, "TOO_MANY_REQUESTS": true}

// judged is an answer compared with graphql-js' verdict.
type judged int

const (
	agreed judged = iota
	// notComparable is an answer in which something of the gateway's own hides what
	// else there would be.
	notComparable
)

// judge sends a request one way and fails the test where the gateway is in error, or
// accepts what graphql-js refuses or the other way round.
func (d *doors) judge(tb testing.TB, way int, request string) judged {
	tb.Helper()
	status, body := d.send(tb, way, request)
	var answer struct {
		Errors []struct {
			Message    string
			Path       []any
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status >= 500 {
		tb.Fatalf("%s\ngot %d %q, %v", request, status, body, err)
	}
	refused, own := "", false
	var paths []string
	for _, err := range answer.Errors {
		switch code := err.Extensions.Code; {
		case refusalCodes[code]:
			refused = err.Message
			paths = append(paths, fmt.Sprint(err.Path))
		case ownCodes[code]:
			own = true
		default:
			tb.Fatalf("%s\ngot the code %q: %s", request, code, body)
		}
	}
	if log := d.records.take(); strings.Contains(log, "level=ERROR") || strings.Contains(body, "INTERNAL_SERVER_ERROR") {
		tb.Fatalf("%s\ngot %s\nlogged %s", request, body, log)
	}
	switch verdict := d.oracle.ask(tb, request); {
	case strings.Contains(body, "cannot depend on") && (verdict.Stage == "" || verdict.Stage == "execute"):
		return notComparable // graphql-js 16 is older than this rule, and executes what it refuses
	case verdict.Stage == "execute" && refused != "" && !own && !slices.Contains(paths, fieldPath(verdict.Path)):
		tb.Fatalf("%s\ngraphql-js: %s at %v\nthe gateway: %s", request, verdict.Message, verdict.Path, body)
		return 0
	case (verdict.Stage != "") == (refused != ""):
		return agreed
	case own && (verdict.Stage == "execute" || verdict.Stage == "" || strings.Contains(body, "OPERATION_TOO_LARGE")):
		return notComparable
	default:
		tb.Fatalf("%s\ngraphql-js: %q %s\nthe gateway: %s", request, verdict.Stage, verdict.Message, body)
		return 0
	}
}

// fieldPath returns the path of a field. A condition that fails below a list is an error of
// the first item for graphql-js, and of the list for the gateway.
func fieldPath(path []any) string {
	if last := len(path) - 1; last >= 0 {
		if _, item := path[last].(float64); item {
			path = path[:last]
		}
	}
	return fmt.Sprint(path)
}

// try makes up an operation out of bytes and judges it.
func (d *doors) try(tb testing.TB, bytes []byte) judged {
	tb.Helper()
	drawn := &draw{schema: d.schema, bytes: bytes}
	way := drawn.pick(ways)
	request, kind := drawn.request()
	if kind == ast.Subscription {
		way = bySocket - way%2
	}
	return d.judge(tb, way, request)
}

// otherInputs has the kinds of input that the gateway's schema has not, yet.
const otherInputs = `
	type Query { numbers(list: [Int!] = [1], lists: [[Int]], float: Float, any: Any, required: [ID!]!): Int
		objects(one: One, deep: Deep!, many: [Deep!]! = []): Int }
	scalar Any
	enum Color { RED GREEN }
	input One @oneOf { text: String number: Int deep: Deep }
	input Deep { id: ID! = "x" color: Color! = RED colors: [Color!] floats: [[Float!]!] deep: Deep any: Any one: One flag: Boolean! }`

// once answers everything by nothing.
type once struct{ *liveSchema }

func (once) Exec(context.Context) graphql.ResponseHandler {
	return graphql.OneShot(&graphql.Response{Data: json.RawMessage(`{}`)})
}

// The same is so for other kinds of input, but for what is found in execution, of
// which there is none here.
func TestOtherInputsGetTheVerdictOfGraphQLJS(t *testing.T) {
	d := openDoorsOf(t, otherInputs, once{&liveSchema{schema: gqlparser.MustLoadSchema(&ast.Source{Input: otherInputs})}})
	random := rand.New(rand.NewPCG(4, 5))
	stages := map[string]int{}
	const draws = 600
	for range draws {
		drawn := &draw{schema: d.schema, bytes: randomBytes(random)}
		request, _ := drawn.request()
		verdict := d.oracle.ask(t, request)
		if verdict.Stage != "execute" {
			d.judge(t, byPost, request)
		}
		stages[verdict.Stage]++
	}
	if t.Logf("%v", stages); stages[""] < draws/4 || stages["variables"] < draws/15 {
		t.Error("too few are of use")
	}
}

func randomBytes(random *rand.Rand) []byte {
	bytes := make([]byte, 20+random.IntN(200))
	for i := range bytes {
		bytes[i] = byte(random.Uint32())
	}
	return bytes
}

// A thousand operations get the verdict of graphql-js, through all doors.
func TestOperationsGetTheVerdictOfGraphQLJS(t *testing.T) {
	d := openDoors(t)
	random := rand.New(rand.NewPCG(1, 2))
	counts := map[judged]int{}
	const draws = 1200
	for range draws {
		counts[d.try(t, randomBytes(random))]++
	}
	t.Logf("%d compared, %d not comparable", counts[agreed], counts[notComparable])
	if counts[agreed] < draws*5/6 {
		t.Errorf("only %d could be compared", counts[agreed])
	}
}

// FuzzOperation looks for operations that the gateway is in error about, or that it
// accepts or refuses where graphql-js does not.
func FuzzOperation(f *testing.F) {
	d := openDoors(f)
	f.Add([]byte{})
	for seed := range 50 {
		random := rand.New(rand.NewPCG(uint64(seed), 3))
		f.Add(randomBytes(random))
	}
	f.Fuzz(func(t *testing.T, bytes []byte) { d.try(t, bytes) })
}
