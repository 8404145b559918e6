package resolvers_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// driver is a part of a change, by the text of its key.
type driver struct {
	key         string
	subject     usage.Subject
	part        int
	now, before usage.Usage
}

// drivers returns the parts of a change in the order in which they are named.
func (m *model) drivers(q question, by, measure string, with usage.Range) []driver {
	parts := map[string]*driver{}
	add := func(span usage.Range, to func(*driver) *usage.Usage) {
		for _, s := range m.in(q, span) {
			one := driver{subject: usage.Subject{AccountID: s.AccountID}}
			local := s.StartedAt.In(q.zone)
			switch by {
			case "CUSTOMER":
				one.subject.CustomerID = s.CustomerID
			case "HOUR_OF_DAY":
				one.subject, one.part = usage.Subject{}, local.Hour()
			case "WEEKDAY":
				one.subject, one.part = usage.Subject{}, (int(local.Weekday())+6)%7
			}
			one.key = fmt.Sprintf("%s/%s %d", one.subject.AccountID, one.subject.CustomerID, one.part)
			if parts[one.key] == nil {
				parts[one.key] = &one
			}
			amount := to(parts[one.key])
			*amount = amount.Plus(s.Usage())
		}
	}
	add(q.span, func(d *driver) *usage.Usage { return &d.now })
	add(with, func(d *driver) *usage.Usage { return &d.before })
	size := func(d driver) int64 {
		change := measured(measure, d.now) - measured(measure, d.before)
		return max(change, -change)
	}
	var sorted []driver
	for _, part := range parts {
		sorted = append(sorted, *part)
	}
	slices.SortFunc(sorted, func(a, b driver) int {
		return cmp.Or(cmp.Compare(size(b), size(a)), a.subject.Compare(b.subject), cmp.Compare(a.part, b.part))
	})
	return sorted
}

// shown is a part as driversAnswer.shown has it.
func (d driver) shown(names map[usage.Subject]string, by, measure string) string {
	status := "CONTINUED"
	if d.before.Sessions == 0 {
		status = "BEGUN"
	} else if d.now.Sessions == 0 {
		status = "STOPPED"
	}
	whose := fmt.Sprintf("%s %q/%s %q", d.subject.AccountID, names[usage.Subject{AccountID: d.subject.AccountID}], d.subject.CustomerID, names[d.subject])
	switch by {
	case "HOUR_OF_DAY":
		whose = fmt.Sprint("hour ", d.part)
	case "WEEKDAY":
		whose = []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}[d.part]
	}
	if d.subject.CustomerID == "" && by != "HOUR_OF_DAY" && by != "WEEKDAY" {
		whose = fmt.Sprintf("%s %q", d.subject.AccountID, names[d.subject])
	}
	return fmt.Sprintf("%s %s %d %d", whose, status, measured(measure, d.now), measured(measure, d.before))
}

const driversFields = `{by of current previous change
	largest{account{accountId name} customer{customerId name} hour weekday status current previous change} rest{count current previous change}}`

type changed struct{ Current, Previous, Change int64 }

type driversAnswer struct {
	changed
	By, Of  string
	Largest []struct {
		changed
		Account *struct {
			AccountID string
			Name      *string
		}
		Customer *struct {
			CustomerID string
			Name       *string
		}
		Hour    *int
		Weekday *string
		Status  string
	}
	Rest struct {
		changed
		Count int
	}
}

// shown has a text of each part that is named.
func (a driversAnswer) shown() (parts []string) {
	for _, one := range a.Largest {
		text := ""
		switch {
		case one.Customer != nil:
			text = fmt.Sprintf("%s %q/%s %q", one.Account.AccountID, pointed(one.Account.Name), one.Customer.CustomerID, pointed(one.Customer.Name))
		case one.Account != nil:
			text = fmt.Sprintf("%s %q", one.Account.AccountID, pointed(one.Account.Name))
		case one.Hour != nil:
			text = fmt.Sprint("hour ", *one.Hour)
		case one.Weekday != nil:
			text = *one.Weekday
		}
		parts = append(parts, fmt.Sprintf("%s %s %d %d", text, one.Status, one.Current, one.Previous))
	}
	return parts
}

// checkDrivers compares what a change is said to be made of with what it is made of.
func (m *model) checkDrivers(t *testing.T, what any, q question, with *usage.Range, by, measure string, first int, got *driversAnswer) {
	t.Helper()
	if (got == nil) != (with == nil) {
		t.Errorf("%v: got %v, compared with %v", what, got, with)
	}
	if got == nil || with == nil {
		return
	}
	parts := m.drivers(q, by, measure, *with)
	names := m.names
	first = min(first, len(parts))
	var want []string
	var rest, whole changed
	add := func(to *changed, now, before int64) {
		to.Current, to.Previous, to.Change = to.Current+now, to.Previous+before, to.Change+now-before
	}
	for i, part := range parts {
		if i < first {
			want = append(want, part.shown(names, by, measure))
		} else {
			add(&rest, measured(measure, part.now), measured(measure, part.before))
		}
	}
	for _, s := range m.in(q, q.span) {
		add(&whole, measured(measure, s.Usage()), 0)
	}
	for _, s := range m.in(q, *with) {
		add(&whole, 0, measured(measure, s.Usage()))
	}
	if shown := got.shown(); !slices.Equal(shown, want) {
		t.Errorf("%v compared with %v by %s: got\n%s\nwant\n%s", what, with, by, strings.Join(shown, "\n"), strings.Join(want, "\n"))
	}
	if got.changed != whole || got.Rest.changed != rest || got.Rest.Count != len(parts)-first || got.By != by || got.Of != measure {
		t.Errorf("%v compared with %v by %s: got %+v and the rest %+v, want %+v and %+v of %d", what, with, by, got.changed, got.Rest, whole, rest, len(parts)-first)
	}
	sum := got.Rest.changed
	for _, one := range got.Largest {
		if one.Change != one.Current-one.Previous {
			t.Errorf("%v: %+v", what, one)
		}
		add(&sum, one.Current, one.Previous)
	}
	if sum != got.changed {
		t.Errorf("%v: the parts add up to %+v of %+v", what, sum, got.changed)
	}
}

// Whatever a change is told apart by, in whichever zone, for whomever: its parts are those that
// looking at every session finds, and add up to it.
func TestDriversAgreeWithAModel(t *testing.T) {
	const document = `query(` + declared + `,$first:Int!,$by:AIUsageDimension!,$of:AIUsageMeasure!,$compare:AIUsageComparison){
		aiUsage(` + asked + `){asOf drivers(first:$first,by:$by,of:$of,compare:$compare)` + driversFields + `}}`
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(23, 24))}, time.Now()
		m, a := filledBy(t, dsn, d, now)
		for compared := 0; compared < 80; {
			q, arguments := d.question(datesAround(now))
			who := among(d, "everybody", "everybody", "some", "one", "nobody known")
			if q.scope = principals[who]; q.scope != nil && q.accountID != "" && !slices.Contains(q.scope, q.accountID) {
				continue // which is refused
			}
			by, measure, first := among(d, "ACCOUNT", "CUSTOMER", "HOUR_OF_DAY", "WEEKDAY"), among(d, "AI_MINUTES", "AI_SECONDS", "SESSIONS"), d.IntN(13)
			arguments["by"], arguments["of"], arguments["first"], arguments["compare"] = by, measure, first, q.compare.written()
			if q.compare.dates != nil && q.compare.dates[0] == "" && q.compare.dates[1] == "" {
				continue // without dates the input object is about the time just before
			}
			var variables []any
			for name, value := range arguments {
				variables = append(variables, name, value)
			}
			var got struct {
				AIUsage struct {
					AsOf    time.Time
					Drivers *driversAnswer
				}
			}
			answer := a.asOne(t, who).ask(t, t.Context(), document, variables...)
			if err := json.Unmarshal([]byte(answer), &got); err != nil || strings.Contains(answer, `"errors"`) {
				t.Fatalf("%s: %+v\n%s", who, arguments, answer)
			}
			with := q.compare.span(t, q, got.AIUsage.AsOf)
			m.checkDrivers(t, fmt.Sprint(who, arguments), q, with, by, measure, first, got.AIUsage.Drivers)
			if with != nil {
				compared++
			}
		}
	})
}

// Hours and weekdays are those of the clocks and the calendar, in ranges of years, over changes of
// the clocks and from within an hour to within another.
func TestDriversInYearsAndOverChangesOfTheClocks(t *testing.T) {
	dbtest.InTurn(t, 1, func(t *testing.T, dsn string) {
		d := drawer{rand.New(rand.NewPCG(25, 26))}
		m := &model{}
		at := func(text string, step time.Duration, count int) {
			from, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			for range count {
				m.sessions = append(m.sessions, usage.Session{SessionID: fmt.Sprint(len(m.sessions)), AccountID: "a", StartedAt: from, DurationSeconds: d.Int64N(300)})
				from = from.Add(step)
			}
		}
		at("2022-01-01T00:17:00Z", 31*time.Hour+7*time.Minute, 1000)
		at("2025-03-29T20:04:00Z", 13*time.Minute, 300) // Berlin and St. John's, forward and back
		at("2025-10-25T20:04:00Z", 13*time.Minute, 300)
		at("2025-04-05T10:04:00Z", 13*time.Minute, 200) // Lord Howe Island, by half an hour
		a := serve(m.rolledUp(t, dsn))
		for _, zone := range []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"} {
			ranges := [][]string{{"2025-03-30", "2025-03-30"}, {"2025-10-26", "2025-10-26"}, {"2025-03-29T22:10", "2025-04-06T02:20"}, {"2025-04-06T01:20", "2025-04-06T02:20"}}
			if zone == "Asia/Kolkata" || zone == "America/St_Johns" {
				ranges = append(ranges, []string{"2022-01-01", "2025-12-31"}, []string{"2023-10-29", ""})
			}
			for _, dates := range ranges {
				for _, by := range []string{"HOUR_OF_DAY", "WEEKDAY"} {
					q := question{zone: mustZone(zone), compare: comparison{dates: []string{"2025-03-29T20:50", "2025-03-30"}}}
					q.span, _ = usage.ParseRange(dates[0], dates[1], q.zone)
					got := read[struct {
						AIUsage struct{ Drivers *driversAnswer }
					}](t, a,
						`query($from:String,$to:String,$zone:String,$by:AIUsageDimension!,$compare:AIUsageComparison){
						aiUsage(startDate:$from,endDate:$to,timeZone:$zone){drivers(first:24,by:$by,of:SESSIONS,compare:$compare)`+driversFields+`}}`,
						"from", dates[0], "to", dates[1], "zone", zone, "by", by, "compare", q.compare.written())
					with := q.compare.span(t, q, time.Now())
					m.checkDrivers(t, fmt.Sprint(zone, dates), q, with, by, "SESSIONS", 24, got.AIUsage.Drivers)
				}
			}
		}
	})
}

// The drivers of a list of accounts are those of their own reports, and so are those of a page
// that is gone on from, and those that are found by an id.
func TestDriversAreTheSameWhereverAReportIs(t *testing.T) {
	const drivers = `drivers(first:3,by:$by,of:AI_SECONDS)` + driversFields
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(27, 28))}, time.Now()
		_, a := filledBy(t, dsn, d, now)
		for _, by := range []string{"ACCOUNT", "CUSTOMER", "HOUR_OF_DAY", "WEEKDAY"} {
			ask := func(more, document string, variables ...any) map[string]any {
				t.Helper()
				return decoded(t, a.ask(t, t.Context(), `query($by:AIUsageDimension!`+more+`){`+document+`}`, append(variables, "by", by)...)).(map[string]any)
			}
			listed := ask("", `accounts(first:6){nodes{accountId usage(period:LAST_30_DAYS){`+drivers+`}}}`)["accounts"]
			for _, node := range listed.(map[string]any)["nodes"].([]any) {
				account := node.(map[string]any)
				own := ask(",$a:ID", `aiUsage(accountId:$a,period:LAST_30_DAYS){id `+drivers+`}`, "a", account["accountId"])["aiUsage"].(map[string]any)
				if got, want := fmt.Sprint(account["usage"].(map[string]any)["drivers"]), fmt.Sprint(own["drivers"]); got != want {
					t.Errorf("%s of %s:\n%s\nwant\n%s", by, account["accountId"], got, want)
				}
				again := ask(",$id:ID!", `node(id:$id){...on AIUsage{`+drivers+`}}`, "id", own["id"])["node"].(map[string]any)
				if got, want := fmt.Sprint(again["drivers"]), fmt.Sprint(own["drivers"]); got != want {
					t.Errorf("%s of %s by its id:\n%s\nwant\n%s", by, account["accountId"], got, want)
				}
			}
			const page = `aiUsage(period:LAST_30_DAYS){` + drivers + ` accountUsageConnection(first:1,after:$after){pageInfo{endCursor}}}`
			first := ask(",$after:String", page)["aiUsage"].(map[string]any)
			after := first["accountUsageConnection"].(map[string]any)["pageInfo"].(map[string]any)["endCursor"]
			next := ask(",$after:String", page, "after", after)["aiUsage"].(map[string]any)
			if got, want := fmt.Sprint(next["drivers"]), fmt.Sprint(first["drivers"]); got != want {
				t.Errorf("%s on the next page:\n%s\nwant\n%s", by, got, want)
			}
		}
	})
}

// What is added up is of the same state as the whole, where a page goes on in an older report.
func TestDriversOfAnOlderReportAddUp(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 5, 4, 3)
	write(t, store, "b", 1)
	a := serve(store)
	const document = `query($by:AIUsageDimension!,$after:String){aiUsage(startDate:"2026-03-01",endDate:"2026-03-01"){
		drivers(by:$by)` + driversFields + ` accountUsageConnection(first:1,after:$after){pageInfo{endCursor}}}}`
	type answered struct {
		AIUsage struct {
			Drivers                driversAnswer
			AccountUsageConnection struct{ PageInfo struct{ EndCursor *string } }
		}
	}
	for _, by := range []string{"ACCOUNT", "CUSTOMER", "HOUR_OF_DAY", "WEEKDAY"} {
		first := read[answered](t, a, document, "by", by)
		write(t, store, "a", 5, 4, 3, 7+len(by))
		for _, got := range []driversAnswer{first.AIUsage.Drivers, read[answered](t, a, document, "by", by, "after", first.AIUsage.AccountUsageConnection.PageInfo.EndCursor).AIUsage.Drivers} {
			sum := got.Rest.Change
			for _, part := range got.Largest {
				sum += part.Change
				if part.Account == nil && part.Hour == nil && part.Weekday == nil {
					t.Errorf("%s: a part of nothing: %+v", by, part)
				}
			}
			if sum != got.Change || sum == 0 {
				t.Errorf("%s: %d of %+v", by, sum, got)
			}
		}
	}
}

func TestDriversThatAreRefused(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 1)
	a := serve(store)
	for query, want := range map[string]string{
		`{aiUsage(period:TODAY){drivers(first:-1,by:ACCOUNT){change}}}`:                                                  `"argument":"first"`,
		`{aiUsage(period:TODAY){drivers(first:10001,by:ACCOUNT){change}}}`:                                               `"argument":"first"`,
		`{aiUsage(period:TODAY){drivers(first:2147483647,by:WEEKDAY){change}}}`:                                          `"argument":"first"`,
		`{aiUsage(period:TODAY){drivers{change}}}`:                                                                       `GRAPHQL_VALIDATION_FAILED`,
		`{aiUsage(period:TODAY){drivers(by:ACCOUNT,compare:{shift:WEEK,period:TODAY}){change}}}`:                         `"argument":"shift"`,
		`{aiUsage(period:TODAY){drivers(by:ACCOUNT,compare:{range:{days:{from:"2026-02-30"}}}){change}}}`:                `"argument":"range.days.from"`,
		`{aiUsage(startDate:"1900-01-01",endDate:"2026-01-01"){drivers(by:HOUR_OF_DAY){change}}}`:                        `"argument":"by"`,
		`{aiUsage(startDate:"1000-01-01",endDate:"9998-01-01"){drivers(by:WEEKDAY,compare:{period:TODAY}){change}}}`:     `"argument":"by"`,
		`{aiUsage(period:TODAY){drivers(by:HOUR_OF_DAY,compare:{startDate:"1900-01-01",endDate:"2026-01-01"}){change}}}`: `"argument":"by"`,
		// What is read and what may be written weighs as much as that of lists and series.
		`{accounts(first:1000){nodes{usage(period:TODAY){drivers(by:HOUR_OF_DAY){of} b:drivers(by:HOUR_OF_DAY,of:SESSIONS){of} c:drivers(by:HOUR_OF_DAY,compare:{shift:WEEK}){of}}}}}`: `OPERATION_TOO_LARGE`,
		`{accounts(first:400){nodes{usage(period:TODAY){drivers(first:10000,by:ACCOUNT){of}}}}}`:                                                                                       `OPERATION_TOO_LARGE`,
		// What is too long to be shown can be added up, beside it.
		`{aiUsage(startDate:"2024-01-01",endDate:"2026-03-31"){drivers(by:HOUR_OF_DAY){largest{hour change}} series(granularity:HOUR){from}}}`: `"drivers":{"largest":[{"hour":12,"change":1}]},"series":null}}`,
		`{aiUsage{drivers(by:ACCOUNT){change} b:drivers(by:WEEKDAY){change} c:drivers(by:HOUR_OF_DAY,compare:{}){rest{count}}}}`:               `{"aiUsage":{"drivers":null,"b":null,"c":null}}`,
		`{aiUsage(startDate:"2026-04-01",endDate:"2026-04-02"){drivers(by:WEEKDAY){change largest{status} rest{count change}}}}`:               `{"aiUsage":{"drivers":{"change":0,"largest":[],"rest":{"count":0,"change":0}}}}`,
	} {
		if got := a.ask(t, t.Context(), query); !strings.Contains(got, want) {
			t.Errorf("%s\ngot %s", query, got)
		}
	}
}

// Whoever is asked, what has been dropped is told apart as far as its quarter-hours go.
func TestDriversOfWhatHasBeenDropped(t *testing.T) {
	dbtest.AnyServer(t, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(29, 30))}, time.Now()
		m := newModel(d.Rand, now)
		store := m.rolledUp(t, dsn)
		if dropped, err := store.DropSessions(t.Context(), now.AddDate(0, 0, -30), func(int64) {}); err != nil || dropped == 0 {
			t.Fatalf("%d dropped, %v", dropped, err)
		}
		a := serve(store)
		const document = `query($from:String,$to:String,$zone:String,$by:AIUsageDimension!){aiUsage(startDate:$from,endDate:$to,timeZone:$zone){drivers(first:5,by:$by)` + driversFields + `}}`
		day := func(ago int) string { return now.AddDate(0, 0, -ago).Format("2006-01-02") }
		for _, zone := range []string{"Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"} {
			for _, by := range []string{"ACCOUNT", "CUSTOMER", "HOUR_OF_DAY", "WEEKDAY"} {
				q := question{zone: mustZone(zone)}
				q.span, _ = usage.ParseRange(day(45)+"T10:15", day(20), q.zone)
				got := read[struct {
					AIUsage struct{ Drivers *driversAnswer }
				}](t, a, document, "from", day(45)+"T10:15", "to", day(20), "zone", zone, "by", by)
				m.checkDrivers(t, zone, q, q.compare.span(t, q, now), by, "AI_MINUTES", 5, got.AIUsage.Drivers)
				refused := a.ask(t, t.Context(), document, "from", day(45)+"T10:16", "to", day(20), "zone", zone, "by", by)
				if !strings.Contains(refused, `"argument":"startDate"`) || !strings.Contains(refused, `"accepted":["the nearest exact range`) {
					t.Errorf("%s by %s: %s", zone, by, refused)
				}
			}
		}
	})
}

// Sessions that start at no instant are a part of no hour and no day, so that the parts add up
// to all that a report without a range has.
func TestDriversWithoutAnInstant(t *testing.T) {
	dbtest.AnyServer(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		write(t, store, "a", 5, 4)
		execute(t, dsn, "SET SESSION sql_mode = ''", `INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated', 'a', '0000-00-00', 600)`)
		a := serve(store)
		for by, part := range map[string]string{"HOUR_OF_DAY": "hour weekday", "WEEKDAY": "weekday hour"} {
			got := a.ask(t, t.Context(), `query($by:AIUsageDimension!){aiUsage{totals{aiMinutes} drivers(first:1,by:$by,compare:{startDate:"2026-03-02"}){change largest{`+part+` change status} rest{count change}}}}`, "by", by)
			left := map[string]string{"HOUR_OF_DAY": `{"count":2,"change":9}`, "WEEKDAY": `{"count":1,"change":9}`}[by]
			want := `{"aiUsage":{"totals":{"aiMinutes":19},"drivers":{"change":19,"largest":[{"` + strings.Replace(part, " ", `":null,"`, 1) + `":null,"change":10,"status":"BEGUN"}],"rest":` + left + `}}}`
			if got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", by, got, want)
			}
		}
	})
}

// execute has statements executed on one connection, past the gateway.
func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	server, err := sqlx.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.SetMaxOpenConns(1)
	for _, statement := range statements {
		if _, err := server.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
