package read

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/where"
	"aiusage/usage"
)

// The start of a session by itself is compared as it is written, since not all of them need be
// instants. One that is NULL is before all others, as servers order it, and so is the empty text.
const (
	sessionStart = "COALESCE(CAST(started_at AS CHAR), '')"
	noStart      = "started_at <=> NULL" // IS NULL would find zero dates, too, where there can be no NULL
)

// idColumn is an expression for the id of a session: the column, or what is exact in its place.
type idColumn string

const (
	asStored idColumn = "session_id"
	// ofFloat is for a FLOAT, which servers write with fewer digits than it takes to tell two apart.
	ofFloat idColumn = "(session_id + 0E0)"
)

// key is what ids of any type and collation are compared by: the digits of what is stored, or of
// numbers as they are written. Of a number itself, HEX would know no fraction, nor more than 64 bits.
func (c idColumn) key() string { return "HEX(CONCAT(" + string(c) + "))" }

// text is the id as it is shown.
func (c idColumn) text() string { return "COALESCE(CAST(" + string(c) + " AS CHAR), " + c.key() + ")" }

// Sessions returns the sessions that a query asks for, in the order of their starts. Where it
// may need sessions that have been dropped, the error is an InvalidArgument.
func (s *Snapshot) Sessions(ctx context.Context, query usage.SessionsQuery) (found []usage.ListedSession, err error) {
	_, err = s.planned(ctx, func(tx *sqlx.Tx, state *phase.State) (lastRow, error) {
		var err error
		if found, err = s.reader.sessionsIn(ctx, tx, query, state); err != nil || s.confirmed != nil {
			return lastRow{token: state.Token()}, err
		}
		var micros, heartbeat, token int64
		err = tx.QueryRowxContext(ctx, freshness+", "+state.Set.TokenColumn()).Scan(&micros, &heartbeat, &token)
		return lastRow{freshnessOf(micros, heartbeat), token}, err
	})
	return found, err
}

// sessionsIn reads sessions in a transaction that shows the state.
func (r *Reader) sessionsIn(ctx context.Context, tx *sqlx.Tx, query usage.SessionsQuery, state *phase.State) ([]usage.ListedSession, error) {
	span, ok := query.Range.Normal()
	if !ok || query.Limit == 0 {
		return nil, nil
	}
	if query.SessionIDs == nil {
		if err := (usage.Retention{Kept: state.RawFrom.Time}).CheckSessions(query.Query, span); err != nil {
			return nil, err
		}
	}
	list := &sessionList{SessionsQuery: query, tx: tx, span: span, id: asStored}
	accounts := query.Accounts
	if query.AccountID != "" {
		accounts = nil // its own condition will do
	} else if query.OfCustomers() && state.Usable() {
		var err error
		if accounts, err = accountsWith(ctx, tx, query.Query, state); err != nil {
			return nil, err
		}
	}
	found, err := list.page(ctx, accounts)
	if errors.Is(err, errFloat) {
		list.id = ofFloat
		found, err = list.page(ctx, accounts)
	}
	if pool.HasNumber(err, pool.ErBadField) && strings.Contains(err.Error(), "session_id") {
		return nil, usage.Errorf(usage.NotFound, "the sessions of this platform have no ids, so that they cannot be listed: ai_sessions lacks the column session_id")
	}
	return found, err
}

// sessionList is a list of sessions while a page of it is read.
type sessionList struct {
	usage.SessionsQuery
	tx   *sqlx.Tx
	span usage.Range
	id   idColumn
}

// errFloat says that a page was to be read by ids that are FLOAT as they are stored.
var errFloat = errors.New("the ids of sessions are floating-point numbers")

// accountsTogether is how many accounts a statement looks up one by one.
const accountsTogether = 50

// page reads a page. Each of several accounts is looked up by itself in the key by account, as
// servers otherwise read all that there is of all of them and sort it. Without any (nil), the
// key by start has the order, or that by account where the query names one.
func (l *sessionList) page(ctx context.Context, accounts []string) (found []usage.ListedSession, err error) {
	if accounts == nil || l.SessionIDs != nil {
		if found, err = l.sessions(ctx, []where.Conditions{l.conditions(where.Subjects(l.Query))}, "started_at"); err != nil {
			return nil, err
		}
	}
	for some := range slices.Chunk(accounts, accountsTogether) {
		if l.SessionIDs != nil {
			break
		}
		parts := make([]where.Conditions, len(some))
		for i, account := range some {
			query := l.Query
			query.Accounts = []string{account} // whose id may be blank
			parts[i] = l.conditions(where.Subjects(query))
		}
		more, err := l.sessions(ctx, parts, "started_at")
		if err != nil {
			return nil, err
		}
		found = l.first(append(found, more...))
	}
	return l.exact(ctx, l.first(found))
}

// exact returns a page in which, of those that start as the last ones do, the first ones by
// their keys are on it. Keys of tables have starts in order, and not the ids among equal ones.
func (l *sessionList) exact(ctx context.Context, found []usage.ListedSession) ([]usage.ListedSession, error) {
	last := l.Limit - 1
	if len(found) <= last || last == 0 || found[last-1].Place.Start != found[last].Place.Start {
		return found, nil // the last one only says that there are more
	}
	start := found[last].Place
	conditions := l.conditions(where.Subjects(l.Query))
	addFrom(&conditions, start)
	addTo(&conditions, start)
	conditions.Add(sessionStart+" = ?", start.Start)
	alike, err := l.sessions(ctx, []where.Conditions{conditions}, l.id.key())
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(s usage.ListedSession) bool { return s.Place.Start == start.Start })
	return l.first(append(found, alike...)), nil
}

// first sorts sessions and returns as many of them as are asked for, from the end that is asked for.
func (l *sessionList) first(found []usage.ListedSession) []usage.ListedSession {
	slices.SortFunc(found, func(a, b usage.ListedSession) int {
		if l.Backward {
			a, b = b, a
		}
		return a.Place.Compare(b.Place)
	})
	return found[:min(len(found), l.Limit)]
}

// conditions are those of the list beside those on whose sessions it is of. Sessions without an
// id have no place.
func (l *sessionList) conditions(conditions where.Conditions) where.Conditions {
	conditions.AddAll(where.SessionsIn([]usage.Range{l.span}))
	conditions.Add("session_id IS NOT NULL")
	if l.SessionIDs != nil {
		ids, args := " IN ("+where.Placeholders(len(l.SessionIDs), 1)+")", where.Args(l.SessionIDs)
		conditions.Add(string(asStored)+ids, args...) // which a key has
		conditions.Add(l.id.text()+ids, args...)      // since numbers may be compared as floating-point ones
	}
	if l.After != nil {
		addFrom(&conditions, *l.After)
		l.addBeyond(&conditions, ">", *l.After)
	}
	if l.Before != nil {
		addTo(&conditions, *l.Before)
		l.addBeyond(&conditions, "<", *l.Before)
	}
	return conditions
}

// addBeyond adds that a session is beyond a place: those at the same start are told apart by
// their keys.
func (l *sessionList) addBeyond(conditions *where.Conditions, sign string, place usage.SessionPlace) {
	conditions.Add("("+sessionStart+" "+sign+" ? OR "+sessionStart+" = ? AND "+l.id.key()+" "+sign+" ?)", place.Start, place.Start, place.Key)
}

// addFrom adds that a session does not start before a place, as far as the key by start has it.
func addFrom(conditions *where.Conditions, place usage.SessionPlace) {
	if from, _, _ := place.Around(); !from.IsZero() {
		conditions.Add("started_at >= ?", from)
	}
}

// addTo adds that a session does not start behind a place, as far as the key by start has it.
func addTo(conditions *where.Conditions, place usage.SessionPlace) {
	if place.Start == "" {
		conditions.Add(noStart)
	} else if _, to, _ := place.Around(); !to.IsZero() {
		conditions.Add("(started_at <= ? OR "+noStart+")", to)
	}
}

// sessions reads, for each of some conditions, the sessions that meet it: the first ones in an order.
func (l *sessionList) sessions(ctx context.Context, parts []where.Conditions, order string) (found []usage.ListedSession, err error) {
	if l.Backward {
		order += " DESC"
	}
	statements, args := make([]string, len(parts)), []any{}
	for i, part := range parts {
		statements[i] = `SELECT ` + l.id.text() + `, ` + l.id.key() + `, COALESCE(account_id, ''), COALESCE(customer_id, ''), ` + sessionStart + `,
			COALESCE(CAST(duration_seconds AS DECIMAL(38, 0)), 0), COALESCE(CAST(ai_minutes AS DECIMAL(38, 0)), 0), session_id
			FROM ai_sessions` + part.String() + ` ORDER BY ` + order + ` LIMIT ` + strconv.Itoa(l.Limit)
		args = append(args, part.Args...)
	}
	statement := statements[0]
	if len(statements) > 1 {
		statement = "(" + strings.Join(statements, ")\n\t\tUNION ALL\n\t\t(") + ")"
	}
	rows, err := l.tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	if l.id == asStored && types[len(types)-1].DatabaseTypeName() == "FLOAT" {
		return nil, errFloat
	}
	for rows.Next() {
		one, err := listed(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}

// listed reads a row.
func listed(rows *sql.Rows) (one usage.ListedSession, err error) {
	var seconds, minutes column.Sum
	var stored sql.RawBytes // whose type alone matters
	err = rows.Scan(&one.SessionID, &one.Place.Key, &one.AccountID, &one.CustomerID, &one.Place.Start, &seconds, &minutes, &stored)
	one.DurationSeconds, one.Minutes = int64(seconds), int64(minutes)
	if usage.TrimID(one.CustomerID) == "" {
		one.CustomerID = "" // which stands for none
	}
	if at, is := one.Place.StartedAt(); is {
		one.StartedAt = at
	}
	return one, err
}
