package resolvers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// identified are fragments with fields of everything that has an id.
const identified = `
fragment R on AIUsage{__typename id from to timeZone totals{...T}}
fragment T on AIUsageTotals{__typename id aiMinutes aiSeconds sessions}
fragment A on AIAccountUsage{__typename id accountId minutes aiSeconds sessions share withoutCustomer{...T} previous{...T} account{...N}}
fragment C on AICustomerUsage{__typename id accountId customerId minutes aiSeconds sessions share previous{...T} customer{...M} account{...N}}
fragment P on AIUsagePoint{__typename id begins:from aiMinutes aiSeconds sessions}
fragment N on Account{__typename id accountId name}
fragment M on Customer{__typename id accountId customerId name}`

// principals of these tests, with the accounts that they see (nil: all).
var principals = map[string][]string{"everybody": nil, "some": {"a", "é", "konto 5"}, "one": {"A"}, "nobody known": {"new"}}

func (a api) asOne(t *testing.T, who string) api {
	principal := auth.Principal{Name: who, Roles: []string{auth.AccountAdministrator}, Accounts: principals[who]}
	if principals[who] == nil {
		principal.Roles = []string{auth.SystemAdministrator}
	}
	return a.as(auth.NewContext(t.Context(), principal))
}

// filledBy returns a gateway over what a model has.
func filledBy(t *testing.T, dsn string, d drawer, now time.Time) (*model, api) {
	t.Helper()
	m := newModel(d.Rand, now)
	return m, serve(m.rolledUp(t, dsn))
}

// rolledUp writes what the model has and returns the database, which answers from sums where
// the engine can have them.
func (m *model) rolledUp(t *testing.T, dsn string) *db.Store {
	t.Helper()
	store := open(t, dsn)
	if _, err := store.InstallRollups(t.Context(), mustZone("Europe/Berlin")); err != nil {
		t.Fatal(err)
	}
	if err := store.FillRollups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	m.write(t, store)
	server, err := store.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(server, "Dolt") {
		if _, err := store.Fold(t.Context(), func(int) {}); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// datesAround are ranges by their dates, around a day.
func datesAround(now time.Time) [][]string {
	day := func(ago int) string { return now.AddDate(0, 0, -ago).Format("2006-01-02") }
	return [][]string{{day(60), day(31)}, {day(20), ""}, {"", day(40)}, {day(95) + "T10:30", day(33) + "T07:15"}, {day(10), day(-5)}, {"", ""}, {day(45), day(45)}}
}

// objects adds all objects with an id that an answer has, by their ids. Those with the same id
// are the same.
func objects(t *testing.T, answer any, all map[string]map[string]any) {
	t.Helper()
	switch value := answer.(type) {
	case []any:
		for _, one := range value {
			objects(t, one, all)
		}
	case map[string]any:
		for _, one := range value {
			objects(t, one, all)
		}
		id, has := value["id"].(string)
		if !has || value["__typename"] == nil {
			return
		}
		fields := map[string]any{}
		for name, one := range value {
			if !strings.HasPrefix(name, "below_") {
				fields[name] = one
			}
		}
		if before, known := all[id]; known && !reflect.DeepEqual(before, fields) {
			t.Errorf("two objects have the id %s:\n%v\n%v", id, before, fields)
		}
		all[id] = fields
	}
}

// declared are the variables of a document about one range.
const declared = `$accountId:ID,$customerId:ID,$accountIds:[ID!],$customerIds:[ID!],$startDate:String,$endDate:String,$period:AIUsagePeriod,$timeZone:String`

const asked = `accountId:$accountId,customerId:$customerId,accountIds:$accountIds,customerIds:$customerIds,startDate:$startDate,endDate:$endDate,period:$period,timeZone:$timeZone`

// Whatever has an id is read again by it as it was, by whoever got it, and by anybody else as
// they see it themselves, or not at all.
func TestWhatHasAnIDIsReadAgainByIt(t *testing.T) {
	const document = `query(` + declared + `){aiUsage(` + asked + `){...R
		below_a:accountUsage(include:BOTH){...A below_s:series(granularity:WEEK){...P}}
		below_c:customerUsage(include:BOTH){...C below_s:series(granularity:MONTH){...P}}
		below_s:series(granularity:WEEK){...P} below_p:previous{...R below_a:accountUsage{...A}} below_t:compareTo(period:LAST_MONTH){...R below_c:customerUsage{...C}}}}` + identified
	const again = `query($ids:[ID!]!){nodes(ids:$ids){...R ...T ...A ...C ...P ...N ...M}}` + identified
	dbtest.InTurn(t, 1, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(17, 18))}, time.Now()
		_, a := filledBy(t, dsn, d, now)
		read := 0
		for range 12 {
			_, arguments := d.question(datesAround(now))
			seen := map[string]map[string]map[string]any{}
			ids, _ := arguments["accountIds"].([]string)
			for who, scope := range principals {
				if ids = slices.Compact(slices.Sorted(slices.Values(ids))); len(ids) == 1 && scope != nil && !slices.Contains(scope, ids[0]) {
					continue // who gets an empty report, as its id is that of what they may not see
				}
				variables := []any{}
				for name, value := range arguments {
					variables = append(variables, name, value)
				}
				seen[who] = map[string]map[string]any{}
				objects(t, decoded(t, a.asOne(t, who).ask(t, t.Context(), document, variables...)), seen[who])
			}
			for who, all := range seen {
				for reader := range principals {
					read += readsAgain(t, a.asOne(t, reader), again, who, all, reader, seen[reader])
				}
			}
		}
		if read < 1000 {
			t.Errorf("only %d objects were read again", read)
		}
	})
}

func decoded(t *testing.T, answer string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(answer), &value); err != nil && !strings.Contains(answer, `"FORBIDDEN"`) {
		t.Fatalf("%v: %s", err, answer)
	}
	return value
}

// readsAgain has a reader ask for what somebody has got, and returns how much they saw of it.
func readsAgain(t *testing.T, a api, document, who string, all map[string]map[string]any, reader string, own map[string]map[string]any) (seen int) {
	t.Helper()
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(all)), 100) {
		answer := decoded(t, a.ask(t, t.Context(), document, "ids", ids)).(map[string]any)["nodes"].([]any)
		for i, id := range ids {
			node, _ := answer[i].(map[string]any)
			scope := principals[reader]
			account, about := all[id]["accountId"].(string)
			switch want := own[id]; {
			case reader == who && !reflect.DeepEqual(node, all[id]):
				t.Errorf("%s got\n%v\nand read again\n%v", who, all[id], node)
			case want != nil && !reflect.DeepEqual(node, want):
				t.Errorf("%s has\n%v\nand reads of %s\n%v", reader, want, who, node)
			case about && scope != nil && !slices.Contains(scope, account) && node != nil:
				t.Errorf("%s reads of %s\n%v", reader, who, node)
			case want == nil && scope != nil && node != nil && !isNothing(node) && node["__typename"] != "Account" && node["__typename"] != "Customer":
				t.Errorf("%s has nothing like it, and reads of %s\n%v", reader, who, node)
			}
			if node != nil {
				seen++
			}
		}
	}
	return seen
}

// isNothing tells whether an object is of no usage.
func isNothing(node map[string]any) bool {
	totals, _ := node["totals"].(map[string]any)
	return node["sessions"] == 0.0 || totals != nil && totals["sessions"] == 0.0
}

// The usage of an account or a customer is the report that is asked for it alone, although that
// of a whole list is read at once.
func TestUsageOfListedAccountsAndCustomersIsThatOfTheirOwnReports(t *testing.T) {
	const fields = `fragment F on AIUsage{id from to timeZone totals{id aiMinutes sessions}
		accountUsage{id minutes share withoutCustomer{sessions} previous{id aiSeconds} series(granularity:WEEK){id sessions} customerUsage{id minutes}}
		customerUsage(filter:{minimum:{value:2}}){id customerId minutes share series(granularity:MONTH){id sessions}}
		series(granularity:WEEK){id from to sessions} previous(shift:$shift){id totals{id sessions} series(granularity:MONTH){id sessions}}
		compareTo(period:LAST_MONTH){totals{sessions} customerUsage{minutes}}
		customerUsageConnection(first:2,orderBy:{field:AI_SECONDS,direction:DESC}){totalCount pageInfo{hasNextPage} edges{node{id aiSeconds series(granularity:WEEK){sessions}}}}}`
	const variables = `$startDate:String,$endDate:String,$period:AIUsagePeriod,$timeZone:String,$shift:AIUsageShift!`
	const given = `startDate:$startDate,endDate:$endDate,period:$period,timeZone:$timeZone`
	dbtest.InTurn(t, 2, func(t *testing.T, dsn string) {
		d, now := drawer{rand.New(rand.NewPCG(19, 20))}, time.Now()
		m, a := filledBy(t, dsn, d, now)
		for range 6 {
			q, arguments := d.question(datesAround(now))
			for _, filter := range []string{"accountId", "customerId", "accountIds", "customerIds"} {
				delete(arguments, filter)
			}
			arguments["shift"] = among(d, "PERIOD", "MONTH", "YEAR")
			ask := func(who, document string, more ...any) any {
				for name, value := range arguments {
					more = append(more, name, value)
				}
				return decoded(t, a.asOne(t, who).ask(t, t.Context(), document+fields, more...))
			}
			for who := range principals {
				listed := map[string]any{}
				for _, list := range []string{"accounts(first:6){nodes{accountId", "customers(first:8){nodes{accountId customerId"} {
					maps.Copy(listed, ask(who, `query(`+variables+`){`+list+` usage(`+given+`){...F}}}}`).(map[string]any))
				}
				for _, list := range []string{"accounts", "customers"} {
					for _, node := range listed[list].(map[string]any)["nodes"].([]any) {
						one := node.(map[string]any)
						own := ask(who, `query(`+variables+`,$a:ID,$c:ID){aiUsage(accountId:$a,customerId:$c,`+given+`){...F}}`, "a", one["accountId"], "c", one["customerId"])
						if want := own.(map[string]any)["aiUsage"]; !reflect.DeepEqual(one["usage"], want) {
							t.Fatalf("%s, %v, %v of %v/%v:\n%v\nwant\n%v", who, arguments, list, one["accountId"], one["customerId"], one["usage"], want)
						}
						about := question{span: q.span, scope: principals[who], accountID: one["accountId"].(string)}
						about.customerID, _ = one["customerId"].(string)
						var total usage.Usage
						for _, amount := range m.amounts(about, q.span) {
							total = total.Plus(amount)
						}
						if got := one["usage"].(map[string]any)["totals"].(map[string]any); got["sessions"] != float64(total.Sessions) || got["aiMinutes"] != float64(total.Minutes) {
							t.Errorf("%s, %v, %v: %v, want %v", who, arguments, about, got, total)
						}
					}
				}
			}
		}
	})
}

// The customers of an account page as those of the root do, by the same cursors.
func TestAnAccountsCustomersPage(t *testing.T) {
	dbtest.InTurn(t, 0, func(t *testing.T, dsn string) {
		d := drawer{rand.New(rand.NewPCG(21, 22))}
		m, a := filledBy(t, dsn, d, time.Now())
		type page struct {
			Nodes    []struct{ CustomerID string }
			PageInfo struct {
				HasNextPage bool
				EndCursor   *string
			}
		}
		for _, account := range []string{"a", "é"} {
			want := []string{}
			for subject := range m.names {
				if subject.AccountID == account && subject.CustomerID != "" {
					want = append(want, subject.CustomerID)
				}
			}
			slices.Sort(want)
			for _, field := range []string{"id", "account"} {
				var got []string
				var after *string
				for more := true; more; {
					found := read[struct{ Account struct{ Customers page } }](t, a,
						`query($a:ID!,$after:String){account(accountId:$a){`+map[string]string{"id": "id ", "account": ""}[field]+`customers(first:3,after:$after){nodes{customerId} pageInfo{hasNextPage endCursor}}}}`, "a", account, "after", after)
					for _, node := range found.Account.Customers.Nodes {
						got = append(got, node.CustomerID)
					}
					more, after = found.Account.Customers.PageInfo.HasNextPage, found.Account.Customers.PageInfo.EndCursor
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %v, want %v", account, got, want)
				}
			}
		}
	})
}

// What is no id, or stands for nothing, is null beside what is.
func TestNodesAnswerForEachID(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 1, 2)
	a := serve(store)
	type ids struct {
		Account *struct {
			ID        string
			Customers struct{ Nodes []struct{ ID string } }
		}
	}
	found := read[ids](t, a, `{account(accountId:"a"){id customers{nodes{id}}}}`)
	account, customer := found.Account.ID, found.Account.Customers.Nodes[0].ID
	for document, want := range map[string]string{
		`{account(accountId:"b"){id}}`:                  `{"account":null}`,
		`{account(accountId:" "){id}}`:                  `{"account":null}`,
		`{customer(accountId:"a",customerId:"c7"){id}}`: `{"customer":null}`,
		`{customer(accountId:"a",customerId:""){id}}`:   `{"customer":null}`,
		`{account(accountId:"a "){accountId}}`:          `{"account":{"accountId":"a"}}`,
		`{node(id:"a"){id}}`:                            `{"node":null}`,
		`{node(id:""){id}}`:                             `{"node":null}`,
		`{nodes(ids:[]){id}}`:                           `{"nodes":[]}`,
		`{nodes(ids:["` + customer + `","x","` + account + `"]){__typename ...on Node{id}}}`:            `{"nodes":[{"__typename":"Customer","id":"` + customer + `"},null,{"__typename":"Account","id":"` + account + `"}]}`,
		`{nodes(ids:["` + strings.Repeat(account+`","`, 100) + account + `"]){id}}`:                     `BAD_USER_INPUT`,
		`{node(id:"` + account + `"){...on Account{usage(startDate:"x"){from} accountId}}}`:             `"accountId":"a"`,
		`{a:node(id:"` + account + `"){id} b:node(id:"` + customer + `"){...on Customer{account{id}}}}`: `{"a":{"id":"` + account + `"},"b":{"account":{"id":"` + account + `"}}}`,
	} {
		if got := a.ask(t, t.Context(), document); got != want && !(strings.Contains(got, want) && !strings.HasPrefix(want, "{")) {
			t.Errorf("%s\ngot  %s\nwant %s", document, got, want)
		}
	}
	// A point that the series does not have is not there, nor is one of another granularity.
	series := a.ask(t, t.Context(), `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY){id from}}}`)
	var points struct {
		AIUsage struct{ Series []struct{ ID, From string } }
	}
	if err := json.Unmarshal([]byte(series), &points); err != nil {
		t.Fatal(err)
	}
	for _, point := range points.AIUsage.Series {
		want := fmt.Sprintf(`{"node":{"from":%q}}`, point.From)
		if got := a.ask(t, t.Context(), `{node(id:"`+point.ID+`"){...on AIUsagePoint{from}}}`); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// What is asked of the usage of an account does not make the report finer in which it is found.
func TestUsageBelowAnAccountIsNoPartOfTheReport(t *testing.T) {
	store := open(t, dbtest.One(t))
	write(t, store, "a", 1, 2)
	got := serve(store).ask(t, t.Context(), `{aiUsage{accountUsage{account{usage{customerUsage{minutes}}}} plan{level}}}`)
	want := `{"aiUsage":{"accountUsage":[{"account":{"usage":{"customerUsage":[{"minutes":1},{"minutes":2}]}}}],"plan":{"level":"ACCOUNT"}}}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
