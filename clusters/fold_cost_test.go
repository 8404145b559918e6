package clusters

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
)

// Changes are folded on Galera by one gateway, and by one on each node, in turns, while each node is
// written to.
func TestWhatFoldingCosts(t *testing.T) {
	if *cost == 0 {
		t.Skip("it is measured with -cost 1000")
	}
	servers := dbtest.Galera(t, 3)
	install(t, servers.Nodes[0].DSN)
	c := &cluster{Cluster: servers, ledger: &ledger{}}
	var stores []*db.Store
	for _, node := range servers.Nodes {
		c.dbs = append(c.dbs, open(t, node.DSN))
		store, err := db.Open(node.DSN, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		stores = append(stores, store)
	}
	changes := 60 * *cost
	for round := range 3 {
		for _, folders := range [][]*db.Store{stores[:1], stores} {
			c.leaveChanges(t, changes, fmt.Sprint(round, "-", len(folders)))
			stop := c.ledger.write(t, 3, c.dbs...)
			aborted, began := c.aborted(t), time.Now()
			c.fold(t, folders)
			took := time.Since(began)
			stop()
			t.Logf("by %d: %d changes a second, %d transactions aborted", len(folders), int(float64(changes)/took.Seconds()), c.aborted(t)-aborted)
		}
	}
}

// leaveChanges stores sessions, which leave a change each.
func (c *cluster) leaveChanges(t *testing.T, count int, name string) {
	t.Helper()
	const each = 5000
	for from := 0; from < count; from += each {
		if _, err := c.dbs[0].Exec(fmt.Sprintf(`
			INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds)
			SELECT CONCAT('%s-', seq), CONCAT('account-', seq %% 50), CONCAT('customer-', seq %% 500), '2026-01-01' + INTERVAL seq %% 129600 MINUTE, %d
			FROM seq_%d_to_%d`, name, seconds, from+1, from+each)); err != nil {
			t.Fatal(err)
		}
	}
}

// fold folds by several gateways until few changes are left, as writers go on.
func (c *cluster) fold(t *testing.T, folders []*db.Store) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var group sync.WaitGroup
	for _, folder := range folders {
		group.Go(func() {
			for ctx.Err() == nil {
				if err := folder.FoldRound(ctx); err != nil && ctx.Err() == nil {
					t.Log(err)
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
	for left := 1000; left >= 1000 && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		left, _ = strconv.Atoi(tells(c.dbs[0], `SELECT COUNT(*) FROM usage_changes`))
	}
	if ctx.Err() != nil {
		t.Error("changes are left after ten minutes")
	}
	cancel()
	group.Wait()
}

// aborted is how many transactions the nodes have aborted in favor of others'.
func (c *cluster) aborted(t *testing.T) (count int) {
	t.Helper()
	for _, node := range c.dbs {
		for _, name := range []string{"wsrep_local_cert_failures", "wsrep_local_bf_aborts"} {
			n, err := strconv.Atoi(tells(node, fmt.Sprintf(`SELECT variable_value FROM information_schema.global_status WHERE variable_name = '%s'`, name)))
			if err != nil {
				t.Fatal(err)
			}
			count += n
		}
	}
	return count
}
