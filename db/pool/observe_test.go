package pool_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/pool"
	"aiusage/internal/dbtest"
)

func TestStatementsAreNamedAfterTheirFunctions(t *testing.T) {
	for function, want := range map[string]string{
		"aiusage/db/read.(*Reader).Report":                                "read.Report",
		"aiusage/db/read.question.ask":                                    "read.ask",
		"aiusage/db/read.(*question).ask.func2.1":                         "read.ask",
		"aiusage/db/sums.Add":                                             "sums.Add",
		"aiusage/db/sums.Add.func1":                                       "sums.Add",
		"aiusage/db/sums.Add.gowrap1":                                     "sums.Add",
		"aiusage/db/memory.(*Kept[go.shape.*aiusage/db/mirror.made]).Get": "memory.Get",
		"aiusage/db/memory.Load[go.shape.struct { aiusage/db/x.Y }]":      "memory.Load",
		"aiusage/db/pool.(*Pool).Describe":                                "pool.Describe",
		"aiusage/db/pool.(*killable).QueryContext":                        "",
		"github.com/jmoiron/sqlx.(*DB).QueryxContext":                     "",
		"aiusage/resolvers.(*Resolver).Report":                            "",
		"database/sql.(*DB).queryDC":                                      "",
	} {
		if got := pool.ShortName(function); got != want {
			t.Errorf("%s: got %q, want %q", function, got, want)
		}
	}
}

// ran is a statement that was observed.
type ran struct {
	name   string
	rows   int64
	failed bool
}

type seen struct {
	mu  sync.Mutex
	all []ran
}

func (s *seen) observe(_ context.Context, name string) func(int64, error) {
	return func(rows int64, err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all = append(s.all, ran{name, rows, err != nil})
	}
}

func (s *seen) take() []ran {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.all = nil }()
	return s.all
}

func askFor(ctx context.Context, p *pool.Pool, statement string, args ...any) (values []string, err error) {
	err = p.SelectContext(ctx, &values, statement, args...)
	return values, err
}

// Each statement is told once, when its rows have been read, also one that the driver wants
// to be prepared, and one that fails.
func TestStatementsAreObservedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		observed := &seen{}
		p, err := pool.Open(dsn, pool.Options{Observer: observed.observe})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		for _, c := range []struct {
			statement string
			args      []any
			want      ran
		}{
			{"SELECT 'a' UNION ALL SELECT 'b'", nil, ran{"pool_test.askFor", 2, false}},
			{"SELECT ? UNION ALL SELECT 'b'", []any{"a"}, ran{"pool_test.askFor", 2, false}},
			{"SELECT 'a' WHERE 1 = 0", nil, ran{"pool_test.askFor", 0, false}},
			{"SELECT nothing FROM nowhere", nil, ran{"pool_test.askFor", 0, true}},
		} {
			values, err := askFor(t.Context(), p, c.statement, c.args...)
			if got := observed.take(); !slices.Equal(got, []ran{c.want}) || (err != nil) != c.want.failed || len(values) != int(c.want.rows) {
				t.Errorf("%s: observed %v, got %q, %v", c.statement, got, values, err)
			}
		}
		if _, err := p.ExecContext(t.Context(), "SET @nothing = 1"); err != nil {
			t.Fatal(err)
		}
		if got := observed.take(); len(got) != 1 || got[0].name != "pool_test.TestStatementsAreObservedOnce" {
			t.Errorf("observed %v", got)
		}
	})
}

// A text that does not fit into a packet makes the driver want the statement prepared.
func TestAPreparedStatementIsObservedOnce(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		config, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		config.MaxAllowedPacket = 8192
		observed := &seen{}
		p, err := pool.Open(config.FormatDSN(), pool.Options{Observer: observed.observe})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		long := strings.Repeat("x", 10_000)
		values, err := askFor(t.Context(), p, "SELECT CHAR_LENGTH(?) UNION ALL SELECT 1", long)
		if got := observed.take(); err != nil || !slices.Equal(values, []string{"10000", "1"}) || !slices.Equal(got, []ran{{"pool_test.askFor", 2, false}}) {
			t.Errorf("observed %v, got %q, %v", got, values, err)
		}
		name := "pool_test.TestAPreparedStatementIsObservedOnce"
		if _, err = p.ExecContext(t.Context(), "SET @nothing = ?", long); err != nil {
			t.Fatal(err)
		}
		if got := observed.take(); !slices.Equal(got, []ran{{name, 0, false}}) {
			t.Errorf("observed %v", got)
		}
		if _, err = p.ExecContext(t.Context(), "SET @nothing = (SELECT nothing FROM nowhere WHERE x = ?)", long); err == nil {
			t.Error("a wrong statement did not fail")
		}
		if got := observed.take(); len(got) > 1 { // a server may refuse to prepare it
			t.Errorf("observed %v", got)
		}
	})
}

func TestWhoWaitsForAPlaceIsCounted(t *testing.T) {
	p, err := pool.Open("root@tcp(127.0.0.1:1)/nowhere", pool.Options{MaxConnections: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var releases []func()
	for range 2 {
		release, err := p.Hold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	got := make(chan func())
	go func() {
		release, _ := p.Hold(t.Context())
		got <- release
	}()
	for deadline := time.Now().Add(10 * time.Second); p.PoolStats().Waiting != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nobody waits: %+v", p.PoolStats())
		}
	}
	if stats := p.PoolStats(); stats.Holders != 2 || stats.HoldersMax != 2 {
		t.Errorf("got %+v", stats)
	}
	releases[0]()
	releases[1]()
	(<-got)()
	if stats := p.PoolStats(); stats.Holders != 0 || stats.Waiting != 0 {
		t.Errorf("got %+v", stats)
	}
}

// What it costs to name a statement.
func BenchmarkStatementName(b *testing.B) {
	for b.Loop() {
		pool.StatementName()
	}
}
