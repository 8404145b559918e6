package read

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/phase"
	"aiusage/db/subjects"
	"aiusage/usage"
)

// readyState has sums by level that reports may read.
func readyState() *phase.State {
	return &phase.State{Set: phase.Levels, Phase: phase.Ready, Believed: true, Generation: 5, Calendars: []usage.Calendar{usage.UTCCalendar}}
}

// asked is a question as it is made of a query.
func asked(t *testing.T, query usage.SeriesQuery, state *phase.State, known *subjects.Known, inSnapshot bool) *question {
	t.Helper()
	var db sqlx.QueryerContext
	if inSnapshot {
		db = &sqlx.Tx{}
	}
	query.Zone = time.UTC
	q := newQuestion(db, query, state, known)
	span, ok := query.Range.Normal()
	if !ok {
		t.Fatalf("%+v: no range", query)
	}
	var err error
	if q.plan, q.points, err = state.Plan(query, span); err != nil {
		t.Fatalf("%+v: %v", query, err)
	}
	q.accounts = accountsOf(query)
	return q
}

var tableNames = regexp.MustCompile(`(?:FROM|JOIN) (usage_\w+|ai_sessions)`)

// tablesIn are the tables that a statement reads, in the order in which they come first.
func tablesIn(statement string) string {
	var names []string
	for _, match := range tableNames.FindAllStringSubmatch(statement, -1) {
		if name := strings.TrimPrefix(match[1], "usage_"); name != "level_state" && name != "rollup_state" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// many are so many ids.
func many(count int) (ids []string) {
	for i := range count {
		ids = append(ids, fmt.Sprint("a", i))
	}
	return ids
}

// Each question is answered from the smallest sums that have it, whose accounts are looked up one
// by one as long as they are few; and a statement has an argument for each of its placeholders.
func TestAQuestionIsAskedOfTheSmallestSums(t *testing.T) {
	for what, c := range map[string]struct {
		level  usage.Level
		query  usage.Query
		step   usage.Step
		days   int
		tables string
	}{
		"everybody":                       {usage.Together, usage.Query{}, "", 40, "total_rollups changes"},
		"everybody's days":                {usage.Together, usage.Query{}, usage.Daily, 40, "total_rollups changes"},
		"each account":                    {usage.ByAccount, usage.Query{}, "", 40, "accounts account_rollups changes"},
		"each account's hours":            {usage.ByAccount, usage.Query{}, usage.Hourly, 2, "accounts account_series changes"},
		"an account":                      {usage.Together, usage.Query{AccountID: "a"}, "", 40, "account_series accounts changes"},
		"some accounts together":          {usage.Together, usage.Query{Accounts: many(2)}, "", 40, "account_series accounts changes"},
		"as many as are looked up":        {usage.ByAccount, usage.Query{Accounts: many(maxNamedAccounts)}, "", 40, "accounts account_series changes"},
		"more than are looked up":         {usage.ByAccount, usage.Query{Accounts: many(maxNamedAccounts + 1)}, "", 40, "accounts account_rollups changes"},
		"nobody":                          {usage.ByAccount, usage.Query{Accounts: []string{}}, "", 40, ""},
		"somebody whom they may not see":  {usage.ByAccount, usage.Query{Accounts: []string{"b"}, AccountID: "a"}, "", 40, ""},
		"each customer":                   {usage.ByCustomer, usage.Query{}, "", 40, "customer_rollups subjects changes"},
		"a customer":                      {usage.Together, usage.Query{CustomerID: "x"}, "", 40, "customer_rollups subjects changes"},
		"a customer of an account":        {usage.ByCustomer, usage.Query{AccountID: "a", CustomerID: "x"}, "", 40, "customer_rollups accounts subjects changes"},
		"each customer of some":           {usage.ByCustomer, usage.Query{Accounts: many(3)}, "", 40, "accounts customer_rollups subjects changes"},
		"a part of a day":                 {usage.ByCustomer, usage.Query{Range: usage.Range{From: spring, To: spring.Add(90 * time.Second)}}, "", 0, "ai_sessions"},
		"a part of a day, of all of them": {usage.Together, usage.Query{Range: usage.Range{From: spring, To: spring.Add(90 * time.Minute)}}, "", 0, "total_rollups changes"},
	} {
		query := usage.SeriesQuery{Query: c.query, Step: c.step}
		if query.Level = c.level; c.days > 0 {
			query.Range = usage.Range{From: spring, To: spring.AddDate(0, 0, c.days)}
		}
		s := asked(t, query, readyState(), nil, false).statement()
		if got := tablesIn(s.String()); got != c.tables {
			t.Errorf("%s: of %q, want %q", what, got, c.tables)
		}
		if marks := strings.Count(s.String(), "?"); marks != len(s.args) {
			t.Errorf("%s: %d arguments for %d marks in %s", what, len(s.args), marks, s)
		}
	}
}

// Until there are sums by level, those by hour are read.
func TestAQuestionIsAskedOfSumsByHour(t *testing.T) {
	state := readyState()
	state.Set = phase.Hours
	for _, level := range []usage.Level{usage.ByCustomer, usage.ByAccount, usage.Together} {
		query := usage.SeriesQuery{Query: usage.Query{Level: level, Range: usage.Range{From: spring, To: spring.AddDate(0, 0, 40)}}}
		if got := tablesIn(asked(t, query, state, nil, false).statement().String()); !strings.Contains(got, "rollups") || strings.Contains(got, "_rollups") {
			t.Errorf("level %d: of %q", level, got)
		}
	}
}

// Sums of customers come by number, in a statement of their own, where everybody's subjects are in
// memory and another statement can see the same snapshot.
func TestSumsOfCustomersComeByNumber(t *testing.T) {
	known := subjects.Numbered(9, map[int64]usage.Subject{1: {AccountID: "a"}}, 10)
	for what, c := range map[string]struct {
		query              usage.Query
		known              *subjects.Known
		inSnapshot         bool
		byNumber, apartHas bool
	}{
		"in a snapshot":         {usage.Query{}, known, true, true, true},
		"alone":                 {usage.Query{}, known, false, true, false},
		"not in memory":         {usage.Query{}, nil, true, false, false},
		"of an account":         {usage.Query{AccountID: "a"}, known, true, true, false},
		"of some":               {usage.Query{Accounts: many(3)}, known, true, true, true},
		"of a customer":         {usage.Query{CustomerID: "x"}, known, true, false, false},
		"of accounts":           {usage.Query{Level: usage.ByAccount, CustomerIDs: []string{"x"}}, known, true, false, false},
		"of accounts by theirs": {usage.Query{Level: usage.ByAccount}, known, true, false, false},
	} {
		c.query.Range = usage.Range{From: spring, To: spring.AddDate(0, 0, 9)}
		q := asked(t, usage.SeriesQuery{Query: c.query}, readyState(), c.known, c.inSnapshot)
		q.ranked = &[]ranked{}
		s := q.statement()
		apart := q.apart != nil && len(q.apart.parts) > 0
		if q.byNumber != c.byNumber || apart != c.apartHas || strings.Contains(s.String(), "usage_subject_stamp") != c.byNumber {
			t.Errorf("%s: by number %v, apart %v", what, q.byNumber, apart)
		}
		if apart && (strings.Contains(s.String(), "usage_customer_rollups") || strings.Count(q.apart.String(), "?") != len(q.apart.args) || q.apart.columns() != 1) {
			t.Errorf("%s: beside\n%s\nthere is\n%s", what, s, q.apart)
		}
		if looksUp := strings.Contains(s.String(), "usage_subjects"); c.byNumber && looksUp {
			t.Errorf("%s: looks up subjects: %s", what, s)
		}
	}
}

// Few sums of each customer are added up here, and more by the server.
func TestManySumsOfCustomersAreAddedUpByTheServer(t *testing.T) {
	known := subjects.Numbered(9, map[int64]usage.Subject{1: {AccountID: "a"}}, 10)
	for days, added := range map[int]bool{1: false, fewBuckets: false, fewBuckets + 1: true, 20: true} {
		for _, known := range []*subjects.Known{nil, known} {
			query := usage.SeriesQuery{Query: usage.Query{Range: usage.Range{From: spring, To: spring.AddDate(0, 0, days)}}}
			s := asked(t, query, readyState(), known, false).statement().String()
			sums, _, _ := strings.Cut(s, "usage_changes")
			if got := strings.Contains(sums, "GROUP BY subject_no"); got != added {
				t.Errorf("%d days: added up %v: %s", days, got, sums)
			}
			query.Step = usage.Daily
			s = asked(t, query, readyState(), known, false).statement().String()
			if days > 1 && strings.Contains(s, "GROUP BY subject_no") {
				t.Errorf("%d days: a series is added up: %s", days, s)
			}
		}
	}
	if few([]usage.Piece{{Edge: usage.Edge{Range: usage.Range{To: spring}}}}) {
		t.Error("a span without an end has few buckets")
	}
	if !few(daily(0, 2, 5, 6)) || few(daily(0, 2, 5, 7)) {
		t.Error("buckets of several spans are not counted together")
	}
}

// Whose usage is asked for is named, of those whom the asker may see, however their ids are
// spelled; so many that naming them does not help are not.
func TestTheAccountsThatAnAnswerNeeds(t *testing.T) {
	of := func(accounts ...string) (all []usage.Subject) {
		for _, account := range accounts {
			all = append(all, usage.Subject{AccountID: account, CustomerID: "x"}, usage.Subject{AccountID: account})
		}
		return all
	}
	for what, c := range map[string]struct {
		query usage.SeriesQuery
		want  []string
	}{
		"all":                          {usage.SeriesQuery{}, nil},
		"those whom they see":          {usage.SeriesQuery{Query: usage.Query{Accounts: []string{"a", "b"}}}, []string{"a", "b"}},
		"none whom they see":           {usage.SeriesQuery{Query: usage.Query{Accounts: []string{}}}, []string{}},
		"the one that is asked for":    {usage.SeriesQuery{Query: usage.Query{AccountID: "a"}}, []string{"a"}},
		"one whom they see":            {usage.SeriesQuery{Query: usage.Query{AccountID: "a ", Accounts: []string{"b", "a"}}}, []string{"a "}},
		"one spelled otherwise":        {usage.SeriesQuery{Query: usage.Query{AccountID: "a", Accounts: []string{"a "}}}, []string{"a"}},
		"one whom they do not see":     {usage.SeriesQuery{Query: usage.Query{AccountID: "a", Accounts: []string{"b"}}}, []string{}},
		"of some subjects":             {usage.SeriesQuery{Subjects: of("a", "b", "a")}, []string{"a", "b"}},
		"of no subjects":               {usage.SeriesQuery{Subjects: []usage.Subject{}}, []string{}},
		"subjects whom they see":       {usage.SeriesQuery{Subjects: of("a", "b ", "c"), Query: usage.Query{Accounts: []string{"b", "a"}}}, []string{"a", "b "}},
		"one beside subjects":          {usage.SeriesQuery{Subjects: of("a", "b"), Query: usage.Query{AccountID: "b"}}, []string{"b"}},
		"one of other subjects":        {usage.SeriesQuery{Subjects: of("a", "b"), Query: usage.Query{AccountID: "c"}}, []string{}},
		"as many as are named":         {usage.SeriesQuery{Subjects: of(many(maxSubjects)...)}, many(maxSubjects)},
		"more than are named":          {usage.SeriesQuery{Subjects: of(many(maxSubjects + 1)...)}, nil},
		"more than are named, of some": {usage.SeriesQuery{Subjects: of(many(maxSubjects + 1)...), Query: usage.Query{Accounts: []string{"a1", "z"}}}, []string{"a1", "z"}},
	} {
		if got := accountsOf(c.query); !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s: got %.200q, want %.200q", what, got, c.want)
		}
	}
}

// Days are named that spans lie in, each once and in order, up to one more than are named.
func TestTheDaysThatSpansLieIn(t *testing.T) {
	span := func(from, to float64) usage.Edge {
		return usage.Edge{Range: usage.Range{From: spring.Add(time.Duration(from * 24 * float64(time.Hour))), To: spring.Add(time.Duration(to * 24 * float64(time.Hour)))}}
	}
	for want, spans := range map[string][]usage.Edge{
		"01":          {span(0, 1)},
		"01 02":       {span(0.5, 1.25)},
		"01 02 03 05": {span(0.5, 1.25), span(1.25, 1.5), span(1.5, 2), span(2, 2.25), span(4, 5)},
		"02 03":       {span(1, 1.5), span(1.75, 2.5)},
		"02":          {span(1.25, 1.5), span(1.5, 1.75)},
		"":            nil,
	} {
		var got []string
		for _, day := range daysOf(spans) {
			got = append(got, strings.TrimPrefix(day, "2026-03-"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v: got %q, want %q", spans, got, want)
		}
	}
	if got := daysOf([]usage.Edge{span(0, maxNamed+100)}); len(got) != maxNamed+1 {
		t.Errorf("%d days are named", len(got))
	}
}

// What was kept is read by the day where days are few, and otherwise of the days between which it is.
func TestWhatWasKeptIsReadOfItsDays(t *testing.T) {
	dropped := readyState()
	dropped.RawFrom = sql.NullTime{Time: spring.AddDate(40, 0, 0), Valid: true}
	query := usage.SeriesQuery{Query: usage.Query{Range: usage.Range{From: spring.Add(15 * time.Minute), To: spring.AddDate(0, 0, 1).Add(30 * time.Minute)}}}
	s := asked(t, query, dropped, nil, false).statement()
	if got := tablesIn(s.String()); got != "customer_rollups subjects changes accounts quarters" || !slices.Contains(s.args, any(`["2026-03-01","2026-03-02"]`)) {
		t.Errorf("got %q of %v", got, s.args)
	}
	if s.columns() != 4 {
		t.Errorf("%d columns", s.columns())
	}
	q := asked(t, query, dropped, nil, false)
	q.plan.Kept = []usage.Edge{days(20, 21), days(30, maxNamed+31)}
	s = q.statement()
	if strings.Contains(s.String(), "JSON_TABLE") || !slices.Contains(s.args, any(spring.AddDate(0, 0, 19))) || !slices.Contains(s.args, any(spring.AddDate(0, 0, maxNamed+31))) {
		t.Errorf("got %s of %v", s, s.args)
	}
	q = asked(t, query, dropped, nil, false)
	q.plan.Kept = []usage.Edge{days(0, maxNamed)}
	if s := q.statement(); !strings.Contains(s.String(), "JSON_TABLE") {
		t.Errorf("as many days as are named: got %s", s)
	}
}
