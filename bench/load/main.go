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
// turns, and prints how they compare.
func compareStoring(ctx context.Context, config *mysql.Config, file string, of amounts, ways []importer.Options) error {
	rates := make([][]float64, len(ways)+2) // of LOAD DATA, each way, and the last once more
	for range of.rounds {
		rate, err := measure(ctx, config, of.rows, func(ctx context.Context, pool *sql.DB, _ *db.Store) error {
			return loadData(ctx, pool, file)
		})
		if err != nil {
			return fmt.Errorf("LOAD DATA: %w", err)
		}
		rates[0] = append(rates[0], rate)
		for i, way := range ways {
			rate, err := measure(ctx, config, of.rows, func(ctx context.Context, _ *sql.DB, store *db.Store) error {
				return load(ctx, store, file, way)
			})
			if err != nil {
				return err
			}
			rates[i+1] = append(rates[i+1], rate)
		}
		again, err := measureAgain(ctx, config, of.rows, file, ways[len(ways)-1])
		if err != nil {
			return err
		}
		rates[len(ways)+1] = append(rates[len(ways)+1], again)
	}
	fmt.Printf("%-42s %10s %7s  %s\n", "storing", "rows/s", "× LOAD", "(in each round)")
	names := []string{"LOAD DATA LOCAL"}
	for _, way := range ways {
		names = append(names, fmt.Sprintf("import, %d × %d rows", way.Writers, way.BatchSize))
	}
	for i, name := range append(names, "import again, all unchanged") {
		var ratios []float64
		for round, rate := range rates[i] {
			ratios = append(ratios, rate/rates[0][round])
		}
		fmt.Printf("%-42s %10.0f %7.2f  %.2f\n", name, median(rates[i]), median(ratios), ratios)
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

// measure runs do on a fresh table and returns rows per second.
func measure(ctx context.Context, config *mysql.Config, rows int, do func(context.Context, *sql.DB, *db.Store) error) (float64, error) {
	var rate float64
	err := withFreshDatabase(ctx, config, func(pool *sql.DB, store *db.Store) error {
		started := time.Now()
		if err := do(ctx, pool, store); err != nil {
			return err
		}
		rate = float64(rows) / time.Since(started).Seconds()
		return nil
	})
	return rate, err
}

// measureAgain returns the rate of importing what is stored already.
func measureAgain(ctx context.Context, config *mysql.Config, rows int, file string, way importer.Options) (float64, error) {
	var rate float64
	err := withFreshDatabase(ctx, config, func(_ *sql.DB, store *db.Store) error {
		if err := load(ctx, store, file, way); err != nil {
			return err
		}
		started := time.Now()
		err := load(ctx, store, file, way)
		rate = float64(rows) / time.Since(started).Seconds()
		return err
	})
	return rate, err
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
