package main

import (
	"fmt"
	"strings"
	"time"

	"aiusage/usage"
)

// dialect is how the two databases write the same statement on the sessions.
type dialect struct {
	table string
	// dates are the forms of the date, in the zone of a question, of a session's start,
	// where every number in an array was added to it. The fastest form counts.
	dates []func(z []offset) string
	// integer makes a sum a number of 64 bits.
	integer string
	// customer is the customer's id, empty where there is none.
	customer string
}

var onServer = dialect{
	table:    "ai_sessions",
	customer: "COALESCE(customer_id, '')",
	dates: []func([]offset) string{func(z []offset) string {
		return "TO_DAYS(started_at + INTERVAL " + seconds(z, "") + " SECOND) - 719528" // that of 1970
	}},
}

var onDuckDB = dialect{
	table:    "sessions",
	customer: "customer_id",
	integer:  "::BIGINT",
	dates: []func([]offset) string{
		func(z []offset) string {
			if len(z) == 1 && z[0].seconds == 0 {
				return "started_at::DATE"
			}
			return "(started_at + " + seconds(z, "INTERVAL %d SECOND") + ")::DATE"
		},
		func(z []offset) string {
			return "(epoch_ms(started_at) + " + seconds(z, "%d000") + ") // 86400000"
		},
	},
}

// offset is what clocks in a zone are ahead of UTC before an instant.
type offset struct {
	until   time.Time
	seconds int
}

// offsetsIn are those that a zone has in a span, in order.
func offsetsIn(span usage.Range, zone *time.Location) (offsets []offset) {
	for at := span.From.In(zone); ; {
		_, seconds := at.Zone()
		_, until := at.ZoneBounds()
		if until.IsZero() || !until.Before(span.To) {
			return append(offsets, offset{span.To, seconds})
		}
		offsets = append(offsets, offset{until, seconds})
		at = until
	}
}

// seconds writes offsets as an expression, each in a form ("%d" if empty).
func seconds(z []offset, form string) string {
	if form == "" {
		form = "%d"
	}
	last := fmt.Sprintf(form, z[len(z)-1].seconds)
	if len(z) == 1 {
		return last
	}
	var cases strings.Builder
	for _, o := range z[:len(z)-1] {
		fmt.Fprintf(&cases, " WHEN started_at < %s THEN "+form, literal(o.until), o.seconds)
	}
	return "CASE" + cases.String() + " ELSE " + last + " END"
}

// statements are the question on the sessions, a statement for each form of dates: the
// columns are the account, the customer, the day and the sums.
func (d dialect) statements(q question, query usage.Query) (statements []string) {
	if !q.daily {
		return []string{d.statement(q, query, "0")}
	}
	for _, date := range d.dates {
		statements = append(statements, d.statement(q, query, date(offsetsIn(query.Range, query.Zone))))
	}
	return statements
}

func (d dialect) statement(q question, query usage.Query, day string) string {
	account, customer := "''", "''"
	var groups []string
	if q.level != usage.Together {
		account, groups = "account_id", append(groups, "account_id")
	}
	if q.level == usage.ByCustomer {
		customer, groups = d.customer, append(groups, "2")
	}
	if q.daily {
		groups = append(groups, "3")
	}
	statement := fmt.Sprintf("SELECT %s, %s, %s, SUM(ai_minutes)%[4]s, SUM(duration_seconds)%[4]s, COUNT(*) FROM %[5]s", account, customer, day, d.integer, d.table)
	if conditions := conditionsOf(q, query); len(conditions) > 0 {
		statement += " WHERE " + strings.Join(conditions, " AND ")
	}
	if len(groups) > 0 {
		statement += " GROUP BY " + strings.Join(groups, ", ")
	}
	return statement
}

// conditionsOf are those of a session that a question is about. The accounts that
// somebody may see are neighbours here, so that a statement needs not name each.
func conditionsOf(q question, query usage.Query) (conditions []string) {
	if query.AccountID != "" {
		conditions = append(conditions, "account_id = '"+query.AccountID+"'")
	}
	if len(q.accounts) > 0 {
		conditions = append(conditions, fmt.Sprintf("account_id BETWEEN '%s' AND '%s'", q.accounts[0], q.accounts[len(q.accounts)-1]))
	}
	if !query.Range.From.IsZero() {
		conditions = append(conditions, "started_at >= "+literal(query.Range.From))
	}
	if !query.Range.To.IsZero() {
		conditions = append(conditions, "started_at < "+literal(query.Range.To))
	}
	return conditions
}

// literal writes an instant as both databases read it, in UTC.
func literal(t time.Time) string { return t.UTC().Format("'2006-01-02 15:04:05.999'") }
