package read

import (
	"context"
	"database/sql"
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

// The columns of a session by itself. A view may have ids of any type and collation, so that
// they are compared by the digits of what is stored; and starts are compared as they are
// written, since not all of them need be instants.
const (
	sessionKey   = "HEX(session_id)"
	sessionStart = "CAST(started_at AS CHAR)"
	sessionID    = "COALESCE(CAST(session_id AS CHAR), " + sessionKey + ")"
)

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
	if state.RawFrom.Valid && query.SessionIDs == nil {
		if err := (usage.Retention{Kept: state.RawFrom.Time}).CheckSessions(query.Query, span); err != nil {
			return nil, err
		}
	}
	list := &sessionList{SessionsQuery: query, tx: tx, span: span}
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
}

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
			query.AccountID = account
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
	addAround(&conditions, ">=", "<=", start)
	conditions.Add(sessionStart+" = ?", start.Start)
	alike, err := l.sessions(ctx, []where.Conditions{conditions}, sessionKey)
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

// conditions are those of the list beside those on whose sessions it is of.
func (l *sessionList) conditions(conditions where.Conditions) where.Conditions {
	conditions.AddAll(where.SessionsIn([]usage.Range{l.span}))
	if l.SessionIDs != nil {
		conditions.Add("session_id IN ("+where.Placeholders(len(l.SessionIDs), 1)+")", where.Args(l.SessionIDs)...)
	}
	if l.After != nil {
		addBeyond(&conditions, ">", *l.After)
	}
	if l.Before != nil {
		addBeyond(&conditions, "<", *l.Before)
	}
	return conditions
}

// addBeyond adds that a session is beyond a place: the key has those from its start on, among
// which those at the same start are told apart by their keys.
func addBeyond(conditions *where.Conditions, sign string, place usage.SessionPlace) {
	if sign == ">" {
		addAround(conditions, ">=", "", place)
	} else {
		addAround(conditions, "", "<=", place)
	}
	conditions.Add("("+sessionStart+" "+sign+" ? OR "+sessionStart+" = ? AND "+sessionKey+" "+sign+" ?)", place.Start, place.Start, place.Key)
}

// addAround adds the bounds of the start of a place, each with a sign or, empty, not at all.
func addAround(conditions *where.Conditions, fromSign, toSign string, place usage.SessionPlace) {
	from, to, _ := place.Around()
	if fromSign != "" && !from.IsZero() {
		conditions.Add("started_at "+fromSign+" ?", from)
	}
	if toSign != "" && !to.IsZero() {
		conditions.Add("started_at "+toSign+" ?", to)
	}
}

// sessions reads, for each of some conditions, the sessions that meet it: the first ones in an order.
func (l *sessionList) sessions(ctx context.Context, parts []where.Conditions, order string) (found []usage.ListedSession, err error) {
	if l.Backward {
		order += " DESC"
	}
	statements, args := make([]string, len(parts)), []any{}
	for i, part := range parts {
		statements[i] = `SELECT ` + sessionID + `, ` + sessionKey + `, account_id, COALESCE(customer_id, ''), ` + sessionStart + `,
			COALESCE(CAST(duration_seconds AS DECIMAL(38, 0)), 0), COALESCE(CAST(ai_minutes AS DECIMAL(38, 0)), 0)
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
	err = rows.Scan(&one.SessionID, &one.Place.Key, &one.AccountID, &one.CustomerID, &one.Place.Start, &seconds, &minutes)
	one.DurationSeconds, one.Minutes = int64(seconds), int64(minutes)
	if usage.TrimID(one.CustomerID) == "" {
		one.CustomerID = "" // which stands for none
	}
	if at, is := one.Place.StartedAt(); is {
		one.StartedAt = at
	}
	return one, err
}
