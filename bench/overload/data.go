package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/usage"
)

// The year that sessions are spread over, and the day that is asked about.
var (
	yearFrom = time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC)
	day      = "2025-10-01"
)

// place is a database of this program.
type place struct {
	name, dsn string
	admin     *sql.DB
	store     *db.Store
	keep      bool
	// keys are those of administrators: who asks the question, and who ask heavy ones.
	keys []string
}

// prepare makes the database, or takes the one that was kept.
func (s settings) prepare(ctx context.Context, out io.Writer) (*place, error) {
	config, err := mysql.ParseDSN(s.dsn)
	if err != nil {
		return nil, err
	}
	config.DBName = ""
	p := &place{name: fmt.Sprintf("aiusage_overload_%d_%d", s.accounts*s.customers, s.sessions), keep: s.keep}
	if p.admin, err = sql.Open("mysql", config.FormatDSN()); err != nil {
		return nil, err
	}
	if _, err := p.admin.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS "+p.name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		return nil, err
	}
	config.DBName = p.name
	p.dsn = config.FormatDSN()
	if p.store, err = db.Open(p.dsn, db.Options{}); err != nil {
		return nil, err
	}
	if err := p.store.Migrate(ctx, func(db.Migration) {}); err != nil {
		return nil, err
	}
	if err := s.fill(ctx, p, out); err != nil {
		return nil, err
	}
	for i := range 6 {
		text, key, err := auth.NewAPIKey(fmt.Sprint("overload ", i), auth.SystemAdministrator, nil, time.Now(), time.Time{})
		if err == nil {
			err = p.store.AddAPIKey(ctx, key)
		}
		if err != nil {
			return nil, err
		}
		p.keys = append(p.keys, text)
	}
	return p, nil
}

// fill writes what is not there yet.
func (s settings) fill(ctx context.Context, p *place, out io.Writer) error {
	var there int
	if err := p.admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+p.name+".ai_sessions").Scan(&there); err != nil {
		return err
	}
	status, err := p.store.RollupStatus(ctx)
	if err != nil || there >= s.sessions && status.Phase == db.Ready {
		return err
	}
	began := time.Now()
	if err := s.write(ctx, p); err != nil {
		return err
	}
	if _, err := p.store.InstallRollups(ctx, nil); err != nil {
		return err
	}
	if err := p.store.FillRollups(ctx, nil); err != nil {
		return err
	}
	_, err = p.store.Fold(ctx, nil)
	fmt.Fprintf(out, "%d sessions of %d customers, with rollups, in %.0f s\n", s.sessions, s.accounts*s.customers, time.Since(began).Seconds())
	return err
}

// write writes sessions, of all customers in turns, and the customers' names.
func (s settings) write(ctx context.Context, p *place) error {
	const atOnce = 2000
	var values []string
	step := 365 * 24 * time.Hour / time.Duration(s.sessions)
	for i := range s.sessions {
		number := i * 7919 % (s.accounts * s.customers) // a prime, so that neighbours in time are of different accounts
		values = append(values, fmt.Sprintf("('s-%d','%s','%s','%s',%d)", i, accountOf(number/s.customers), customerOf(number),
			yearFrom.Add(time.Duration(i)*step).Format("2006-01-02 15:04:05.000"), 20+i%400))
		if len(values) == atOnce || i == s.sessions-1 {
			_, err := p.admin.ExecContext(ctx, "INSERT IGNORE INTO "+p.name+".ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES "+strings.Join(values, ","))
			if err != nil {
				return err
			}
			values = values[:0]
		}
	}
	for account := range s.accounts {
		var customers []usage.Customer
		for number := account * s.customers; number < (account+1)*s.customers; number++ {
			customers = append(customers, usage.Customer{AccountID: accountOf(account), CustomerID: customerOf(number), Name: fmt.Sprint("Overload Customer ", number)})
		}
		if _, err := p.store.WriteCustomers(ctx, customers); err != nil {
			return err
		}
	}
	return nil
}

func accountOf(number int) string  { return fmt.Sprintf("overload-acc-%04d", number) }
func customerOf(number int) string { return fmt.Sprintf("overload-cus-%06d", number) }

func (p *place) close() {
	_ = p.store.Close()
	if !p.keep {
		_, _ = p.admin.Exec("DROP DATABASE " + p.name) // what is left is taken by the next run
	}
	_ = p.admin.Close()
}

// request is something to ask.
type request struct{ path, body string }

func query(text string) request {
	return request{"/graphql", `{"query":"` + strings.ReplaceAll(text, `"`, `\"`) + `"}`}
}

// oneDay is what the administrator asks.
func (p *place) oneDay() request {
	return query(`{ aiUsage(startDate: "` + day + `", endDate: "` + day + `") { totals { aiMinutes sessions } accountUsage { accountId aiMinutes sessions } } }`)
}

// heaviest are five documents that come close to what one may ask for: as many values of all
// customers as an answer may have, in three reports at once, by series, as objects, and a batch at
// the legacy door.
func heaviest(p *place) []request {
	const amounts = `aiMinutes aiSeconds sessions`
	const row = `accountId customerId ` + amounts
	three := ""
	for i, from := range []string{"2025-04-02", "2025-04-03", "2025-04-04"} {
		three += fmt.Sprintf(` r%d: aiUsage(startDate: "%s", endDate: "2026-03-31") { customerUsage { %s } }`, i, from, row)
	}
	var batch []string
	for i := range 5 {
		batch = append(batch, fmt.Sprintf(`{"StartDate":"2025-04-0%d"}`, i+1))
	}
	return []request{
		query(`{ aiUsage { customerUsage { ` + row + ` share customer { name } account { accountId name } previous { ` + amounts + ` } } } }`),
		query(`{ ` + three + ` }`),
		query(`{ aiUsage(startDate: "2025-04-01", endDate: "2026-03-31") { customerUsageConnection(first: 1000) { nodes { ` + row + ` series(granularity: DAY, fillZero: true) { from ` + amounts + ` } } } } }`),
		query(`{ aiUsage { accountUsage { accountId customerUsage { ` + row + ` customer { name customerId accountId } } } } }`),
		{"/json/reply/GetAIUsage[]", "[" + strings.Join(batch, ",") + "]"},
	}
}
