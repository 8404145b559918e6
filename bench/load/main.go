// Load measures how fast sessions are imported, next to the server's own LOAD
// DATA of the same rows into the same table with its triggers:
//
//	go run ./bench/load --dsn root@tcp(127.0.0.1:3306)/ --rows 1000000
//
// It creates a database aiusage_bench_load on that server and drops it at the
// end. LOAD DATA LOCAL needs SET GLOBAL local_infile = 1 where that is off. LOAD DATA and
// the import take turns, and the median of the rounds counts. Without --dsn, it only
// measures what the forms of files cost to read.
package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db"
	"aiusage/importer"
	"aiusage/sample"
	"aiusage/usage"
)

const database = "aiusage_bench_load"

func main() {
	dsn := flag.String("dsn", "", "the server, as user:password@tcp(host:3306)/")
	rows := flag.Int("rows", 1_000_000, "how many sessions are stored")
	read := flag.Int("read", 200_000, "how many sessions are read in each form, 0 to store only")
	only := flag.String("forms", "", "read only forms with names like this regular expression, and CSV")
	rounds := flag.Int("rounds", 5, "how often")
	writers := flag.Int("writers", 0, "import only with this many batches at a time")
	batch := flag.Int("batch", 2000, "and this many rows in each")
	flag.Parse()
	ways := []importer.Options{
		{Writers: 1, BatchSize: 2000}, {Writers: 2, BatchSize: 2000}, {Writers: 4, BatchSize: 2000},
		{Writers: 2, BatchSize: 10_000}, {Writers: 4, BatchSize: 10_000}, {Writers: 1, BatchSize: 50_000},
	}
	if *writers > 0 {
		ways = []importer.Options{{Writers: *writers, BatchSize: *batch}}
	}
	if err := run(context.Background(), *dsn, amounts{*rows, *read, max(*rounds, 1)}, *only, ways); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// amounts are how many sessions are stored and read, and how often.
type amounts struct{ rows, read, rounds int }

func run(ctx context.Context, dsn string, of amounts, only string, ways []importer.Options) error {
	folder, err := os.MkdirTemp("", "aiusage-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if of.read > 0 {
		if err := compareForms(ctx, folder, of.read, of.rounds, only); err != nil {
			return err
		}
	}
	if dsn == "" {
		return nil
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return fmt.Errorf("the DSN cannot be read")
	}
	file := filepath.Join(folder, "sessions.csv")
	if err := generate(file, of.rows); err != nil {
		return err
	}
	return compareStoring(ctx, config, file, of, ways)
}

// compareStoring stores the same sessions by LOAD DATA and in each way of the import, in
// turns, and prints how they compare. Every other round goes through them from the last to
// the first, so that what one leaves to the server does not meet always the same next one.
func compareStoring(ctx context.Context, config *mysql.Config, file string, of amounts, ways []importer.Options) error {
	all := []storing{{name: "LOAD DATA LOCAL", do: func(ctx context.Context, pool *sql.DB, _ *db.Store) error { return loadData(ctx, pool, file) }}}
	for _, way := range ways {
		do := func(ctx context.Context, _ *sql.DB, store *db.Store) error { return load(ctx, store, file, way) }
		all = append(all, storing{name: fmt.Sprintf("import, %d × %d rows", way.Writers, way.BatchSize), do: do})
	}
	again := all[len(all)-1]
	all = append(all, storing{name: "import again, all unchanged", before: again.do, do: again.do})
	rates := make([][]float64, len(all))
	stored := ""
	for round := range of.rounds {
		for i := range all {
			if round%2 == 1 {
				i = len(all) - 1 - i
			}
			rate, left, err := all[i].measure(ctx, config, of.rows)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", all[i].name, err)
			case stored == "":
				stored = left
			case left != stored:
				return fmt.Errorf("%s has stored %s, others have %s", all[i].name, left, stored)
			}
			rates[i] = append(rates[i], rate)
		}
	}
	fmt.Printf("%-42s %10s %7s  %s\n", "storing", "rows/s", "× LOAD", "(in each round)")
	for i, one := range all {
		var ratios []float64
		for round, rate := range rates[i] {
			ratios = append(ratios, rate/rates[0][round])
		}
		fmt.Printf("%-42s %10.0f %7.2f  %.2f\n", one.name, median(rates[i]), median(ratios), ratios)
	}
	return nil
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// generate writes sample sessions as CSV.
func generate(name string, rows int) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	out := csv.NewWriter(file)
	out.Write([]string{"session_id", "account_id", "customer_id", "started_at", "duration_seconds"})
	for s := range sample.Sessions(sessions(rows)) {
		out.Write([]string{s.SessionID, s.AccountID, s.CustomerID,
			s.StartedAt.Format("2006-01-02 15:04:05.000"), strconv.FormatInt(s.DurationSeconds, 10)})
	}
	out.Flush()
	return out.Error()
}

// sessions is what files are filled with.
func sessions(rows int) sample.Config {
	return sample.Config{Seed: 1, Now: time.Now(), Sessions: rows, Accounts: 200, Customers: 10_000, Days: 365}
}

// storing is a way to store the sessions. What it does before is not measured.
type storing struct {
	name       string
	before, do func(context.Context, *sql.DB, *db.Store) error
}

// measure stores the sessions in a fresh table and returns rows per second, and what was stored.
func (s storing) measure(ctx context.Context, config *mysql.Config, rows int) (rate float64, stored string, err error) {
	err = withFreshDatabase(ctx, config, func(pool *sql.DB, store *db.Store) error {
		if s.before != nil {
			if err := s.before(ctx, pool, store); err != nil {
				return err
			}
		}
		started := time.Now()
		if err := s.do(ctx, pool, store); err != nil {
			return err
		}
		rate = float64(rows) / time.Since(started).Seconds()
		stored, err = whatIsStored(ctx, pool)
		return err
	})
	return rate, stored, err
}

// whatIsStored tells of the sessions, and of what was recorded of them for the sums.
func whatIsStored(ctx context.Context, pool *sql.DB) (string, error) {
	var rows, customers, seconds, recorded, recordedSeconds int64
	err := pool.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(customer_id), COALESCE(SUM(duration_seconds), 0) FROM ai_sessions`).Scan(&rows, &customers, &seconds)
	if err != nil {
		return "", err
	}
	err = pool.QueryRowContext(ctx, `SELECT COALESCE(SUM(sessions), 0), COALESCE(SUM(seconds), 0) FROM usage_changes`).Scan(&recorded, &recordedSeconds)
	return fmt.Sprintf("%d sessions (%d with a customer) of %d seconds, %d of %d recorded", rows, customers, seconds, recorded, recordedSeconds), err
}

// withFreshDatabase runs do on an empty database with the current schema.
func withFreshDatabase(ctx context.Context, config *mysql.Config, do func(*sql.DB, *db.Store) error) error {
	config = config.Clone()
	config.DBName = ""
	server, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		return err
	}
	defer server.Close()
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + database, "CREATE DATABASE " + database} {
		if _, err := server.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	defer server.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+database)
	config.DBName = database
	pool, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		return err
	}
	defer pool.Close()
	store, err := db.Open(config.FormatDSN(), db.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Migrate(ctx, func(db.Migration) {}); err != nil {
		return err
	}
	// With the sums that reports are read from, as migrate leaves a database: LOAD DATA
	// then runs their triggers, and the import records what they would.
	if _, err := store.InstallRollups(ctx, nil); err != nil {
		return err
	}
	return do(pool, store)
}

// loadData has the server read the rows as its own statement does.
func loadData(ctx context.Context, pool *sql.DB, name string) error {
	mysql.RegisterReaderHandler("sessions", func() io.Reader {
		file, err := os.Open(name)
		if err != nil {
			return nil
		}
		return file
	})
	_, err := pool.ExecContext(ctx, `LOAD DATA LOCAL INFILE 'Reader::sessions' INTO TABLE ai_sessions
		CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' IGNORE 1 LINES
		(session_id, account_id, @customer, started_at, duration_seconds) SET customer_id = NULLIF(@customer, '')`)
	return err
}

// load imports the rows as the import command does.
func load(ctx context.Context, store *db.Store, file string, options importer.Options) error {
	write := func(ctx context.Context, rows []usage.Session) (importer.Counts, error) {
		written, err := store.WriteSessions(ctx, rows)
		return importer.Counts(written), err
	}
	_, err := importer.Sessions(ctx, []string{file}, nil, write, options)
	return err
}
