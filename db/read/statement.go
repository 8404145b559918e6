package read

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/member"
	"aiusage/db/phase"
	"aiusage/db/subjects"
	"aiusage/db/sums"
	"aiusage/db/where"
	"aiusage/usage"
)

// question is a report or a series, with all that its statement is made from.
type question struct {
	usage.SeriesQuery
	state *phase.State
	plan  usage.Plan
	// points are the ranges that are told apart: the buckets of a series, or one.
	points []usage.Range
	// subjects are what numbers stand for, where they are in memory. byNumber tells that the
	// statement has sums of customers with a number in the place of the ids.
	subjects *subjects.Known
	byNumber bool
	// apart takes the sums of customers by number, where there may be many and another
	// statement can see the same snapshot: rows without ids, of a statement that combines
	// nothing, take less time. nil has them in the one statement.
	apart *statement
	// ranked takes amounts by the ranks of their subjects, which is what a report is added up
	// by. nil hands them on by subject.
	ranked *[]ranked
	// accounts are those that the answer needs, or nil when those are all, or so many that
	// naming them does not help.
	accounts []string
}

// newQuestion returns a question that db will be asked.
func newQuestion(db sqlx.QueryerContext, query usage.SeriesQuery, state *phase.State, known *subjects.Known) *question {
	q := &question{SeriesQuery: query, state: state, subjects: known}
	if _, inSnapshot := db.(*sqlx.Tx); inSnapshot {
		q.apart = &statement{numbersOnly: true}
	}
	return q
}

// kind says what a row of the statement is, and so what its column at means. A kind below
// changes is the code of the grid of a sum, and at its bucket.
type kind int

const (
	// change is a change that is not in the sums yet; at is its time.
	change kind = 100 + iota
	// edge has sessions of an edge of the plan; at is the index of that.
	edge
	// direct counts in the first point; at says how often.
	direct
	// kept has the packed quarter-hours of a day; at is its start.
	kept
	// number names the account that rows of sums have this number for.
	number
	// last is the last row (lastRow).
	last
	// once is what changes come to that all count once in the first point.
	once
)

func (k kind) String() string { return strconv.Itoa(int(k)) }

// A statement is made of parts whose rows are all alike: numbers as one text, the ids of a
// subject, and packed quarter-hours where the plan reads such. The numbers are kind, at,
// minutes, seconds, sessions, and that of an account or a customer where a row of sums has
// one in the place of its ids. A row of few columns takes the server and the driver half as
// long as one of many, however short these are. Instants are seconds since 1970, which
// engines give as what they are.
type statement struct {
	parts []string
	args  []any
	// packed is what parts have in that column, if there is one.
	packed string
	// numbersOnly tells that parts have no ids, nor anything else: numbers stand for subjects,
	// or subjects are not told apart.
	numbersOnly bool
}

// add adds a part.
func (s *statement) add(part string, args ...any) {
	s.parts, s.args = append(s.parts, part), append(s.args, args...)
}

// columns is how many columns its rows have.
func (s *statement) columns() int {
	switch {
	case s.numbersOnly:
		return 1
	case s.packed != "":
		return 4
	}
	return 3
}

func (s *statement) String() string { return strings.Join(s.parts, "\n\t\tUNION ALL\n\t\t") }

// selected is what a part selects: numbers, which are columns or written out, and ids.
func (s *statement) selected(account, customer string, numbers ...string) string {
	var parts []string
	written := "" // side by side, as one text
	for i, number := range numbers {
		if i > 0 {
			written += " "
		}
		if _, err := strconv.Atoi(number); err == nil {
			written += number
			continue
		}
		if written != "" {
			parts = append(parts, "'"+written+"'")
		}
		parts, written = append(parts, number), ""
	}
	if written != "" {
		parts = append(parts, "'"+written+"'")
	}
	selected := "SELECT CONCAT(" + strings.Join(parts, ", ") + ")"
	if s.numbersOnly {
		return selected
	}
	return selected + ", " + account + ", " + customer + s.packed
}

// since1970 is an instant in a column as the rows have it.
func since1970(column string) string { return "TO_SECONDS(" + column + ") - 62167219200" }

// statement returns the statement of a question, but for what it has apart. Its parts may
// name a subject and a point more than once.
//
// The last row carries the instant of the statement, which there is even when there is no
// usage, as a number of microseconds since 1970, the token of the state that the snapshot
// shows, the heartbeat in it and, where sums of customers come with numbers, the stamp of these.
func (q *question) statement() *statement {
	s := &statement{}
	switch {
	case len(q.plan.Kept) > 0:
		s.packed = ", ''"
	case q.Level == usage.Together:
		s.numbersOnly = true
	}
	if len(q.plan.Pieces) > 0 && (q.accounts == nil || len(q.accounts) > 0) {
		q.addSums(s)
		q.addChanges(s)
	}
	q.addEdges(s)
	if len(q.plan.Kept) > 0 {
		q.addKept(s)
	}
	if q.plan.Undated && !q.state.Usable() {
		q.addSessions(s, where.UndatedSessions(), direct, "1")
	}
	stampOfNumbers := "0"
	if q.byNumber {
		stampOfNumbers = sums.StampColumn
	}
	s.add(s.selected("''", "''", last.String(), stamp, stampOfNumbers, member.Heartbeat, "0", q.state.Set.TokenColumn()))
	return s
}

// addChanges adds the part that reads the changes which are not in the sums yet. Those
// between the spans of sums are left out when they are read, or where they are added up
// whatever their time is.
func (q *question) addChanges(s *statement) {
	of := q.state.Set.Sums()
	conditions := q.conditions()
	first, last := q.plan.Summed[0], q.plan.Summed[len(q.plan.Summed)-1]
	if !q.plan.Undated || !q.state.Usable() {
		conditions.AddAll(where.InSpan(of.At, usage.Range{From: first.From, To: last.To}))
	}
	account, customer := q.ids()
	at, after := []string{change.String(), since1970(of.At)}, ", "+of.At
	if q.countsOnce() {
		at, after = []string{once.String(), "0"}, ""
	}
	s.add(s.selected(account, customer, slices.Concat(at, total("minutes", "seconds", "sessions"))...)+
		" FROM "+of.Changes+conditions.String()+" GROUP BY "+account+", "+customer+after, conditions.Args...)
}

// countsOnce tells whether the sums come to one span, which counts once in the first point.
func (q *question) countsOnce() bool {
	return len(q.plan.Summed) == 1 && slices.Equal(q.plan.Summed[0].Shares, []usage.Share{{Times: 1}})
}

// total adds up columns.
func total(columns ...string) (totals []string) {
	for _, name := range columns {
		totals = append(totals, column.Total(name))
	}
	return totals
}

// edgesTogether is how many spans of single sessions one part of a statement reads. A
// server looks at each of them for every row, and does not use a key for too many.
const edgesTogether = 16

// addEdges adds the parts that read single sessions.
func (q *question) addEdges(s *statement) {
	edges := q.plan.Edges
	for first := 0; first < len(edges); {
		// Neighbours are one span to the server.
		var spans []usage.Range
		end := first
		for ; end < len(edges); end++ {
			if last := len(spans) - 1; last >= 0 && spans[last].To.Equal(edges[end].From) {
				spans[last].To = edges[end].To
				continue
			}
			if len(spans) == edgesTogether {
				break
			}
			spans = append(spans, edges[end].Range)
		}
		ranges := make([]usage.Range, 0, end-first)
		for _, edge := range edges[first:end] {
			ranges = append(ranges, edge.Range)
		}
		at, args := indexOf("started_at", usage.BucketRuns(ranges), first)
		q.addSessions(s, where.SessionsIn(spans), edge, at, args...)
		first = end
	}
}

// addSessions adds a part that reads single sessions that meet some conditions.
//
// Subjects are grouped as the tables have them: NULL and an empty customer id
// both mean that there is no customer.
func (q *question) addSessions(s *statement, others where.Conditions, kind kind, at string, args ...any) {
	conditions := q.conditions()
	conditions.AddAll(others)
	account, customer := q.ids()
	if customer != "''" {
		customer = "COALESCE(customer_id, '')"
	}
	s.add(s.selected("account", "customer", kind.String(), "at_edge", "minutes", "seconds", "sessions")+
		" FROM (SELECT "+account+" AS account, "+customer+" AS customer, "+at+" AS at_edge, "+
		"COALESCE("+column.Total("ai_minutes")+", 0) AS minutes, COALESCE("+column.Total("duration_seconds")+", 0) AS seconds, COUNT(*) AS sessions"+
		" FROM ai_sessions"+conditions.String()+" GROUP BY account, customer, at_edge) AS edges", slices.Concat(args, conditions.Args)...)
}

// indexOf returns an expression for the index, counted from first, of the span that an
// instant in a column is in, with its arguments: a division within each run of spans of the
// same length, and comparisons between them that halve the runs each time.
func indexOf(column string, runs []usage.BucketRun, first int) (string, []any) {
	if len(runs) > 1 {
		half := len(runs) / 2
		below, its := indexOf(column, runs[:half], first)
		above, others := indexOf(column, runs[half:], first)
		return "IF(" + column + " < ?, " + below + ", " + above + ")", slices.Concat([]any{runs[half].From}, its, others)
	}
	run := runs[0]
	if run.Count == 1 {
		return fmt.Sprint(first + run.First), nil
	}
	// Without the cast, the embedded engine rounds the quotient for some divisors.
	return fmt.Sprintf("%d + TIMESTAMPDIFF(SECOND, ?, %s) DIV CAST(%d AS SIGNED)", first+run.First, column, int64(run.Length/time.Second)), []any{run.From}
}

// ids are the columns that tell subjects of the question's level apart.
func (q *question) ids() (account, customer string) {
	switch q.Level {
	case usage.ByCustomer:
		return "account_id", "customer_id"
	case usage.ByAccount:
		return "account_id", "''"
	}
	return "''", "''"
}

// conditions are those on account_id and customer_id.
func (q *question) conditions() where.Conditions {
	conditions := where.Subjects(q.Query)
	if q.Subjects != nil {
		addSubjects(&conditions, q.Subjects, false)
	}
	return conditions
}

// stamp is the column of the last row that is 0 in all others.
const stamp = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3))"
