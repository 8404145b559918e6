package db

import (
	"strings"

	"aiusage/usage"
)

// plan cuts a normal range into what is read from rollups and what from single
// sessions.
func (state *rollupState) plan(span usage.Range) (usage.Plan, error) {
	plan := usage.Plan{Edges: []usage.Range{span}}
	if state.Phase == Ready {
		plan = usage.NewPlan(span)
	}
	if state.RawFrom.Valid {
		if err := usage.CheckEdges(span, plan, state.RawFrom.Time, state.Phase == Ready); err != nil {
			return usage.Plan{}, err
		}
	}
	return plan, nil
}

// rolledUp is the part of a report that reads rollups.
//
// Sums are made by number, and each subject's ids are looked up once after that.
func rolledUp(query usage.Query, plan usage.Plan) (string, []any) {
	var buckets conditions
	narrow := narrowed(&buckets, query)
	addPieces(&buckets, plan.Pieces, narrow)
	where := subjectConditions(query)
	return `SELECT account_id, customer_id, CAST(sums.minutes AS SIGNED), CAST(sums.seconds AS SIGNED), CAST(sums.sessions AS SIGNED),
		       0 AS as_of, 0 AS generation
		FROM (SELECT subject_no, SUM(minutes) AS minutes, SUM(seconds) AS seconds, SUM(sessions) AS sessions
		      FROM usage_rollups` + buckets.String() + `
		      GROUP BY subject_no) AS sums
		JOIN usage_subjects ON usage_subjects.subject_no = sums.subject_no` + where.String(),
		append(buckets.args, where.args...)
}

// unfolded is the part of a report that reads the changes of the hours in a span
// that are not in the rollups yet.
func unfolded(query usage.Query, span usage.Range) (string, []any) {
	where := subjectConditions(query)
	where.addSpans("hour", []usage.Range{span})
	return `SELECT account_id, customer_id,
		       CAST(SUM(minutes) AS SIGNED), CAST(SUM(seconds) AS SIGNED), CAST(SUM(sessions) AS SIGNED),
		       0 AS as_of, 0 AS generation
		FROM usage_deltas` + where.String() + `
		GROUP BY account_id, customer_id`, where.args
}

// narrowed adds the numbers of the account and the subject that a query is about,
// where there is one account only, and tells whether it did. It only makes the
// search shorter: the conditions on the ids decide. The subqueries are constants
// to the server, which uses them to find rows.
func narrowed(where *conditions, query usage.Query) bool {
	account := query.AccountID
	if account == "" && len(query.Accounts) == 1 {
		account = query.Accounts[0]
	}
	if account == "" {
		return false
	}
	where.add("account_no = (SELECT account_no FROM usage_accounts WHERE account_id = ?)", account)
	if query.CustomerID != "" {
		where.add("subject_no = (SELECT subject_no FROM usage_subjects WHERE account_id = ? AND customer_id = ?)",
			account, query.CustomerID)
	}
	return true
}

// mostNamed bounds the buckets that are named one by one in one piece.
const mostNamed = 10_000

// addPieces adds the condition that a rollup is in one of the pieces.
//
// Where one account is asked for, every bucket is named: the server can then go
// to the account in each bucket, where in a range of buckets it would have to
// read those of everybody.
func addPieces(where *conditions, pieces []usage.Piece, named bool) {
	var any conditions
	for _, piece := range pieces {
		var one conditions
		one.add("grain = ?", piece.Grain)
		if starts := bucketsOf(piece, named); starts != nil {
			one.add("bucket IN ("+placeholders(len(starts), 1)+")", starts...)
		} else {
			one.addSpans("bucket", []usage.Range{piece.Range})
		}
		any.add("("+strings.Join(one.clauses, " AND ")+")", one.args...)
	}
	where.add("("+strings.Join(any.clauses, " OR ")+")", any.args...)
}

// bucketsOf returns the buckets of a piece to be named, or nil.
func bucketsOf(piece usage.Piece, named bool) []any {
	if !named || piece.From.IsZero() || piece.To.IsZero() {
		return nil
	}
	var starts []any
	for at := range piece.Buckets() {
		if len(starts) == mostNamed {
			return nil
		}
		starts = append(starts, at)
	}
	return starts
}
