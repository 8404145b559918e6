package read

import (
	"encoding/json"
	"slices"
	"time"

	"aiusage/db/column"
	"aiusage/db/where"
	"aiusage/usage"
)

// rolledUp are the parts of a report that read rollups.
//
// Sums are made by number, and each subject's ids are looked up once after that.
func rolledUp(query usage.Query, pieces []usage.Piece, add func(part string, args []any)) {
	for _, source := range rollupSources(query, query.Accounts, pieces) {
		conditions := where.Subjects(query)
		if source.few {
			add(`SELECT account_id, customer_id, minutes, seconds, sessions, 0 AS as_of, 0 AS token
		FROM `+source.from+` JOIN (SELECT subject_no AS number, account_id, customer_id FROM usage_subjects) AS subjects ON number = subject_no`+
				source.conditions.String()+conditions.After("AND"), slices.Concat(source.args, source.conditions.Args, conditions.Args))
			continue
		}
		add(`SELECT account_id, customer_id, sums.minutes, sums.seconds, sums.sessions,
		       0 AS as_of, 0 AS token
		FROM (SELECT subject_no, SUM(minutes) AS minutes, SUM(seconds) AS seconds, SUM(sessions) AS sessions
		      FROM `+source.from+source.conditions.String()+`
		      GROUP BY subject_no) AS sums
		JOIN usage_subjects ON usage_subjects.subject_no = sums.subject_no`+conditions.String(),
			slices.Concat(source.args, source.conditions.Args, conditions.Args))
	}
}

// unfolded is the part of a report that reads the changes of the hours in a span
// that are not in the rollups yet.
func unfolded(query usage.Query, span usage.Range) (string, []any) {
	conditions := where.Subjects(query)
	conditions.AddSpans("hour", []usage.Range{span})
	return `SELECT account_id, customer_id,
		       ` + column.Total("minutes") + `, ` + column.Total("seconds") + `, ` + column.Total("sessions") + `,
		       0 AS as_of, 0 AS token
		FROM usage_deltas` + conditions.String() + `
		GROUP BY account_id, customer_id`, conditions.Args
}

// narrowed adds the numbers of the account and the subject that a query is about,
// where there is one account only, and tells whether it did. It only makes the
// search shorter: the conditions on the ids decide. The subqueries are constants
// to the server, which uses them to find rows.
func narrowed(conditions *where.Conditions, query usage.Query) bool {
	account := query.AccountID
	if account == "" && len(query.Accounts) == 1 {
		account = query.Accounts[0]
	}
	if account == "" {
		return false
	}
	conditions.Add("account_no = (SELECT account_no FROM usage_accounts WHERE account_id = ?)", account)
	if query.CustomerID != "" {
		conditions.Add("subject_no = (SELECT subject_no FROM usage_subjects WHERE account_id = ? AND customer_id = ?)",
			account, query.CustomerID)
	}
	return true
}

// rollupSource is where rollups are read from: a FROM clause that offers the columns
// of usage_rollups, with its arguments, and conditions.
type rollupSource struct {
	from       string
	args       []any
	conditions where.Conditions
	// eachAccount tells that the accounts are looked up one by one.
	eachAccount bool
	// few tells that there are so few sums of each subject that adding them up here
	// takes less time than having them added up.
	few bool
}

const (
	// fewBuckets is how many sums of each subject are few.
	fewBuckets = 3
	// maxNamed bounds the buckets that are named one by one.
	maxNamed = 10_000
	// maxLookUps bounds the look-ups of accounts in buckets. With more, reading the
	// buckets of everybody is better.
	maxLookUps = 200_000
)

// rollupSources returns where to read pieces of rollups for a query whose answer
// needs these accounts only (nil: all). Each piece is in one of them. They may hold
// more than the query asks for.
func rollupSources(query usage.Query, accounts []string, pieces []usage.Piece) []rollupSource {
	one := rollupSource{from: "usage_rollups"}
	if accounts != nil && len(accounts) == 0 {
		return nil
	}
	closed, open := cutPieces(pieces)
	if narrowed(&one.conditions, query) {
		addPieces(&one.conditions, pieces, true)
		one.few = len(open) == 0 && namedBuckets(closed, fewBuckets) != nil
		return []rollupSource{one}
	}
	buckets := namedBuckets(closed, maxNamed)
	if accounts == nil || buckets == nil || len(accounts)*len(buckets) > maxLookUps {
		addPieces(&one.conditions, pieces, false)
		return []rollupSource{one}
	}
	sources := []rollupSource{eachAccount(accounts, buckets)}
	if len(open) > 0 {
		addPieces(&one.conditions, open, false)
		sources = append(sources, one)
	}
	return sources
}

// eachAccount looks up each account in each bucket, which is the order of the
// primary key. Optimizers would rather read the buckets of everybody.
func eachAccount(accounts []string, buckets []bucket) rollupSource {
	wanted := where.Scope(usage.Query{Accounts: accounts})
	list, err := json.Marshal(buckets)
	if err != nil {
		panic(err) // numbers and texts can always be written
	}
	return rollupSource{
		from: `(SELECT account_no AS wanted_no FROM usage_accounts` + wanted.String() + `) AS wanted
		      STRAIGHT_JOIN JSON_TABLE(?, '$[*]' COLUMNS (at_grain TINYINT UNSIGNED PATH '$.g', at_bucket DATETIME PATH '$.b')) AS named
		      STRAIGHT_JOIN usage_rollups ON grain = at_grain AND bucket = at_bucket AND account_no = wanted_no`,
		args:        append(wanted.Args, string(list)),
		eachAccount: true,
	}
}

// bucket names a bucket of a grain.
type bucket struct {
	Grain usage.Grain `json:"g"`
	Start string      `json:"b"`
}

// cutPieces tells pieces with open ends from those without.
func cutPieces(pieces []usage.Piece) (closed, open []usage.Piece) {
	for _, piece := range pieces {
		if piece.From.IsZero() || piece.To.IsZero() {
			open = append(open, piece)
		} else {
			closed = append(closed, piece)
		}
	}
	return closed, open
}

// namedBuckets returns the buckets of pieces, or nil when there are more than a limit.
func namedBuckets(pieces []usage.Piece, limit int) []bucket {
	var buckets []bucket
	for _, piece := range pieces {
		for at := range piece.Buckets() {
			if len(buckets) == limit {
				return nil
			}
			buckets = append(buckets, bucket{piece.Grain, at.Format(time.DateTime)})
		}
	}
	return buckets
}
