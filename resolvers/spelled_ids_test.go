package resolvers_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"aiusage/auth"
	"aiusage/internal/dbtest"
)

// An account that the platform writes with spaces at its end, or in both ways, is the one that its
// callers may see: they are answered what somebody is who sees all, where there is nothing else; and
// whatever else there is, they are answered the same.
func TestAnAccountIsSeenHoweverItIsSpelled(t *testing.T) {
	const below = `{accountId name id usage{totals{sessions aiMinutes}} customers(first:9){nodes{accountId customerId name usage{totals{sessions}}}}}`
	questions := []string{
		`{aiUsage{totals{sessions aiMinutes} accountUsage{accountId aiMinutes account` + below + `} customerUsage{accountId customerId sessions customer{name}}}}`,
		`{aiUsage{accountUsage(filter:{search:"a"}){accountId sessions}}}`,
		`{aiUsage{accountUsageConnection(orderBy:{field:NAME}){totalCount nodes{accountId share account{name}}}}}`,
		`{aiUsage{customerUsageConnection(orderBy:{field:NAME,direction:DESC}){totalCount nodes{customerId customer{name account{name}}}}}}`,
		`{aiUsage{sessionsConnection(first:9){nodes{sessionId account{accountId name} customer{customerId name}}}}}`,
		`{aiUsage(startDate:"2026-03-01",endDate:"2026-03-03"){series(granularity:DAY){from aiMinutes sessionsConnection(first:9){nodes{sessionId}}}}}`,
		`{accounts(first:9){nodes` + below + `}}`, `{accounts(first:9,search:"a"){nodes{accountId}}}`,
		`{account(accountId:"a")` + below + `}`, `{account(accountId:"a ")` + below + `}`, `{account(accountId:"r")` + below + `}`, `{account(accountId:"r ")` + below + `}`,
		`{customer(accountId:"a ",customerId:"c0"){name account{name} usage{totals{sessions}}}}`,
		`{aiUsage(accountId:"a"){totals{sessions}}}`, `{aiUsage(accountId:"a "){totals{sessions}}}`,
		`{aiUsage(accountIds:["a "]){totals{sessions} accountUsage{accountId account{name}}}}`, `{aiUsage(accountIds:["a","r "]){totals{sessions}}}`,
		`{aiUsage{accountUsage{accountId account{usage{sessionsConnection(first:9){nodes{sessionId}}}}}}}`,
		`{aiUsage{customerUsage{customer{usage{sessionsConnection(first:9){nodes{sessionId}}}}}}}`,
		`{aiUsage(accountIds:["r","r "]){sessionsConnection(first:9){nodes{sessionId}} customerUsage{sessionsConnection(first:9){nodes{sessionId}}}}}`,
		`{aiUsage(startDate:"2026-03-01"){drivers(by:ACCOUNT,compare:{}){largest{account{accountId name} change}}}}`,
	}
	sessionID := regexp.MustCompile(`"sessionId":"[^"]*"`)
	limited := auth.NewContext(t.Context(), auth.Principal{Name: "x", Roles: []string{auth.AccountAdministrator}, Accounts: []string{"a", "r"}})
	for _, summed := range []bool{false, true} {
		dbtest.EachServer(t, func(t *testing.T, dsn string) {
			store := open(t, dsn)
			if summed {
				if _, err := store.InstallRollups(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if err := store.FillRollups(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			write(t, store, "a ", 1, 2)
			write(t, store, "r ", 1, 2)
			write(t, store, "r", 1, 2, 3) // so the table spells r in both ways
			if _, err := store.Fold(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			a := serve(store)
			want := map[string]string{}
			for _, question := range questions {
				want[question] = a.ask(t, t.Context(), question)
				if got := a.askAs(t, limited, question); got != want[question] {
					t.Errorf("sums %v: %s\n got %s\nwant %s", summed, question, got, want[question])
				}
				ids := sessionID.FindAllString(want[question], -1)
				if distinct := slices.Compact(slices.Sorted(slices.Values(ids))); len(ids) != len(distinct)*(1+strings.Count(question, "customerUsage{sessionsConnection")) {
					t.Errorf("sums %v: %s has sessions twice: %q", summed, question, ids)
				}
				if strings.Contains(want[question], `"errors"`) || !strings.Contains(want[question], ":") {
					t.Errorf("%s is answered %s", question, want[question])
				}
			}
			write(t, store, "b", 5)
			write(t, store, "r b", 5)
			for _, question := range questions {
				if got := a.askAs(t, limited, question); got != want[question] {
					t.Errorf("sums %v: with others beside it, %s\n got %s\nwant %s", summed, question, got, want[question])
				}
			}
		})
	}
}
