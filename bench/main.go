// The bench program measures how long reports and series take: in the store, over HTTP,
// as bare SQL on the tables of sums, on the sessions, and in DuckDB on the same
// sessions; and what the sums cost those who write.
//
//	go run ./bench --dsn 'root@tcp(127.0.0.1:3306)/'
//
// It makes databases of its own, named aiusage_bench_…, and drops them at the end. All
// ways of asking are measured in turns, in one run, and have to give the same answers.
// Compare times within a run, since machines differ.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"time"

	"aiusage/usage"
)

// settings are the flags.
type settings struct {
	dsn       string
	sessions  int
	accounts  int
	customers int
	waiting   int
	rounds    int
	enough    time.Duration
	longest   time.Duration
	prefix    string
	keep      bool
	duckDB    string
	only      *regexp.Regexp
}

// asks tells whether a question is to be asked.
func (s settings) asks(q question) bool { return s.only == nil || s.only.MatchString(q.name) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var s settings
	flag.StringVar(&s.dsn, "dsn", "root@tcp(127.0.0.1:3306)/", "the server, with the right to create databases")
	flag.IntVar(&s.sessions, "sessions", 10_000_000, "how many sessions, spread over a year")
	flag.IntVar(&s.accounts, "accounts", 200, "how many accounts")
	flag.IntVar(&s.customers, "customers", 50, "how many customers each account has")
	flag.IntVar(&s.waiting, "waiting", 10_000, "how many changes wait to be folded when all is asked again")
	flag.IntVar(&s.rounds, "rounds", 11, "how often each question is asked in each way, at most")
	flag.DurationVar(&s.enough, "enough", 2*time.Second, "how long one way of asking one question may take altogether before it is not repeated")
	flag.DurationVar(&s.longest, "longest", time.Minute, "how long one answer may take before it is given up")
	flag.StringVar(&s.prefix, "prefix", "aiusage_bench", "what the names of the databases begin with")
	flag.BoolVar(&s.keep, "keep", false, "keep the database with the sessions for the next run, and drop none of them")
	flag.StringVar(&s.duckDB, "duckdb", "bench/duckdb", "the folder of the program that asks DuckDB; empty leaves it out")
	flag.Func("only", "ask only the questions with such names (a regular expression), and leave out what many callers and writers do", func(text string) (err error) {
		s.only, err = regexp.Compile(text)
		return err
	})
	flag.Parse()
	if s.sessions < 1 || s.accounts < 1 || s.customers < 1 || s.waiting < 0 || s.rounds < 1 {
		fmt.Fprintln(os.Stderr, "bench: there have to be sessions, accounts, customers and rounds")
		os.Exit(2)
	}
	if err := s.run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything and prints it.
func (s settings) run(ctx context.Context, out io.Writer) error {
	duck, missing := startDuckDB(ctx, s.duckDB, out)
	defer duck.close()
	version := "left out: " + fmt.Sprint(missing)
	if missing == nil {
		version = duck.version
	}
	fmt.Fprintf(out, "%d sessions of a year, %d accounts with %d customers each\n", s.sessions, s.accounts, s.customers)
	p, err := openFilled(ctx, s, s.population(), out)
	if err != nil {
		return err
	}
	defer p.close()
	server, err := p.store.Describe(ctx)
	if err != nil {
		return err
	}
	printMachine(out, server, version)
	if err := s.reports(ctx, p, duck, out); err != nil {
		return err
	}
	if s.only != nil {
		return nil
	}
	fmt.Fprintln(out)
	return measureWrites(ctx, s, out)
}

// reports measures all questions: with UTC as the gateway's default zone, then with
// another, then while changes wait, then after retention.
func (s settings) reports(ctx context.Context, p *place, duck *duckDB, out io.Writer) error {
	who := s.population()
	caller, err := newCaller(ctx, p)
	if err != nil {
		return err
	}
	if duck != nil {
		started := time.Now()
		count, err := duck.take(ctx, p)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  DuckDB has them, too: %s\n", rate(count, time.Since(started)))
	}
	on := sides{place: p, who: who, duck: duck, sessions: true}
	ask := func(title, defaultZone string, zones ...zone) error {
		return s.phase(ctx, &on, caller, title, defaultZone, zones, out)
	}
	if err := ask("the default zone is UTC", "UTC", zone{"UTC", true}, zone{name: berlin}, zone{name: kolkata}); err != nil {
		return err
	}
	if err := ask("the default zone is "+berlin, berlin, zone{berlin, true}); err != nil {
		return err
	}

	on.sessions, on.tables = false, nil // not again: the sessions take long, and the tables do not have what waits
	again := []zone{{name: "UTC"}, {berlin, true}, {name: kolkata}}
	if err := s.wait(ctx, p, who, duck); err != nil {
		return err
	}
	if err := ask(fmt.Sprintf("%d changes wait", s.waiting), berlin, again...); err != nil {
		return err
	}
	if err := p.fold(ctx, out); err != nil || s.keep {
		return err
	}
	if err := p.retain(ctx, out); err != nil {
		return err
	}
	on.dropped = true
	return ask("after retention", berlin, again...)
}

// phase asks everything in some zones and prints what it took.
func (s settings) phase(ctx context.Context, on *sides, caller caller, title, defaultZone string, zones []zone, out io.Writer) error {
	location, err := usage.LoadZone(usage.ArgTimeZone, defaultZone)
	if err != nil {
		return err
	}
	if on.sessions {
		var sizes string
		if sizes, on.tables, err = on.place.sizes(ctx); err != nil {
			return err
		}
		fmt.Fprint(out, "\n", sizes)
	}
	// Whoever sets up the gateway names its zone, by whose days there are sums then.
	if _, err := on.place.store.InstallRollups(ctx, location); err != nil {
		return err
	}
	if err := on.place.store.FillRollups(ctx, nil); err != nil {
		return err
	}
	on.place.store.Anticipate() // as serve does
	if on.http, err = serve(on.place, caller, location); err != nil {
		return err
	}
	defer on.http.Close()
	for _, z := range zones { // one after the other, so that a run that is ended has told something
		var results []result
		for _, q := range slices.DeleteFunc(questionsIn(z, on.who), func(q question) bool { return !s.asks(q) }) {
			r, err := s.measure(ctx, q, *on)
			if err != nil {
				return err
			}
			results = append(results, r)
		}
		printResults(out, title+": "+z.name, results)
		printTargets(out, results)
	}
	if on.sessions && s.only == nil {
		return s.measureCallers(ctx, on, zones[0], out)
	}
	return nil
}
