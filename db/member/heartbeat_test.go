package member

import (
	"strings"
	"testing"
)

// A row of another kind with this number is no heartbeat.
func TestTheHeartbeatIsOneByItsPhase(t *testing.T) {
	if !strings.Contains(Heartbeat, "WHERE state_id = 5 AND phase = 'heartbeat'") {
		t.Error(Heartbeat)
	}
}

func TestWhoseAgeIsKnownByAHeartbeat_AndWhoBeats(t *testing.T) {
	for _, c := range []struct {
		name         string
		server       Member
		age, ifStale Age
		beats        bool
		// isAside is the age where others are written to.
		isAside Age
	}{
		{"the embedded engine", Member{Kind: Alone, Fixed: true}, Current, Current, false, ByHeartbeat},
		{"a server that nobody can follow", Member{Kind: Alone}, Current, Current, false, ByHeartbeat},
		{"a server that others may follow", Member{Kind: Alone, Logs: true}, Current, Current, true, ByHeartbeat},
		{"a former primary that takes no writes", Member{Kind: Alone, Logs: true, ReadOnly: true}, Current, Current, false, ByHeartbeat},
		{"a replica", Member{Kind: Alone, Logs: true, Replicates: true}, ByHeartbeat, ByHeartbeat, false, ByHeartbeat},
		{"a replica with tables of its own", Member{Kind: Alone, Logs: true, Replicates: true, OwnTables: true}, Unknown, Unknown, false, Unknown},
		{"a server before it is a replica with tables of its own", Member{Kind: Alone, OwnTables: true}, Current, Current, false, ByHeartbeat},
		{"a node", Member{Kind: Galera}, Current, ByHeartbeat, true, Current},
		{"a node that may not be used", Member{Kind: Galera, Refusal: notReady}, Current, ByHeartbeat, false, Current},
		{"a node that is a replica", Member{Kind: Galera, Replicates: true}, ByHeartbeat, ByHeartbeat, false, ByHeartbeat},
		{"the primary of a group", Member{Kind: Group, Logs: true}, Current, ByHeartbeat, true, Current},
		{"a secondary", Member{Kind: Group, Logs: true, Secondary: true}, Current, ByHeartbeat, false, Current},
		{"one of several primaries", Member{Kind: Group, Logs: true, ManyPrimaries: true}, Current, ByHeartbeat, true, Current},
	} {
		if age := c.server.AgeOf(false, true); age != c.isAside {
			t.Errorf("%s, aside: got %v", c.name, age)
		}
		if age, ifStale, beats := c.server.AgeOf(false, false), c.server.AgeOf(true, false), c.server.Beats(); age != c.age || ifStale != c.ifStale || beats != c.beats {
			t.Errorf("%s: got %v, %v and %v", c.name, age, ifStale, beats)
		}
	}
}
