package resolvers_test

import (
	"fmt"
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

// An account whose id is blank, as only a platform writes it, is one beside others wherever an
// answer comes to it: what is below it is its own, and not everybody's.
func TestWhatIsBelowAnAccountWithABlankID(t *testing.T) {
	dbtest.Any(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		write(t, store, "a", 1, 1, 1)
		write(t, store, "", 2, 2)
		a := serve(store)
		const (
			byMinutes = `orderBy:{field:AI_MINUTES,direction:DESC}`
			sessions  = `sessionsConnection(first:9){nodes{sessionId}}`
			monthly   = `series(granularity:MONTH){` + sessions + `}`
			own       = `"sessionsConnection":{"nodes":[{"sessionId":"/0"},{"sessionId":"/1"}]}`
			ofC0      = `"sessionsConnection":{"nodes":[{"sessionId":"/0"}]}`
			usage     = `account{usage{totals{aiMinutes} ` + sessions + `}}`
			customers = `account{customers{nodes{customerId}}}`
		)
		below := map[string]string{
			sessions:                          own,
			monthly:                           `"series":[{` + own + `}]`,
			`account{` + `id}`:                `"account":{"id":"`,
			usage:                             `"account":{"usage":{"totals":{"aiMinutes":4},` + own + `}}`,
			customers:                         `"account":{"customers":{"nodes":[{"customerId":"c0"},{"customerId":"c1"}]}}`,
			`customerUsage{` + sessions + `}`: `"customerUsage":[{` + ofC0,
		}
		for _, first := range []int{1, 2} { // by itself, and beside another
			for field, want := range below {
				query := fmt.Sprintf(`{aiUsage(endDate:"2026-03-31"){accountUsageConnection(first:%d,%s){nodes{%s}}}}`, first, byMinutes, field)
				if got := a.ask(t, t.Context(), query); !strings.HasPrefix(got, `{"aiUsage":{"accountUsageConnection":{"nodes":[{`+want) {
					t.Errorf("%s\n got %s\nwant %s", query, got, want)
				}
			}
			for field, want := range map[string]string{sessions: ofC0, monthly: `"series":[{` + ofC0 + `}]`, `customer{usage{` + sessions + `}}`: `"customer":{"usage":{` + ofC0 + `}}`} {
				query := fmt.Sprintf(`{aiUsage(endDate:"2026-03-31"){customerUsageConnection(first:%d,%s){nodes{%s}}}}`, first, byMinutes, field)
				if got := a.ask(t, t.Context(), query); !strings.HasPrefix(got, `{"aiUsage":{"customerUsageConnection":{"nodes":[{`+want) {
					t.Errorf("%s\n got %s\nwant %s", query, got, want)
				}
			}
		}
		// Its report is not found again by its id, as nobody can ask for a blank account; what must not
		// be found is another report.
		id := read[struct {
			AIUsage struct {
				AccountUsageConnection struct {
					Nodes []struct {
						Account struct{ Usage struct{ ID string } }
					}
				}
			}
		}](t, a, `{aiUsage{accountUsageConnection(first:1,`+byMinutes+`){nodes{account{usage{id}}}}}}`).AIUsage.AccountUsageConnection.Nodes[0].Account.Usage.ID
		if got, want := a.ask(t, t.Context(), `query($id:ID!){node(id:$id){...on AIUsage{totals{aiMinutes}}}}`, "id", id), `{"node":null}`; got != want {
			t.Errorf("by its id: got %s, want %s", got, want)
		}
	})
}
