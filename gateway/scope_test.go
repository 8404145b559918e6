package gateway_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/auth"
	"aiusage/db/dbtest"
	"aiusage/graph"
)

// sight is what the two principals who see something get for one field.
type sight struct {
	// query selects the field.
	query string
	// all is the data for a SystemAdministrator; own for an AccountAdministrator of
	// acc-1; asOf and other instants that change are replaced by NOW.
	all, own string
}

// sights has every field that can be asked for. When a field is added to the
// schema, it needs a row here that shows what each principal sees in it.
var sights = map[string]sight{
	"Query.aiUsage":    {`{aiUsage{__typename}}`, `{"aiUsage":{"__typename":"AIUsage"}}`, `{"aiUsage":{"__typename":"AIUsage"}}`},
	"AIUsage.from":     {`{aiUsage{from}}`, `{"aiUsage":{"from":null}}`, `{"aiUsage":{"from":null}}`},
	"AIUsage.to":       {`{aiUsage{to}}`, `{"aiUsage":{"to":null}}`, `{"aiUsage":{"to":null}}`},
	"AIUsage.timeZone": {`{aiUsage{timeZone}}`, `{"aiUsage":{"timeZone":"UTC"}}`, `{"aiUsage":{"timeZone":"UTC"}}`},
	"AIUsage.asOf":     {`{aiUsage{asOf}}`, `{"aiUsage":{"asOf":NOW}}`, `{"aiUsage":{"asOf":NOW}}`},
	"AIUsage.totals": {`{aiUsage{totals{__typename}}}`,
		`{"aiUsage":{"totals":{"__typename":"AIUsageTotals"}}}`, `{"aiUsage":{"totals":{"__typename":"AIUsageTotals"}}}`},
	"AIUsage.accountUsage": {`{aiUsage{accountUsage{__typename}}}`,
		`{"aiUsage":{"accountUsage":[{"__typename":"AIAccountUsage"},{"__typename":"AIAccountUsage"}]}}`,
		`{"aiUsage":{"accountUsage":[{"__typename":"AIAccountUsage"}]}}`},
	"AIUsage.customerUsage": {`{aiUsage{customerUsage{__typename}}}`,
		`{"aiUsage":{"customerUsage":[{"__typename":"AICustomerUsage"},{"__typename":"AICustomerUsage"}]}}`,
		`{"aiUsage":{"customerUsage":[{"__typename":"AICustomerUsage"}]}}`},
	"AIUsageTotals.aiMinutes": {`{aiUsage{totals{aiMinutes}}}`, `{"aiUsage":{"totals":{"aiMinutes":4}}}`, `{"aiUsage":{"totals":{"aiMinutes":3}}}`},
	"AIUsageTotals.aiSeconds": {`{aiUsage{totals{aiSeconds}}}`, `{"aiUsage":{"totals":{"aiSeconds":131}}}`, `{"aiUsage":{"totals":{"aiSeconds":71}}}`},
	"AIUsageTotals.sessions":  {`{aiUsage{totals{sessions}}}`, `{"aiUsage":{"totals":{"sessions":3}}}`, `{"aiUsage":{"totals":{"sessions":2}}}`},
	"AIAccountUsage.accountId": {`{aiUsage{accountUsage{accountId}}}`,
		`{"aiUsage":{"accountUsage":[{"accountId":"acc-1"},{"accountId":"acc-2"}]}}`, `{"aiUsage":{"accountUsage":[{"accountId":"acc-1"}]}}`},
	"AIAccountUsage.aiMinutes": {`{aiUsage{accountUsage{aiMinutes}}}`,
		`{"aiUsage":{"accountUsage":[{"aiMinutes":3},{"aiMinutes":1}]}}`, `{"aiUsage":{"accountUsage":[{"aiMinutes":3}]}}`},
	"AIAccountUsage.aiSeconds": {`{aiUsage{accountUsage{aiSeconds}}}`,
		`{"aiUsage":{"accountUsage":[{"aiSeconds":71},{"aiSeconds":60}]}}`, `{"aiUsage":{"accountUsage":[{"aiSeconds":71}]}}`},
	"AIAccountUsage.sessions": {`{aiUsage{accountUsage{sessions}}}`,
		`{"aiUsage":{"accountUsage":[{"sessions":2},{"sessions":1}]}}`, `{"aiUsage":{"accountUsage":[{"sessions":2}]}}`},
	"AIAccountUsage.withoutCustomer": {`{aiUsage{accountUsage{withoutCustomer{sessions}}}}`,
		`{"aiUsage":{"accountUsage":[{"withoutCustomer":{"sessions":1}},{"withoutCustomer":{"sessions":0}}]}}`,
		`{"aiUsage":{"accountUsage":[{"withoutCustomer":{"sessions":1}}]}}`},
	"AICustomerUsage.accountId": {`{aiUsage{customerUsage{accountId}}}`,
		`{"aiUsage":{"customerUsage":[{"accountId":"acc-1"},{"accountId":"acc-2"}]}}`, `{"aiUsage":{"customerUsage":[{"accountId":"acc-1"}]}}`},
	"AICustomerUsage.customerId": {`{aiUsage(customerId:"cus-1"){customerUsage{customerId}}}`,
		`{"aiUsage":{"customerUsage":[{"customerId":"cus-1"},{"customerId":"cus-1"}]}}`, `{"aiUsage":{"customerUsage":[{"customerId":"cus-1"}]}}`},
	"AICustomerUsage.aiMinutes": {`{aiUsage{customerUsage{aiMinutes}}}`,
		`{"aiUsage":{"customerUsage":[{"aiMinutes":2},{"aiMinutes":1}]}}`, `{"aiUsage":{"customerUsage":[{"aiMinutes":2}]}}`},
	"AICustomerUsage.aiSeconds": {`{aiUsage{customerUsage{aiSeconds}}}`,
		`{"aiUsage":{"customerUsage":[{"aiSeconds":61},{"aiSeconds":60}]}}`, `{"aiUsage":{"customerUsage":[{"aiSeconds":61}]}}`},
	"AICustomerUsage.sessions": {`{aiUsage{customerUsage{sessions}}}`,
		`{"aiUsage":{"customerUsage":[{"sessions":1},{"sessions":1}]}}`, `{"aiUsage":{"customerUsage":[{"sessions":1}]}}`},
}

// coordinates lists every field of the schema's own object types, as Type.field.
func coordinates() []string {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	var all []string
	for _, definition := range schema.Types {
		if definition.Kind != ast.Object && definition.Kind != ast.Interface || strings.HasPrefix(definition.Name, "__") {
			continue
		}
		for _, field := range definition.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				all = append(all, definition.Name+"."+field.Name)
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestEveryFieldShowsEveryPrincipalWhatTheyMaySee(t *testing.T) {
	if got, want := coordinates(), slices.Sorted(maps.Keys(sights)); !slices.Equal(got, want) {
		t.Fatalf("the schema has the fields\n%q\nand this test shows\n%q", got, want)
	}
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := fill(t, dsn)
		s := start(t, store)
		for coordinate, see := range sights {
			for user, want := range map[string]string{"ada": see.all, "ann": see.own} {
				got := s.query(t, user, see.query)
				if data := dataOf(t, got.body); got.status != 200 || data != want {
					t.Errorf("%s as %s: got %d %s\nwant %s", coordinate, user, got.status, got.body, want)
				}
			}
			for _, user := range []string{"nil", "bob"} {
				got := s.query(t, user, see.query)
				if !strings.Contains(got.body, `"code":"FORBIDDEN"`) || strings.Contains(got.body, "acc-") || dataOf(t, got.body) != "null" {
					t.Errorf("%s as %s: got %d %s", coordinate, user, got.status, got.body)
				}
			}
			for _, user := range []string{"", "eve"} {
				if got := s.query(t, user, see.query); got.status != 401 && got.status != 429 || strings.Contains(got.body, "data") {
					t.Errorf("%s as %q: got %d %s", coordinate, user, got.status, got.body)
				}
			}
		}
	})
}

// dataOf returns the data of a GraphQL answer, with NOW for an instant.
func dataOf(t *testing.T, body string) string {
	t.Helper()
	var document struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	data := string(document.Data)
	if start := strings.Index(data, `"asOf":"`); start >= 0 {
		start += len(`"asOf":`)
		end := start + 1 + strings.IndexByte(data[start+1:], '"') + 1
		data = data[:start] + "NOW" + data[end:]
	}
	return data
}

func TestAnotherAccountsIDTellsNothing(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	ask := func(user, account string) answer {
		return s.query(t, user, `{aiUsage(accountId:"`+account+`"){totals{sessions} accountUsage{accountId}}}`)
	}
	if got := ask("ann", "acc-1"); got.body != `{"data":{"aiUsage":{"totals":{"sessions":2},"accountUsage":[{"accountId":"acc-1"}]}}}` {
		t.Errorf("their own: got %s", got.body)
	}
	exists, missing := ask("ann", "acc-2"), ask("ann", "acc-99")
	if exists.body != missing.body || exists.status != missing.status || !strings.Contains(exists.body, `"code":"FORBIDDEN"`) ||
		!strings.Contains(exists.body, `"argument":"accountId"`) || strings.Contains(exists.body, "acc-") {
		t.Errorf("one that exists: %s\none that does not: %s", exists.body, missing.body)
	}
	if !strings.Contains(s.log.String(), `"event":"access","who":"ann"`) {
		t.Errorf("the refusal is not in the log:\n%s", s.log)
	}
}

// The legacy operation is for administrators of everything, whoever else asks.
func TestTheLegacyOperationIsForSystemAdministrators(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for user, want := range map[string]int{"ada": 200, "ann": 403, "nil": 403, "bob": 403, "": 401} {
		for _, path := range []string{"/ai/usage", "/ai/usage?accountId=acc-1", "/json/reply/GetAIUsage", "/api/GetAIUsage[]"} {
			got := s.ask(t, user, "POST", path, "", "")
			if got.status != want || want != 200 && got.body != "" {
				t.Errorf("%s as %q: got %d %q, want %d", path, user, got.status, got.body, want)
			}
		}
	}
}

// A change of what somebody may see holds from the next request on.
func TestAChangeOfAccessHoldsAtOnce(t *testing.T) {
	store := fill(t, dbtest.One(t))
	s := start(t, store)
	const sessions = `{aiUsage{totals{sessions}}}`
	if got := s.query(t, "ann", sessions); got.body != `{"data":{"aiUsage":{"totals":{"sessions":2}}}}` {
		t.Errorf("before: %s", got.body)
	}
	if err := store.SetAccess(t.Context(), "ann", []string{auth.AccountAdministrator}, []string{"acc-2"}); err != nil {
		t.Fatal(err)
	}
	if got := s.query(t, "ann", sessions); got.body != `{"data":{"aiUsage":{"totals":{"sessions":1}}}}` {
		t.Errorf("after: %s", got.body)
	}
}
