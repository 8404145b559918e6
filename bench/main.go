// The bench program measures reports with rollups, from raw sessions and as bare
// SQL through the driver, in one run on one server, and what the rollups cost
// those who write.
//
//	go run ./bench --dsn 'root@tcp(127.0.0.1:3306)/' --sessions 100000,1000000
//
// It makes databases of its own, named aiusage_bench_…, and drops them at the end.
// Times are medians; compare them within a run, since machines differ.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db"
	"aiusage/sample"
	"aiusage/usage"
)

// now is when the last session starts, so that every run has the same data.
var now = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// settings are the flags.
type settings struct {
	dsn      string
	sizes    []int
	rounds   int
	accounts int
	subjects int
	days     int
	prefix   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var s settings
	var sizes string
	flag.StringVar(&s.dsn, "dsn", "root@tcp(127.0.0.1:3306)/", "the server, with the right to create databases")
	flag.StringVar(&sizes, "sessions", "100000,1000000,10000000", "how many sessions, one measurement each")
	flag.IntVar(&s.rounds, "rounds", 7, "how often each report is asked for; the median counts")
	flag.IntVar(&s.accounts, "accounts", 1000, "how many accounts")
	flag.IntVar(&s.subjects, "customers", 10_000, "how many customers, of all accounts together")
	flag.IntVar(&s.days, "days", 730, "how many days the sessions are spread over")
	flag.StringVar(&s.prefix, "prefix", "aiusage_bench", "what the names of the databases begin with")
	flag.Parse()
	for text := range strings.SplitSeq(sizes, ",") {
		size, err := strconv.Atoi(text)
		if err != nil || size < 1 {
			fmt.Fprintf(os.Stderr, "bench: %q is not a number of sessions\n", text)
			os.Exit(2)
		}
		s.sizes = append(s.sizes, size)
	}
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures each size and prints a table.
func run(ctx context.Context, s settings, out io.Writer) error {
	load, _ := os.ReadFile("/proc/loadavg") // empty elsewhere
	fmt.Fprintf(out, "load at the start: %s\n", strings.TrimSpace(string(load)))
	var results []result
	for _, size := range s.sizes {
		fmt.Fprintf(out, "\n%d sessions, %d accounts, %d customers, %d days\n", size, s.accounts, s.subjects, s.days)
		some, err := measure(ctx, s, size, out)
		if err != nil {
			return err
		}
		printTable(out, some)
		results = append(results, some...)
	}
	printGrowth(out, s.sizes, results)
	fmt.Fprintln(out)
	return measureWrites(ctx, s, out)
}

// measure fills a database and measures reports on it.
func measure(ctx context.Context, s settings, size int, out io.Writer) ([]result, error) {
	place, err := create(ctx, s, strconv.Itoa(size))
	if err != nil {
		return nil, err
	}
	defer place.drop()
	started := time.Now()
	config := sample.Config{Seed: 1, Now: now, Sessions: size, Accounts: s.accounts, Customers: s.subjects, Days: s.days}
	if err := load(ctx, place.store, config); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "  loaded without rollups: %s\n", rate(size, time.Since(started)))
	if err := place.installInUse(ctx, out); err != nil {
		return nil, err
	}
	if _, err := place.pool.ExecContext(ctx, "ANALYZE TABLE ai_sessions, usage_rollups, usage_subjects, usage_deltas"); err != nil {
		return nil, err
	}
	return measureReports(ctx, s, place, size, out)
}

func load(ctx context.Context, store *db.Store, config sample.Config) error {
	const most = 2000
	var batch []usage.Session
	for session := range sample.Sessions(config) {
		batch = append(batch, session)
		if len(batch) == most {
			if _, err := store.WriteSessions(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	_, err := store.WriteSessions(ctx, batch)
	return err
}

// place is a database of this program.
type place struct {
	name  string
	dsn   string
	admin *sql.DB
	pool  *sql.DB
	store *db.Store
}

func create(ctx context.Context, s settings, suffix string) (*place, error) {
	config, err := mysql.ParseDSN(s.dsn)
	if err != nil {
		return nil, err
	}
	config.DBName = ""
	p := &place{name: s.prefix + "_" + suffix}
	if p.admin, err = sql.Open("mysql", config.FormatDSN()); err != nil {
		return nil, err
	}
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + p.name, "CREATE DATABASE " + p.name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"} {
		if _, err := p.admin.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	config.DBName, config.InterpolateParams, config.ParseTime = p.name, true, true
	p.dsn = config.FormatDSN()
	if p.pool, err = sql.Open("mysql", p.dsn); err != nil {
		return nil, err
	}
	if p.store, err = db.Open(p.dsn, db.Options{}); err != nil {
		return nil, err
	}
	return p, p.store.Migrate(ctx, func(db.Migration) {})
}

func (p *place) drop() {
	p.pool.Close()
	p.store.Close()
	p.admin.Exec("DROP DATABASE " + p.name) // what is left is seen and replaced by the next run
	p.admin.Close()
}

// installInUse installs the rollups while a writer adds sessions, rebuilds them
// likewise, and verifies what came of it.
func (p *place) installInUse(ctx context.Context, out io.Writer) error {
	writing, stop := context.WithCancel(ctx)
	written := make(chan int)
	go func() { written <- p.keepWriting(writing) }()
	defer func() { stop() }()
	steps := []struct {
		name string
		do   func() error
	}{
		{"online installation", func() error {
			if _, err := p.store.InstallRollups(ctx, nil); err != nil {
				return err
			}
			return p.store.FillRollups(ctx, nil)
		}},
		{"rebuild", func() error {
			_, err := p.store.RebuildRollups(ctx, usage.Range{}, nil)
			return err
		}},
	}
	for _, step := range steps {
		started := time.Now()
		if err := step.do(); err != nil {
			return err
		}
		fmt.Fprintf(out, "  %s under write load: %.1f s\n", step.name, time.Since(started).Seconds())
	}
	stop()
	count := <-written
	started := time.Now()
	folded, err := p.store.Fold(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  written meanwhile: %d; folded: %s\n", count, rate(folded, time.Since(started)))
	started = time.Now()
	differences := 0
	err = p.store.VerifyRollups(ctx, usage.Range{}, func(db.Difference) { differences++ }, nil)
	fmt.Fprintf(out, "  verify: %.1f s, %d differences\n", time.Since(started).Seconds(), differences)
	return err
}

// keepWriting adds single sessions as a platform does until ctx ends, and returns
// how many.
func (p *place) keepWriting(ctx context.Context) (count int) {
	for ; ctx.Err() == nil; count++ {
		_, err := p.pool.ExecContext(ctx, insertSession, fmt.Sprint("live-", count), "sample-acc-0001", "sample-cus-00001",
			now.Add(-time.Duration(count)*time.Minute), 61)
		if err != nil {
			return count
		}
	}
	return count
}

const insertSession = `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, ?, ?, ?)`

func rate(count int, took time.Duration) string {
	return fmt.Sprintf("%d in %.1f s (%.0f/s)", count, took.Seconds(), float64(count)/took.Seconds())
}

func table(out io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
}

// quiet is a log for a gateway that is only measured.
var quiet = slog.New(slog.DiscardHandler)
