package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"aiusage/db"
	"aiusage/sample"
	"aiusage/usage"
)

// result is how long one question took in one way.
type result struct {
	size                   int
	question               string
	http, store, bare, raw time.Duration
	subjects               int
}

// question is what is asked, as a request and as the SQL that a person would
// write for it on the rollups.
type question struct {
	name    string
	request usage.Request
	// series asks for usage over time; level says of whom.
	series usage.Step
	level  usage.Level
	// accounts asks as somebody who may see these only.
	accounts []string
	// graphQL is what is selected of the report, for questions that the legacy
	// operation cannot answer.
	graphQL string
	// bare reads the rollups, for questions that fit their buckets.
	bare string
	args []any
}

// oneAccount is the account that is asked for by itself, and someAccounts are those
// of somebody who may see 50.
func (s settings) oneAccount() string     { return s.accountIDs()[min(9, s.accounts-1)] }
func (s settings) someAccounts() []string { return s.accountIDs()[:min(50, s.accounts)] }

func (s settings) accountIDs() []string {
	var ids []string
	for _, account := range sample.Accounts(sample.Config{Accounts: s.accounts}) {
		ids = append(ids, account.AccountID)
	}
	return ids
}

func questions(s settings) []question {
	account, some := s.oneAccount(), s.someAccounts()
	first, last := some[0], some[len(some)-1]
	const from = `FROM usage_rollups r JOIN usage_subjects s ON s.subject_no = r.subject_no WHERE r.grain = 3`
	const columns = `SELECT s.account_id, s.customer_id, SUM(r.minutes), SUM(r.seconds), SUM(r.sessions) `
	const group = ` GROUP BY s.account_id, s.customer_id`
	const joined = `SELECT s.account_id, s.customer_id, r.minutes, r.seconds, r.sessions FROM
		(SELECT subject_no, SUM(minutes) AS minutes, SUM(seconds) AS seconds, SUM(sessions) AS sessions FROM usage_rollups
		 WHERE grain = 3 AND bucket >= ? AND bucket < ? GROUP BY subject_no) r JOIN usage_subjects s ON s.subject_no = r.subject_no`
	march, april, year := "2026-03-01", "2026-04-01", "2025-04-01"
	return []question{
		{name: "one account, one month", request: usage.Request{AccountID: account, StartDate: march, EndDate: "2026-03-31"},
			bare: columns + from + ` AND r.bucket = ? AND r.account_no = (SELECT account_no FROM usage_accounts WHERE account_id = ?)` + group, args: []any{march, account}},
		{name: "all customers, one month", request: usage.Request{StartDate: march, EndDate: "2026-03-31"}, bare: joined, args: []any{march, april}},
		{name: "all customers, one year", request: usage.Request{StartDate: year, EndDate: "2026-03-31"}, bare: joined, args: []any{year, april}},
		{name: "one account, two odd instants", request: usage.Request{AccountID: account, StartDate: "2025-06-13T07:23:11.417Z", EndDate: "2026-02-21T19:48:02.003Z"}},
		{name: "one account, daily for a year", series: usage.Daily, request: usage.Request{AccountID: account, StartDate: year, EndDate: "2026-03-31"},
			graphQL: "series(granularity:DAY){from aiMinutes}",
			bare: `SELECT bucket, '', SUM(minutes), SUM(seconds), SUM(sessions) FROM usage_rollups WHERE grain = 2 AND bucket >= ? AND bucket < ?
				AND account_no = (SELECT account_no FROM usage_accounts WHERE account_id = ?) GROUP BY bucket`, args: []any{year, april, account}},
		{name: "50 accounts with their customers, one month", accounts: some, request: usage.Request{StartDate: march, EndDate: "2026-03-31"},
			graphQL: "accountUsage{accountId aiMinutes customerUsage{customerId aiMinutes}}",
			bare:    columns + from + ` AND r.bucket = ? AND s.account_id BETWEEN ? AND ?` + group, args: []any{march, first, last}},
		{name: "50 accounts with their customers, daily for a month", accounts: some, series: usage.Daily, level: usage.ByCustomer,
			request: usage.Request{StartDate: march, EndDate: "2026-03-31"},
			graphQL: "accountUsage{customerUsage{customerId series(granularity:DAY){aiMinutes}}}",
			bare: `SELECT s.account_id, s.customer_id, r.minutes, r.seconds, r.sessions FROM usage_rollups r JOIN usage_subjects s ON s.subject_no = r.subject_no
				WHERE r.grain = 2 AND r.bucket >= ? AND r.bucket < ? AND s.account_id BETWEEN ? AND ?`, args: []any{march, april, first, last}},
		{name: "all accounts, everything", request: usage.Request{}, bare: joined, args: []any{"1000-01-01", "9999-01-01"}},
	}
}

// measureReports asks every question in every way, in turns, so that whatever else
// the machine does slows all ways alike.
func measureReports(ctx context.Context, s settings, p *place, size int, out io.Writer) ([]result, error) {
	gateway, err := serve(ctx, p)
	if err != nil {
		return nil, err
	}
	defer gateway.Close()
	if err := p.printRows(ctx, s.oneAccount(), out); err != nil {
		return nil, err
	}
	var results []result
	for _, q := range questions(s) {
		one := result{size: size, question: q.name}
		query, err := q.request.Query(nil, time.Time{})
		if err != nil {
			return nil, err
		}
		query.Accounts = q.accounts
		ways := []way{{&one.store, func() (err error) {
			one.subjects, err = q.ask(ctx, p.store, query)
			return err
		}}}
		ways = append(ways, way{&one.http, func() error { return gateway.ask(ctx, q) }})
		if q.bare != "" {
			ways = append(ways, way{&one.bare, func() error { return read(ctx, p.pool, q.bare, q.args) }})
		}
		if err := medians(s.rounds, ways...); err != nil {
			return nil, err
		}
		// Raw takes long: three times are enough.
		raw := way{&one.raw, func() error { return read(ctx, p.pool, rawStatement(q), rawArgs(query, q)) }}
		if err := medians(min(3, s.rounds), raw); err != nil {
			return nil, err
		}
		results = append(results, one)
	}
	return results, measureCallers(ctx, s, p, gateway, out)
}

// printRows tells how much there is to add up. It grows with the sessions only
// as long as there are customers without a session in some hour, day or month.
func (p *place) printRows(ctx context.Context, account string, out io.Writer) error {
	var rows [4]int
	for i, condition := range []string{"grain = 1", "grain = 2", "grain = 3",
		"grain = 2 AND account_no = (SELECT account_no FROM usage_accounts WHERE account_id = ?)"} {
		var args []any
		if strings.Contains(condition, "?") {
			args = []any{account}
		}
		if err := p.pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM usage_rollups WHERE "+condition, args...).Scan(&rows[i]); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "  rollups: %d hours, %d days (%d of the one account), %d months\n", rows[0], rows[1], rows[3], rows[2])
	return err
}

// measureCallers asks the smallest question as callers of every kind.
func measureCallers(ctx context.Context, s settings, p *place, gateway *server, out io.Writer) error {
	q := questions(s)[0]
	var bare, token, key, password time.Duration
	asking := func(took *time.Duration, who func(*http.Request)) way {
		return way{took, func() error { return gateway.get(ctx, q.request, who) }}
	}
	err := medians(10*s.rounds, way{&bare, func() error { return read(ctx, p.pool, q.bare, q.args) }},
		asking(&token, gateway.byToken), asking(&key, gateway.byKey), asking(&password, gateway.byPassword))
	fmt.Fprintf(out, "  %s, over HTTP: %s with a JWT (%s of bare SQL), %s with an API key (%s), %s with a password (%s)\n", q.name,
		ms(token), ratio(token, bare), ms(key), ratio(key, bare), ms(password), ratio(password, bare))
	return err
}

// ask asks the store, and returns how many subjects were in the answer.
func (q question) ask(ctx context.Context, store *db.Store, query usage.Query) (subjects int, err error) {
	if q.series != "" {
		set, err := store.Series(ctx, seriesOf(query, q))
		if err != nil {
			return 0, err
		}
		return set.Points() / max(1, len(set.Buckets)), nil
	}
	report, err := store.Report(ctx, query)
	if err != nil {
		return 0, err
	}
	return len(report.Subjects), nil
}

// rawStatement is what a person would write on the sessions.
func rawStatement(q question) string {
	who := ""
	if q.request.AccountID != "" {
		who = " AND account_id = ?"
	}
	if q.accounts != nil {
		who = " AND account_id BETWEEN ? AND ?"
	}
	if q.level == usage.ByCustomer {
		return `SELECT account_id, COALESCE(customer_id, '') AS customer, SUM(ai_minutes), SUM(duration_seconds), COUNT(*) FROM ai_sessions
			WHERE started_at >= ? AND started_at < ?` + who + ` GROUP BY account_id, customer, DATE(started_at)`
	}
	if q.series != "" {
		return `SELECT DATE(started_at), '', SUM(ai_minutes), SUM(duration_seconds), COUNT(*) FROM ai_sessions
			WHERE started_at >= ? AND started_at < ?` + who + ` GROUP BY 1`
	}
	return `SELECT account_id, COALESCE(customer_id, '') AS customer, SUM(ai_minutes), SUM(duration_seconds), COUNT(*) FROM ai_sessions
		WHERE started_at >= ? AND started_at < ?` + who + ` GROUP BY account_id, customer`
}

func rawArgs(query usage.Query, q question) []any {
	args := []any{usage.Earliest, usage.Latest}
	if !query.Range.From.IsZero() {
		args = []any{query.Range.From, query.Range.To}
	}
	if q.request.AccountID != "" {
		args = append(args, q.request.AccountID)
	}
	if q.accounts != nil {
		args = append(args, q.accounts[0], q.accounts[len(q.accounts)-1])
	}
	return args
}

// way is something to be measured, and where its time is to be written.
type way struct {
	took *time.Duration
	do   func() error
}

// medians runs all ways once to warm up and then rounds times, in turns.
func medians(rounds int, ways ...way) error {
	times := make([][]time.Duration, len(ways))
	for round := range rounds + 1 {
		for i, way := range ways {
			started := time.Now()
			if err := way.do(); err != nil {
				return err
			}
			if round > 0 {
				times[i] = append(times[i], time.Since(started))
			}
		}
	}
	for i, way := range ways {
		slices.Sort(times[i])
		*way.took = times[i][rounds/2]
	}
	return nil
}

// read runs a statement through the driver and reads its rows.
func read(ctx context.Context, pool *sql.DB, statement string, args []any) error {
	rows, err := pool.QueryContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var account, customer string
		var minutes, seconds, sessions int64
		if err := rows.Scan(&account, &customer, &minutes, &seconds, &sessions); err != nil {
			return err
		}
	}
	return rows.Err()
}

func printTable(out io.Writer, results []result) {
	t := table(out)
	fmt.Fprintln(t, "question\tsubjects\tHTTP\treport\tbare SQL\traw SQL\tHTTP/bare\traw/report\t")
	for _, r := range results {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.question, r.subjects,
			ms(r.http), ms(r.store), ms(r.bare), ms(r.raw), ratio(r.http, r.bare), ratio(r.raw, r.store))
	}
	t.Flush()
}

// printGrowth compares each size with the one before.
func printGrowth(out io.Writer, sizes []int, results []result) {
	if len(sizes) < 2 {
		return
	}
	fmt.Fprintln(out)
	t := table(out)
	fmt.Fprintln(t, "growth\tfrom\tto\tHTTP\treport\tbare SQL\traw SQL\t")
	for i := 1; i < len(sizes); i++ {
		for _, before := range results {
			for _, after := range results {
				if before.size == sizes[i-1] && after.size == sizes[i] && before.question == after.question {
					fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t\n", before.question, before.size, after.size,
						ratio(after.http, before.http), ratio(after.store, before.store), ratio(after.bare, before.bare), ratio(after.raw, before.raw))
				}
			}
		}
	}
	t.Flush()
}

func ms(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func ratio(a, b time.Duration) string {
	if a == 0 || b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f×", float64(a)/float64(b))
}

// seriesOf is a question for a series.
func seriesOf(query usage.Query, q question) usage.SeriesQuery {
	query.Level = q.level
	return usage.SeriesQuery{Query: query, Step: q.series}
}
