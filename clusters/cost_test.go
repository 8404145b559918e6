package clusters

import (
	"database/sql"
	"flag"
	"slices"
	"testing"
	"time"

	"aiusage/internal/dbtest"
)

// cost is for docs/operations/scaling.md: times say nothing on a machine that does something else.
var cost = flag.Int("cost", 0, "how many answers to measure with and without --causal-reads, and a sixtieth of the changes to fold")

// Answers on a node or a secondary are asked for in turns with causal reads and without, while
// another server is written to.
func TestWhatCausalReadsCost(t *testing.T) {
	if *cost == 0 {
		t.Skip("it is measured with -cost 1000")
	}
	for _, c := range []struct {
		name  string
		start func(*testing.T, int) *dbtest.Cluster
		at    int
	}{{"galera", dbtest.Galera, 1}, {"secondary", dbtest.Group, 1}, {"primary", dbtest.Group, 0}} {
		t.Run(c.name, func(t *testing.T) {
			servers := c.start(t, 3)
			key := install(t, servers.Nodes[0].DSN)
			var ways []*gateway
			for _, how := range []string{"auto", "off"} {
				ways = append(ways, serve(t, how, servers.Nodes[c.at].DSN, key, "--causal-reads", how))
			}
			l := &ledger{}
			defer l.write(t, 3, open(t, servers.Nodes[0].DSN))()
			for _, one := range ways {
				one.awaitReady(t)
			}
			took, stale := [2][]time.Duration{}, [2]int{}
			for range *cost {
				for i, one := range ways {
					least, began := l.stored.Load(), time.Now()
					got := one.ask(nil)
					took[i] = append(took[i], time.Since(began))
					if got.sessions < least {
						stale[i]++
					}
				}
			}
			middle := func(all []time.Duration) time.Duration { slices.Sort(all); return all[len(all)/2] }
			with, without := middle(took[0]), middle(took[1])
			t.Logf("median with causal reads %v, without %v: %.2f times as long; behind %d and %d of %d",
				with, without, float64(with)/float64(without), stale[0], stale[1], *cost)
		})
	}
}

// A gateway on a primary that nobody writes to: what it adds to the binary log, and how many statements it sends.
func TestWhatAHeartbeatCosts(t *testing.T) {
	if *cost == 0 {
		t.Skip("it is measured with -cost 1000, for a minute")
	}
	dbtest.EachReplicated(t, nil, func(t *testing.T, primary, _ *dbtest.Server) {
		key := install(t, primary.DSN)
		serve(t, "on the primary", primary.DSN, key).awaitReady(t)
		db := open(t, primary.DSN)
		log := map[string]string{"mysql": "SHOW BINARY LOG STATUS", "mariadb": "SHOW MASTER STATUS"}[primary.Engine()]
		now := func() (bytes, statements float64) {
			statements = figure(t, db, "SHOW GLOBAL STATUS LIKE 'Questions'")
			return figure(t, db, log), statements
		}
		lasts := time.Duration(*cost) * 60 * time.Millisecond
		time.Sleep(lasts / 10) // until what a start takes is over
		bytes, statements := now()
		time.Sleep(lasts)
		moreBytes, moreStatements := now()
		t.Logf("%.0f bytes and %.1f statements a second", (moreBytes-bytes)/lasts.Seconds(), (moreStatements-statements)/lasts.Seconds())
	})
}

// figure is the number in the second column of a statement's row.
func figure(t *testing.T, db *sql.DB, statement string) (value float64) {
	t.Helper()
	rows, err := db.Query(statement)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		t.Fatal(statement, err)
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = &sql.NullString{}
	}
	values[1] = &value
	if err := rows.Scan(values...); err != nil {
		t.Fatal(err)
	}
	return value
}
