package read

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/subjects"
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
	// accounts are those that the answer needs, or nil when those are all, or so many that
	// naming them does not help.
	accounts []string
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
	// number names what at numbers in the rows of sums.
	number
)

// A statement is made of parts whose rows are all alike: the ids of a subject, kind, at,
// minutes, seconds, sessions, packed quarter-hours where the plan reads such, and two that
// only the last row has (lastRow). Sums of accounts have a number in the place of the id.
// Instants are seconds since 1970, which engines give as what they are.
type statement struct {
	parts []string
	args  []any
	// packed is what parts have in that column, if there is one.
	packed string
}

// add adds a part.
func (s *statement) add(part string, args ...any) {
	s.parts, s.args = append(s.parts, part), append(s.args, args...)
}

// ending are the last columns of all parts but the last.
func (s *statement) ending() string { return s.packed + ", 0, 0" }

// since1970 is an instant in a column as the rows have it.
func since1970(column string) string { return "TIMESTAMPDIFF(SECOND, '1970-01-01', " + column + ")" }

// statement returns the statement of a question, and its arguments. Its parts may name a
// subject and a point more than once.
//
// The last row carries the instant of the statement, which there is even when there is no
// usage, as a number of microseconds since 1970, the token of the state that the snapshot
// shows and, where sums of customers come with numbers, the stamp of these.
func (q *question) statement() (string, []any) {
	s := &statement{}
	if len(q.plan.Kept) > 0 {
		s.packed = ", ''"
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
		q.addSessions(s, where.UndatedSessions(), fmt.Sprint(int(direct)), "1")
	}
	stampOfNumbers := "0"
	if q.byNumber {
		stampOfNumbers = subjects.StampColumn
	}
	s.add("SELECT '', '', 0, 0, " + stampOfNumbers + ", 0, 0" + s.packed + ", " + stamp + ", " + q.state.Set.TokenColumn())
	return strings.Join(s.parts, "\n\t\tUNION ALL\n\t\t"), s.args
}

// addChanges adds the part that reads the changes which are not in the sums yet. Those
// between the spans of sums are left out when they are read.
func (q *question) addChanges(s *statement) {
	sums := q.state.Set.Sums()
	conditions := q.conditions()
	first, last := q.plan.Summed[0], q.plan.Summed[len(q.plan.Summed)-1]
	if !q.plan.Undated || !q.state.Usable() {
		conditions.AddAll(where.InSpan(sums.At, usage.Range{From: first.From, To: last.To}))
	}
	account, customer := q.ids()
	s.add("SELECT "+account+" AS account, "+customer+" AS customer, "+fmt.Sprint(int(change))+", "+since1970(sums.At)+" AS at_time, "+
		column.Total("minutes")+", "+column.Total("seconds")+", "+column.Total("sessions")+s.ending()+
		" FROM "+sums.Changes+conditions.String()+" GROUP BY account, customer, at_time", conditions.Args...)
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
		q.addSessions(s, where.SessionsIn(spans), fmt.Sprint(int(edge)), at, args...)
		first = end
	}
}

// addSessions adds a part that reads single sessions that meet some conditions.
//
// Subjects are grouped as the tables have them: NULL and an empty customer id
// both mean that there is no customer.
func (q *question) addSessions(s *statement, others where.Conditions, kind, at string, args ...any) {
	conditions := q.conditions()
	conditions.AddAll(others)
	account, customer := q.ids()
	if customer != "''" {
		customer = "COALESCE(customer_id, '')"
	}
	s.add("SELECT "+account+" AS account, "+customer+" AS customer, "+kind+", "+at+" AS at_edge, "+
		column.Total("ai_minutes")+", "+column.Total("duration_seconds")+", COUNT(*)"+s.ending()+
		" FROM ai_sessions"+conditions.String()+" GROUP BY account, customer, at_edge", slices.Concat(args, conditions.Args)...)
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
