package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// A cursor is taken by the list that it came from, whoever asks, and by no other.
func TestACursorBelongsToItsList(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 5, 4, 3)
	write(t, store, "b", 2, 1)
	a := serve(store)
	const page = `%s{pageInfo{endCursor}}`
	lists := []string{`{accounts(first:1%s)` + page + `}`, `{accounts(search:"",first:1%s)` + page + `}`, `{accounts(search:"B",first:1%s)` + page + `}`, `{customers(first:1%s)` + page + `}`,
		`{customers(accountId:"a",first:1%s)` + page + `}`, `{customers(search:"0",first:1%s)` + page + `}`}
	for _, arguments := range []string{``, `(accountId:"a")`, `(customerId:"c0")`, `(accountIds:["a"])`, `(accountIds:["a","b"])`, `(customerIds:["c0"])`, `(startDate:"2026-02-01")`,
		`(endDate:"2026-04-01")`, `(timeZone:"Europe/Berlin")`, `(startDate:"2026-03-01",endDate:"2026-03-02")`} {
		lists = append(lists, `{aiUsage`+arguments+`{accountUsageConnection(first:1%s)`+page+`}}`, `{aiUsage`+arguments+`{customerUsageConnection(first:1%s)`+page+`}}`)
	}
	for _, arguments := range []string{`orderBy:{field:ID,direction:DESC}`, `orderBy:{field:NAME}`, `orderBy:{field:AI_MINUTES}`, `orderBy:{field:SHARE}`, `orderBy:{field:SHARE,measure:SESSIONS}`,
		`filter:{minimum:{value:1}}`, `filter:{minimum:{measure:SESSIONS,value:1}}`, `filter:{named:false}`, `filter:{search:"a"}`, `filter:{search:"A"}`,
		`include:BOTH`, `include:BOTH,compare:{shift:WEEK}`, `include:BOTH,compare:{elapsed:true}`, `include:BOTH,compare:{startDate:"2026-03-01"}`,
		`orderBy:{field:CHANGE}`, `orderBy:{field:CHANGE},compare:{shift:YEAR}`, `orderBy:{field:CHANGE},compare:{period:TODAY}`} {
		lists = append(lists, `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-03"){accountUsageConnection(first:1,`+arguments+`%s)`+page+`}}`)
	}
	// The same list in other words.
	same := map[string]string{
		lists[0]: lists[1],
		`{aiUsage{accountUsageConnection(first:1%s)` + page + `}}`: `{aiUsage(accountId:"",period:null,timeZone:"UTC"){accountUsageConnection(last:5,orderBy:{field:ID,measure:SESSIONS},filter:{},compare:{shift:WEEK}%s)` + page + `}}`,
	}
	cursors := map[string]string{}
	for _, list := range lists {
		answer := a.ask(t, t.Context(), fmt.Sprintf(list, "", ""))
		_, after, found := strings.Cut(answer, `"endCursor":"`)
		cursor, _, _ := strings.Cut(after, `"`)
		if !found || strings.Contains(answer, "errors") {
			t.Fatalf("%s: %s", list, answer)
		}
		cursors[list] = cursor
	}
	somebody := a.as(auth.NewContext(t.Context(), auth.Principal{Name: "x", Roles: []string{auth.AccountAdministrator}, Accounts: []string{"a", "b"}}))
	for i, from := range lists {
		for j, to := range append(lists, same[from]) {
			if from != to && to != same[from] && (i+j)%len(lists) >= dbtest.Draws(len(lists)) {
				continue // one pair in three, in which each list is with others
			}
			if to == "" || strings.HasPrefix(from, `{accounts(`) && strings.HasPrefix(to, `{accounts(`) && (from == lists[0] || from == lists[1]) && (to == lists[0] || to == lists[1]) && from != to {
				continue
			}
			for _, argument := range []string{"after", "before"} {
				if argument == "before" && strings.Contains(to, "first:1") && from != to {
					continue
				}
				query := fmt.Sprintf(to, fmt.Sprintf(`,%s:"%s"`, argument, cursors[from]), "")
				answer := somebody.ask(t, t.Context(), query)
				if from == to || to == same[from] {
					if strings.Contains(answer, "errors") {
						t.Errorf("its own cursor\n%s\n%s", query, answer)
					}
				} else if !strings.Contains(answer, `"argument":"`+argument+`"`) || !strings.Contains(answer, "another list") || !strings.Contains(answer, `"accepted":[`) {
					t.Errorf("a cursor of %s\n%s\n%s", from, query, answer)
				}
			}
		}
	}
}

type twoPages struct {
	AIUsage struct {
		AsOf   time.Time
		Totals struct{ Sessions int }
		A, C   struct {
			Nodes      []struct{ Sessions int }
			TotalCount int
			PageInfo   struct{ EndCursor string }
		}
	}
}

// Two pages of one document go on in the report that both came from, or in a new one.
func TestTwoPagesNeverShareAnothersReport(t *testing.T) {
	store := open(t, dbtest.One(t))
	a := serve(store)
	const document = `query($a:String,$c:String,$skip:Boolean=false){aiUsage{asOf totals{sessions}
		a:accountUsageConnection(first:1,after:$a){nodes{sessions} totalCount pageInfo{endCursor}}
		c:customerUsageConnection(first:1,after:$c)@skip(if:$skip){nodes{sessions} totalCount pageInfo{endCursor}}}}`
	// before and after are how many sessions there were at the two first pages.
	write(t, store, "a", 1, 1)
	write(t, store, "b", 1, 1)
	older := read[twoPages](t, a, document)
	write(t, store, "b", 1, 1, 1)
	newer := read[twoPages](t, a, document)
	write(t, store, "b", 1, 1, 1, 1)
	for name, c := range map[string]struct {
		a, c     string
		skip     bool
		sessions int
	}{
		"both of the older":      {older.AIUsage.A.PageInfo.EndCursor, older.AIUsage.C.PageInfo.EndCursor, false, 4},
		"both of the newer":      {newer.AIUsage.A.PageInfo.EndCursor, newer.AIUsage.C.PageInfo.EndCursor, false, 5},
		"one of each":            {older.AIUsage.A.PageInfo.EndCursor, newer.AIUsage.C.PageInfo.EndCursor, false, 6},
		"the other way round":    {newer.AIUsage.A.PageInfo.EndCursor, older.AIUsage.C.PageInfo.EndCursor, false, 6},
		"one of the older":       {older.AIUsage.A.PageInfo.EndCursor, "", false, 6},
		"the other of the older": {"", older.AIUsage.C.PageInfo.EndCursor, false, 6},
		"one alone":              {older.AIUsage.A.PageInfo.EndCursor, "", true, 4},
		"none":                   {"", "", false, 6},
	} {
		got := read[twoPages](t, a, document, "a", c.a, "c", c.c, "skip", c.skip)
		if got.AIUsage.Totals.Sessions != c.sessions || !c.skip && got.AIUsage.C.TotalCount != c.sessions {
			t.Errorf("%s: got %+v, want %d sessions", name, got, c.sessions)
		}
	}
}

// What rows are compared with stays what it was, page by page, and so does their order.
func TestPagesKeepWhatTheyAreComparedWith(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 1, 1, 1, 1)
	session := func(id, customer string, minutes int64) {
		t.Helper()
		if _, err := store.WriteSessions(t.Context(), []usage.Session{{SessionID: id, AccountID: "a", CustomerID: customer, StartedAt: noon.AddDate(0, 0, -1), DurationSeconds: 60 * minutes}}); err != nil {
			t.Fatal(err)
		}
	}
	session("x", "c2", 9)
	session("y", "gone", 5)
	a := serve(store)
	const document = `query($after:String){aiUsage(startDate:"2026-03-01",endDate:"2026-03-01"){asOf page:customerUsageConnection(first:2,after:$after,orderBy:{field:PREVIOUS,direction:DESC},include:BOTH)
		{nodes{customerId aiMinutes previous{aiMinutes}} pageInfo{endCursor hasNextPage} totalCount} previous{totals{aiMinutes}}}}`
	first := read[page](t, a, document)
	session("z", "c0", 50) // which would come first now
	session("w", "new", 70)
	second := read[page](t, a, document, "after", first.AIUsage.Page.PageInfo.EndCursor)
	third := read[page](t, a, document, "after", second.AIUsage.Page.PageInfo.EndCursor)
	if got := first.ids() + " | " + second.ids() + " | " + third.ids(); got != "c2 gone | c0 c1 | c3" || third.AIUsage.AsOf != first.AIUsage.AsOf || third.AIUsage.Page.TotalCount != 5 {
		t.Errorf("got %s, %+v", got, third)
	}
	var fresh json.RawMessage = []byte(a.ask(t, t.Context(), document))
	if !strings.Contains(string(fresh), `"nodes":[{"customerId":"new","aiMinutes":0,"previous":{"aiMinutes":70}},{"customerId":"c0"`) {
		t.Errorf("anew: %s", fresh)
	}
}

// What was kept for the next page of one report is not what another is compared with, though
// both were read at the same instant.
func TestAnotherReportIsNotComparedWithWhatWasKept(t *testing.T) {
	seconds := int64(5)
	a := serve(readerFunc(func(_ context.Context, query usage.Query) (*usage.Report, error) {
		rows := []usage.SubjectUsage{{AccountID: "a", CustomerID: "x", Usage: usage.Usage{Seconds: seconds, Sessions: 1}}, {AccountID: "a", CustomerID: "y", Usage: usage.Usage{Seconds: 1, Sessions: 1}}}
		return usage.NewReport(query, noon, rows), nil
	}))
	a.ask(t, t.Context(), `{aiUsage{customerUsageConnection(first:1,include:BOTH,compare:{startDate:"2026-01-01"}){nodes{customerId}}}}`)
	seconds = 7
	if got := a.ask(t, t.Context(), `{aiUsage{customerUsage{compareTo(startDate:"2026-01-01"){aiSeconds}}}}`); !strings.Contains(got, `"compareTo":{"aiSeconds":7}`) {
		t.Errorf("got %s", got)
	}
}
