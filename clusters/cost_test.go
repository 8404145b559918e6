package clusters

import (
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
	for name, start := range map[string]func(*testing.T, int) *dbtest.Cluster{"galera": dbtest.Galera, "group": dbtest.Group} {
		t.Run(name, func(t *testing.T) {
			servers := start(t, 3)
			key := install(t, servers.Nodes[0].DSN)
			var ways []*gateway
			for _, how := range []string{"auto", "off"} {
				ways = append(ways, serve(t, how, servers.Nodes[1].DSN, key, "--causal-reads", how))
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
