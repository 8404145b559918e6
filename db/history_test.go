package db_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// Whatever happens to the sessions, and whoever folds meanwhile, reports from the
// rollups are those from the raw sessions in the same snapshot. The flag
// -rapid.checks says how many histories are tried on each engine.
func TestRollupsAreExactInEveryHistory(t *testing.T) {
	fewByDefault(t)
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		store, other := prepared(t, dsn), open(t, dsn)
		pool := platform(t, dsn)
		rapid.Check(t, func(rt *rapid.T) {
			h := &history{t: t, rt: rt, gateways: []*db.Store{store, other}, pool: pool}
			defer h.end()
			h.reset()
			rt.Repeat(map[string]func(*rapid.T){
				"":           h.check,
				"series":     h.series,
				"write":      h.write,
				"write more": h.write,
				"commit":     h.commit,
				"roll back":  h.rollBack,
				"bulk":       h.bulk,
				"fold":       h.fold,
				"be killed":  h.beKilled,
				"meet":       h.allAtOnce,
				"verify":     h.verify,
				"damage":     h.damage,
			})
		})
	})
}

// fewByDefault tries a few histories only, unless the flag says how many: each
// has dozens of events on a real server.
func fewByDefault(t *testing.T) {
	checks, given := flag.Lookup("rapid.checks"), false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == checks.Name })
	if given {
		return
	}
	before := checks.Value.String()
	if err := checks.Value.Set("6"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = checks.Value.Set(before) }) // which it was
}

// platform is a pool on which the platform writes its sessions.
func platform(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	// Parameters go with the text: MariaDB can fail a prepared statement that is
	// under way while a trigger is created.
	pool, err := sql.Open("mysql", dsn+"?time_zone=%27%2B09%3A00%27&innodb_lock_wait_timeout=5&interpolateParams=true")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// history is one run of random events on one database.
type history struct {
	t        *testing.T
	rt       *rapid.T
	gateways []*db.Store
	pool     *sql.DB
	// open are the platform's transactions. Each writes sessions of its own, so
	// that none has to wait for another.
	open [3]*sql.Tx
	// added counts sessions with ids of their own.
	added int
}

func (h *history) must(err error) {
	if err != nil {
		h.t.Helper()
		h.rt.Fatal(err)
	}
}

func (h *history) reset() {
	for _, table := range append(sumTables(), "ai_sessions", "usage_changes") {
		_, err := h.pool.Exec("TRUNCATE TABLE " + table)
		h.must(err)
	}
}

func (h *history) end() {
	for _, tx := range h.open {
		if tx != nil {
			tx.Rollback()
		}
	}
}

// hours are those around midnight in UTC, after 22:00, and in the zones whose days
// begin within an hour of UTC: Kolkata and Kathmandu (18:00), St John's (2:00, 3:00)
// and Adelaide (13:00, 14:00).
var hours = []int{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, -4, -4, -4, 5, -9, -8}

// starts are starts of sessions and bounds of ranges: near the turn of hours, days
// and months, a few years, and the ends of time.
func starts() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		at := time.Date(2024, 2, 28, 22, 0, 0, 0, time.UTC).
			AddDate(0, rapid.SampledFrom([]int{0, 0, 0, 1, 12, -36}).Draw(t, "months"), rapid.IntRange(0, 4).Draw(t, "days")).
			Add(time.Duration(rapid.SampledFrom(hours).Draw(t, "hours")) * time.Hour)
		if rapid.IntRange(0, 40).Draw(t, "end of time") == 0 {
			at = rapid.SampledFrom([]time.Time{usage.Earliest, usage.Latest.Add(-time.Hour)}).Draw(t, "end")
		}
		return at.Add(rapid.SampledFrom([]time.Duration{0, 1, 999, 15 * 60_000, 30 * 60_000, 3_599_999}).Draw(t, "ms") * time.Millisecond)
	})
}

func queries() *rapid.Generator[usage.Query] {
	return rapid.Custom(func(t *rapid.T) usage.Query {
		query := usage.Query{
			AccountID:  rapid.SampledFrom([]string{"", "", "a", "A", "nobody"}).Draw(t, "account"),
			CustomerID: rapid.SampledFrom([]string{"", "", "", "x", "y"}).Draw(t, "customer"),
			Accounts:   rapid.SampledFrom([][]string{nil, nil, nil, {"a"}, {"A", "b"}, {}}).Draw(t, "may see"),
			Level:      rapid.SampledFrom([]usage.Level{usage.ByCustomer, usage.ByAccount, usage.Together}).Draw(t, "level"),
			Zone:       time.UTC,
		}
		if rapid.IntRange(0, 5).Draw(t, "start") > 0 {
			query.Range.From = starts().Draw(t, "from")
		}
		if rapid.IntRange(0, 5).Draw(t, "end") > 0 {
			query.Range.To = starts().Draw(t, "to").Add(rapid.SampledFrom([]time.Duration{0, time.Millisecond, 1, time.Hour}).Draw(t, "more"))
		}
		if !query.Range.To.IsZero() && query.Range.To.Before(query.Range.From) {
			query.Range.From, query.Range.To = query.Range.To, query.Range.From
		}
		return query
	})
}

// check compares both ways of answering in one snapshot.
func (h *history) check(rt *rapid.T) {
	query := queries().Draw(rt, "query")
	h.must(h.compare(query))
}

func (h *history) compare(query usage.Query) error {
	rolledUp, raw, err := h.gateways[0].Both(context.Background(), query)
	if err != nil {
		return err
	}
	rolledUp.AsOf, raw.AsOf, rolledUp.ReadAt, raw.ReadAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	plan := rolledUp.Plan
	rolledUp.ReadBy(raw.Source, raw.Plan)
	if !reflect.DeepEqual(rolledUp, raw) {
		return fmt.Errorf("%+v\nrollups say %+v\n   raw says %+v\nplan %+v\nverify says %+v", query, rolledUp, raw, plan, h.differences())
	}
	return nil
}

// zones are whole hours from UTC, or not, or only now and then.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Adelaide", "Australia/Lord_Howe", "Africa/Monrovia", "America/Juneau", "Pacific/Apia"}

// series compares both ways of answering over time, at every level and for some
// or all subjects, and their sums with the report.
func (h *history) series(rt *rapid.T) {
	query := usage.SeriesQuery{
		Query: queries().Draw(rt, "query"),
		Step:  rapid.SampledFrom([]usage.Step{usage.QuarterHourly, usage.Hourly, usage.Daily, usage.Weekly, usage.Monthly, usage.Yearly}).Draw(rt, "step"),
	}
	var err error
	query.Zone, err = usage.LoadZone("timeZone", rapid.SampledFrom(zones).Draw(rt, "zone"))
	h.must(err)
	if query.Level != usage.Together && rapid.Bool().Draw(rt, "some subjects") {
		query.Subjects = []usage.Subject{{AccountID: "a"}, {AccountID: "A"}, {AccountID: "a", CustomerID: "x"}}
	}
	rolledUp, raw, report, err := h.gateways[0].BothSeries(context.Background(), query)
	if coded, ok := errors.AsType[*usage.Error](err); ok && coded.Argument == "granularity" {
		return // too long
	}
	h.must(err)
	amounts := map[usage.Subject]usage.Usage{}
	for _, row := range report.Subjects {
		subject := usage.Subject{AccountID: row.AccountID, CustomerID: row.CustomerID}
		switch query.Level {
		case usage.Together:
			subject = usage.Subject{}
		case usage.ByAccount:
			subject.CustomerID = ""
		}
		amounts[subject] = amounts[subject].Plus(row.Usage)
	}
	if query.Subjects != nil {
		asked := map[usage.Subject]usage.Usage{}
		for _, subject := range query.Subjects {
			asked[subject] = amounts[subject]
		}
		amounts = asked
	}
	for subject, want := range amounts {
		one, other := rolledUp.Of(subject), raw.Of(subject)
		if !reflect.DeepEqual(one, other) {
			rt.Fatalf("%+v of %v\nrollups say %+v\n   raw says %+v", subject, query.Range, used(one), used(other))
		}
		var sum usage.Usage
		for _, point := range one {
			sum = sum.Plus(point.Usage)
		}
		if sum != want {
			rt.Fatalf("%+v of %v: the series adds up to %+v, the report says %+v", subject, query.Range, sum, want)
		}
	}
}

// used returns the points with usage.
func used(series []usage.Point) (points []usage.Point) {
	for _, point := range series {
		if point.Usage != (usage.Usage{}) {
			points = append(points, point)
		}
	}
	return points
}

// change is a statement of the platform.
type change struct {
	statement string
	args      []any
}

// changes are changes of the sessions of one writer.
func changes(writer string) *rapid.Generator[change] {
	return rapid.Custom(func(t *rapid.T) change {
		id := fmt.Sprint(writer, rapid.IntRange(0, 6).Draw(t, "session"))
		account := rapid.SampledFrom([]string{"a", "A", "b"}).Draw(t, "account")
		customer := rapid.SampledFrom([]any{nil, "", "x", "y"}).Draw(t, "customer")
		start := starts().Draw(t, "start").Format("2006-01-02 15:04:05.000")
		seconds := rapid.SampledFrom([]int64{0, 1, 59, 60, 61, usage.MaxDurationSeconds}).Draw(t, "seconds")
		const columns = " INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, ?, ?, ?)"
		all := []any{id, account, customer, start, seconds}
		return rapid.SampledFrom([]change{
			{"INSERT IGNORE" + columns, all},
			{"REPLACE" + columns, all},
			{"INSERT" + columns + " ON DUPLICATE KEY UPDATE customer_id = VALUES(customer_id), duration_seconds = VALUES(duration_seconds)", all},
			{"UPDATE ai_sessions SET duration_seconds = ? WHERE session_id = ?", []any{seconds, id}},
			{"UPDATE ai_sessions SET customer_id = ? WHERE session_id = ?", []any{customer, id}},
			{"UPDATE ai_sessions SET account_id = ?, started_at = ? WHERE session_id = ?", []any{account, start, id}},
			{"UPDATE ai_sessions SET started_at = ?, duration_seconds = ? WHERE session_id = ?", []any{start, seconds, id}},
			{"DELETE FROM ai_sessions WHERE session_id = ?", []any{id}},
		}).Draw(t, "change")
	})
}

// write changes a session in one of the open transactions.
func (h *history) write(rt *rapid.T) {
	i := rapid.IntRange(0, len(h.open)-1).Draw(rt, "writer")
	if h.open[i] == nil {
		// The platform's isolation level is its own; the weaker one keeps writers
		// from locking gaps that others write to.
		tx, err := h.pool.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		h.must(err)
		h.open[i] = tx
	}
	for _, c := range rapid.SliceOfN(changes(fmt.Sprint("w", i, "-")), 1, 4).Draw(rt, "changes") {
		_, err := h.open[i].Exec(c.statement, c.args...)
		h.must(err)
	}
}

func (h *history) commit(rt *rapid.T)   { h.finish(rt, (*sql.Tx).Commit) }
func (h *history) rollBack(rt *rapid.T) { h.finish(rt, (*sql.Tx).Rollback) }

// finish ends one of the open transactions, in whatever order.
func (h *history) finish(rt *rapid.T, end func(*sql.Tx) error) {
	i := rapid.IntRange(0, len(h.open)-1).Draw(rt, "writer")
	if h.open[i] != nil {
		h.must(end(h.open[i]))
		h.open[i] = nil
	}
}

func batches() *rapid.Generator[[]usage.Session] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) usage.Session {
		return usage.Session{
			SessionID:       fmt.Sprint("bulk", rapid.IntRange(0, 9).Draw(t, "session")),
			AccountID:       rapid.SampledFrom([]string{"a", "A", "b"}).Draw(t, "account"),
			CustomerID:      rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "customer"),
			StartedAt:       starts().Draw(t, "start"),
			DurationSeconds: rapid.SampledFrom([]int64{0, 1, 60, 61, usage.MaxDurationSeconds}).Draw(t, "seconds"),
		}
	}), 1, 8)
}

func (h *history) bulk(rt *rapid.T) {
	gateway := rapid.SampledFrom(h.gateways).Draw(rt, "gateway")
	batch := batches().Draw(rt, "batch")
	if h.open != [3]*sql.Tx{} {
		// Known rows are locked before they are rewritten, and in a table as small
		// as this one the server locks others with them. New ones wait for nobody.
		for i := range batch {
			h.added++
			batch[i].SessionID = fmt.Sprint("new", h.added)
		}
	}
	_, err := gateway.WriteSessions(context.Background(), batch)
	h.must(err)
}

func (h *history) fold(rt *rapid.T) {
	gateway := rapid.SampledFrom(h.gateways).Draw(rt, "gateway")
	h.must(gateway.FoldBatch(context.Background(), rapid.IntRange(1, 6).Draw(rt, "most")))
}

func (h *history) beKilled(rt *rapid.T) {
	h.must(h.gateways[0].AbandonFold(context.Background(), rapid.IntRange(1, 6).Draw(rt, "most")))
}

// mustBeIdle leaves out an event that would wait for an open transaction.
func (h *history) mustBeIdle(rt *rapid.T) {
	if h.open != [3]*sql.Tx{} {
		rt.Skip("a transaction is open")
	}
}

// allAtOnce lets the platform write, both gateways fold, bulk writes happen and
// reports be read at the same time.
func (h *history) allAtOnce(rt *rapid.T) {
	h.mustBeIdle(rt)
	ctx := context.Background()
	var group sync.WaitGroup
	failures := make(chan error, 100)
	run := func(do func() error) {
		group.Go(func() {
			if err := do(); err != nil {
				failures <- err
			}
		})
	}
	for i := range len(h.open) {
		list := rapid.SliceOfN(changes(fmt.Sprint("w", i, "-")), 1, 8).Draw(rt, "changes")
		run(func() error {
			for _, c := range list {
				if err := h.repeatedly(ctx, c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	batch := batches().Draw(rt, "batch")
	run(func() error { _, err := h.gateways[1].WriteSessions(ctx, batch); return err })
	for _, gateway := range h.gateways {
		most := rapid.IntRange(1, 6).Draw(rt, "most")
		run(func() error {
			for range 4 {
				if err := gateway.FoldBatch(ctx, most); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, query := range rapid.SliceOfN(queries(), 1, 4).Draw(rt, "queries") {
		run(func() error { return h.compare(query) })
	}
	group.Wait()
	close(failures)
	for err := range failures {
		h.must(err)
	}
}

// repeatedly runs a statement of the platform, again when the server has undone it
// for a deadlock: in a table as small as this one, writers lock each other's rows.
func (h *history) repeatedly(ctx context.Context, c change) error {
	for attempt := 0; ; attempt++ {
		_, err := h.pool.ExecContext(ctx, c.statement, c.args...)
		if !isOneOf(err, undone...) || attempt == 10 {
			return err
		}
	}
}

func (h *history) differences() []db.Difference {
	var found []db.Difference
	h.must(h.gateways[0].VerifyRollups(context.Background(), usage.Range{}, func(d db.Difference) { found = append(found, d) }, nil))
	return found
}

func (h *history) verify(rt *rapid.T) {
	if found := h.differences(); len(found) > 0 {
		rt.Fatalf("verify found %+v", found)
	}
}

// damage spoils the rollups. Verify has to find it, and rebuild to repair it.
func (h *history) damage(rt *rapid.T) {
	h.mustBeIdle(rt)
	table := rapid.SampledFrom(sumTables()).Draw(rt, "table")
	statement := rapid.SampledFrom([]string{
		"UPDATE " + table + " SET minutes = minutes + 1 ORDER BY bucket, grain LIMIT 1",
		"UPDATE " + table + " SET sessions = sessions - 1 WHERE grain = 2 LIMIT 1",
		"UPDATE " + table + " SET seconds = 7 WHERE grain = 3 AND seconds <> 7 LIMIT 1",
		"UPDATE " + table + " SET minutes = minutes - 1 WHERE grain IN (0, 12) LIMIT 1",
		"UPDATE " + table + " SET seconds = seconds + 1 WHERE grain IN (1, 13) LIMIT 1",
		"DELETE FROM " + table + " WHERE grain <> 3 AND sessions <> 0 LIMIT 2",
		"DELETE FROM usage_changes WHERE sessions <> 0 LIMIT 1",
		"TRUNCATE TABLE " + table,
	}).Draw(rt, "damage")
	result, err := h.pool.Exec(statement)
	h.must(err)
	if changed, err := result.RowsAffected(); err != nil || changed > 0 && len(h.differences()) == 0 {
		rt.Fatalf("%s goes unnoticed (%v)", statement, err)
	}
	_, err = h.gateways[1].RebuildRollups(context.Background(), usage.Range{}, nil)
	h.must(err)
	h.verify(rt)
}
