package resolvers_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// sessionFields are those of a session, and pageOfSessions asks for a page of them.
const (
	sessionFields  = `{id sessionId account{accountId name} customer{customerId name} startedAt durationSeconds aiMinutes roundedUpSeconds}`
	pageOfSessions = `sessionsConnection(first:$first,after:$after,last:$last,before:$before){edges{cursor node` + sessionFields + `} nodes{sessionId} pageInfo{hasNextPage hasPreviousPage startCursor endCursor}}`
	declaredPage   = `$first:Int,$after:String,$last:Int,$before:String`
)

type sessionPage struct {
	Edges []struct {
		Cursor string
		Node   modelSession
	}
	Nodes    []struct{ SessionID string }
	PageInfo struct {
		HasNextPage, HasPreviousPage bool
		StartCursor, EndCursor       *string
	}
}

type modelSession struct {
	ID, SessionID string
	Account       struct {
		AccountID string
		Name      *string
	}
	Customer *struct {
		CustomerID string
		Name       *string
	}
	StartedAt                                    *time.Time
	DurationSeconds, AIMinutes, RoundedUpSeconds int64
}

// listed returns the sessions in a range of those that a question is about, as they are listed.
func (m *model) listed(q question, span usage.Range) (lines []string) {
	found := m.in(q, span)
	slices.SortFunc(found, func(a, b usage.Session) int {
		if byStart := a.StartedAt.Compare(b.StartedAt); byStart != 0 {
			return byStart
		}
		return strings.Compare(a.SessionID, b.SessionID)
	})
	for _, s := range found {
		minutes := s.DurationSeconds / 60
		if s.DurationSeconds%60 > 0 {
			minutes++
		}
		line := fmt.Sprintf("%s of %s %q", s.SessionID, s.AccountID, m.names[usage.Subject{AccountID: s.AccountID}])
		if s.CustomerID != "" {
			line += fmt.Sprintf("/%s %q", s.CustomerID, m.names[usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID}])
		}
		lines = append(lines, fmt.Sprintf("%s at %s: %d s, %d min, %d s more", line, s.StartedAt.UTC().Format(time.RFC3339Nano), s.DurationSeconds, minutes, 60*minutes-s.DurationSeconds))
	}
	return lines
}

func (p sessionPage) lines(t *testing.T) (lines []string) {
	t.Helper()
	for i, edge := range p.Edges {
		s := edge.Node
		line := fmt.Sprintf("%s of %s %q", s.SessionID, s.Account.AccountID, pointed(s.Account.Name))
		if s.Customer != nil {
			line += fmt.Sprintf("/%s %q", s.Customer.CustomerID, pointed(s.Customer.Name))
		}
		lines = append(lines, fmt.Sprintf("%s at %s: %d s, %d min, %d s more", line, s.StartedAt.UTC().Format(time.RFC3339Nano), s.DurationSeconds, s.AIMinutes, s.RoundedUpSeconds))
		if len(p.Nodes) != len(p.Edges) || p.Nodes[i].SessionID != s.SessionID {
			t.Errorf("%d nodes are not those of %d edges", len(p.Nodes), len(p.Edges))
		}
	}
	if len(p.Edges) > 0 && (*p.PageInfo.StartCursor != p.Edges[0].Cursor || *p.PageInfo.EndCursor != p.Edges[len(p.Edges)-1].Cursor) {
		t.Errorf("the page has other cursors than its edges: %+v", p.PageInfo)
	}
	return lines
}

// cell is something whose sessions are listed, with what it says they add up to.
type cell struct {
	AIMinutes, AISeconds, Sessions int64
	SessionsConnection             sessionPage
}

// pagesOf reads all pages of a cell, forward and backward, and checks that they are the sessions
// that are wanted and add up to the cell. all wants no row more on a page than it says.
func pagesOf(t *testing.T, what string, size int, want []string, ask func(arguments map[string]any) cell) {
	t.Helper()
	var forward, backward []string
	var sum usage.Usage
	for arguments := map[string]any{"first": size}; ; {
		page := ask(arguments)
		forward = append(forward, page.SessionsConnection.lines(t)...)
		for _, edge := range page.SessionsConnection.Edges {
			sum = sum.Plus(usage.Usage{Minutes: edge.Node.AIMinutes, Seconds: edge.Node.DurationSeconds, Sessions: 1})
		}
		info := page.SessionsConnection.PageInfo
		if info.HasPreviousPage != (arguments["after"] != nil) || len(page.SessionsConnection.Edges) > size {
			t.Errorf("%s: a page of %d: %+v after %v", what, len(page.SessionsConnection.Edges), info, arguments)
		}
		if !info.HasNextPage {
			if cell := (usage.Usage{Minutes: page.AIMinutes, Seconds: page.AISeconds, Sessions: page.Sessions}); cell != sum {
				t.Errorf("%s: the sessions add up to %v of %v", what, sum, cell)
			}
			break
		}
		arguments = map[string]any{"first": size, "after": *info.EndCursor}
	}
	for arguments := map[string]any{"last": size}; ; {
		page := ask(arguments)
		backward = slices.Concat(page.SessionsConnection.lines(t), backward)
		info := page.SessionsConnection.PageInfo
		if info.HasNextPage != (arguments["before"] != nil) {
			t.Errorf("%s: %+v before %v", what, info, arguments)
		}
		if !info.HasPreviousPage {
			break
		}
		arguments = map[string]any{"last": size, "before": *info.StartCursor}
	}
	if !slices.Equal(forward, want) || !slices.Equal(backward, want) {
		t.Errorf("%s by %d: got\n%s\nand backward\n%s\nwant\n%s", what, size, strings.Join(forward, "\n"), strings.Join(backward, "\n"), strings.Join(want, "\n"))
	}
}

// withTies has many of a model's sessions start at the same time as others, also where a second
// or a page ends.
func (m *model) withTies(d drawer) {
	for i := range m.sessions {
		if i > 0 && d.IntN(3) > 0 {
			m.sessions[i].StartedAt = m.sessions[d.IntN(i)].StartedAt
		}
		m.sessions[i].SessionID = among(d, "x", "X", "é", "y\x01", "", "10", "9") + fmt.Sprint(i)
	}
}

// Whatever is asked, by whomever, of whichever engine: the sessions of a report, a row or a point
// are those that looking at every session finds, page by page in both directions, and add up to it.
func TestSessionsAgreeWithAModel(t *testing.T) {
	const amounts = `aiMinutes aiSeconds sessions `
	documents := map[string]string{
		"report":   `sessionsConnection(first:$first,after:$after,last:$last,before:$before)` + strings.SplitN(pageOfSessions, ")", 2)[1] + ` totals{` + amounts + `}`,
		"account":  `accountUsage{accountId ` + amounts + pageOfSessions + `}`,
		"customer": `customerUsage{accountId customerId ` + amounts + pageOfSessions + `}`,
		"point":    `series(granularity:WEEK){from to ` + amounts + pageOfSessions + `}`,
		"points":   `accountUsageConnection(first:1){nodes{accountId series(granularity:MONTH){from to ` + amounts + pageOfSessions + `}}}`,
	}
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(31, 32))}, time.Now()
		m := newModel(d.Rand, now)
		m.withTies(d)
		a := serve(m.rolledUp(t, dsn))
		for cells := 0; cells < 20; {
			q, arguments := d.question(datesAround(now))
			who := among(d, "everybody", "everybody", "some", "one", "nobody known")
			if q.scope = principals[who]; q.scope != nil && q.accountID != "" && !slices.Contains(q.scope, q.accountID) {
				continue // which is refused
			}
			kind := among(d, "report", "account", "customer", "point", "points")
			// keys are the cells of a kind with the question about each.
			type part struct {
				accountID, customerID string
				From, To              time.Time
			}
			ask := func(more map[string]any) map[part]cell {
				t.Helper()
				var variables []any
				for _, of := range []map[string]any{arguments, more} {
					for name, value := range of {
						variables = append(variables, name, value)
					}
				}
				answer := a.asOne(t, who).ask(t, t.Context(), `query(`+declared+`,`+declaredPage+`){aiUsage(`+asked+`){`+documents[kind]+`}}`, variables...)
				var got struct {
					AIUsage struct {
						Totals             cell
						SessionsConnection sessionPage
						AccountUsage       []struct {
							AccountID string
							cell
						}
						CustomerUsage []struct {
							AccountID, CustomerID string
							cell
						}
						Series []struct {
							From, To time.Time
							cell
						}
						AccountUsageConnection struct {
							Nodes []struct {
								AccountID string
								Series    []struct {
									From, To time.Time
									cell
								}
							}
						}
					}
				}
				if err := json.Unmarshal([]byte(answer), &got); err != nil || strings.Contains(answer, `"errors"`) {
					t.Fatalf("%s, %s: %+v\n%v, %.2000s", who, kind, arguments, err, answer)
				}
				cells := map[part]cell{}
				if kind == "report" {
					got.AIUsage.Totals.SessionsConnection = got.AIUsage.SessionsConnection
					cells[part{}] = got.AIUsage.Totals
				}
				for _, row := range got.AIUsage.AccountUsage {
					cells[part{accountID: row.AccountID}] = row.cell
				}
				for _, row := range got.AIUsage.CustomerUsage {
					cells[part{accountID: row.AccountID, customerID: row.CustomerID}] = row.cell
				}
				for _, point := range got.AIUsage.Series {
					cells[part{From: point.From.UTC(), To: point.To.UTC()}] = point.cell
				}
				for _, row := range got.AIUsage.AccountUsageConnection.Nodes {
					for _, point := range row.Series {
						cells[part{accountID: row.AccountID, From: point.From.UTC(), To: point.To.UTC()}] = point.cell
					}
				}
				return cells
			}
			size := 1 + d.IntN(9)
			chosen, tried := ask(map[string]any{"first": size}), 0
			for key := range chosen {
				if tried++; tried > 3 {
					break // some of them, in whichever order they come
				}
				about, span := q, q.span
				if key.accountID != "" {
					about.accountID = key.accountID
				}
				if key.customerID != "" {
					about.customerID = key.customerID
				}
				if !key.From.IsZero() {
					span = usage.Range{From: key.From, To: key.To}
				}
				cells++
				pagesOf(t, fmt.Sprintf("%s, %s %+v of %+v", who, kind, key, arguments), size, m.listed(about, span), func(page map[string]any) cell {
					if page["after"] == nil && page["before"] == nil {
						return ask(page)[key]
					}
					// A cursor of one cell is none of its neighbours.
					return onePage(t, a.asOne(t, who), q, about, span, page)
				})
			}
		}
	})
}

// onePage asks for a page of a cell by itself, as a report about it.
func onePage(t *testing.T, a api, of, about question, span usage.Range, page map[string]any) (one cell) {
	t.Helper()
	variables := []any{"accountId", about.accountID, "customerId", about.customerID, "accountIds", of.accountIDs, "customerIds", of.customerIDs, "timeZone", of.zone.String()}
	if !span.From.IsZero() {
		variables = append(variables, "startDate", span.From.Format(time.RFC3339Nano))
	}
	if !span.To.IsZero() {
		variables = append(variables, "endDate", span.To.Format(time.RFC3339Nano))
	}
	for name, value := range page {
		variables = append(variables, name, value)
	}
	answer := a.ask(t, t.Context(), `query($accountId:ID,$customerId:ID,$accountIds:[ID!],$customerIds:[ID!],$startDate:String,$endDate:String,$timeZone:String,`+declaredPage+
		`){aiUsage(accountId:$accountId,customerId:$customerId,accountIds:$accountIds,customerIds:$customerIds,startDate:$startDate,endDate:$endDate,timeZone:$timeZone){totals{aiMinutes aiSeconds sessions} `+pageOfSessions+`}}`, variables...)
	var got struct {
		AIUsage struct {
			Totals             cell
			SessionsConnection sessionPage
		}
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil || strings.Contains(answer, `"errors"`) {
		t.Fatalf("%v: %v, %.2000s", variables, err, answer)
	}
	one = got.AIUsage.Totals
	one.SessionsConnection = got.AIUsage.SessionsConnection
	return one
}

// Pages go on rightly while sessions are written: none that was there when the first page was
// read is missed, and none comes twice.
func TestPagesOfSessionsWhileSessionsAreWritten(t *testing.T) {
	dbtest.Any(t, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(33, 34))}, time.Now()
		m := newModel(d.Rand, now)
		m.withTies(d)
		store := m.rolledUp(t, dsn)
		a := serve(store)
		for _, arguments := range [][2]string{{"first", "after"}, {"last", "before"}} {
			there := map[string]bool{}
			for _, s := range m.sessions {
				there[s.SessionID] = true
			}
			seen := map[string]bool{}
			var cursor *string
			for more := true; more; {
				got := read[struct {
					AIUsage struct{ SessionsConnection sessionPage }
				}](t, a, `query(`+declaredPage+`){aiUsage{`+pageOfSessions+`}}`, arguments[0], 23, arguments[1], cursor)
				page := got.AIUsage.SessionsConnection
				for _, edge := range page.Edges {
					if seen[edge.Node.SessionID] {
						t.Errorf("%s comes twice", edge.Node.SessionID)
					}
					seen[edge.Node.SessionID] = true
				}
				more, cursor = page.PageInfo.HasNextPage, page.PageInfo.EndCursor
				if arguments[0] == "last" {
					more, cursor = page.PageInfo.HasPreviousPage, page.PageInfo.StartCursor
				}
				var others []usage.Session
				for range 7 {
					one := among(d, m.sessions...)
					one.SessionID = fmt.Sprintf("%s%d", among(d, "x", "X", "é", "", "9"), d.Int())
					others = append(others, one)
				}
				m.sessions = append(m.sessions, others...)
				if _, err := store.WriteSessions(t.Context(), others); err != nil {
					t.Fatal(err)
				}
			}
			for id := range there {
				if !seen[id] {
					t.Errorf("%s: %s is missed", arguments[0], id)
				}
			}
		}
	})
}

// A page of sessions takes one statement more than what is above it, and one more where those at
// its end start at the same time.
func TestPagesOfSessionsTakeFewStatements(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(35, 36))}, time.Now()
		newModel(d.Rand, now).rolledUp(t, dsn)
		recorded, statements := dbtest.Record(t, dsn)
		store, err := db.Open(recorded, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		a := serve(store)
		a.ask(t, t.Context(), `{aiUsage{asOf}}`)
		for query, most := range map[string]int{
			// One statement begins the transaction of a snapshot, one ends it, and one reads the report.
			`{aiUsage{sessionsConnection{nodes{sessionId}}}}`:                                                                4,
			`{aiUsage{sessionsConnection{nodes{account{name} customer{name}}}}}`:                                             6,
			`{aiUsage(accountIds:["a","A","é"]){sessionsConnection{edges{cursor}}}}`:                                         4,
			`{aiUsage(customerIds:["Kunde-1"]){sessionsConnection{edges{cursor}}}}`:                                          5,
			`{aiUsage{accountUsageConnection(first:3){nodes{sessionsConnection(first:5){nodes{sessionId account{name}}}}}}}`: 9,
		} {
			statements.Take()
			if answer := a.ask(t, t.Context(), query); strings.Contains(answer, `"errors"`) {
				t.Errorf("%s\n%s", query, answer)
			}
			if taken := statements.Take(); len(taken) > most || len(taken) == 0 {
				t.Errorf("%s\ntook %d statements, more than %d:\n%.120q", query, len(taken), most, taken)
			}
		}
	})
}

func TestSessionsThatAreRefused(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 1, 2, 3)
	write(t, store, "b", 1)
	a := serve(store)
	first := read[struct {
		AIUsage struct{ SessionsConnection sessionPage }
	}](t, a, `query(`+declaredPage+`){aiUsage(accountId:"a"){`+pageOfSessions+`}}`, "first", 1)
	cursor := first.AIUsage.SessionsConnection.Edges[0].Cursor
	decoded, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || !strings.Contains(string(decoded), `"t":"2026-03-01 12:00:00`) {
		t.Fatalf("%s, %v", decoded, err)
	}
	madeUp := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(decoded), `"t":"2026-03-01`, `"t":"yesterday`, 1)))
	customers := read[struct {
		Customers struct{ PageInfo struct{ EndCursor string } }
	}](t, a, `{customers{pageInfo{endCursor}}}`).Customers.PageInfo.EndCursor
	for query, want := range map[string]string{
		`{aiUsage{sessionsConnection(first:1001){nodes{id}}}}`:                                                                        `"argument":"first"`,
		`{aiUsage{sessionsConnection(first:1,last:1){nodes{id}}}}`:                                                                    `"argument":"last"`,
		`{aiUsage{sessionsConnection(last:-1){nodes{id}}}}`:                                                                           `"argument":"last"`,
		`{aiUsage{sessionsConnection(after:"x"){nodes{id}}}}`:                                                                         `"argument":"after"`,
		`{aiUsage{sessionsConnection(before:"` + cursor + `"){nodes{id}}}}`:                                                           `"argument":"before"`,
		`{aiUsage(accountId:"b"){sessionsConnection(after:"` + cursor + `"){nodes{id}}}}`:                                             `"argument":"after"`,
		`{aiUsage(accountId:"a",startDate:"2026-03-01"){sessionsConnection(after:"` + cursor + `"){nodes{id}}}}`:                      `"argument":"after"`,
		`{aiUsage(accountId:"a"){sessionsConnection(after:"` + madeUp + `"){nodes{id}}}}`:                                             `is not a cursor`,
		`{aiUsage{sessionsConnection(after:"` + customers + `"){nodes{id}}}}`:                                                         `"argument":"after"`,
		`{aiUsage(accountId:"a"){sessionsConnection(after:"` + cursor + `"){nodes{sessionId}}}}`:                                      `{"aiUsage":{"sessionsConnection":{"nodes":[{"sessionId":"a/1"},{"sessionId":"a/2"}]}}}`,
		`{aiUsage{accountUsage{accountId sessionsConnection(after:"` + cursor + `"){nodes{sessionId}}}}}`:                             `{"accountId":"b","sessionsConnection":null}`,
		`{aiUsage(accountId:"a"){sessionsConnection(first:0){nodes{id} pageInfo{hasNextPage endCursor}}}}`:                            `{"aiUsage":{"sessionsConnection":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":null}}}}`,
		`{aiUsage(startDate:"2020-01-01",endDate:"2020-01-02"){sessionsConnection{nodes{id}}}}`:                                       `{"aiUsage":{"sessionsConnection":{"nodes":[]}}}`,
		`{aiUsage{series(granularity:QUARTER_HOUR){sessionsConnection(first:1000){nodes{id sessionId}}}}}`:                            `OPERATION_TOO_LARGE`,
		`{aiUsage(startDate:"2026-01-01",endDate:"2026-04-30"){series(granularity:DAY){sessionsConnection(first:1){edges{cursor}}}}}`: `lists the sessions of at most 100`,
		`{accounts(first:1000){nodes{usage{sessionsConnection(first:1000){nodes{id startedAt aiMinutes}}}}}}`:                         `OPERATION_TOO_LARGE`,
	} {
		if got := a.ask(t, t.Context(), query); !strings.Contains(got, want) {
			t.Errorf("%s\ngot %.1000s", query, got)
		}
	}
}

// Once sessions have been dropped, those that are left are listed, and an error says from when on.
func TestSessionsThatHaveBeenDropped(t *testing.T) {
	dbtest.AnyServer(t, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(39, 40))}, time.Now()
		m := newModel(d.Rand, now)
		m.withTies(d)
		store := m.rolledUp(t, dsn)
		a := serve(store)
		const document = `query($from:String,$to:String,` + declaredPage + `){aiUsage(startDate:$from,endDate:$to){totals{aiMinutes aiSeconds sessions} ` + pageOfSessions + `}}`
		type answered struct {
			AIUsage struct {
				Totals             cell
				SessionsConnection sessionPage
			}
		}
		first := read[answered](t, a, document, "first", 1)
		// A gateway that is running, and has known until then that all are there.
		running := open(t, dsn)
		list := func() error {
			snapshot := running.Snapshot(t.Context())
			defer snapshot.Close()
			_, err := snapshot.Sessions(t.Context(), usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, Limit: 1})
			return err
		}
		if err := list(); err != nil {
			t.Fatal(err)
		}
		if dropped, err := store.DropSessions(t.Context(), now.AddDate(0, 0, -30), func(int64) {}); err != nil || dropped == 0 {
			t.Fatalf("%d dropped, %v", dropped, err)
		}
		if err := list(); err == nil || usage.AsError(err).Code != usage.InvalidArgument {
			t.Errorf("a running gateway lists what is left: %v", err)
		}
		kept := now.UTC().AddDate(0, 0, -30).Truncate(24 * time.Hour)
		span := usage.Range{From: kept.Add(time.Minute)}
		pagesOf(t, "what is left", 7, m.listed(question{}, span), func(page map[string]any) cell {
			variables := []any{"from", span.From.Format(time.RFC3339)}
			for name, value := range page {
				variables = append(variables, name, value)
			}
			got := read[answered](t, a, document, variables...).AIUsage
			got.Totals.SessionsConnection = got.SessionsConnection
			return got.Totals
		})
		before := kept.Add(-15 * time.Minute).Format(time.RFC3339)
		for _, c := range []struct{ from, to, argument, accepted string }{
			{"", "", "startDate", "a start at or after " + kept.Format(time.RFC3339)},
			{"", before, "endDate", ""},
			{before, "", "startDate", "a start at or after " + kept.Format(time.RFC3339)},
			{kept.AddDate(0, 0, -9).Format(time.RFC3339), before, "startDate", ""},
		} {
			refused := a.ask(t, t.Context(), document, "from", c.from, "to", c.to)
			if !strings.Contains(refused, `"argument":"`+c.argument+`","code":"BAD_USER_INPUT"`) || !strings.Contains(refused, kept.Format(time.RFC3339)+" (retainedFrom)") ||
				strings.Contains(refused, `"accepted"`) != (c.accepted != "") || !strings.Contains(refused, c.accepted) || !strings.Contains(refused, `"totals":{"aiMinutes":`) {
				t.Errorf("from %s to %s: %s", c.from, c.to, refused)
			}
		}
		points := a.ask(t, t.Context(), `query($from:String){aiUsage(startDate:$from){series(granularity:DAY){from sessionsConnection(first:1){nodes{startedAt}}}}}`, "from", kept.AddDate(0, 0, -1).Format(time.RFC3339))
		if !strings.Contains(points, `"path":["aiUsage","series",0,"sessionsConnection"]`) || strings.Count(points, `"message"`) != 1 || !strings.Contains(points, `"sessionsConnection":{"nodes":[{"startedAt"`) {
			t.Errorf("points: %.2000s", points)
		}
		gone := a.ask(t, t.Context(), `query($id:ID!){node(id:$id){id}}`, "id", first.AIUsage.SessionsConnection.Edges[0].Node.ID)
		if gone != `{"node":null}` {
			t.Errorf("got %s", gone)
		}
	})
}

// A session is read again by its id, by whoever may see its account.
func TestASessionIsReadAgainByItsID(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(37, 38))}, time.Now()
		m := newModel(d.Rand, now)
		m.withTies(d)
		a := serve(m.rolledUp(t, dsn))
		got := read[struct {
			AIUsage struct{ SessionsConnection sessionPage }
		}](t, a, `query(`+declaredPage+`){aiUsage{`+pageOfSessions+`}}`, "first", 100)
		var ids []string
		for _, edge := range got.AIUsage.SessionsConnection.Edges {
			ids = append(ids, edge.Node.ID)
		}
		for who, scope := range principals {
			again := read[struct{ Nodes []*modelSession }](t, a.asOne(t, who), `query($ids:[ID!]!){nodes(ids:$ids){...on AISession`+sessionFields+`}}`, "ids", ids)
			for i, node := range again.Nodes {
				want := got.AIUsage.SessionsConnection.Edges[i].Node
				if seen := scope == nil || slices.Contains(scope, want.Account.AccountID); seen != (node != nil) || seen && fmt.Sprint(shownSession(*node)) != fmt.Sprint(shownSession(want)) {
					t.Errorf("%s: got %+v, want %+v", who, node, want)
				}
			}
		}
	})
}

func shownSession(s modelSession) string {
	customer := ""
	if s.Customer != nil {
		customer = s.Customer.CustomerID + pointed(s.Customer.Name)
	}
	return fmt.Sprint(s.ID, s.SessionID, s.Account.AccountID, pointed(s.Account.Name), customer, s.StartedAt.UnixMilli(), s.DurationSeconds, s.AIMinutes, s.RoundedUpSeconds)
}
