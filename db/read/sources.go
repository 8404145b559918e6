package read

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"aiusage/db/phase"
	"aiusage/db/sums"
	"aiusage/db/where"
	"aiusage/usage"
)

// source is where sums are read from: a FROM clause that offers the columns of one of the
// tables, with its arguments, and conditions.
type source struct {
	from       string
	args       []any
	conditions where.Conditions
}

const (
	// fewBuckets is how many sums of each customer are few: adding them up here takes less
	// time than having them added up.
	fewBuckets = 3
	// maxNamedAccounts bounds the accounts whose usage over time is looked up by name.
	maxNamedAccounts = 200
	// maxLookUps bounds the look-ups of accounts in buckets. With more, reading the
	// buckets of everybody is better.
	maxLookUps = 200_000
)

// addSums adds the parts that read sums, from the table of the level that is asked for.
func (q *question) addSums(s *statement) {
	switch {
	case q.state.Set == phase.Hours:
		q.addCustomers(s, "usage_rollups")
	case q.plan.Level == usage.ByCustomer:
		q.addCustomers(s, sums.Customers.Name())
	case q.Level == usage.Together && q.conditions().Empty():
		q.addEach(s, source{from: sums.Totals.Name()}, q.plan.Pieces, false)
	case q.accounts != nil && len(q.accounts) <= maxNamedAccounts:
		q.addAccountSeries(s)
	default:
		q.addAccounts(s)
	}
}

// addEach adds the parts that read pieces of a source, a row for each sum, or for each
// bucket where they are added up.
func (q *question) addEach(s *statement, from source, pieces []usage.Piece, added bool) {
	for _, group := range inPieces(pieces, false) {
		its := from
		its.conditions.AddAny(group)
		q.addOfAccounts(s, its, added)
	}
}

// addOfAccounts adds a part that reads sums of accounts, with the number of each where
// accounts are told apart, or those of each bucket added up.
func (q *question) addOfAccounts(s *statement, from source, added bool) {
	var whose []string
	if q.Level == usage.ByAccount {
		whose = []string{"account_no"}
	}
	after := ""
	if added {
		after = " GROUP BY grain, bucket"
	}
	s.add(s.sums("''", "''", 0, added, whose...)+" FROM "+from.from+from.conditions.String()+after, slices.Concat(from.args, from.conditions.Args)...)
}

// sums selects sums, one by one or those of each bucket added up: with their grain and
// bucket, or with how often they count, where all count equally often. number is that of
// whom they are, if any.
func (s *statement) sums(account, customer string, times int, added bool, number ...string) string {
	at := []string{direct.String(), strconv.Itoa(times)}
	if times == 0 {
		at = []string{"grain", since1970("bucket")}
	}
	amounts := []string{"minutes", "seconds", "sessions"}
	if added {
		amounts = total(amounts...)
	}
	return s.selected(account, customer, slices.Concat(at, amounts, number)...)
}

// addAccountSeries adds the parts that read the sums of some accounts.
func (q *question) addAccountSeries(s *statement) {
	from := source{from: sums.AccountSeries.Name()}
	// Each is a constant to the server, which finds the account's rows by it.
	number := "(SELECT account_no FROM usage_accounts WHERE account_id = ?)"
	from.conditions.Add("account_no IN ("+strings.Repeat(number+", ", len(q.accounts)-1)+number+")", where.Args(q.accounts)...)
	q.addNumbers(s)
	q.addEach(s, from, q.plan.Pieces, q.Level == usage.Together && len(q.accounts) > 1)
}

// addAccounts adds the parts that read the sums of all accounts, or of many: days and
// months in the order of time, and shorter ones account by account.
func (q *question) addAccounts(s *statement) {
	var long, short []usage.Piece
	for _, piece := range q.plan.Pieces {
		if piece.Grid.Grain < usage.Day {
			short = append(short, piece)
		} else {
			long = append(long, piece)
		}
	}
	wanted := q.conditions()
	q.addNumbers(s)
	from := source{from: sums.Accounts.Name()}
	if !wanted.Empty() {
		from.conditions.Add("account_no IN (SELECT account_no FROM usage_accounts"+wanted.String()+")", wanted.Args...)
	}
	q.addEach(s, from, long, q.Level == usage.Together)
	for some := range slices.Chunk(named(short, math.MaxInt), maxNamed) {
		q.addOfAccounts(s, eachAccount(sums.AccountSeries.Name(), wanted, bucketsOfGrids, some), q.Level == usage.Together)
	}
}

// addNumbers adds the part that names the accounts whose sums have a number for them.
func (q *question) addNumbers(s *statement) {
	if q.Level == usage.ByAccount {
		wanted := q.conditions()
		s.add(s.selected("account_id", "''", number.String(), "account_no", "0", "0", "0")+" FROM usage_accounts"+wanted.String(), wanted.Args...)
	}
}

// addCustomers adds the parts that read the sums of subjects from a table of them.
func (q *question) addCustomers(s *statement, table string) {
	var pieces []usage.Piece
	for _, piece := range q.plan.Pieces {
		pieces = append(pieces, piece.Within(q.state.Data())...)
	}
	one := source{from: table}
	narrow, others := q.narrowed(&one.conditions), q.conditions()
	if narrow {
		// The number says whose account it is. With the id, MariaDB looks up all of its
		// subjects for each sum.
		others = where.Customers(q.Query)
	}
	names := named(pieces, maxLookUps)
	oneByOne := !narrow && q.accounts != nil && names != nil && len(q.accounts)*len(names) <= maxLookUps
	if oneByOne {
		// The account that is looked up is the one that was asked for.
		others = where.Customers(q.Query)
	}
	q.byNumber = q.subjects != nil && q.Level == usage.ByCustomer && others.Empty()
	if q.byNumber && q.apart != nil && !narrow {
		s = q.apart
		if q.accounts == nil && q.ranked != nil {
			*q.ranked = slices.Grow(*q.ranked, q.subjects.Len())
		}
	}
	added := len(q.points) == 1 && q.Level == usage.ByCustomer && !few(pieces)
	for _, its := range q.counted(pieces) {
		if oneByOne {
			for some := range slices.Chunk(named(its.pieces, maxLookUps), maxNamed) {
				q.addSubjects(s, eachAccount(table, where.Scope(usage.Query{Accounts: q.accounts}), bucketsOfGrids, some), its.times, others)
			}
			continue
		}
		for _, group := range inPieces(its.pieces, narrow) {
			from := one
			from.conditions.AddAny(group)
			if added {
				q.addGrouped(s, from, its.times, others)
			} else {
				q.addSubjects(s, from, its.times, others)
			}
		}
	}
}

// counted are pieces that count equally often in the only point of a question. times is 0
// where there are more points.
type counted struct {
	times  int
	pieces []usage.Piece
}

// counted returns pieces by how often they count, where rows can then do without their
// grain and bucket: those of customers in a report.
func (q *question) counted(pieces []usage.Piece) (groups []counted) {
	if len(q.points) != 1 || q.Level != usage.ByCustomer {
		return []counted{{pieces: pieces}}
	}
	for _, piece := range pieces {
		times := piece.Shares[0].Times
		i := slices.IndexFunc(groups, func(group counted) bool { return group.times == times })
		if i < 0 {
			i, groups = len(groups), append(groups, counted{times: times})
		}
		groups[i].pieces = append(groups[i].pieces, piece)
	}
	return groups
}

// few tells whether pieces have a few buckets only.
func few(pieces []usage.Piece) bool {
	count := 0
	for _, piece := range pieces {
		its := piece.Buckets(fewBuckets)
		if count += len(its); its == nil || count > fewBuckets {
			return false
		}
	}
	return true
}

// addSubjects adds a part with a row for each sum of each subject, or added up for each
// bucket where subjects are not told apart, of those that meet some conditions. No key leads
// from a subject to its sums, though optimizers may try.
func (q *question) addSubjects(s *statement, from source, times int, others where.Conditions) {
	if q.byNumber {
		s.add(s.sums("''", "''", times, false, "subject_no")+" FROM "+from.from+from.conditions.String(), slices.Concat(from.args, from.conditions.Args)...)
		return
	}
	conditions := from.conditions
	conditions.AddAll(others)
	subjects := " STRAIGHT_JOIN (SELECT subject_no AS number, account_id, customer_id FROM usage_subjects) AS subjects ON number = subject_no"
	if q.Level == usage.Together && others.Empty() {
		subjects = ""
	}
	account, customer := q.ids()
	added, after := q.Level != usage.ByCustomer, ""
	if added {
		after = " GROUP BY " + account + ", grain, bucket"
	}
	s.add(s.sums(account, customer, times, added)+" FROM "+from.from+subjects+conditions.String()+after, slices.Concat(from.args, conditions.Args)...)
}

// addGrouped adds a part that has the sums of each subject added up. Sums are made by
// number, and each subject's ids are looked up once after that.
func (q *question) addGrouped(s *statement, from source, times int, others where.Conditions) {
	its, args := " FROM "+from.from+from.conditions.String()+" GROUP BY subject_no", slices.Concat(from.args, from.conditions.Args)
	if q.byNumber {
		s.add(s.sums("''", "''", times, true, "subject_no")+its, args...)
		return
	}
	s.add(s.sums("account_id", "customer_id", times, false)+
		" FROM (SELECT subject_no, SUM(minutes) AS minutes, SUM(seconds) AS seconds, SUM(sessions) AS sessions"+its+
		") AS added JOIN usage_subjects ON usage_subjects.subject_no = added.subject_no"+others.String(), slices.Concat(args, others.Args)...)
}

// addKept adds the part that reads what was kept of sessions that have been dropped.
func (q *question) addKept(s *statement) {
	from := source{from: "usage_quarters"}
	if days := daysOf(q.plan.Kept); len(days) <= maxNamed {
		from = eachAccount(from.from, where.Scope(usage.Query{Accounts: q.accounts}), keptDays, days)
	} else {
		spans := q.plan.Kept
		from.conditions.AddSpans("day", []usage.Range{{From: spans[0].From.AddDate(0, 0, -1), To: spans[len(spans)-1].To}})
	}
	q.narrowed(&from.conditions)
	from.conditions.AddAll(q.conditions())
	account, customer := q.ids()
	packed := statement{packed: ", quarters"}
	s.add(packed.selected(account, customer, kept.String(), since1970("day"), "0", "0", "0")+" FROM "+from.from+
		" STRAIGHT_JOIN (SELECT subject_no AS number, account_id, customer_id FROM usage_subjects) AS subjects ON number = subject_no"+from.conditions.String(),
		slices.Concat(from.args, from.conditions.Args)...)
}

// daysOf are the days of UTC that spans lie in, which are in order: at most one more than are
// named.
func daysOf(spans []usage.Edge) (days []string) {
	var next time.Time
	for _, span := range spans {
		if day := usage.Day.Floor(span.From); day.After(next) {
			next = day
		}
		for ; next.Before(span.To) && len(days) <= maxNamed; next = next.AddDate(0, 0, 1) {
			days = append(days, next.Format(time.DateOnly))
		}
	}
	return days
}

// narrowed adds the numbers of the account and the subject that a question is about,
// where there is one account only, and tells whether it did. The subqueries are constants
// to the server, which uses them to find rows.
func (q *question) narrowed(conditions *where.Conditions) bool {
	if len(q.accounts) != 1 {
		return false
	}
	conditions.Add("account_no = (SELECT account_no FROM usage_accounts WHERE account_id = ?)", q.accounts[0])
	if q.CustomerID != "" {
		conditions.Add("subject_no = (SELECT subject_no FROM usage_subjects WHERE account_id = ? AND customer_id = ?)",
			q.accounts[0], q.CustomerID)
	}
	return true
}

// A key leads to the rows of an account in a table, by what the elements of a list have.
type key struct{ columns, matches string }

var (
	// bucketsOfGrids is that of sums, by a list of buckets.
	bucketsOfGrids = key{"at_grain TINYINT UNSIGNED PATH '$.g', at_bucket DATETIME PATH '$.b'", "grain = at_grain AND bucket = at_bucket"}
	// keptDays is that of packed quarter-hours, by a list of days.
	keptDays = key{"at_day DATE PATH '$'", "day = at_day"}
)

// eachAccount looks up each account that meets some conditions at each element of a list.
// Optimizers would rather read those of everybody.
func eachAccount[T any](table string, wanted where.Conditions, by key, elements []T) source {
	list, err := json.Marshal(elements)
	if err != nil {
		panic(err) // numbers and texts can always be written
	}
	return source{
		from: `(SELECT account_no AS wanted_no FROM usage_accounts` + wanted.String() + `) AS wanted
		      STRAIGHT_JOIN JSON_TABLE(?, '$[*]' COLUMNS (` + by.columns + `)) AS named
		      STRAIGHT_JOIN ` + table + ` ON account_no = wanted_no AND ` + by.matches,
		args: append(wanted.Args, string(list)),
	}
}

// bucket names a bucket of a grid.
type bucket struct {
	Grain int    `json:"g"`
	Start string `json:"b"`
}

// named returns the buckets of pieces, or nil where there are more than a limit or an end is
// open, which none shorter than a month has.
func named(pieces []usage.Piece, limit int) []bucket {
	var names []bucket
	for _, piece := range pieces {
		starts := piece.Buckets(limit - len(names))
		if starts == nil {
			return nil
		}
		for _, start := range starts {
			names = append(names, bucket{piece.Grid.Code(), start.Format(time.DateTime)})
		}
	}
	return names
}

// accountsOf returns the accounts that the answer to a query needs, all of which its asker
// may see, or nil when those are all, or so many that naming them does not help.
func accountsOf(query usage.SeriesQuery) []string {
	accounts := query.Accounts
	if asked := accountIDs(query.Subjects); query.Subjects != nil && asked != nil {
		accounts = slices.DeleteFunc(asked, func(id string) bool { return query.Accounts != nil && !holdsID(query.Accounts, id) })
	}
	switch {
	case query.AccountID == "":
		return accounts
	case accounts != nil && !holdsID(accounts, query.AccountID):
		return []string{}
	}
	return []string{query.AccountID}
}

// holdsID tells whether one of some ids is what the tables take for the same as another.
func holdsID(ids []string, id string) bool {
	return slices.ContainsFunc(ids, func(one string) bool { return usage.TrimID(one) == usage.TrimID(id) })
}

// accountIDs returns the accounts of subjects, each once, or nil when there are too
// many to name.
func accountIDs(subjects []usage.Subject) []string {
	seen := map[string]bool{}
	accounts := []string{}
	for _, subject := range subjects {
		if !seen[subject.AccountID] {
			seen[subject.AccountID] = true
			accounts = append(accounts, subject.AccountID)
		}
	}
	if len(accounts) > maxSubjects {
		return nil
	}
	return accounts
}
