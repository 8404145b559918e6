package gateway_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"aiusage/internal/dbtest"
)

// caller sends requests with what it says.
type caller struct{ header string }

func (c caller) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if c.header != "" {
		r.Header.Set("Authorization", c.header)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// connect connects a client of the Go SDK.
func (s *service) connect(t *testing.T, header string) *sdk.ClientSession {
	t.Helper()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{
		Endpoint: s.url + "/mcp", HTTPClient: &http.Client{Transport: caller{header}}, MaxRetries: -1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// object is one of JSON.
type object = map[string]any

// call calls a tool, and returns its data and its text, or only the text of its error.
func call(t *testing.T, session *sdk.ClientSession, tool string, arguments object) (data object, text string) {
	t.Helper()
	result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s %v: %v", tool, arguments, err)
	}
	if len(result.Content) != 1 {
		t.Fatalf("%s %v: got %d contents", tool, arguments, len(result.Content))
	}
	text = result.Content[0].(*sdk.TextContent).Text
	if result.IsError {
		if result.StructuredContent != nil {
			t.Errorf("%s %v: an error with data", tool, arguments)
		}
		return nil, text
	}
	return result.StructuredContent.(object), text
}

// usageOf asks GraphQL, and returns aiUsage, or the message of the first error.
func (s *service) usageOf(t *testing.T, user string, arguments object, selection string) (report object, message string) {
	t.Helper()
	var given []string
	for _, name := range []string{"accountId", "customerId", "startDate", "endDate", "timeZone"} {
		if value, ok := arguments[name]; ok {
			given = append(given, fmt.Sprintf("%s:%q", name, value))
		}
	}
	got := s.query(t, user, fmt.Sprintf("{aiUsage(%s){from to timeZone totals{aiMinutes aiSeconds sessions} %s}}", strings.Join(given, ","), selection))
	var document struct {
		Data   struct{ AIUsage object }
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(got.body), &document); err != nil {
		t.Fatalf("%v in %s", err, got.body)
	}
	if len(document.Errors) > 0 {
		return nil, document.Errors[0].Message
	}
	return document.Data.AIUsage, ""
}

// at returns what is in an object by names.
func at(from any, names ...string) any {
	for _, name := range names {
		inner, is := from.(object)
		if !is {
			return nil
		}
		from = inner[name]
	}
	return from
}

func list(from any) []any { all, _ := from.([]any); return all }

// amount is an amount of use in either form.
func amount(from any) object {
	return object{"aiMinutes": at(from, "aiMinutes"), "aiSeconds": at(from, "aiSeconds"), "sessions": at(from, "sessions")}
}

// whose is an account or a customer of GraphQL, in the form of the tools.
func whose(node any, into object) object {
	for field, from := range map[string][]string{
		"accountId": {"account", "accountId"}, "accountName": {"account", "name"}, "customerId": {"customer", "customerId"}, "customerName": {"customer", "name"},
	} {
		if value := at(node, from...); value != nil {
			into[field] = value
		}
	}
	return into
}

// plus adds amounts up, as differences where less.
func plus(a, b object, sign float64) object {
	sum := object{}
	for name := range a {
		sum[name] = a[name].(float64) + sign*b[name].(float64)
	}
	return sum
}

const (
	amounts  = "aiMinutes aiSeconds sessions"
	accounts = "account{accountId name} "
	both     = accounts + "customer{customerId name} "
)

// drawn draws the arguments of a range.
func drawn(pick func(...string) string) object {
	ends := strings.Split(pick("2026-03-01 2026-03-15", "2026-03-02 2026-03-20", "2026-03-10 2026-04-03", "2026-03-10T10:30 2026-03-20T10:30:00+02:00", "2026-04-08 2026-04-10"), " ")
	arguments := object{"startDate": ends[0], "endDate": ends[1]}
	give := func(name, value string) {
		if value != "" {
			arguments[name] = value
		}
	}
	give("timeZone", pick("", "Europe/Berlin", "Asia/Kolkata"))
	give("accountId", pick("", "", "acc-1", "acc-2", "acc-99"))
	if _, of := arguments["accountId"]; of {
		give("customerId", pick("", "", "cus-1", `q",;`))
	}
	return arguments
}

// with returns arguments with more of them.
func with(arguments object, more object) object {
	all := maps.Clone(arguments)
	maps.Copy(all, more)
	return all
}

// agrees compares the parts of an answer with those that GraphQL has.
func agrees(t *testing.T, what string, got, want object) {
	t.Helper()
	for name := range want {
		if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("%s: %s is\n%v\nand of GraphQL\n%v", what, name, got[name], want[name])
		}
	}
}

// Whatever is asked, and whoever asks: what a tool answers is what GraphQL does.
func TestToolsAgreeWithGraphQL(t *testing.T) {
	store := fill(t, dbtest.One(t))
	random := rand.New(rand.NewPCG(17, 7))
	fillMore(t, store, random)
	s := start(t, store)
	sessions := map[string]*sdk.ClientSession{}
	for _, user := range []string{"ada", "ann", "nil", "bob"} {
		sessions[user] = s.connect(t, basic(user, password))
	}
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	seen := map[string]int{}
	for range 130 {
		user := pick("ada", "ada", "ada", "ada", "ada", "ada", "ann", "ann", "nil", "bob")
		a := agreement{s, sessions[user], user, pick, drawn(pick), seen}
		switch pick("report", "compare", "compare", "drivers", "sessions", "find") {
		case "report":
			a.report(t)
		case "compare":
			a.compare(t)
		case "drivers":
			a.drivers(t)
		case "sessions":
			a.sessions(t)
		case "find":
			a.find(t)
		}
	}
	for _, what := range []string{"report", "customer", "compare", "begun", "stopped", "continued", "drivers", "hour", "weekday", "sessions", "pages", "accounts", "customers", "refused"} {
		if seen[what] == 0 {
			t.Errorf("nothing was compared of %s: %v", what, seen)
		}
	}
}

// agreement is a question that is asked of both doors.
type agreement struct {
	*service
	session   *sdk.ClientSession
	user      string
	pick      func(...string) string
	arguments object
	seen      map[string]int
}

// ask asks both doors. It returns nothing where both refuse, with the same words.
func (a agreement) ask(t *testing.T, tool string, more object, selection string) (got, want object, text string) {
	t.Helper()
	arguments := with(a.arguments, more)
	got, text = call(t, a.session, tool, arguments)
	want, message := a.usageOf(t, a.user, arguments, selection)
	what := fmt.Sprint(tool, arguments, " as ", a.user)
	if message != "" || got == nil {
		if a.seen["refused"]++; got != nil || message == "" || !strings.HasPrefix(text, message) {
			t.Errorf("%s: got %v %q, and of GraphQL %q", what, got, text, message)
		}
		return nil, nil, ""
	}
	agrees(t, what, got, object{"from": want["from"], "to": want["to"], "timeZone": want["timeZone"], "partial": false})
	if link := at(got, "link").(string); !strings.HasPrefix(link, a.url+"/") {
		t.Errorf("%s: the link is %s", what, link)
	}
	if asOf, err := time.Parse(time.RFC3339Nano, at(got, "asOf").(string)); err != nil || time.Since(asOf).Abs() > 10*time.Minute {
		t.Errorf("%s: asOf is %v", what, got["asOf"])
	}
	return got, want, text
}

// level draws what rows are of, and returns the list of GraphQL and what is selected of a row.
func (a agreement) level() (level, connection, row string) {
	if level = a.pick("account", "customer"); level == "account" {
		return level, "accountUsageConnection", accounts
	}
	return level, "customerUsageConnection", both
}

// isOfCustomer tells whether a row is there in GraphQL's list: that of customers has none for what belongs to none.
func isOfCustomer(level string) func(any) bool {
	return func(row any) bool { return level == "account" || at(row, "customerId") != nil }
}

func (a agreement) report(t *testing.T) {
	level, connection, row := a.level()
	more := object{"level": level, "granularity": a.pick("day", "WEEK"), "top": 100}
	filter := ""
	if search := a.pick("", "", "c-1", "UNAL", "nobody"); search != "" {
		more["search"], filter = search, fmt.Sprintf("filter:{search:%q},", search)
	}
	if level == "account" {
		more["top"] = 1 + len(a.pick("", "x", "xx"))
	}
	order := a.pick("AI_MINUTES", "AI_SECONDS", "SESSIONS", "ID", "NAME")
	direction := a.pick("ASC", "DESC")
	more["order"], more["direction"] = order, direction
	got, want, text := a.ask(t, "usage_report", more, fmt.Sprintf("series(granularity:%s){from to partial %s} %s(first:%v,%sorderBy:{field:%s,direction:%s}){totalCount nodes{%s%s}}",
		strings.ToUpper(more["granularity"].(string)), amounts, connection, more["top"], filter, order, direction, row, amounts))
	if got == nil {
		return
	}
	rows := []any{}
	for _, node := range list(at(want, connection, "nodes")) {
		rows = append(rows, whose(node, amount(node)))
	}
	what := fmt.Sprint("report ", with(a.arguments, more))
	left := amount(want["totals"])
	for _, one := range list(got["rows"]) {
		left = plus(left, amount(one), -1)
	}
	shown := slices.DeleteFunc(slices.Clone(list(got["rows"])), func(row any) bool { return !isOfCustomer(level)(row) })
	agrees(t, what, with(got, object{"rows": append([]any{}, shown...), "left": amount(got["leftOut"])}),
		object{"rows": rows, "totals": want["totals"], "series": want["series"], "left": left})
	counts := got["counts"].(object)
	if level == "account" && counts["matching"] != at(want, connection, "totalCount") {
		t.Errorf("%s: %v, and of GraphQL %v match", what, counts, at(want, connection, "totalCount"))
	}
	if counts["shown"] != float64(len(list(got["rows"]))) || at(got, "leftOut", "rows") != counts["all"].(float64)-counts["shown"].(float64) {
		t.Errorf("%s: %v, left out %v", what, counts, got["leftOut"])
	}
	for _, one := range list(got["rows"]) {
		if a.seen["report"]++; level == "customer" {
			a.seen["customer"]++
		}
		if line := fmt.Sprintf("%q", at(one, "accountId")); !strings.Contains(text, line) {
			t.Errorf("%s: %s is not in %s", what, line, text)
		}
	}
}

// comparison draws what is compared with, in both forms.
func (a agreement) comparison() (more object, compare, field string) {
	switch a.pick("", "shift", "dates", "period") {
	case "shift":
		shift := a.pick("PERIOD", "WEEK", "month", "YEAR")
		return object{"shift": shift, "elapsed": true}, "compare:{shift:" + strings.ToUpper(shift) + ",elapsed:true}", "previous(shift:" + strings.ToUpper(shift) + ",elapsed:true)"
	case "dates":
		return object{"compareStartDate": "2026-03-05", "compareEndDate": "2026-03-08T12:00"}, `compare:{startDate:"2026-03-05",endDate:"2026-03-08T12:00"}`,
			`compareTo(startDate:"2026-03-05",endDate:"2026-03-08T12:00")`
	case "period":
		return object{"comparePeriod": "this-year"}, "compare:{period:THIS_YEAR}", "compareTo(period:THIS_YEAR)"
	}
	return object{}, "compare:{}", "previous"
}

func (a agreement) compare(t *testing.T) {
	level, connection, row := a.level()
	more, compare, field := a.comparison()
	more["level"], more["top"] = level, 100
	measure := a.pick("minutes", "seconds", "AI_SECONDS", "SESSIONS")
	order := a.pick("change", "CHANGE_RELATIVE", "previous")
	direction := a.pick("ASC", "DESC")
	more["order"], more["direction"], more["measure"] = order, direction, measure
	measured := map[string]string{"minutes": "AI_MINUTES", "seconds": "AI_SECONDS", "AI_SECONDS": "AI_SECONDS", "SESSIONS": "SESSIONS"}[measure]
	got, want, _ := a.ask(t, "usage_compare", more, fmt.Sprintf("was:%s{from to totals{%s}} %s(first:100,include:BOTH,%s,orderBy:{field:%s,direction:%s,measure:%s}){nodes{%s%s was:%s{%s}}}",
		field, amounts, connection, compare, strings.ToUpper(order), direction, measured, row, amounts, field, amounts))
	if got == nil {
		return
	}
	change := func(now, before any) object {
		return object{"current": amount(now), "previous": amount(before), "change": plus(amount(now), amount(before), -1)}
	}
	rows := []any{}
	for _, node := range list(at(want, connection, "nodes")) {
		one := whose(node, change(node, at(node, "was")))
		one["status"] = "continued"
		if at(node, "was", "sessions") == 0. {
			one["status"] = "begun"
		} else if at(node, "sessions") == 0. {
			one["status"] = "stopped"
		}
		a.seen[one["status"].(string)]++
		rows = append(rows, one)
	}
	a.seen["compare"] += len(rows)
	shown := slices.DeleteFunc(slices.Clone(list(got["rows"])), func(row any) bool { return !isOfCustomer(level)(row) })
	agrees(t, fmt.Sprint("compare ", with(a.arguments, more)), with(got, object{"rows": append([]any{}, shown...)}), object{
		"rows": rows, "totals": change(want["totals"], at(want, "was", "totals")), "comparedWith": object{"from": at(want, "was", "from"), "to": at(want, "was", "to")},
	})
}

func (a agreement) drivers(t *testing.T) {
	more, compare, field := a.comparison()
	by := a.pick("ACCOUNT", "customer", "HOUR_OF_DAY", "weekday")
	measure := a.pick("AI_MINUTES", "AI_SECONDS", "SESSIONS")
	top := 1 + len(a.pick("", "xx", "xxxxxxxxxxxxxxxxxxx"))
	more["by"], more["measure"], more["top"] = by, measure, top
	const numbers = " current previous change "
	got, want, _ := a.ask(t, "usage_drivers", more, fmt.Sprintf("was:%s{from to} drivers(by:%s,of:%s,first:%d,%s){%s largest{%s hour weekday status %s} rest{count %s}}",
		field, strings.ToUpper(by), measure, top, compare, numbers, both, numbers, numbers))
	if got == nil {
		return
	}
	difference := func(from any) object {
		return object{"current": at(from, "current"), "previous": at(from, "previous"), "change": at(from, "change")}
	}
	largest := []any{}
	for _, node := range list(at(want, "drivers", "largest")) {
		one := difference(node)
		one["status"] = strings.ToLower(at(node, "status").(string))
		if of := whose(node, object{}); len(of) > 0 {
			one["account"] = of
		}
		if hour := at(node, "hour"); hour != nil {
			one["hour"] = hour
			a.seen["hour"]++
		}
		if weekday, is := at(node, "weekday").(string); is {
			one["weekday"] = strings.ToLower(weekday)
			a.seen["weekday"]++
		}
		largest = append(largest, one)
	}
	a.seen["drivers"] += len(largest)
	rest := difference(at(want, "drivers", "rest"))
	rest["parts"] = at(want, "drivers", "rest", "count")
	agrees(t, fmt.Sprint("drivers ", with(a.arguments, more)), got, object{
		"largest": largest, "leftOut": rest, "total": difference(want["drivers"]), "comparedWith": object{"from": at(want, "was", "from"), "to": at(want, "was", "to")},
	})
}

func (a agreement) sessions(t *testing.T) {
	var rows []any
	pages, more := 0, object{"first": 70 + len(a.pick("", "xxx"))*10}
	for {
		got, want, _ := a.ask(t, "usage_sessions", more,
			"sessionsConnection(first:1000){nodes{sessionId startedAt durationSeconds aiMinutes roundedUpSeconds "+both+"}}")
		if got == nil {
			return
		}
		pages++
		rows = append(rows, list(got["sessions"])...)
		if left := at(got, "totals", "sessions").(float64) - float64(len(list(got["sessions"]))); got["leftOut"] != left {
			t.Errorf("%v are left out, not %v", got["leftOut"], left)
		}
		if got["next"] != nil {
			more["after"] = got["next"]
			continue
		}
		nodes := []any{}
		for _, node := range list(at(want, "sessionsConnection", "nodes")) {
			one := whose(node, maps.Clone(node.(object)))
			delete(one, "account")
			delete(one, "customer")
			nodes = append(nodes, one)
		}
		agrees(t, fmt.Sprint("sessions ", with(a.arguments, more)), object{"sessions": append([]any{}, rows...), "totals": got["totals"]},
			object{"sessions": nodes, "totals": want["totals"]})
		a.seen["sessions"] += len(rows)
		if pages > 1 {
			a.seen["pages"]++
		}
		return
	}
}

func (a agreement) find(t *testing.T) {
	delete(a.arguments, "customerId")
	account, of := a.arguments["accountId"]
	more, search := object{"first": 1}, a.pick("", "C-1", "unal", "acm")
	field, row := fmt.Sprintf("accounts(search:%q)", search), "accountId name"
	if of {
		field, row = fmt.Sprintf("customers(accountId:%q,search:%q)", account, search), "customerId name account{accountId name}"
	}
	if search != "" {
		more["search"] = search
	}
	var found []any
	for {
		got, _, _ := a.ask(t, "find_accounts", more, "")
		if got == nil {
			return
		}
		if found = append(found, list(got["found"])...); got["next"] == nil {
			break
		}
		more["after"] = got["next"]
	}
	zone := ""
	if a.arguments["timeZone"] != nil {
		zone = fmt.Sprintf(",timeZone:%q", a.arguments["timeZone"])
	}
	got := a.query(t, a.user, fmt.Sprintf("{found:%s{nodes{%s usage(startDate:%q,endDate:%q%s){totals{%s}}}}}", field, row, a.arguments["startDate"], a.arguments["endDate"], zone, amounts))
	var document struct {
		Data struct{ Found struct{ Nodes []any } }
	}
	if err := json.Unmarshal([]byte(got.body), &document); err != nil {
		t.Fatal(err, got.body)
	}
	nodes := []any{}
	for _, node := range document.Data.Found.Nodes {
		one := object{"account": node}
		if of {
			one = object{"account": at(node, "account"), "customer": node}
			a.seen["customers"]++
		} else {
			a.seen["accounts"]++
		}
		nodes = append(nodes, whose(one, amount(at(node, "usage", "totals"))))
	}
	agrees(t, fmt.Sprint("find ", with(a.arguments, more)), object{"found": append([]any{}, found...)}, object{"found": nodes})
}
