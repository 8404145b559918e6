package faults

import (
	"flag"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"aiusage/internal/dbtest"
)

// fault is something that fails, and is mended.
type fault struct {
	name string
	// alone tells that the platform does not write meanwhile.
	alone bool
	// happen returns when all is mended.
	happen func(t *testing.T, w *world)
}

var faults = []fault{
	{"connections are refused", false, refused},
	{"connections are reset in the middle of an answer", false, cutOff},
	{"the network is slow", false, late},
	{"the network is narrow", false, narrow},
	{"the server hangs", false, stalled},
	{"the server is read-only after a fail-over", false, readOnly},
	{"the server is killed in the middle of a fold", false, serverKilled},
	{"the server is killed in the middle of an import", true, serverKilledMidImport},
	{"the gateway is killed in the middle of a fold", false, gatewayKilled},
	{"an import is killed", true, importKilled},
	{"the connections are used up", false, usedUp},
	{"the disk is full", true, diskFull},
	{"the server's clock is stepped", false, serverClock},
	{"the gateway's clock is stepped", false, gatewayClock},
}

// ownServer can be killed without losing what it has said is stored, and its disk can be filled.
// MySQL's binary log is on another disk, so that it is the tables that have no room.
var ownServer = dbtest.Own{
	Disk: 384 << 20,
	Options: func(engine string) []string {
		options := []string{"--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=ON", "--innodb-lock-wait-timeout=5"}
		if engine == "mysql" {
			options = append(options, "--log-bin=../binlog")
		}
		return options
	},
}

// rounds is for `make faults`: they may depend on what has happened before.
var rounds = flag.Int("rounds", 1, "how often each fault happens, from the second time on in random orders")

// inTurn are the faults that happen on a server, one after the other.
func inTurn(server *dbtest.Server) (all []fault) {
	for turn, one := range faults {
		if server.HasTurn(turn) {
			all = append(all, one)
		}
	}
	once := slices.Clone(all)
	for range *rounds - 1 {
		rand.Shuffle(len(once), func(i, j int) { once[i], once[j] = once[j], once[i] })
		all = append(all, once...)
	}
	return all
}

func TestFaultsPassWithoutAWrongAnswer(t *testing.T) {
	dbtest.EachOwn(t, ownServer, func(t *testing.T, server *dbtest.Server) {
		w := newWorld(t, server)
		defer w.callers.ask()()
		for _, one := range inTurn(server) {
			passed := t.Run(one.name, func(t *testing.T) {
				stop := func() {}
				if !one.alone {
					stop = sync.OnceFunc(w.platform.write(t))
				}
				defer stop() // also where the fault is skipped
				w.serves(t)
				one.happen(t, w)
				w.serves(t)
				stop()
				w.settles(t)
			})
			if !passed {
				return // what comes after would fail for the same reason
			}
		}
	})
}
