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
	}{
		{"the embedded engine", Member{Kind: Alone, Fixed: true}, Current, Current, false},
		{"a server that nobody can follow", Member{Kind: Alone}, Current, Current, false},
		{"a server that others may follow", Member{Kind: Alone, Logs: true}, Current, Current, true},
		{"a former primary that takes no writes", Member{Kind: Alone, Logs: true, ReadOnly: true}, Current, Current, false},
		{"a replica", Member{Kind: Alone, Logs: true, Replicates: true}, ByHeartbeat, ByHeartbeat, false},
		{"a replica with tables of its own", Member{Kind: Alone, Logs: true, Replicates: true, OwnTables: true}, Unknown, Unknown, false},
		{"a server before it is a replica with tables of its own", Member{Kind: Alone, OwnTables: true}, Current, Current, false},
		{"a node", Member{Kind: Galera}, Current, ByHeartbeat, true},
		{"a node that may not be used", Member{Kind: Galera, Refusal: notReady}, Current, ByHeartbeat, false},
		{"a node that is a replica", Member{Kind: Galera, Replicates: true}, ByHeartbeat, ByHeartbeat, false},
		{"the primary of a group", Member{Kind: Group, Logs: true}, Current, Current, true},
		{"a secondary", Member{Kind: Group, Logs: true, Secondary: true}, Current, ByHeartbeat, false},
		{"one of several primaries", Member{Kind: Group, Logs: true, ManyPrimaries: true}, Current, ByHeartbeat, true},
	} {
		if age, ifStale, beats := c.server.AgeOf(false), c.server.AgeOf(true), c.server.Beats(); age != c.age || ifStale != c.ifStale || beats != c.beats {
			t.Errorf("%s: got %v, %v and %v", c.name, age, ifStale, beats)
		}
	}
}
