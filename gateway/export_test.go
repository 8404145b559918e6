package gateway_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// fillMore adds sessions of a month to those of fill, with names that formats have to quote.
func fillMore(t *testing.T, store *db.Store, random *rand.Rand) {
	t.Helper()
	var sessions []usage.Session
	for i := range 400 {
		sessions = append(sessions, usage.Session{
			SessionID: fmt.Sprint("more-", i), AccountID: fmt.Sprint("acc-", random.IntN(4)), CustomerID: []string{"", "cus-1", "=2", `q",;`}[random.IntN(4)],
			StartedAt:       time.Date(2026, 3, 1, 0, random.IntN(40*24*60), 0, 0, time.UTC),
			DurationSeconds: int64(random.IntN(4000)),
		})
	}
	if _, err := store.WriteSessions(t.Context(), sessions); err != nil {
		t.Fatal(err)
	}
	name(t, store)
	_, err := store.WriteCustomers(t.Context(), []usage.Customer{
		{AccountID: "acc-1", CustomerID: `q",;`, Name: "=1+1\n\"Ünal\", <&>"}, {AccountID: "acc-2", CustomerID: "=2", Name: "@x"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// record is a row of an export, by column, as the texts of CSV.
type record map[string]string

// records reads an export with Go's readers.
func records(t *testing.T, format, body string) (rows []record) {
	t.Helper()
	objects := func(reader *json.Decoder, into any) {
		reader.UseNumber()
		if err := reader.Decode(into); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
	}
	var decoded []map[string]any
	switch format {
	case "csv":
		lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		for _, line := range lines[1:] {
			row := record{}
			for i, name := range lines[0] {
				row[name] = line[i]
			}
			rows = append(rows, row)
		}
	case "json":
		objects(json.NewDecoder(strings.NewReader(body)), &decoded)
	case "ndjson":
		for line := range strings.Lines(body) {
			var one map[string]any
			objects(json.NewDecoder(strings.NewReader(line)), &one)
			decoded = append(decoded, one)
		}
	}
	for _, object := range decoded {
		rows = append(rows, textsOf(object))
	}
	return rows
}

// textsOf returns the values of an object as texts, null as the empty one.
func textsOf(object map[string]any) record {
	row := record{}
	for name, value := range object {
		if value == nil {
			value = ""
		}
		row[name] = fmt.Sprint(value)
	}
	return row
}

// fields are the selections of a row of a level, from which its records are made.
func fields(names bool, previous, step, level string) string {
	selected := "accountId aiMinutes aiSeconds sessions"
	if level == "customer" {
		selected += " customerId"
	}
	if names {
		selected += " account{name}"
		if level == "customer" {
			selected += " customer{name}"
		}
	}
	if previous != "" {
		selected += " previous:" + previous + "{aiMinutes aiSeconds sessions}"
	}
	if step != "" {
		selected += " series(granularity:" + step + "){from to partial aiMinutes aiSeconds sessions}"
	}
	return selected
}

// rowsOfNode makes the records of a row of a GraphQL answer.
func rowsOfNode(node map[string]any, level string) (rows []record) {
	base := map[string]any{"accountId": node["accountId"]}
	if level == "customer" {
		base["customerId"] = node["customerId"]
	}
	for member, column := range map[string]string{"account": "accountName", "customer": "customerName"} {
		if named, has := node[member].(map[string]any); has {
			base[column] = named["name"]
		}
	}
	if before, has := node["previous"].(map[string]any); has {
		base["previousAiMinutes"], base["previousAiSeconds"], base["previousSessions"] = before["aiMinutes"], before["aiSeconds"], before["sessions"]
	}
	series, has := node["series"].([]any)
	if !has {
		series = []any{map[string]any{"aiMinutes": node["aiMinutes"], "aiSeconds": node["aiSeconds"], "sessions": node["sessions"]}}
	}
	for _, point := range series {
		one := maps.Clone(base)
		maps.Copy(one, point.(map[string]any))
		rows = append(rows, textsOf(one))
	}
	return rows
}

// choice is which rows are asked for, as parameters of an export and as arguments of a connection.
type choice struct {
	parameters url.Values
	arguments  []string
	// compared is the field that has what is compared with.
	compared string
}

// drawChoice draws a choice. Nothing is compared unless the range has both ends.
func drawChoice(pick func(...string) string, hasEnds, previous bool) choice {
	c := choice{parameters: url.Values{}, compared: "previous"}
	orders := map[string]string{"id": "ID", "name": "NAME", "minutes": "AI_MINUTES", "SECONDS": "AI_SECONDS", "sessions": "SESSIONS", "share": "SHARE",
		"previous": "PREVIOUS", "change": "CHANGE", "change-relative": "CHANGE_RELATIVE", "CHANGE_RELATIVE": "CHANGE_RELATIVE", "": "ID"}
	measures := map[string]string{"minutes": "AI_MINUTES", "seconds": "AI_SECONDS", "AI_SESSIONS": "SESSIONS", "": "AI_MINUTES"}
	set := func(name, value string) string {
		if value != "" {
			c.parameters.Set(name, value)
		}
		return value
	}
	words := []string{"", "id", "name", "minutes", "SECONDS", "sessions", "share"}
	include := ""
	if hasEnds {
		words = append(words, "previous", "change", "change-relative", "CHANGE_RELATIVE")
		include = set("include", pick("", "", "current", "previous", "BOTH"))
	}
	order := set("order", pick(words...))
	comparing := slices.Contains([]string{"PREVIOUS", "CHANGE", "CHANGE_RELATIVE"}, orders[order])
	minimum := set("minimum", pick("", "", "", "0", "100", "1000"))
	measure := ""
	if minimum != "" || comparing || orders[order] == "SHARE" {
		measure = set("measure", pick("", "minutes", "seconds", "AI_SESSIONS"))
	}
	direction := map[bool]string{true: "ASC", false: "DESC"}[order == "id" || order == "name" || order == ""]
	if order != "" {
		if given := set("direction", pick("", "", "asc", "DESC")); given != "" {
			direction = strings.ToUpper(given)
		}
	}
	c.arguments = append(c.arguments, "first:100", fmt.Sprintf("orderBy:{field:%s,direction:%s,measure:%s}", orders[order], direction, measures[measure]))
	filter := fmt.Sprintf("search:%q", set("search", pick("", "", "", "", "", "C-1", "unal", "=", "CUS")))
	if minimum != "" {
		filter += fmt.Sprintf(",minimum:{measure:%s,value:%s}", measures[measure], minimum)
	}
	if named := set("named", pick("", "", "", "", "1", "false")); named != "" {
		filter += fmt.Sprintf(",named:%v", named == "1")
	}
	c.arguments = append(c.arguments, "filter:{"+filter+"}")
	if include != "" {
		c.arguments = append(c.arguments, "include:"+strings.ToUpper(include))
	}
	if !previous && !comparing && include != "previous" && include != "BOTH" {
		return c
	}
	switch pick("", "shift", "dates", "period") {
	case "shift":
		shift := strings.ToUpper(set("shift", pick("period", "week", "MONTH", "year")))
		set("elapsed", pick("", "1"))
		elapsed := fmt.Sprint(c.parameters.Has("elapsed"))
		c.arguments = append(c.arguments, "compare:{shift:"+shift+",elapsed:"+elapsed+"}")
		c.compared = "previous(shift:" + shift + ",elapsed:" + elapsed + ")"
	case "dates":
		from, to := set("compareStartDate", pick("2026-03-05", "2026-02-01")), set("compareEndDate", pick("2026-03-08T12:00", "2026-03-30"))
		c.arguments = append(c.arguments, fmt.Sprintf("compare:{startDate:%q,endDate:%q}", from, to))
		c.compared = fmt.Sprintf("compareTo(startDate:%q,endDate:%q)", from, to)
	case "period":
		set("comparePeriod", pick("this-year", "THIS_YEAR"))
		c.arguments = append(c.arguments, "compare:{period:THIS_YEAR}")
		c.compared = "compareTo(period:THIS_YEAR)"
	}
	return c
}

// Whatever is asked, whoever asks and in whatever format: the rows are those of GraphQL.
func TestExportsHaveTheRowsOfGraphQL(t *testing.T) {
	seen := map[string]int{}
	for turn := range 3 {
		dbtest.InTurn(t, turn, func(t *testing.T, dsn string) { exportsHaveTheRowsOfGraphQL(t, dsn, uint64(turn), seen) })
	}
	for _, what := range []string{"customer", "account", "customerDAY", "accountMONTH", "FORBIDDEN", "UNAUTHENTICATED",
		"order ", "order id", "order name", "order minutes", "order seconds", "order sessions", "order share", "order previous", "order change",
		"order change-relative", "include previous", "include both"} {
		if seen[what] == 0 {
			t.Errorf("nothing was compared of %s: %v", what, seen)
		}
	}
}

// exportsHaveTheRowsOfGraphQL counts of what there was something to compare.
func exportsHaveTheRowsOfGraphQL(t *testing.T, dsn string, seed uint64, seen map[string]int) {
	store := fill(t, dsn)
	random := rand.New(rand.NewPCG(7, seed))
	fillMore(t, store, random)
	s := start(t, store)
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	for range 130 {
		level, format, user := pick("customer", "account"), pick("csv", "json", "ndjson"), pick("ada", "ada", "ann", "nil", "bob", "")
		names, previous, step := random.IntN(2) == 0, random.IntN(3) == 0, pick("", "", "DAY", "WEEK", "MONTH")
		parameters, arguments := url.Values{"level": {level}}, []string{}
		give := func(name, value string) {
			if value != "" {
				parameters.Set(name, value)
				arguments = append(arguments, fmt.Sprintf("%s:%q", name, value))
			}
		}
		give("accountId", pick("", "", "", "", "", "acc-1", "acc-2", "acc-99"))
		give("customerId", pick("", "", "", "", "", "", "cus-1", `q",;`))
		for _, name := range []string{"accountIds", "customerIds"} {
			if ids := pick("", "", "", "", "", "", "acc-1", "acc-2,acc-1", `cus-1,q",;`); ids != "" {
				parameters[name] = strings.SplitN(ids, ",", 2)
				text, err := json.Marshal(parameters[name])
				if err != nil {
					t.Fatal(err)
				}
				arguments = append(arguments, name+":"+string(text))
			}
		}
		give("startDate", pick("2026-03-02", "2026-03-10", "2026-03-10T10:30", ""))
		give("endDate", pick("2026-03-20", "2026-04-03", "2026-03-20T10:30:00+02:00"))
		give("timeZone", pick("", "Europe/Berlin", "Asia/Kolkata"))
		previous = previous && step == "" && parameters.Get("startDate") != ""
		for parameter, wanted := range map[string]bool{"names": names, "previous": previous} {
			if wanted {
				parameters.Set(parameter, "1")
			}
		}
		if step != "" {
			parameters.Set("granularity", pick(step, strings.ToLower(step)))
		}
		chosen := drawChoice(pick, parameters.Get("startDate") != "", previous)
		maps.Copy(parameters, chosen.parameters)
		if !previous {
			chosen.compared = ""
		}
		list := map[string]string{"customer": "customerUsageConnection", "account": "accountUsageConnection"}[level]
		asked := s.query(t, user, fmt.Sprintf("{aiUsage(%s){%s(%s){nodes{%s}}}}", strings.Join(arguments, ","), list,
			strings.Join(chosen.arguments, ","), fields(names, chosen.compared, step, level)))
		got := s.ask(t, user, "GET", "/export/usage."+format+"?"+parameters.Encode(), "", "")
		what := fmt.Sprintf("%s?%s as %s", format, parameters.Encode(), user)
		var document struct {
			Data struct {
				AIUsage map[string]struct{ Nodes []map[string]any }
			}
			Errors []struct {
				Extensions struct{ Code, Argument string }
			}
		}
		decoder := json.NewDecoder(strings.NewReader(asked.body))
		decoder.UseNumber()
		if err := decoder.Decode(&document); err != nil {
			t.Fatalf("%v in %s", err, asked.body)
		}
		if len(document.Errors) > 0 {
			code := document.Errors[0].Extensions.Code
			seen[code]++
			if status := map[string]int{"FORBIDDEN": 403, "UNAUTHENTICATED": 401, "BAD_USER_INPUT": 400}[code]; got.status != status || !strings.Contains(got.body, `"`+code+`"`) {
				t.Errorf("%s: got %d %s, and of GraphQL %s", what, got.status, got.body, asked.body)
			}
			continue
		}
		var want []record
		for _, node := range document.Data.AIUsage[list].Nodes {
			want = append(want, rowsOfNode(node, level)...)
		}
		seen[level+step] += len(want)
		if len(want) > 2 {
			seen["order "+strings.ToLower(parameters.Get("order"))]++
			seen["include "+strings.ToLower(parameters.Get("include"))]++
		}
		if got.status != 200 {
			t.Fatalf("%s: got %d %s", what, got.status, got.body)
		}
		rows := slices.DeleteFunc(records(t, format, got.body), func(row record) bool {
			return level == "customer" && row["customerId"] == "" // of which GraphQL has only sums
		})
		if !slices.EqualFunc(rows, want, func(a, b record) bool { return maps.Equal(a, b) }) {
			t.Fatalf("%s: got\n%v\nwant\n%v", what, rows, want)
		}
	}
}

// What belongs to no customer has a row of its own, so that the rows of an account add up.
func TestRowsOfCustomersAddUpToThoseOfAccounts(t *testing.T) {
	store := fill(t, dbtest.One(t))
	fillMore(t, store, rand.New(rand.NewPCG(8, 8)))
	s := start(t, store)
	sums := func(level, more string) map[string]int64 {
		sums := map[string]int64{}
		for _, row := range records(t, "json", s.ask(t, "ada", "GET", "/export/usage.json?previous=1&startDate=2026-03-20&endDate=2026-03-29&level="+level+more, "", "").body) {
			for _, column := range []string{"aiMinutes", "aiSeconds", "sessions"} {
				var n int64
				fmt.Sscan(row[column], &n)
				sums[row["accountId"]+column] += n
			}
		}
		return sums
	}
	customers, accounts := sums("customer", ""), sums("account", "")
	if !maps.Equal(customers, accounts) || len(accounts) == 0 {
		t.Errorf("customers add up to %v, accounts to %v", customers, accounts)
	}
	got := s.ask(t, "ada", "GET", "/export/usage.csv?top=2&level=account&columns=sessions,accountId", "", "")
	all := s.ask(t, "ada", "GET", "/export/usage.csv?order=minutes&level=account&columns=sessions,accountId", "", "")
	if lines := strings.SplitAfter(all.body, "\n"); got.body != strings.Join(lines[:3], "") || len(lines) < 4 {
		t.Errorf("the two largest are %q, of %q", got.body, all.body)
	}
}

// Readers that are not ours read the same.
func TestOtherReadersReadExports(t *testing.T) {
	store := fill(t, dbtest.One(t))
	fillMore(t, store, rand.New(rand.NewPCG(9, 9)))
	s := start(t, store)
	for program, c := range map[string]struct{ format, script string }{
		"python3": {"csv", "import csv,io,json,sys\nsys.stdout.reconfigure(encoding='utf-8')\nr=csv.DictReader(io.TextIOWrapper(sys.stdin.buffer,encoding='utf-8',newline=''),strict=True)\nprint(json.dumps(list(r)))"},
		"node":    {"json", "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0,'utf8'))))"},
	} {
		flag := map[string]string{"python3": "-c", "node": "-e"}[program]
		path, err := exec.LookPath(program)
		if err != nil {
			t.Logf("left out: there is no %s on the PATH", program)
			continue
		}
		body := s.ask(t, "ada", "GET", "/export/usage."+c.format+"?names=1&granularity=WEEK&startDate=2026-03-02&endDate=2026-03-29", "", "").body
		command := exec.CommandContext(t.Context(), path, flag, c.script)
		command.Stdin = strings.NewReader(body)
		output, err := command.Output()
		if err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		got, want := records(t, "json", string(output)), records(t, c.format, body)
		if !slices.EqualFunc(got, want, func(a, b record) bool { return maps.Equal(a, b) }) || len(want) < 40 {
			t.Errorf("%s reads\n%v\nnot\n%v", program, got, want)
		}
	}
}

func TestWhatAnExportDoesNotTakeIsRefusedByName(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for query, want := range map[string][]string{
		"acountId=x":                       {`there is no parameter \"acountId\"; did you mean accountId?`, `"argument":"acountId"`, `"timeZone"`},
		"timezone=UTC":                     {"did you mean timeZone?"},
		"foo=":                             {`there is no parameter \"foo\"`},
		"names=1&names=1":                  {"names is given 2 times", `"argument":"names"`},
		"accountId=&accountId=":            {"accountId is given 2 times"},
		"names=yes":                        {`names \"yes\" is not known`, `"accepted":["1","0","true","false"]`},
		"spreadsheet=2":                    {`"argument":"spreadsheet"`},
		"previous=x":                       {`"argument":"previous"`},
		"top=0":                            {`"argument":"top"`, "a number from 1 on"},
		"top=-1":                           {`"argument":"top"`},
		"top=many":                         {`"argument":"top"`},
		"order=size":                       {`"argument":"order"`, `"seconds"`},
		"level=total":                      {`"argument":"level"`, `"account"`},
		"granularity=DECADE":               {`"argument":"granularity"`, `"QUARTER_HOUR"`},
		"period=NEXT_YEAR":                 {`"argument":"period"`, `"LAST_MONTH"`},
		"period=TODAY&startDate=x":         {`"argument":"period"`, "cannot go together with startDate"},
		"startDate=2026-02-30":             {`"argument":"startDate"`, "does not exist"},
		"endDate=soon":                     {`"argument":"endDate"`},
		"timeZone=Mars":                    {`"argument":"timeZone"`},
		"accountId=%ff":                    {`"argument":"accountId"`},
		"columns=aiMinutes,nonsense":       {`columns \"nonsense\" is not known`, `"previousSessions"`},
		"columns=aiMinuts":                 {`columns \"aiMinuts\" is not known; did you mean aiMinutes?`},
		"granularity=days":                 {`granularity \"days\" is not known; did you mean DAY?`},
		"columns=aiMinutes,aiMinutes":      {"twice"},
		"columns=from":                     {"step of time", "granularity"},
		"columns=customerId&level=account": {`columns \"customerId\"`},
		"previous=1&granularity=DAY&startDate=2026-03-01&endDate=2026-03-02": {"previous and granularity cannot go together"},
		"previous=1": {"a start and an end"},
		"granularity=QUARTER_HOUR&startDate=2000-01-01&endDate=2026-03-02": {`"argument":"granularity"`, "at most 10000 points"},
		"direction=up&order=id":              {`"argument":"direction"`, `"desc"`},
		"direction=asc":                      {`"argument":"direction"`, "direction is about an order"},
		"order=chnge":                        {`order \"chnge\" is not known; did you mean change?`},
		"measure=hours&order=share":          {`"argument":"measure"`, `"seconds"`},
		"measure=seconds":                    {`"argument":"measure"`, "neither is asked for"},
		"measure=seconds&order=minutes":      {`"argument":"measure"`},
		"minimum=1.5":                        {`"argument":"minimum"`, "a whole number"},
		"minimum=9223372036854775808":        {`"argument":"minimum"`},
		"named=maybe":                        {`"argument":"named"`},
		"include=all":                        {`"argument":"include"`, `"both"`},
		"shift=DAY&previous=1":               {`"argument":"shift"`, `"week"`},
		"shift=WEEK":                         {`"argument":"shift"`, "nothing is compared"},
		"elapsed=1":                          {`"argument":"elapsed"`, "nothing is compared"},
		"comparePeriod=LAST_YEAR":            {`"argument":"comparePeriod"`, "nothing is compared"},
		"compareStartDate=2026-01-01":        {`"argument":"comparePeriod"`, "nothing is compared"},
		"comparePeriod=NEXT_YEAR":            {`"argument":"comparePeriod"`, `"LAST_MONTH"`},
		"search=%ff":                         {`"argument":"search"`, "UTF-8"},
		"search=" + strings.Repeat("x", 256): {`"argument":"search"`, "longer"},
		"previous=1&startDate=2026-03-01&endDate=2026-03-02&compareStartDate=2026-02-30":             {`"argument":"compareStartDate"`, "does not exist"},
		"previous=1&startDate=2026-03-01&endDate=2026-03-02&compareEndDate=soon":                     {`"argument":"compareEndDate"`},
		"previous=1&startDate=2026-03-01&endDate=2026-03-02&comparePeriod=TODAY&shift=WEEK":          {`"argument":"shift"`, "cannot go together with compareStartDate"},
		"previous=1&startDate=2026-03-01&endDate=2026-03-02&comparePeriod=TODAY&compareEndDate=2026": {`"argument":"period"`},
		"order=change&startDate=2026-03-01":                                                          {"a start and an end"},
		"include=both":                                                                               {"a start and an end"},
		"accountId=%zz":                                                                              {"cannot be read"},
		"a=1;b=2":                                                                                    {"cannot be read"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := s.ask(t, "ada", method, "/export/usage.csv?"+query, "", "")
			if got.status != 400 || got.header.Get("Content-Disposition") != "" || got.header.Get("Cache-Control") != "private, no-store" || got.header.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("%s %s: got %d %v", method, query, got.status, got.header)
			}
			for _, part := range append(want, `"code":"BAD_USER_INPUT"`) {
				if method == "GET" && !strings.Contains(got.body, part) {
					t.Errorf("%s: got %s, want %s", query, got.body, part)
				}
			}
		}
	}
	if got := s.ask(t, "ada", "GET", "/export/usage.json?spreadsheet=1", "", ""); got.status != 400 || !strings.Contains(got.body, "spreadsheet is about CSV") {
		t.Errorf("JSON for spreadsheets: got %d %s", got.status, got.body)
	}
}

func TestTheFilesOfExports(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)), func(config *gateway.Config) { config.AllowedOrigins = []string{"https://app.example"} })
	for query, want := range map[string]string{
		"csv?startDate=2026-03-01&endDate=2026-03-31&timeZone=Europe/Berlin":                  "ai-usage_2026-03-01_2026-03-31_Europe-Berlin.csv",
		"json?startDate=2026-03-01&endDate=2026-03-01":                                        "ai-usage_2026-03-01_UTC.json",
		"ndjson?startDate=2026-03-01T10:00&endDate=2026-03-01T10:00:00.250Z&granularity=hour": "ai-usage_2026-03-01T100000_2026-03-01T100000.25_UTC_by-hour.ndjson",
		"csv?startDate=2022-03-27&endDate=2022-03-27&timeZone=Asia/Beirut":                    "ai-usage_2022-03-27_Asia-Beirut.csv", // a day that begins at one o'clock
		"csv?accountIds=a&accountIds=b&customerIds=c":                                         "ai-usage_2-accounts_1-customers_all-time_UTC.csv",
		"csv":                      "ai-usage_all-time_UTC.csv",
		"csv?endDate=2026-03-01":   "ai-usage_until-2026-03-01_UTC.csv",
		"csv?startDate=2026-03-01": "ai-usage_since-2026-03-01_UTC.csv",
		"csv?accountId=a%2F..%22&customerId=c%0D%0Aüé%20x": "ai-usage_a-..-_c--üé-x_all-time_UTC.csv",
	} {
		kind, _, _ := strings.Cut(query, "?")
		for _, method := range []string{"GET", "HEAD"} {
			got := s.ask(t, "ada", method, "/export/usage."+query, "", "", "Origin", "https://app.example")
			disposition := got.header.Get("Content-Disposition")
			kindOf, parameters, err := mime.ParseMediaType(disposition)
			if got.status != 200 || err != nil || kindOf != "attachment" {
				t.Errorf("%s %s: got %d %q %v %s", method, query, got.status, disposition, err, got.body)
				continue
			}
			// Browsers take filename*, where there is one.
			name := parameters["filename"]
			if _, extended, has := strings.Cut(disposition, "filename*=UTF-8''"); has {
				if name, err = url.PathUnescape(extended); err != nil {
					t.Error(err)
				}
			}
			if name != want {
				t.Errorf("%s %s: the file is %q (%s), want %q", method, query, name, disposition, want)
			}
			contentType := map[string]string{"csv": "text/csv; charset=utf-8; header=present", "json": "application/json; charset=utf-8", "ndjson": "application/x-ndjson; charset=utf-8"}[kind]
			for header, value := range map[string]string{
				"Content-Type": contentType, "X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true",
			} {
				if got.header.Get(header) != value {
					t.Errorf("%s %s: %s is %q, want %q", method, query, header, got.header.Get(header), value)
				}
			}
			if !strings.HasPrefix(got.header.Get("Cache-Control"), "private, no-") || method == "HEAD" && got.body != "" {
				t.Errorf("%s %s: %v %q", method, query, got.header, got.body)
			}
		}
	}
}

func TestTheDoorOfExports(t *testing.T) {
	store := fill(t, dbtest.One(t))
	c := &clock{}
	s := start(t, store, withTokens(t, c))
	key, _ := apiKey(t, store, auth.AccountAdministrator, "acc-1")
	own := "accountId,sessions\nacc-1,2\n"
	for what, credentials := range map[string]string{
		"a key": "Bearer " + key, "a token": "Bearer " + token(t, tokenSecret, auth.AccountAdministrator, "acc-1"),
	} {
		if got := s.ask(t, "", "GET", "/export/usage.csv?level=account&columns=accountId,sessions", "", "", "Authorization", credentials); got.status != 200 || got.body != own {
			t.Errorf("by %s: got %d %s", what, got.status, got.body)
		}
	}
	if got := s.ask(t, "", "GET", "/export/usage.csv", "", "", "Authorization", "Bearer x.y.z"); got.status != 401 {
		t.Errorf("a wrong token: got %d", got.status)
	}
	signedIn := s.ask(t, "", "POST", "/auth/credentials", "application/json", `{"UserName":"ann","Password":"`+password+`"}`)
	cookies := ""
	for _, cookie := range (&http.Response{Header: signedIn.header}).Cookies() {
		cookies += cookie.Name + "=" + cookie.Value + "; "
	}
	if got := s.ask(t, "", "GET", "/export/usage.csv?level=account&columns=accountId,sessions", "", "", "Cookie", cookies); got.status != 200 || got.body != own {
		t.Errorf("by cookies: got %d %s", got.status, got.body)
	}
	for _, path := range []string{"/export/usage.xml", "/export/usage", "/export/", "/export/usage.csv/", "/export/usage.CSV", "/export/x.csv"} {
		if got := s.ask(t, "ada", "GET", path, "", ""); got.status != 404 || !strings.Contains(got.body, "/export/usage.ndjson") {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		if got := s.ask(t, "ada", method, "/export/usage.csv", "", ""); got.status != 405 || got.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d %v", method, got.status, got.header)
		}
	}
	got := s.ask(t, "", "GET", "/export/usage.csv?top=1", "", "", "Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
	if got.status != 302 || got.header.Get("Location") != "/sign-in?redirect=%2Fexport%2Fusage.csv%3Ftop%3D1" {
		t.Errorf("a browser without credentials: got %d %v", got.status, got.header)
	}
}

func TestSpreadsheetsAndPrograms(t *testing.T) {
	store := fill(t, dbtest.One(t))
	fillMore(t, store, rand.New(rand.NewPCG(9, 9)))
	s := start(t, store)
	for query, want := range map[string]string{"": "=2", "&spreadsheet=0": "=2", "&spreadsheet=1": "'=2"} {
		rows := records(t, "csv", s.ask(t, "ada", "GET", "/export/usage.csv?accountId=acc-2&customerId=%3D2&columns=customerId,customerName"+query, "", "").body)
		if len(rows) != 1 || rows[0]["customerId"] != want || rows[0]["customerName"] != strings.Replace(want, "=2", "@x", 1) {
			t.Errorf("%s: got %v", query, rows)
		}
	}
}

// Large exports are compressed as GraphQL's answers are, and small ones are not.
func TestExportsAreCompressed(t *testing.T) {
	store := fill(t, dbtest.One(t))
	fillMore(t, store, rand.New(rand.NewPCG(9, 9)))
	s := start(t, store)
	const large, small = "/export/usage.ndjson?granularity=DAY&startDate=2026-03-01&endDate=2026-04-30", "/export/usage.csv?top=1"
	plain := s.ask(t, "ada", "GET", large, "", "", "Accept-Encoding", "identity")
	if len(plain.body) < 64<<10 {
		t.Fatalf("only %d bytes", len(plain.body))
	}
	for accept, want := range map[string]string{"gzip": "gzip", "zstd": "zstd", "identity": ""} {
		got := s.ask(t, "ada", "GET", large, "", "", "Accept-Encoding", accept)
		if got.header.Get("Content-Encoding") != want || !strings.Contains(strings.Join(got.header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%s: got %v", accept, got.header)
		}
		if body := unpacked(t, want, got.body); body != plain.body {
			t.Errorf("%s: %d bytes, not %d", accept, len(body), len(plain.body))
		}
		if got := s.ask(t, "ada", "GET", small, "", "", "Accept-Encoding", accept); got.header.Get("Content-Encoding") != "" || got.header.Get("Content-Length") == "" {
			t.Errorf("%s, a small one: got %v", accept, got.header)
		}
	}
}

// Twenty at once get the same as one alone, with connections for a few.
func TestManyExportsAtOnce(t *testing.T) {
	dbtest.Any(t, func(t *testing.T, dsn string) {
		store := fill(t, dsn)
		fillMore(t, store, rand.New(rand.NewPCG(9, 9)))
		s := start(t, store)
		const path = "/export/usage.csv?names=1&granularity=DAY&startDate=2026-03-01&endDate=2026-03-31"
		want := s.ask(t, "ada", "GET", path, "", "").body
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got := s.ask(t, "ada", "GET", path, "", ""); got.status != 200 || got.body != want {
					t.Errorf("got %d, %d bytes instead of %d", got.status, len(got.body), len(want))
				}
			})
		}
		all.Wait()
	})
}
