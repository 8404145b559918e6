// Package where writes the conditions of statements: on spans of time, on the accounts
// that somebody may see, on the subjects that are asked for. It asks no database.
package where

import (
	"strings"

	"aiusage/db/column"
	"aiusage/usage"
)

// Conditions must all hold, as in a WHERE clause. Args are their arguments, in order.
type Conditions struct {
	clauses []string
	Args    []any
}

// Add adds a condition.
func (c *Conditions) Add(clause string, args ...any) {
	c.clauses, c.Args = append(c.clauses, clause), append(c.Args, args...)
}

// AddAll adds the conditions of another.
func (c *Conditions) AddAll(others Conditions) {
	c.clauses, c.Args = append(c.clauses, others.clauses...), append(c.Args, others.Args...)
}

// AddAny adds that all conditions of at least one of the alternatives hold, of which
// there must be one, and none may be empty.
func (c *Conditions) AddAny(alternatives []Conditions) {
	clauses := make([]string, len(alternatives))
	var args []any
	for i, one := range alternatives {
		clauses[i] = "(" + strings.Join(one.clauses, " AND ") + ")"
		args = append(args, one.Args...)
	}
	c.Add("("+strings.Join(clauses, " OR ")+")", args...)
}

// InSpan returns the condition that a column is in a span.
func InSpan(name string, span usage.Range) Conditions {
	var where Conditions
	where.AddSpans(name, []usage.Range{span})
	return where
}

// SessionsIn returns the conditions that a session starts in one of the spans. One whose
// start cannot be read is in a span that is open at both ends, and in no other.
func SessionsIn(spans []usage.Range) Conditions {
	var where Conditions
	where.AddSpans("started_at", spans)
	if !where.Empty() {
		where.Add(column.Dated("started_at"))
	}
	return where
}

// UndatedSessions returns the condition that the start of a session cannot be read.
func UndatedSessions() Conditions {
	var where Conditions
	where.Add(column.Dated("started_at") + " IS NOT TRUE") // nor that of one that is NULL
	return where
}

// AddSpans adds that a column is in one of the spans. What is undated is in a span
// that is open at both ends only.
func (c *Conditions) AddSpans(name string, spans []usage.Range) {
	alternatives := make([]Conditions, 0, len(spans))
	for _, span := range spans {
		var one Conditions
		switch {
		case !span.From.IsZero():
			one.Add(name+" >= ?", span.From)
		case !span.To.IsZero():
			one.Add(name+" >= ?", usage.Earliest)
		}
		if !span.To.IsZero() && !span.To.After(usage.Latest) { // the database has no year 10000
			one.Add(name+" < ?", span.To)
		}
		if one.Empty() {
			return // an open span holds everything
		}
		alternatives = append(alternatives, one)
	}
	c.AddAny(alternatives)
}

// Empty tells whether there is no condition.
func (c Conditions) Empty() bool { return len(c.clauses) == 0 }

// String returns the clause, which is empty when there is no condition.
func (c Conditions) String() string { return c.After("WHERE") }

// After returns the conditions after a word such as HAVING, or AND where the statement
// has conditions already. It is empty when there is none.
func (c Conditions) After(word string) string {
	if c.Empty() {
		return ""
	}
	return "\n\t\t" + word + " " + c.All()
}

// All returns the conditions alone, of which there must be one.
func (c Conditions) All() string { return strings.Join(c.clauses, " AND ") }

// Placeholders returns "(?, ?), (?, ?)" for two rows of two columns, and "?, ?" for two
// rows of one column.
func Placeholders(rows, columns int) string {
	row := "?"
	if columns > 1 {
		row = "(?" + strings.Repeat(", ?", columns-1) + ")"
	}
	return row + strings.Repeat(", "+row, rows-1)
}

// Args returns values as arguments.
func Args[T any](values []T) []any {
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	return args
}
