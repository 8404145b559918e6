package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/resolvers"
	"aiusage/transport"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// noon is when the sessions of these tests start.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// open returns a migrated database.
func open(t *testing.T, dsn string) *db.Store {
	t.Helper()
	tables.Make(t, dsn)
	store, err := db.Open(dsn, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// write writes a session of each number of minutes, for customers of one account.
func write(t *testing.T, store *db.Store, account string, minutes ...int) {
	t.Helper()
	var sessions []usage.Session
	for i, m := range minutes {
		sessions = append(sessions, usage.Session{
			SessionID: fmt.Sprintf("%s/%d", account, i), AccountID: account, CustomerID: fmt.Sprintf("c%d", i),
			StartedAt: noon.Add(time.Duration(i) * time.Hour), DurationSeconds: int64(60 * m),
		})
	}
	if _, err := store.WriteSessions(t.Context(), sessions); err != nil {
		t.Fatal(err)
	}
}

// api is a GraphQL endpoint over a database.
type api struct{ handler http.Handler }

func serve(reader resolvers.Reader) api {
	resolver := resolvers.New(reader, resolvers.Options{})
	return api{transport.New(resolver.Schema(), transport.Options{Extensions: resolver.Extensions()})}
}

// ask returns the data of an answer, or its errors.
func (a api) ask(t *testing.T, ctx context.Context, query string, variables ...any) string {
	t.Helper()
	values := map[string]any{}
	for i := 0; i < len(variables); i += 2 {
		values[variables[i].(string)] = variables[i+1]
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": values})
	if err != nil {
		t.Fatal(err)
	}
	answer := send(ctx, a.handler, body)
	return strings.TrimSuffix(strings.TrimPrefix(answer, `{"data":`), "}")
}

// read asks for something and returns it.
func read[T any](t *testing.T, a api, query string, variables ...any) (data T) {
	t.Helper()
	answer := a.ask(t, t.Context(), query, variables...)
	if err := json.Unmarshal([]byte(answer), &data); err != nil || strings.HasPrefix(answer, `{"errors"`) {
		t.Fatalf("%s\n%s", query, answer)
	}
	return data
}

// The number of statements does not depend on the number of rows.
func TestAnAnswerOfAnyWidthTakesFewStatements(t *testing.T) {
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		writer := open(t, dsn)
		for i := range 50 {
			write(t, writer, fmt.Sprintf("account-%02d", i), 1, 2, 3, 4)
		}
		recorded, statements := dbtest.Record(t, dsn)
		a := serve(open(t, recorded))
		a.ask(t, t.Context(), `{aiUsage{asOf}}`) // to know the state of the rollups
		var nodes []string
		for _, id := range regexp.MustCompile(`"id":("[^"]+")`).FindAllStringSubmatch(a.ask(t, t.Context(),
			`{aiUsage(startDate:"2026-03-01",endDate:"2026-03-31"){id totals{id} accountUsageConnection(first:20){nodes{id account{id} series(granularity:DAY,fillZero:false){id}}}}}`), -1) {
			nodes = append(nodes, id[1])
		}
		const march = `aiUsage(startDate:"2026-03-01",endDate:"2026-03-31",timeZone:"Europe/Berlin")`
		for query, most := range map[string]int{
			// Two statements begin the transaction of a snapshot, and one ends it.
			`{` + march + `{accountUsage{customerUsage{series(granularity:DAY){aiMinutes}}}}}`:                                                       5,
			`{` + march + `{accountUsage{aiMinutes customerUsage{aiMinutes}} plan{source}}}`:                                                         4,
			`{` + march + `{accountUsage{series(granularity:DAY){aiMinutes} customerUsage{series(granularity:DAY){aiMinutes}}}}}`:                    6,
			`{` + march + `{accountUsage{account{name} previous{aiMinutes} share customerUsage{customer{name} account{name} previous{aiMinutes}}}}}`: 7,
			`{` + march + `{accountUsageConnection(first:10){nodes{series(granularity:HOUR){aiMinutes} customerUsage{customer{name}}}}}}`:            6,
			`{` + march + `{id from sessionsConnection(first:3){nodes{sessionId}}}}`:                                                                 5,
			`{` + march + `{series(granularity:DAY){sessions}}}`:                                                                                     4,
			`{` + march + `{customerUsage{aiMinutes}}}`:                                                                                              1,
			`{aiUsage(accountIds:["account-07","account-09"],customerIds:["c1"]){customerUsage{minutes}}}`:                                           1,
			`{` + march + `{accountUsage(include:BOTH,compare:{shift:WEEK}){minutes previous(shift:WEEK){sessions} customerUsage(include:BOTH,compare:{shift:WEEK}){previous(shift:WEEK){sessions}}} previous(shift:WEEK){totals{sessions}}}}`: 5,
			`{` + march + `{accountUsage{previous{sessions} week:previous(shift:WEEK){sessions} compareTo(period:TODAY){sessions}} compareTo(period:TODAY){asOf}}}`:                                                                            7,
			`{` + march + `{customerUsageConnection(first:3,filter:{search:"C",named:false},orderBy:{field:CHANGE},compare:{shift:YEAR}){totalCount nodes{customer{name} previous(shift:YEAR){sessions}}}}}`:                                   7,
			`{` + march + `{accountUsageConnection(orderBy:{field:NAME}){nodes{account{name}}}}}`:                                                                                                                                              6,
			// Of what is added up, and of what it comes to, each is read once, whatever is named of it.
			`{` + march + `{drivers(by:ACCOUNT){largest{account{name} change}} few:drivers(first:2,by:ACCOUNT,of:SESSIONS){rest{count}}}}`:                                                       6,
			`{` + march + `{drivers(by:CUSTOMER){largest{account{name} customer{name} change}} previous{totals{sessions}}}}`:                                                                     7,
			`{` + march + `{drivers(by:HOUR_OF_DAY){largest{hour change}} few:drivers(first:2,by:HOUR_OF_DAY,of:SESSIONS){rest{count}}}}`:                                                        7,
			`{` + march + `{drivers(by:WEEKDAY){largest{weekday change}} accountUsage{minutes}}}`:                                                                                                7,
			`{accounts(first:50){nodes{usage(startDate:"2026-03-01",endDate:"2026-03-31"){drivers(by:HOUR_OF_DAY){change} days:drivers(by:WEEKDAY){change} all:drivers(by:CUSTOMER){change}}}}}`: 10,
			// Of accounts and customers, and of theirs, all of a list is read together.
			`{accounts(first:50){nodes{usage(period:TODAY){totals{sessions}}}}}`: 5,
			`{` + march + `{accountUsage{account{usage(startDate:"2026-02-01",endDate:"2026-03-31"){totals{sessions} customerUsage{minutes} previous{totals{sessions}} series(granularity:DAY){sessions} accountUsage{series(granularity:DAY){sessions}}}}}}}`: 9,
			`{` + march + `{customerUsage{customer{name usage(period:LAST_30_DAYS){totals{sessions} previous{totals{sessions}} series(granularity:DAY){sessions}}}}}}`:                                                                                         8,
			`{customers(first:200){nodes{account{usage(period:TODAY){totals{sessions}}} usage(period:TODAY){totals{sessions}}}}}`:                                                                                                                              6,
			`{accounts(first:50){nodes{customers(first:3){nodes{name}} all:customers(last:2){nodes{customerId}} again:customers(first:3){pageInfo{hasNextPage}} found:customers(search:"C2"){nodes{customerId}}}}}`:                                            7,
			`{accounts(first:50){nodes{customers(first:3){nodes{usage(startDate:"2026-03-01",endDate:"2026-03-31"){totals{sessions}} account{name}}}}}}`:                                                                                                       7,
			`{` + march + `{accountUsage{account{customers(first:1){nodes{customerId}}}}}}`:                                                                                                                                                                    5,
			`{customers(first:200){nodes{account{customers(first:1){nodes{customerId}}}}}}`:                                                                                                                                                                    3,
			`{aiUsage{accountUsage{id account{id}} totals{id} id}}`:                                                                                                                                                                                            1,
			`{account(accountId:"account-07"){id name}}`: 1,
			`{a:account(accountId:"account-07"){name} b:account(accountId:"account-08"){name} c:customer(accountId:"account-07",customerId:"c1"){name}}`:                              2,
			`{nodes(ids:[` + strings.Join(nodes, ",") + `]){id ...on AIAccountUsage{minutes series(granularity:DAY){sessions}} ...on Account{name} ...on AIUsage{totals{sessions}}}}`: 7,
			`{accounts(first:50){nodes{name}}}`:                 1,
			`{customers(first:200){nodes{name account{name}}}}`: 5,
		} {
			var sent []string
			for range 5 { // what is read in the background is not the answer's
				statements.Take()
				if answer := a.ask(t, t.Context(), query); strings.Contains(answer, `"errors"`) {
					t.Errorf("%s\n%s", query, answer)
				}
				if sent = statements.Take(); len(sent) <= most {
					break
				}
			}
			if len(sent) > most {
				t.Errorf("%s\ntook %d statements, more than %d:\n%.80q", query, len(sent), most, sent)
			} else if len(sent) == 0 {
				t.Errorf("%s\ntook no statement", query)
			}
		}
	})
}

type page struct {
	AIUsage struct {
		AsOf string
		Page struct {
			Nodes []struct {
				CustomerID string
				AIMinutes  int
			}
			PageInfo struct {
				HasNextPage, HasPreviousPage bool
				StartCursor, EndCursor       *string
			}
			TotalCount int
		}
	}
}

func (p page) ids() string {
	var ids []string
	for _, node := range p.AIUsage.Page.Nodes {
		ids = append(ids, node.CustomerID)
	}
	return strings.Join(ids, " ")
}

const pageQuery = `query($first:Int,$after:String,$last:Int,$before:String,$orderBy:AIUsageOrder){
	aiUsage(accountId:"a"){asOf page:customerUsageConnection(first:$first,after:$after,last:$last,before:$before,orderBy:$orderBy)
	{nodes{customerId aiMinutes} pageInfo{hasNextPage hasPreviousPage startCursor endCursor} totalCount}}}`

func TestPagesInEveryOrder(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 5, 1, 3, 3, 9)
	a := serve(store)
	for order, want := range map[string]string{
		"ID ASC": "c0 c1 c2 c3 c4", "ID DESC": "c4 c3 c2 c1 c0",
		"AI_MINUTES ASC": "c1 c2 c3 c0 c4", "AI_MINUTES DESC": "c4 c0 c2 c3 c1",
		"AI_SECONDS DESC": "c4 c0 c2 c3 c1", "SESSIONS DESC": "c0 c1 c2 c3 c4",
	} {
		field, direction, _ := strings.Cut(order, " ")
		orderBy := map[string]any{"field": field, "direction": direction}
		for size := 1; size <= 6; size++ {
			var forward, backward []string
			for after := (*string)(nil); ; {
				p := read[page](t, a, pageQuery, "first", size, "after", after, "orderBy", orderBy)
				forward = append(forward, p.ids())
				if p.AIUsage.Page.TotalCount != 5 || p.AIUsage.Page.PageInfo.HasPreviousPage != (after != nil) {
					t.Errorf("%s by %d: got %+v", order, size, p)
				}
				if after = p.AIUsage.Page.PageInfo.EndCursor; !p.AIUsage.Page.PageInfo.HasNextPage {
					break
				}
			}
			for before := (*string)(nil); ; {
				p := read[page](t, a, pageQuery, "last", size, "before", before, "orderBy", orderBy)
				backward = append([]string{p.ids()}, backward...)
				if before = p.AIUsage.Page.PageInfo.StartCursor; !p.AIUsage.Page.PageInfo.HasPreviousPage {
					break
				}
			}
			if strings.Join(forward, " ") != want || strings.Join(backward, " ") != want {
				t.Errorf("%s by %d: got %q forward and %q backward, want %q", order, size, forward, backward, want)
			}
		}
	}
}

// The pages after the first are of the same report, whatever is written meanwhile,
// and go on at the same place where that is not kept.
func TestPagesAreOfOneReport(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 5, 4, 3, 2, 1)
	a := serve(store)
	orderBy := map[string]any{"field": "AI_MINUTES", "direction": "DESC"}
	first := read[page](t, a, pageQuery, "first", 2, "orderBy", orderBy)
	write(t, store, "a", 5, 4, 30, 2, 1, 7)
	next := read[page](t, a, pageQuery, "first", 2, "after", first.AIUsage.Page.PageInfo.EndCursor, "orderBy", orderBy)
	if next.ids() != "c2 c3" || next.AIUsage.Page.Nodes[0].AIMinutes != 3 || next.AIUsage.AsOf != first.AIUsage.AsOf || next.AIUsage.Page.TotalCount != 5 {
		t.Errorf("got %+v after %+v", next, first)
	}
	elsewhere := read[page](t, serve(store), pageQuery, "first", 2, "after", first.AIUsage.Page.PageInfo.EndCursor, "orderBy", orderBy)
	if elsewhere.ids() != "c3 c4" || elsewhere.AIUsage.AsOf == first.AIUsage.AsOf || elsewhere.AIUsage.Page.TotalCount != 6 {
		t.Errorf("elsewhere got %+v", elsewhere)
	}
}

// Nobody goes on in a report that is kept for somebody who may see other accounts:
// the same question of another is another question.
func TestAKeptReportIsOnlyOfThoseWhoMaySeeTheSame(t *testing.T) {
	store := open(t, dbtest.One(t))
	a := serve(store)
	of := func(accounts ...string) auth.Principal {
		return auth.Principal{Name: strings.Join(accounts, "+"), Roles: []string{auth.AccountAdministrator}, Accounts: accounts}
	}
	callers := []auth.Principal{{Name: "admin", Roles: []string{auth.SystemAdministrator}}, of("a", "b"), of("a"), of("b")}
	// What each of them sees after the first customer of a, while the last customers
	// of a and b have that many minutes more.
	sees := func(caller string, more int) string {
		seen := map[string]struct {
			sessions, minutes int
			next              string
		}{"admin": {5, 15 + 2*more, "a"}, "a+b": {5, 15 + 2*more, "a"}, "a": {3, 12 + more, "a"}, "b": {2, 3 + more, "b"}}[caller]
		customer := map[string]string{"a": "c1", "b": "c0"}[seen.next]
		return fmt.Sprintf(`{"aiUsage":{"totals":{"sessions":%d,"aiMinutes":%d},"page":{"nodes":[{"accountId":%q,"customerId":%q}],"totalCount":%[1]d}}}`,
			seen.sessions, seen.minutes, seen.next, customer)
	}
	for more, first := range callers[:3] {
		write(t, store, "a", 5, 4, 3+more)
		write(t, store, "b", 2, 1+more)
		var begun struct {
			AIUsage struct {
				Page struct{ PageInfo struct{ EndCursor string } }
			}
		}
		answer := a.askAs(t, auth.NewContext(t.Context(), first), `{aiUsage{page:customerUsageConnection(first:1){pageInfo{endCursor}}}}`)
		if err := json.Unmarshal([]byte(answer), &begun); err != nil || begun.AIUsage.Page.PageInfo.EndCursor == "" {
			t.Fatalf("%s: got %s, %v", first.Name, answer, err)
		}
		write(t, store, "a", 5, 4, 3+more+1)
		write(t, store, "b", 2, 1+more+1)
		for _, caller := range callers {
			want := sees(caller.Name, more+1)
			if caller.Name == first.Name {
				want = sees(caller.Name, more) // of the report that is kept
			}
			got := a.askAs(t, auth.NewContext(t.Context(), caller),
				`query($after:String){aiUsage{totals{sessions aiMinutes} page:customerUsageConnection(first:1,after:$after){nodes{accountId customerId} totalCount}}}`,
				"after", begun.AIUsage.Page.PageInfo.EndCursor)
			if got != want {
				t.Errorf("%s with a cursor of %s: got %s, want %s", caller.Name, first.Name, got, want)
			}
		}
	}
}

func TestWrongPagesAreRefused(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 5, 4)
	a := serve(store)
	p := read[page](t, a, pageQuery, "first", 1)
	for arguments, argument := range map[string]string{
		`first:-1`:             "first",
		`first:10001`:          "first",
		`last:-5`:              "last",
		`first:1,last:1`:       "last",
		`after:"nonsense"`:     "after",
		`before:"bm9uc2Vuc2U"`: "before",
		`after:"` + *p.AIUsage.Page.PageInfo.EndCursor + `",orderBy:{field:SESSIONS}`:           "after",
		`before:"` + *p.AIUsage.Page.PageInfo.EndCursor + `",orderBy:{field:ID,direction:DESC}`: "before",
	} {
		got := a.ask(t, t.Context(), `{aiUsage(accountId:"a"){customerUsageConnection(`+arguments+`){totalCount}}}`)
		if !strings.Contains(got, `"code":"BAD_USER_INPUT"`) || !strings.Contains(got, `"argument":"`+argument+`"`) || !strings.Contains(got, `"accepted":[`) {
			t.Errorf("%s: got %s", arguments, got)
		}
	}
	if got := a.ask(t, t.Context(), `{accounts(first:1001){nodes{name}}}`); !strings.Contains(got, `"argument":"first"`) {
		t.Errorf("got %s", got)
	}
}

func TestTheDirectoryPageByPage(t *testing.T) {
	store := open(t, dbtest.One(t))
	for _, account := range []string{"a", "b", "c", "d", "e"} {
		write(t, store, account, 1, 2)
	}
	a := serve(store)
	type list struct {
		Nodes    []struct{ AccountID, CustomerID string }
		PageInfo struct {
			HasNextPage, HasPreviousPage bool
			StartCursor, EndCursor       *string
		}
	}
	for field, want := range map[string]string{"accounts": "a/ b/ c/ d/ e/", "customers": "a/c0 a/c1 b/c0 b/c1 c/c0 c/c1 d/c0 d/c1 e/c0 e/c1"} {
		selection := `{nodes{accountId} pageInfo{hasNextPage hasPreviousPage startCursor endCursor}}`
		if field == "customers" {
			selection = strings.Replace(selection, "accountId", "accountId customerId", 1)
		}
		query := `query($first:Int,$after:String,$last:Int,$before:String){` + field + `(first:$first,after:$after,last:$last,before:$before)` + selection + `}`
		ids := func(l list) (ids []string) {
			for _, node := range l.Nodes {
				ids = append(ids, node.AccountID+"/"+node.CustomerID)
			}
			return ids
		}
		for size := 1; size <= 6; size++ {
			var forward, backward []string
			for after := (*string)(nil); ; {
				l := read[map[string]list](t, a, query, "first", size, "after", after)[field]
				forward = append(forward, ids(l)...)
				if after = l.PageInfo.EndCursor; !l.PageInfo.HasNextPage {
					break
				}
			}
			for before := (*string)(nil); ; {
				l := read[map[string]list](t, a, query, "last", size, "before", before)[field]
				backward = append(ids(l), backward...)
				if before = l.PageInfo.StartCursor; !l.PageInfo.HasPreviousPage {
					break
				}
			}
			if strings.Join(forward, " ") != want || strings.Join(backward, " ") != want {
				t.Errorf("%s by %d: got %q forward and %q backward", field, size, forward, backward)
			}
		}
	}
}

// askAs asks as whoever the context says.
func (a api) askAs(t *testing.T, ctx context.Context, query string, variables ...any) string {
	t.Helper()
	return a.as(ctx).ask(t, ctx, query, variables...)
}

// as returns the same endpoint for whoever the context says.
func (a api) as(ctx context.Context) api {
	return api{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r.WithContext(ctx)) })}
}

func TestPartsOfAnAnswerAgree(t *testing.T) {
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		write(t, store, "a", 5, 1)
		write(t, store, "b", 2)
		got := serve(store).ask(t, t.Context(), `{aiUsage(startDate:"2026-03-01T12:30:00+01:00",endDate:"2026-03-02",timeZone:"Europe/Berlin"){
			totals{aiMinutes} series(granularity:DAY){from to partial aiMinutes}
			accountUsage{accountId share series(granularity:DAY,fillZero:false){aiMinutes} customerUsage{customerId share(of:SESSIONS) series(granularity:MONTH){from sessions}}}
			previous{from to totals{sessions} previous{from}}}}`)
		want := `{"aiUsage":{"totals":{"aiMinutes":8},` +
			`"series":[{"from":"2026-03-01T12:30:00+01:00","to":"2026-03-02T00:00:00+01:00","partial":false,"aiMinutes":8},{"from":"2026-03-02T00:00:00+01:00","to":"2026-03-03T00:00:00+01:00","partial":false,"aiMinutes":0}],` +
			`"accountUsage":[{"accountId":"a","share":0.75,"series":[{"aiMinutes":6}],"customerUsage":[{"customerId":"c0","share":0.3333333333333333,"series":[{"from":"2026-03-01T12:30:00+01:00","sessions":1}]},{"customerId":"c1","share":0.3333333333333333,"series":[{"from":"2026-03-01T12:30:00+01:00","sessions":1}]}]},` +
			`{"accountId":"b","share":0.25,"series":[{"aiMinutes":2}],"customerUsage":[{"customerId":"c0","share":0.3333333333333333,"series":[{"from":"2026-03-01T12:30:00+01:00","sessions":1}]}]}],` +
			`"previous":{"from":"2026-02-28T01:00:00+01:00","to":"2026-03-01T12:30:00+01:00","totals":{"sessions":0},"previous":{"from":"2026-02-26T13:30:00+01:00"}}}}`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// Whoever may not see a report is told so where it is, whatever is selected of it.
func TestWhatMayNotBeSeenIsRefusedAsAWhole(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 1)
	ctx := auth.NewContext(t.Context(), auth.Principal{Name: "b", Roles: []string{auth.AccountAdministrator}, Accounts: []string{"b"}})
	for _, selected := range []string{`asOf`, `sessionsConnection(first:1){nodes{sessionId}}`, `series(granularity:DAY){sessions}`, `id series(granularity:DAY){sessions} accountUsageConnection{totalCount}`} {
		got := serve(store).askAs(t, ctx, `{aiUsage(accountId:"a"){`+selected+`}}`)
		if !strings.Contains(got, `"path":["aiUsage"]`) || !strings.Contains(got, `{"aiUsage":null}`) {
			t.Errorf("%s\n%s", selected, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 1)
	a := serve(store)
	for query, want := range map[string]string{
		`{aiUsage(period:TODAY,startDate:"2026-03-01"){asOf}}`:                                   `"argument":"period"`,
		`{aiUsage(startDate:"1000-01-01",endDate:"9999-01-01"){series(granularity:DAY){from}}}`:  `"argument":"granularity"`,
		`{aiUsage(startDate:"2026-03-01",endDate:"2026-02-01"){series(granularity:DAY){from}}}`:  `"argument":"endDate"`,
		`{accounts(search:"` + strings.Repeat("x", 300) + `"){nodes{name}}}`:                     `"argument":"search"`,
		`{customers(accountId:"` + strings.Repeat("x", 65) + `"){nodes{name}}}`:                  `"argument":"accountId"`,
		`{aiUsage{customerUsage{series(granularity:HOUR){from to partial aiMinutes sessions}}}}`: `OPERATION_TOO_LARGE`,
		`{aiUsage(period:FORTNIGHT){asOf}}`:                                                      `FORTNIGHT`,
	} {
		if got := a.ask(t, t.Context(), query); !strings.Contains(got, want) || !strings.Contains(got, `"errors"`) {
			t.Errorf("%s\ngot %s", query, got)
		}
	}
	if got := a.ask(t, t.Context(), `{aiUsage(period:THIS_YEAR,timeZone:"Asia/Tokyo"){from to previous{totals{sessions}}}}`); strings.Contains(got, "errors") || !strings.Contains(got, `-01-01T00:00:00+09:00"`) {
		t.Errorf("got %s", got)
	}
	if got := a.ask(t, t.Context(), `{aiUsage{previous{asOf} accountUsage{previous{sessions}}}}`); got != `{"aiUsage":{"previous":null,"accountUsage":[{"previous":null}]}}` {
		t.Errorf("got %s", got)
	}
	if got := a.ask(t, t.Context(), `{aiUsage(startDate:"2020-01-01",endDate:"2020-01-31"){series(granularity:WEEK,fillZero:false){from} totals{aiMinutes}}}`); got != `{"aiUsage":{"series":[],"totals":{"aiMinutes":0}}}` {
		t.Errorf("got %s", got)
	}
}
