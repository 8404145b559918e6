package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"aiusage/usage"
)

// result is how long one question took in each way of asking.
type result struct {
	question question
	rows     int // of the answer
	bytes    int // over HTTP
	// store is the driver's side of the gateway, http the whole of it, encode what the
	// bytes of the answer cost, bare the statement that reads the sums, and lookUp one by
	// primary key. raw and duck read the sessions.
	store, http, encode, bare, lookUp, raw, duck timing
	bareTable                                    string
	// refused is why the question has no answer, for people.
	refused string
}

// timing is how long one way of asking took: the median and the least.
type timing struct {
	median, least time.Duration
	// cut tells that it was ended before it was over.
	cut bool
}

// way is something to be measured: what is done returns how long it took.
type way struct {
	into   *timing
	do     func(context.Context) (time.Duration, error)
	rounds int
}

// timed makes something to be measured from here.
func timed(do func(context.Context) error) func(context.Context) (time.Duration, error) {
	return func(ctx context.Context) (time.Duration, error) {
		started := time.Now()
		err := do(ctx)
		return time.Since(started), err
	}
}

// inTurns runs all ways in turns, so that whatever else the machine does slows all
// alike. The first time warms up. A way that has taken enough altogether is not run
// again, and one that takes longer than the longest is ended.
func (s settings) inTurns(ctx context.Context, ways ...way) error {
	times, spent := make([][]time.Duration, len(ways)), make([]time.Duration, len(ways))
	for round := range s.rounds + 1 {
		for i, way := range ways {
			if round > way.rounds || spent[i] > s.enough || way.into.cut {
				continue
			}
			limited, cancel := context.WithTimeout(ctx, s.longest)
			took, err := way.do(limited)
			ended := limited.Err() != nil && ctx.Err() == nil
			cancel()
			if err != nil && ended {
				*way.into = timing{least: s.longest, median: s.longest, cut: true}
				continue
			}
			if err != nil {
				return err
			}
			times[i] = append(times[i], took)
			spent[i] += took
		}
	}
	for i, way := range ways {
		if len(times[i]) > 1 {
			times[i] = times[i][1:]
		}
		if slices.Sort(times[i]); !way.into.cut {
			*way.into = timing{median: times[i][len(times[i])/2], least: times[i][0]}
		}
	}
	return nil
}

// sides are all that questions are asked of.
type sides struct {
	place *place
	who   population
	http  *server
	duck  *duckDB // nil where there is none
	// tables are those of sums, where their statements are to be measured, too.
	tables []string
	// sessions tells whether to read the server's own sessions, which takes long.
	sessions bool
	// dropped tells that sessions have been dropped, so that a question may be refused.
	dropped bool
}

// measure asks a question in every way. All of them have to give the same answer.
func (s settings) measure(ctx context.Context, q question, on sides) (result, error) {
	one := result{question: q}
	query, err := q.query()
	if err != nil {
		return one, err
	}
	want, took, err := on.first(ctx, s, q, query)
	ways := []way{{&one.store, timed(func(ctx context.Context) error {
		_, err := q.ask(ctx, on.place.store, query, on.who)
		return err
	}), s.rounds}}
	var refusal *usage.Error
	switch {
	case on.dropped && errors.As(err, &refusal) && refusal.Code == usage.InvalidArgument:
		one.refused = refusal.Error()
		return one, nil
	case errors.Is(err, context.DeadlineExceeded):
		one.store, ways = timing{s.longest, s.longest, true}, nil
		if want, err = on.duckRows(q, query); err != nil || want == nil {
			return one, err
		}
	case err != nil:
		return one, err
	case took > s.enough: // asked once already: that counts
		one.store, ways = timing{median: took, least: took}, nil
	}
	one.rows = len(want)
	add := func(into *timing, rounds int, do func(context.Context) (time.Duration, error)) {
		ways = append(ways, way{into, do, rounds})
	}
	if !one.store.cut {
		if err := on.overHTTP(ctx, s, q, query, want, &one, add); err != nil {
			return one, err
		}
	}
	if q.document != dashboard {
		if err := on.onSums(ctx, q, query, want, &one, s.rounds, add); err != nil {
			return one, err
		}
		if err := on.onSessions(ctx, q, query, want, &one, s.rounds, add); err != nil {
			return one, err
		}
	}
	return one, s.inTurns(ctx, ways...)
}

// first asks the store, for the answer that all others have to give, and tells how long
// that took. The error is context.DeadlineExceeded where it takes too long.
func (on sides) first(ctx context.Context, s settings, q question, query usage.Query) ([]row, time.Duration, error) {
	limited, cancel := context.WithTimeout(ctx, s.longest)
	defer cancel()
	started := time.Now()
	rows, err := q.ask(limited, on.place.store, query, on.who)
	switch {
	case err == nil:
		return rows(), time.Since(started), nil
	case limited.Err() != nil && ctx.Err() == nil:
		return nil, 0, context.DeadlineExceeded
	}
	return nil, 0, err
}

// duckRows is DuckDB's answer, for where the store takes too long to give one. It is nil
// where there is no DuckDB, or for a question that it is not asked.
func (on sides) duckRows(q question, query usage.Query) ([]row, error) {
	if on.duck == nil || q.document == dashboard {
		return nil, nil
	}
	return on.duck.rows(onDuckDB.statements(q, query)[0])
}

// overHTTP adds the gateway, and what encoding its answer costs.
func (on sides) overHTTP(ctx context.Context, s settings, q question, query usage.Query, want []row, one *result, add adder) error {
	limited, cancel := context.WithTimeout(ctx, s.longest)
	defer cancel()
	started := time.Now()
	body, err := on.http.ask(limited, q, query)
	took := time.Since(started)
	if limited.Err() != nil && ctx.Err() == nil {
		one.http = timing{s.longest, s.longest, true}
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s over HTTP: %w", q.name, err)
	}
	decoded, err := q.document.read(body)
	if err != nil {
		return fmt.Errorf("%s over HTTP: %w", q.name, err)
	}
	if q.document.customersOnly {
		want = slices.DeleteFunc(slices.Clone(want), func(r row) bool { return r.customer == "" })
	}
	if decoded.minutes != sum(want).Minutes {
		return fmt.Errorf("%s, %s: %d minutes over HTTP, %d in the store", q.name, q.zone, decoded.minutes, sum(want).Minutes)
	}
	one.bytes = len(body)
	if took > s.enough {
		one.http = timing{median: took, least: took}
	} else {
		add(&one.http, s.rounds, timed(func(ctx context.Context) error {
			_, err := on.http.ask(ctx, q, query)
			return err
		}))
	}
	add(&one.encode, s.rounds, timed(func(context.Context) error {
		_, err := decoded.encode()
		return err
	}))
	return nil
}

type adder func(into *timing, rounds int, do func(context.Context) (time.Duration, error))

// onSums adds the statement that reads the sums, and a look-up by primary key.
func (on sides) onSums(ctx context.Context, q question, query usage.Query, want []row, one *result, rounds int, add adder) error {
	add(&one.lookUp, rounds, on.place.reading(lookUp(on.who)))
	b, err := on.place.bare(ctx, on.tables, bareOf(q, query), sum(want))
	if err != nil || b.statement == "" {
		return err
	}
	one.bareTable = b.table
	add(&one.bare, rounds, on.place.reading(b.statement))
	return nil
}

// onSessions adds the same question on the sessions, of the server and of DuckDB.
func (on sides) onSessions(ctx context.Context, q question, query usage.Query, want []row, one *result, rounds int, add adder) error {
	if on.sessions {
		statement := onServer.statements(q, query)[0]
		started := time.Now()
		rows, err := on.place.rows(ctx, statement)
		one.raw.median = time.Since(started) // once is enough: it takes seconds
		one.raw.least = one.raw.median
		if err := firstOf(err, same(q, "the server's sessions", want, rows)); err != nil {
			return err
		}
	}
	if on.duck == nil {
		return nil
	}
	statements := onDuckDB.statements(q, query)
	best, fastest := "", time.Duration(0)
	for _, statement := range statements {
		rows, err := on.duck.rows(statement)
		if err := firstOf(err, same(q, "DuckDB", want, rows)); err != nil {
			return err
		}
		took, err := on.duck.run(statement, nil)
		if err != nil {
			return err
		}
		if best == "" || took < fastest {
			best, fastest = statement, took
		}
	}
	add(&one.duck, rounds, func(context.Context) (time.Duration, error) { return on.duck.run(best, nil) })
	return nil
}

// same returns an error unless two answers are the same.
func same(q question, whose string, want, got []row) error {
	if slices.Equal(want, got) {
		return nil
	}
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return fmt.Errorf("%s, %s: %s give %+v where the store gives %+v", q.name, q.zone, whose, got[i], want[i])
		}
	}
	return fmt.Errorf("%s, %s: %s give %d rows where the store gives %d", q.name, q.zone, whose, len(got), len(want))
}

// reading is a statement on sums as a way to be measured.
func (p *place) reading(statement string) func(context.Context) (time.Duration, error) {
	return timed(func(ctx context.Context) error {
		_, _, err := p.read(ctx, statement)
		return err
	})
}

// read runs a statement through the driver, and adds up the last three numbers of its
// rows in the cheapest way there is.
func (p *place) read(ctx context.Context, statement string) (count int, total usage.Usage, err error) {
	rows, err := p.pool.QueryContext(ctx, statement)
	if err != nil {
		return 0, total, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, total, err
	}
	values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for ; rows.Next(); count++ {
		if err := rows.Scan(into...); err != nil {
			return 0, total, err
		}
		amounts := values[len(values)-3:]
		total.Minutes += number(amounts[0])
		total.Seconds += number(amounts[1])
		total.Sessions += number(amounts[2])
	}
	return count, total, rows.Err()
}

// rows runs a statement of dialect.statements on the server.
func (p *place) rows(ctx context.Context, statement string) (answer []row, err error) {
	rows, err := p.pool.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.account, &r.customer, &r.day, &r.Minutes, &r.Seconds, &r.Sessions); err != nil {
			return nil, err
		}
		answer = append(answer, r)
	}
	return ordered(answer), rows.Err()
}

// measureCallers asks the smallest question as callers of every kind.
func (s settings) measureCallers(ctx context.Context, on *sides, z zone, out io.Writer) error {
	q := questionsIn(z, on.who)[0]
	query, err := q.query()
	if err != nil {
		return err
	}
	var token, key, password timing
	asking := func(into *timing, who func(*http.Request)) way {
		return way{into, timed(func(ctx context.Context) error {
			r, err := on.http.request(ctx, q, query)
			if err != nil {
				return err
			}
			who(r)
			_, err = send(r)
			return err
		}), s.rounds}
	}
	err = s.inTurns(ctx, asking(&token, on.http.byToken), asking(&key, on.http.byKey), asking(&password, on.http.byPassword))
	fmt.Fprintf(out, "%s, over HTTP: %s with a JWT, %s with an API key, %s with a password\n", q.name, token, key, password)
	return err
}
