package resolvers_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"aiusage/auth"
	"aiusage/internal/dbtest"
	"aiusage/resolvers"
	"aiusage/usage"
	"aiusage/watch"
)

// documentsForEach is how many documents are drawn for each subscription, and each of them for one
// that reads by their ids what there was.
const documentsForEach = 10

// documents is how many random documents each engine is asked, and documentSeed which.
var (
	documents    = flag.Int("documents", 40, "how many documents TestRandomDocuments asks each engine for")
	documentSeed = flag.Uint64("documents.seed", 41, "which documents TestRandomDocuments makes up")
)

// notDrawn are the parts of the schema that no document is made up of, with the reason.
var notDrawn = map[string]string{
	"Subscription.aiUsageChanged": "a stream, which is drawn by itself (document_live_test.go)",
	"AIUsagePlan":                 "how an answer was read, which is drawn as a whole and held to what is true of all (document_plan_test.go)",
	"AIUsagePlanPiece":            "as AIUsagePlan",
	"AIUsageSpan":                 "as AIUsagePlan",
	"AIUsageSource":               "as AIUsagePlan",
	"AIUsageLevel":                "as AIUsagePlan",
	"AIUsageGrain":                "as AIUsagePlan",
}

var (
	graphAccounts  = []string{"a", "A", "b-1", "é", "konto 5", "z", "large"}
	graphCustomers = []string{"Kunde-0", "Kunde-1", "kunde-1", "Künde-1", "<&>\"", "😀", "0"}
)

// graphPrincipals are those who ask.
var graphPrincipals = []*auth.Principal{
	{Name: "admin", Roles: []string{auth.SystemAdministrator}},
	{Name: "both", Roles: []string{auth.AccountAdministrator, auth.SystemAdministrator}, Accounts: []string{"a"}},
	{Name: "some", Roles: []string{auth.AccountAdministrator}, Accounts: []string{"a", "konto 5", "new", "é"}},
	{Name: "key:1", Roles: []string{auth.AccountAdministrator}, Accounts: []string{"A"}},
	{Name: "token:x", Roles: []string{"Customer", auth.AccountAdministrator}, Accounts: []string{"large", "z"}},
	{Name: "new", Roles: []string{auth.AccountAdministrator}, Accounts: []string{"new"}},
	{Name: "without accounts", Roles: []string{auth.AccountAdministrator}},
	{Name: "without a role", Roles: []string{"Customer"}, Accounts: []string{"a"}},
	nil,
}

// newWorld makes up sessions: around a change of the clocks, of late, at the same time, without a
// duration, of very large sums; and names, also of what has no sessions.
func newWorld(d drawer, schema *ast.Schema, now time.Time) *world {
	w := &world{schema: schema, names: map[usage.Subject]string{}, seen: seen{}, reached: seen{}, ids: map[string]identityOf{}, idsOf: map[string][]string{},
		idOf: map[string]string{}, cursors: map[string]cursorOf{}, cursorAt: map[cursorOf]string{}}
	add := func(at time.Time, account, customer string, seconds int64) {
		id := among(d, "x", "X", "é", "y\x01", "", "10", "9") + "-" + strconv.Itoa(len(w.sessions))
		w.sessions = append(w.sessions, usage.Session{SessionID: id, AccountID: account, CustomerID: customer, StartedAt: at.UTC().Truncate(time.Millisecond), DurationSeconds: seconds})
	}
	for i := range 90 {
		at := time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC).Add(time.Duration(d.Int64N(int64(36 * time.Hour))))
		if i%2 == 0 {
			at = now.Add(-time.Duration(d.Int64N(int64(70 * 24 * time.Hour))))
		}
		switch i % 5 {
		case 0:
			at = at.Truncate(time.Hour)
		case 1:
			at = w.sessions[d.IntN(len(w.sessions))].StartedAt
		}
		customer := ""
		if d.IntN(5) > 0 {
			customer = graphCustomers[min(d.IntN(6), d.IntN(6))]
		}
		// Some have much, so that there is usage of theirs in many ranges and before them.
		add(at, graphAccounts[min(d.IntN(6), d.IntN(6))], customer, among(d, 0, 1, 59, 60, 61, d.Int64N(4000)))
	}
	add(now.Add(50*time.Hour), "a", "Kunde-1", 61)
	for range 31 {
		add(now.AddDate(0, 0, -8), "large", "0", usage.MaxDurationSeconds)
	}
	for _, account := range append(slices.Clone(graphAccounts), "named") {
		for _, customer := range append(slices.Clone(graphCustomers), "") {
			if d.IntN(2) == 0 {
				w.names[usage.Subject{AccountID: account, CustomerID: customer}] = among(d, modelNames...)
			}
		}
	}
	return w
}

// addUndated adds sessions that start at no instant, which the platform may have written.
func (w *world) addUndated(t *testing.T, dsn string) {
	for i, customer := range []string{"", "Kunde-1", "Kunde-1"} {
		s := usage.Session{SessionID: fmt.Sprint("undated ", i), AccountID: []string{"a", "a", "é"}[i], CustomerID: customer, DurationSeconds: 119}
		w.sessions = append(w.sessions, s)
		execute(t, dsn, "SET SESSION sql_mode = ''", fmt.Sprintf(`INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES ('%s', '%s', NULLIF('%s', ''), '0000-00-00', %d)`,
			s.SessionID, s.AccountID, s.CustomerID, s.DurationSeconds))
	}
}

// Whatever is asked of the graph, by whomever, of whichever engine: the whole answer is what a
// model comes to that looks at every session, and has the shape that graphql-js gives it.
func TestRandomDocuments(t *testing.T) {
	engine := uint64(0)
	dbtest.Each(t, func(t *testing.T, dsn string) {
		engine++
		now := time.Now()
		d := &documentDrawer{drawer: drawer{rand.New(rand.NewPCG(*documentSeed, engine))}, drawn: seen{}, given: seen{}, days: daysAround(now)}
		schema := resolvers.New(readerFunc(nil), resolvers.Options{}).Schema().Schema()
		w := newWorld(d.drawer, schema, now)
		d.schema, d.known, d.thin = schema, w, seen{}
		g := &graphTest{T: t, world: w, drawer: d, shapes: newShapes(t)}
		store := (&model{sessions: w.sessions, names: w.names}).rolledUp(t, dsn)
		g.api = serve(store)
		if server, err := store.Describe(t.Context()); err != nil {
			t.Fatal(err)
		} else if !strings.Contains(server, "Dolt") {
			w.addUndated(t, dsn)
			if _, err := store.Fold(t.Context(), func(int) {}); err != nil {
				t.Fatal(err)
			}
		}
		resolver := resolvers.New(store, resolvers.Options{Watch: watch.Options{Interval: soon}})
		for g.compared+g.left < *documents {
			for range documentsForEach {
				g.next()
				g.readAgain()
			}
			g.listenTo(store, resolver)
		}
		t.Logf("%d documents and %d events compared, %d left out, of %d fields and what they came to; %d ids, %d cursors", g.compared, g.events, g.left, len(w.reached), len(w.ids), len(w.cursors))
		if g.left > g.compared/4 {
			t.Errorf("%d of %d documents could not be compared", g.left, g.left+g.compared)
		}
	})
}

// Every field, argument, input field and value of the schema is in some of the documents, so that
// none can be forgotten.
func TestRandomDocumentsCoverTheSchema(t *testing.T) {
	now := time.Now()
	d := &documentDrawer{drawer: drawer{rand.New(rand.NewPCG(43, 44))}, drawn: seen{}, given: seen{}, days: daysAround(now)}
	d.schema = resolvers.New(readerFunc(nil), resolvers.Options{}).Schema().Schema()
	w := newWorld(d.drawer, d.schema, now)
	w.who, w.now, d.known, d.thin = graphPrincipals[1], now, w, seen{}
	for i := 0; len(d.missing()) > 0 && i < 1500; i++ {
		text, variables := d.document()
		document, coerced := w.load(t, text, variables)
		w.offered = map[string][]cursorOf{}
		e, _ := w.execute(document, coerced, nil)
		w.reach(e)
	}
	for _, name := range d.missing() {
		t.Errorf("%s of the schema is in no document: draw it (document_draw_test.go), or say why not (notDrawn)", name)
	}
}

// graphTest asks for documents and compares what comes.
type graphTest struct {
	*testing.T
	*world
	drawer *documentDrawer
	api    api
	shapes *shapes

	compared, left, events int
}

// next draws a document and asks for it, and then for it again with cursors of its answer.
func (g *graphTest) next() {
	text, variables := g.thinnest(g.drawer.document)
	g.int64AsText = g.drawer.rarely(6)
	for again := 0; again < 3; again++ {
		g.offered = map[string][]cursorOf{}
		if !g.ask(text, variables) {
			return
		}
		changed := false
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			if !strings.HasPrefix(name, cursorVariable) {
				continue
			}
			changed = true
			switch offered := g.offered[name]; {
			case len(offered) > 0 && !g.drawer.rarely(6):
				variables[name] = g.cursorAt[among(g.drawer.drawer, offered...)]
			case g.drawer.rarely(8):
				variables[name] = among(g.drawer.drawer, "x", "e30")
			case len(g.places) > 0 && g.drawer.rarely(6):
				variables[name] = g.cursorAt[among(g.drawer.drawer, g.places...)]
			}
			if variables[name] == "" {
				variables[name] = nil // it was not selected
			}
		}
		if !changed {
			return
		}
	}
}

// readAgain has somebody read by their ids some of what anybody has been answered.
func (g *graphTest) readAgain() {
	text, variables := g.thinnest(g.drawer.again)
	g.ask(text, variables)
}

// candidates is how many documents are drawn for each that is asked for.
const candidates = 6

// thinnest draws documents and who asks for them, and returns the one that comes to most of what
// others have not come to.
func (g *graphTest) thinnest(draw func() (string, map[string]any)) (text string, variables map[string]any) {
	best, whose := -1.0, g.who
	for range candidates {
		drawn, values := draw()
		g.who, g.now, g.offered = among(g.drawer.drawer, graphPrincipals...), time.Now(), map[string][]cursorOf{}
		document, coerced := g.load(g.T, drawn, values)
		e, _ := g.execute(document, coerced, nil)
		if news := g.news(e); news > best {
			text, variables, best, whose = drawn, values, news, g.who
		}
	}
	g.who = whose
	return text, variables
}

// news is how much an execution comes to of what others have not, for what it takes.
func (g *graphTest) news(e *execution) (sum float64) {
	for _, name := range slices.Sorted(maps.Keys(e.noted)) {
		sum += 1 / float64(1+g.reached[name]*g.reached[name])
	}
	return sum / float64(1+g.points/2000)
}

// ask asks for a document and compares the answer. It tells whether it could be compared.
func (g *graphTest) ask(text string, variables map[string]any) bool {
	document, coerced := g.load(g.T, text, variables)
	request := map[string]any{"query": text, "variables": variables}
	if g.int64AsText {
		request["extensions"] = map[string]any{"int64": "text"}
	}
	body, err1 := json.Marshal(request)
	if err1 != nil {
		g.Fatal(err1)
	}
	ctx := g.Context()
	if g.who != nil {
		ctx = auth.NewContext(ctx, *g.who)
	}
	var answer string
	for g.now = (time.Time{}); g.now.Truncate(time.Hour) != time.Now().Truncate(time.Hour); { // as open ranges end with the hour
		g.now = time.Now()
		answer = send(g.Context(), g.api.as(ctx).handler, body)
	}
	whole, _ := ordered(json.NewDecoder(strings.NewReader(answer))).(*fields)
	failed := func(format string, values ...any) {
		g.Helper()
		who := "nobody"
		if g.who != nil {
			who = g.who.Name
		}
		g.Fatalf("-documents.seed=%d: %s asks %s\n%s\n%.3000s", *documentSeed, who, body, fmt.Sprintf(format, values...), answer)
	}
	if whole == nil {
		failed("no JSON")
	}
	data, answered := whole.values["data"].(*fields)
	if !answered {
		if strings.Contains(answer, "OPERATION_TOO_LARGE") {
			g.left++
			return false
		}
		failed("no data")
	}
	e, want := g.execute(document, coerced, data)
	if g.pages > 100 || g.points > 500_000 {
		g.left++
		return false
	}
	g.compared++
	g.reach(e)
	if difference := g.compare("", data, want); difference != "" {
		failed("%s", difference)
	}
	if difference := compareErrors(whole.values["errors"], e); difference != "" {
		failed("%s", difference)
	}
	if shape := g.shapes.of(text, decodedJSON(g.T, variables), data); shape != "" {
		failed("graphql-js: %s", shape)
	}
	return true
}

// execute has the model execute a document; data is what the gateway has answered, if it has.
func (w *world) execute(document *ast.QueryDocument, variables map[string]any, data *fields) (*execution, *fields) {
	w.points, w.pages, w.noted = 0, 0, map[string]bool{}
	e := &execution{world: w, document: document, variables: variables, drawing: data == nil}
	return e, e.run(document.Operations[0], data)
}

// reach counts what a document has come to.
func (w *world) reach(e *execution) {
	for name := range e.noted {
		w.reached[name]++
	}
}

// load reads a document, and returns it with the values of its variables.
func (w *world) load(t *testing.T, text string, variables map[string]any) (document *ast.QueryDocument, coerced map[string]any) {
	t.Helper()
	document, errs := gqlparser.LoadQueryWithRules(w.schema, text, rules.NewDefaultRules())
	if errs != nil {
		t.Fatalf("the test drew a document that is not valid: %v\n%s", errs, text)
	}
	coerced = maps.Clone(variables)
	for _, definition := range document.Operations[0].VariableDefinitions {
		if _, given := variables[definition.Variable]; !given && definition.DefaultValue != nil {
			coerced[definition.Variable], _ = definition.DefaultValue.Value(nil)
		}
	}
	if _, err := validator.VariableValues(w.schema, document.Operations[0], decodedJSON(t, variables)); err != nil {
		t.Fatalf("the test drew variables that do not fit: %v\n%s\n%v", err, text, variables)
	}
	return document, coerced
}

// decodedJSON is a value as a reader of JSON has it.
func decodedJSON(t *testing.T, value map[string]any) (decoded map[string]any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		err = decoder.Decode(&decoded)
	}
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// ordered reads JSON and keeps the order of members.
func ordered(decoder *json.Decoder) any {
	decoder.UseNumber()
	token, err := decoder.Token()
	if err != nil {
		return nil
	}
	switch token {
	case json.Delim('{'):
		object := &fields{values: map[string]any{}}
		for decoder.More() {
			name, _ := decoder.Token()
			text, _ := name.(string)
			object.names = append(object.names, text)
			object.values[text] = ordered(decoder)
		}
		decoder.Token()
		return object
	case json.Delim('['):
		items := []any{}
		for decoder.More() {
			items = append(items, ordered(decoder))
		}
		decoder.Token()
		return items
	}
	return token
}

// compare says where an answer is not what it should be, or nothing.
func (g *graphTest) compare(path string, got, want any) string {
	differs := func() string {
		return fmt.Sprintf("%s is\n%.1500s\nand not\n%.1500s", path, shownValue(got), shownValue(want))
	}
	switch want := want.(type) {
	case *fields:
		of, is := got.(*fields)
		if !is || !slices.Equal(of.names, want.names) {
			return differs()
		}
		for _, name := range want.names {
			if difference := g.compare(path+"/"+name, of.values[name], want.values[name]); difference != "" {
				return difference
			}
		}
		return ""
	case []any:
		of, is := got.([]any)
		if !is || len(of) != len(want) {
			return differs()
		}
		for i := range want {
			if difference := g.compare(fmt.Sprintf("%s/%d", path, i), of[i], want[i]); difference != "" {
				return difference
			}
		}
		return ""
	case asAnswered:
		return ""
	case planOf:
		if wrong := want.wrong(g.world, got); wrong != "" {
			return fmt.Sprintf("%s: %s\n%.1500s", path, wrong, shownValue(got))
		}
		return ""
	case aboutNow:
		if _, is := got.(bool); !is {
			return differs()
		}
		return ""
	case instantOf:
		text, _ := got.(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || text != at.In(want.zone).Format(time.RFC3339Nano) || g.now.Sub(at).Abs() > 6*time.Minute {
			return differs()
		}
		return ""
	case identityOf:
		text, _ := got.(string)
		known, is := g.ids[text]
		if other := g.idOf[want.of]; text == "" || is && known.of != want.of || other != "" && other != text {
			return fmt.Sprintf("%s is the id %q of %s, which was that of %s; %q", path, text, want.of, known.of, other)
		}
		if g.idOf[want.of] == "" {
			kind, _, _ := strings.Cut(want.of, " ")
			g.idsOf[kind] = append(g.idsOf[kind], text)
		}
		g.ids[text], g.idOf[want.of] = want, text
		return ""
	case cursorOf:
		text, _ := got.(string)
		if known, is := g.cursors[text]; text == "" || is && known != want {
			return fmt.Sprintf("%s is the cursor %q of %v, which was that of %v", path, text, want, known)
		}
		if g.cursors[text] = want; g.cursorAt[want] == "" {
			g.places = append(g.places, want)
		}
		g.cursorAt[want] = text
		return ""
	case int64:
		if number, is := got.(json.Number); !is || number.String() != strconv.FormatInt(want, 10) {
			return differs()
		}
		return ""
	case float64:
		number, _ := got.(json.Number)
		if value, err := number.Float64(); err != nil || value != want {
			return differs()
		}
		return ""
	}
	if got != want {
		return differs()
	}
	return ""
}

// shownValue is a value as JSON, without what is opaque.
func shownValue(value any) string {
	switch value := value.(type) {
	case *fields:
		var members []string
		for _, name := range value.names {
			members = append(members, name+":"+shownValue(value.values[name]))
		}
		return "{" + strings.Join(members, " ") + "}"
	case []any:
		var items []string
		for _, item := range value {
			items = append(items, shownValue(item))
		}
		return fmt.Sprintf("%d[%s]", len(items), strings.Join(items, " "))
	case identityOf:
		return "the id of " + value.of
	}
	return fmt.Sprintf("%#v", value)
}

// compareErrors says which error of an answer should not be there, or which is missing: of those
// that come to null at one place, one is enough.
func compareErrors(answered any, e *execution) string {
	got := map[fieldError]bool{}
	list, _ := answered.([]any)
	for _, one := range list {
		var path strings.Builder
		steps, _ := at(one, "path").([]any)
		for _, step := range steps {
			fmt.Fprintf(&path, "/%v", step)
		}
		code, _ := at(at(one, "extensions"), "code").(string)
		found := fieldError{path.String(), code}
		if got[found] = true; !slices.Contains(e.errors, found) {
			return fmt.Sprintf("the error %v is none of %v", found, e.errors)
		}
	}
	for _, place := range e.nulls {
		if !slices.ContainsFunc(place.of, func(one fieldError) bool { return got[one] }) {
			return fmt.Sprintf("%s is null without one of the errors %v", place.path, place.of)
		}
	}
	return ""
}

// missing returns what of the schema has not been asked for.
func (d *documentDrawer) missing() (names []string) {
	missing := func(times seen, name string) {
		typeName, _, _ := strings.Cut(name, ".")
		if times[name] == 0 && notDrawn[name] == "" && notDrawn[typeName] == "" {
			names = append(names, name)
		}
	}
	for _, definition := range d.schema.Types {
		if definition.BuiltIn || definition.Kind == ast.Interface || strings.HasPrefix(definition.Name, "__") {
			continue
		}
		for _, value := range definition.EnumValues {
			if isGiven(d.schema, definition.Name) {
				missing(d.given, definition.Name+"."+value.Name)
			}
		}
		for _, field := range definition.Fields {
			name := definition.Name + "." + field.Name
			if definition.Kind == ast.InputObject {
				missing(d.given, name)
			} else if !strings.HasPrefix(field.Name, "__") {
				missing(d.known.seen, name)
			}
			for _, argument := range field.Arguments {
				if !strings.HasPrefix(field.Name, "__") && notDrawn[name] == "" {
					missing(d.given, name+"."+argument.Name)
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// isGiven tells whether an enum is one of an argument or of an input object.
func isGiven(schema *ast.Schema, name string) bool {
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			if definition.Kind == ast.InputObject && field.Type.Name() == name {
				return true
			}
			for _, argument := range field.Arguments {
				if argument.Type.Name() == name && !strings.HasPrefix(definition.Name, "__") {
					return true
				}
			}
		}
	}
	return false
}
