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

	"aiusage/auth"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// drawer makes up questions.
type drawer struct{ *rand.Rand }

func among[T any](d drawer, choices ...T) T { return choices[d.IntN(len(choices))] }

func (d drawer) ids(of ...string) []string {
	if d.IntN(4) > 0 {
		return nil
	}
	ids := []string{}
	for range d.IntN(6) {
		ids = append(ids, among(d, of...))
	}
	return ids
}

// comparison draws what cannot be refused.
func (d drawer) comparison(dates [][]string) comparison {
	switch d.IntN(6) {
	case 0:
		return comparison{dates: among(d, dates...)}
	case 1:
		return comparison{period: among(d, "LAST_MONTH", "LAST_30_DAYS", "TODAY")}
	}
	return comparison{shift: among(d, "", "PERIOD", "WEEK", "MONTH", "YEAR"), elapsed: d.IntN(2) == 0}
}

func (d drawer) question(dates [][]string) (q question, asked map[string]any) {
	q.zone = among(d, time.UTC, mustZone("Europe/Berlin"), mustZone("Asia/Kolkata"), mustZone("Australia/Lord_Howe"), mustZone("America/St_Johns"))
	asked = map[string]any{"timeZone": q.zone.String()}
	if d.IntN(2) == 0 {
		period := among(d, usage.ThisMonth, usage.ThisMonth, usage.ThisQuarter, usage.LastMonth, usage.ThisWeek, usage.Last30Days, usage.LastQuarter)
		asked["period"] = period
		q.span, _ = period.Range(time.Now(), q.zone)
	} else {
		pair := among(d, dates...)
		asked["startDate"], asked["endDate"] = pair[0], pair[1]
		q.span, _ = usage.ParseRange(pair[0], pair[1], q.zone)
	}
	if d.IntN(12) == 0 {
		q.accountID = among(d, "a", "b-1")
	}
	if d.IntN(12) == 0 {
		q.customerID = among(d, "Kunde-1", "kunde-2")
	}
	q.accountIDs, q.customerIDs = d.ids("a", "A", "é", "z", "b-1", "none"), d.ids("Kunde-0", "Kunde-1", "Kunde-2", "kunde-1", "kunde-3")
	asked["accountId"], asked["customerId"], asked["accountIds"], asked["customerIds"] = q.accountID, q.customerID, q.accountIDs, q.customerIDs
	q.customers, q.include = d.IntN(2) == 0, among(d, "CURRENT", "PREVIOUS", "BOTH")
	if d.IntN(5) == 0 {
		q.filter.search = among(d, "u", "ARZT", "Kunde-1", "e", "сын", "9", "nothing")
	}
	if d.IntN(5) == 0 {
		q.filter.measure, q.filter.least = among(d, "AI_MINUTES", "AI_SECONDS", "SESSIONS"), d.Int64N(12)
	}
	if d.IntN(5) == 0 {
		named := d.IntN(2) == 0
		q.filter.named = &named
	}
	q.compare = d.comparison(dates)
	q.order = order{among(d, "ID", "AI_MINUTES", "AI_SECONDS", "SESSIONS", "NAME", "NAME", "SHARE", "PREVIOUS", "PREVIOUS", "CHANGE", "CHANGE", "CHANGE_RELATIVE", "CHANGE_RELATIVE"), among(d, "ASC", "DESC"), among(d, "AI_MINUTES", "AI_SECONDS", "SESSIONS")}
	return q, asked
}

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// modelDocument asks for the rows of a question as a list and as pages, with what they and
// the totals are compared with.
func modelDocument(q question) string {
	kind, name := "account", "account{name}"
	if q.customers {
		kind, name = "customer", "customerId customer{name}"
	}
	defined := "$shift:AIUsageShift!"
	before, totals := "before:previous(shift:$shift,elapsed:$elapsed){aiMinutes aiSeconds sessions}", "totals{aiMinutes aiSeconds sessions}"
	if q.compare.dates != nil || q.compare.period != "" {
		defined = "$from:String,$to:String,$with:AIUsagePeriod"
		before = "before:compareTo(startDate:$from,endDate:$to,period:$with){aiMinutes aiSeconds sessions}"
	}
	fields := "{accountId " + name + " minutes aiMinutes aiSeconds sessions " + before + "}"
	return `query($accountId:ID,$customerId:ID,$accountIds:[ID!],$customerIds:[ID!],$startDate:String,$endDate:String,$period:AIUsagePeriod,$timeZone:String,
		$filter:AIUsageFilter,$include:AIUsageInclude!,$compare:AIUsageComparison,$order:AIUsageOrder,$first:Int,$after:String,$last:Int,$before:String,
		$elapsed:Boolean!,` + defined + `){
		aiUsage(accountId:$accountId,customerId:$customerId,accountIds:$accountIds,customerIds:$customerIds,startDate:$startDate,endDate:$endDate,period:$period,timeZone:$timeZone){
		asOf ` + totals + ` ` + strings.Replace(before, "{aiMinutes aiSeconds sessions}", "{"+totals+"}", 1) + `
		list:` + kind + `Usage(filter:$filter,include:$include,compare:$compare)` + fields + `
		page:` + kind + `UsageConnection(first:$first,after:$after,last:$last,before:$before,orderBy:$order,filter:$filter,include:$include,compare:$compare){
			totalCount pageInfo{hasNextPage hasPreviousPage startCursor endCursor} nodes` + fields + `}
		used:__typename @skip(if:$elapsed) unused:__typename @include(if:$elapsed)}}`
}

type modelRow struct {
	AccountID, CustomerID          string
	Account, Customer              struct{ Name *string }
	Minutes                        int64
	AIMinutes, AISeconds, Sessions int64
	Before                         *modelAmount
}

type modelAmount struct{ AIMinutes, AISeconds, Sessions int64 }

func (a modelAmount) usage() usage.Usage {
	return usage.Usage{Minutes: a.AIMinutes, Seconds: a.AISeconds, Sessions: a.Sessions}
}

type modelAnswer struct {
	AIUsage struct {
		AsOf   time.Time
		Totals modelAmount
		Before *struct{ Totals modelAmount }
		List   []modelRow
		Page   struct {
			TotalCount int
			PageInfo   struct {
				HasNextPage, HasPreviousPage bool
				StartCursor, EndCursor       *string
			}
			Nodes []modelRow
		}
	}
}

func shownRows(q question, rows []modelRow) (shown []string) {
	for _, one := range rows {
		name := one.Account.Name
		if q.customers {
			name = one.Customer.Name
		}
		text := fmt.Sprintf("%s/%s %q %d %d %d %d", one.AccountID, one.CustomerID, pointed(name), one.Minutes, one.AIMinutes, one.AISeconds, one.Sessions)
		if one.Before != nil {
			text += fmt.Sprintf(" before %v", one.Before.usage())
		}
		shown = append(shown, text)
	}
	return shown
}

func pointed(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func wantedRows(rows []row) (shown []string) {
	for _, one := range rows {
		text := fmt.Sprintf("%s/%s %q %d %d %d %d", one.subject.AccountID, one.subject.CustomerID, one.name, one.now.Minutes, one.now.Minutes, one.now.Seconds, one.now.Sessions)
		if one.hasBefore {
			text += fmt.Sprintf(" before %v", one.before)
		}
		shown = append(shown, text)
	}
	return shown
}

// Whatever is asked, by whomever, of whichever engine: lists, pages, orders, filters and
// comparisons are what looking at every session comes to.
func TestListsAndComparisonsAgreeWithAModel(t *testing.T) {
	principals := map[string][]string{"everybody": nil, "some": {"a", "é", "konto 5"}, "one": {"A"}, "nobody known": {"new"}}
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		d := drawer{rand.New(rand.NewPCG(13, 14))}
		now := time.Now()
		m, a := filledBy(t, dsn, d, now)
		day := func(ago int) string { return now.AddDate(0, 0, -ago).Format("2006-01-02") }
		dates := [][]string{{day(60), day(31)}, {day(20), ""}, {"", day(40)}, {day(95) + "T10:30", day(33) + "T07:15"}, {day(10), day(-5)}, {"", ""}, {day(45), day(45)}}
		asked := 0
		for asked < 80 {
			q, arguments := d.question(dates)
			who := among(d, "everybody", "everybody", "some", "one", "nobody known")
			if q.scope = principals[who]; q.scope != nil && q.accountID != "" && !slices.Contains(q.scope, q.accountID) {
				continue // which is refused
			}
			asked++
			principal := auth.Principal{Name: who, Roles: []string{auth.AccountAdministrator}, Accounts: q.scope}
			if q.scope == nil {
				principal.Roles = []string{auth.SystemAdministrator}
			}
			modelAsks(t, a.as(auth.NewContext(t.Context(), principal)), m, d, q, arguments)
		}
	})
}

// modelAsks asks one question, page by page in both directions.
func modelAsks(t *testing.T, a api, m *model, d drawer, q question, arguments map[string]any) {
	t.Helper()
	shift := cmp.Or(q.compare.shift, "PERIOD")
	for name, value := range map[string]any{
		"filter": q.filter.written(), "include": q.include, "compare": q.compare.written(), "shift": shift, "elapsed": q.compare.elapsed,
		"order": map[string]any{"field": q.order.field, "direction": q.order.direction, "measure": q.order.measure},
	} {
		arguments[name] = value
	}
	if q.compare.dates != nil {
		arguments["from"], arguments["to"] = q.compare.dates[0], q.compare.dates[1]
	}
	if q.compare.period != "" {
		arguments["with"] = q.compare.period
	}
	if q.compare.dates != nil && q.compare.dates[0] == "" && q.compare.dates[1] == "" {
		return // without dates the input object is about the time just before
	}
	ask := func(more map[string]any) (got modelAnswer) {
		t.Helper()
		var variables []any
		for name, value := range arguments {
			variables = append(variables, name, value)
		}
		for name, value := range more {
			variables = append(variables, name, value)
		}
		answer := a.ask(t, t.Context(), modelDocument(q), variables...)
		if err := json.Unmarshal([]byte(answer), &got); err != nil || strings.Contains(answer, `"errors"`) {
			t.Fatalf("%+v\n%s", arguments, answer)
		}
		return got
	}
	size := 1 + d.IntN(7)
	first := ask(map[string]any{"first": size})
	with := q.compare.span(t, q, first.AIUsage.AsOf)
	want := m.rows(q, with)
	all := q
	all.customers = false
	sum := func(amounts map[usage.Subject]usage.Usage) (total usage.Usage) {
		for _, amount := range amounts {
			total = total.Plus(amount)
		}
		return total
	}
	if got := first.AIUsage.Totals.usage(); got != sum(m.amounts(all, q.span)) {
		t.Errorf("%+v: totals %v, want %v", arguments, got, sum(m.amounts(all, q.span)))
	}
	if before := first.AIUsage.Before; (before == nil) != (with == nil) || before != nil && before.Totals.usage() != sum(m.amounts(all, *with)) {
		t.Errorf("%+v: totals before %+v, of %v", arguments, before, with)
	}
	byID := q
	byID.order = order{"ID", "ASC", "AI_MINUTES"}
	if got, want := shownRows(q, first.AIUsage.List), wantedRows(m.rows(byID, with)); !slices.Equal(got, want) {
		t.Errorf("%+v compared with %v: listed\n%s\nwant\n%s", arguments, with, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var forward, backward []modelRow
	for page := first; ; page = ask(map[string]any{"first": size, "after": page.AIUsage.Page.PageInfo.EndCursor}) {
		forward = append(forward, page.AIUsage.Page.Nodes...)
		if page.AIUsage.Page.TotalCount != len(want) || !page.AIUsage.AsOf.Equal(first.AIUsage.AsOf) && q.compare.elapsed && with != nil {
			t.Errorf("%+v: a page of %d as of %v, want %d of %v", arguments, page.AIUsage.Page.TotalCount, page.AIUsage.AsOf, len(want), first.AIUsage.AsOf)
		}
		if !page.AIUsage.Page.PageInfo.HasNextPage {
			break
		}
	}
	for page := ask(map[string]any{"last": size}); ; page = ask(map[string]any{"last": size, "before": page.AIUsage.Page.PageInfo.StartCursor}) {
		backward = slices.Concat(page.AIUsage.Page.Nodes, backward)
		if !page.AIUsage.Page.PageInfo.HasPreviousPage {
			break
		}
	}
	for direction, rows := range map[string][]modelRow{"forward": forward, "backward": backward} {
		if got, want := shownRows(q, rows), wantedRows(want); !slices.Equal(got, want) {
			t.Errorf("%+v compared with %v: paged %s\n%s\nwant\n%s", arguments, with, direction, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
