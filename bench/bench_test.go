package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"aiusage/internal/dbtest"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// small are settings of a run that takes seconds, on a server that has rollups.
func small(t *testing.T) settings {
	t.Helper()
	var reasons []string
	for _, engine := range dbtest.Engines() {
		if engine.Name != "mariadb" && engine.Name != "mysql" {
			continue
		}
		dsn, err := engine.Start()
		if err != nil {
			reasons = append(reasons, err.Error())
			continue
		}
		s := settings{dsn: dsn, sessions: 3000, accounts: 12, customers: 5, waiting: 200, rounds: 0, enough: time.Second, longest: time.Minute,
			prefix: strings.ToLower(fmt.Sprint("aiusage_test_bench_", t.Name(), os.Getpid()))}
		if _, err := os.Stat("duckdb/node_modules"); err == nil {
			s.duckDB = "duckdb"
		}
		return s
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(reasons)
	}
	t.Skip(reasons)
	return settings{}
}

// A run asks everything in every way and fails where two ways do not give the same
// answer, so that it ends is the test.
func TestSmallRun(t *testing.T) {
	s := small(t)
	var out strings.Builder
	if err := s.run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, want := range []string{
		"the default zone is UTC", "the default zone is Europe/Berlin", "200 changes wait", "after retention",
		"everybody, daily for a year", "Asia/Kolkata", "dashboard, one month", "before 2025-05-07T12:00:00Z verified",
		"with an API key", "within its target?", "folding/single rows",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the output:\n%s", want, &out)
		}
	}
	p, err := open(t.Context(), s, "left", false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	var left int
	if err := p.pool.QueryRow("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE CONCAT(?, '\\_%')", s.prefix).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d databases are left, and an error: %v", left-1, err)
	}
}

// Whatever asks the store, the sessions, the sums or the gateway for something else than
// the others is found, and no time is printed.
func TestWaysThatDisagree(t *testing.T) {
	s := small(t)
	p, err := openFilled(t.Context(), s, s.population(), &strings.Builder{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	caller, err := newCaller(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	on := sides{place: p, who: s.population(), sessions: true}
	if on.http, err = serve(p, caller, time.UTC); err != nil {
		t.Fatal(err)
	}
	defer on.http.Close()
	if _, on.tables, err = p.sizes(t.Context()); err != nil {
		t.Fatal(err)
	}
	find := func(name string) question {
		for _, q := range questionsIn(zone{"UTC", true}, on.who) {
			if q.name == name {
				return q
			}
		}
		t.Fatalf("%s is no question", name)
		return question{}
	}
	q := find("all customers, one month")
	r, err := s.measure(t.Context(), q, on)
	if err != nil {
		t.Fatal(err)
	}
	if r.rows < 60 || r.bytes == 0 || r.bareTable != "usage_rollups" || r.raw.median == 0 || r.encode.median == 0 || r.http.median == 0 || r.store.median == 0 || r.bare.median == 0 {
		t.Errorf("measured %+v", r)
	}
	without := on
	without.tables = nil
	if r, err := s.measure(t.Context(), q, without); err != nil || r.bare.median != 0 || r.verdict() != "–" {
		t.Errorf("without tables of sums: %+v, %v", r, err)
	}

	other := find("all customers, one month")
	other.request.EndDate = "2026-03-30"
	query, err := other.query()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := q.ask(t.Context(), p.store, query, on.who)
	if err != nil {
		t.Fatal(err)
	}
	none := func(*timing, int, func(context.Context) (time.Duration, error)) {}
	whole, err := q.query()
	if err != nil {
		t.Fatal(err)
	}
	for name, asked := range map[string]error{
		"HTTP":     on.overHTTP(t.Context(), s, q, whole, rows(), &result{}, none),
		"sums":     on.onSums(t.Context(), q, whole, rows(), &result{}, 0, none),
		"sessions": on.onSessions(t.Context(), q, whole, rows(), &result{}, 0, none),
	} {
		if asked == nil {
			t.Errorf("%s give a day more than the store, which nobody notices", name)
		}
	}
}

func TestSame(t *testing.T) {
	two := []row{{account: "a", Usage: usage.Usage{Sessions: 1}}, {account: "b", Usage: usage.Usage{Sessions: 1}}}
	more := []row{two[0], {account: "b", Usage: usage.Usage{Sessions: 2}}}
	if err := same(question{}, "x", two, []row{two[0], two[1]}); err != nil {
		t.Error(err)
	}
	for _, other := range [][]row{nil, two[:1], more} {
		if same(question{}, "x", two, other) == nil || same(question{}, "x", other, two) == nil {
			t.Errorf("%v is taken for %v", other, two)
		}
	}
}

// A body that encoding the decoded answer does not give again is no measure of what
// encoding costs.
func TestAnswersThatWereNotAskedFor(t *testing.T) {
	const good = `{"data":{"aiUsage":{"totals":{"aiMinutes":3,"aiSeconds":100,"sessions":2}}}}`
	for _, body := range []string{good, good + "\n"} {
		if decoded, err := totals.read([]byte(body)); err != nil || decoded.minutes != 3 {
			t.Errorf("%q: %+v, %v", body, decoded, err)
		}
	}
	const csv = "AccountUsage,CustomerUsage\r\n\"[{accountId:a,aiMinutes:5}]\",\"[{accountId:a,customerId:b,aiMinutes:1},{accountId:a,customerId:c,aiMinutes:3}]\"\r\n"
	if decoded, err := legacyCSV.read([]byte(csv)); err != nil || decoded.minutes != 4 {
		t.Errorf("%+v, %v", decoded, err)
	}
	for document, bodies := range map[*document][]string{
		totals:    {"", "{", `{"data":null}`, strings.Replace(good, "sessions", "rows", 1), strings.Replace(good, "}}}}", "}}},\"extensions\":{}}", 1)},
		legacyCSV: {"", "AccountUsage,CustomerUsage\r\n", strings.Replace(csv, "customerId:b", "customerId:b,name:x", 1)},
	} {
		for _, body := range bodies {
			if decoded, err := document.read([]byte(body)); err == nil {
				t.Errorf("%q is read as %+v", body, decoded)
			}
		}
	}
}

func TestTurns(t *testing.T) {
	s := settings{rounds: 4, enough: time.Second, longest: time.Minute}
	run := func(times ...time.Duration) (taken timing, count int) {
		err := s.inTurns(t.Context(), way{&taken, func(context.Context) (time.Duration, error) {
			count++
			return times[count-1], nil
		}, s.rounds})
		if err != nil {
			t.Fatal(err)
		}
		return taken, count
	}
	if taken, count := run(90, 5, 7, 6, 8); taken != (timing{median: 7, least: 5}) || count != 5 {
		t.Errorf("the first time is not left out: %+v of %d", taken, count)
	}
	if taken, count := run(2 * time.Second); taken != (timing{median: 2 * time.Second, least: 2 * time.Second}) || count != 1 {
		t.Errorf("what has taken enough is asked again: %+v of %d", taken, count)
	}
	var taken timing
	s.longest = time.Millisecond
	endless := timed(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	if err := s.inTurns(t.Context(), way{&taken, endless, 4}); err != nil || !taken.cut || taken.String() != "> 1.00" {
		t.Errorf("an answer that does not come: %+v, %v", taken, err)
	}
	taken = timing{}
	broken := errors.New("broken")
	if err := s.inTurns(t.Context(), way{&taken, timed(func(context.Context) error { return broken }), 4}); !errors.Is(err, broken) {
		t.Errorf("an error becomes %v", err)
	}
}

func TestVerdicts(t *testing.T) {
	of := func(ms int) timing {
		return timing{median: time.Duration(ms) * time.Millisecond, least: time.Duration(ms) * time.Millisecond}
	}
	utc, other := zone{"UTC", true}, zone{name: kolkata}
	for _, c := range []struct {
		result         result
		driver, onHTTP string
	}{
		{result{question: question{zone: other, target: likeLookUp}, store: of(3), lookUp: of(1), http: of(4)}, "yes", "yes"},
		{result{question: question{zone: other, target: likeLookUp}, store: of(4), lookUp: of(1), http: of(6)}, "NO", "NO"},
		{result{question: question{zone: utc, target: likeNumbers}, store: of(13), bare: of(10), http: of(27), encode: of(10)}, "yes", "yes"},
		{result{question: question{zone: utc, target: likeNumbers}, store: of(14), bare: of(10), http: of(29), encode: of(10)}, "NO", "NO"},
		{result{question: question{zone: other, target: likeNumbers}, store: of(14), bare: of(10)}, "–", "–"},
		{result{question: question{zone: utc, target: seriesOfAll}, store: of(2), bare: of(1), duck: of(1)}, "yes", "–"},
		{result{question: question{zone: zone{berlin, true}, target: seriesOfOne}, store: of(3), bare: of(1), duck: of(1)}, "NO", "–"},
		{result{question: question{zone: other, target: seriesOfAll}, store: of(2), bare: of(1), duck: of(1)}, "NO", "–"},
		{result{question: question{zone: other, target: seriesOfOne}, store: of(3), duck: of(1)}, "yes", "–"},
		{result{question: question{zone: other, target: seriesOfOne}, store: of(4), duck: of(1)}, "NO", "–"},
		{result{question: question{zone: other}, store: of(4), duck: of(1)}, "–", "–"},
	} {
		driver, _, _ := strings.Cut(c.result.verdict(), ",")
		onHTTP, _, _ := strings.Cut(c.result.overHTTP(), ",")
		if driver != c.driver || onHTTP != c.onHTTP {
			t.Errorf("%+v: %s and %s", c.result, c.result.verdict(), c.result.overHTTP())
		}
	}
}
