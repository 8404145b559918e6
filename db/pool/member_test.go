package pool_test

import (
	"slices"
	"testing"

	"aiusage/db/member"
	"aiusage/db/pool"
)

// Whatever may be behind waits for the others, is read-only where others are written to, and says by the
// heartbeat how old it is where nobody waits.
func TestConnectionsAreSetForWhatTheirServerIs(t *testing.T) {
	const readOnly, byHeartbeat = "SET SESSION TRANSACTION READ ONLY", "SET @aiusage_age = 1"
	const galeraWaits, groupWaits = "SET SESSION wsrep_sync_wait = 7", "SET SESSION group_replication_consistency = 'BEFORE'"
	stale, reading := pool.Options{StaleReads: true}, pool.Options{Reading: true}
	for name, c := range map[string]struct {
		server  member.Member
		options pool.Options
		want    []string
	}{
		"a server of its own":                    {member.Member{Kind: member.Alone}, pool.Options{}, nil},
		"a replica":                              {member.Member{Kind: member.Alone, Replicates: true}, pool.Options{}, []string{readOnly, byHeartbeat}},
		"a node":                                 {member.Member{Kind: member.Galera}, pool.Options{}, []string{galeraWaits}},
		"a node where nobody waits":              {member.Member{Kind: member.Galera}, stale, []string{byHeartbeat}},
		"a primary":                              {member.Member{Kind: member.Group}, pool.Options{}, []string{groupWaits}},
		"a primary where nobody waits":           {member.Member{Kind: member.Group}, stale, []string{byHeartbeat}},
		"a secondary":                            {member.Member{Kind: member.Group, Secondary: true}, pool.Options{}, []string{readOnly, groupWaits}},
		"a secondary where nobody waits":         {member.Member{Kind: member.Group, Secondary: true}, stale, []string{readOnly, byHeartbeat}},
		"a node for reading":                     {member.Member{Kind: member.Galera}, reading, []string{readOnly, galeraWaits}},
		"a primary for reading":                  {member.Member{Kind: member.Group}, reading, []string{readOnly, groupWaits}},
		"a server for reading, as if of its own": {member.Member{Kind: member.Alone}, reading, []string{readOnly, byHeartbeat}},
	} {
		if got := pool.SettingsFor(c.server, c.options); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
