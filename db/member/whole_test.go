package member

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// Everything that is known of a server after a look, and nothing else.
func TestALookTellsAllOfIt(t *testing.T) {
	failed := errors.New("the connection is gone")
	with := func(server said, more said) said {
		for statement, answer := range more {
			server[statement] = answer
		}
		return server
	}
	mariadb := func(pairs ...string) said {
		return said{variablesOf: values(append([]string{"version", "10.11.19-MariaDB"}, pairs...)...), database: here, "SHOW ALL SLAVES STATUS": []Row{}}
	}
	member := func(state, role string) []Row { return []Row{{"member_state": state, "member_role": role}} }
	replica := func(more said) said {
		return with(plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{}}}), more)
	}
	for _, c := range []struct {
		name   string
		server said
		was    Member
		want   Member
	}{
		{"the embedded engine", said{variablesOf: values("version_comment", "Dolt", "read_only", "ON")}, Member{}, Member{Kind: Alone, Fixed: true}},
		{"one that takes writes", mariadb("read_only", "OFF"), Member{}, Member{Kind: Alone}},
		{"one that takes writes, as a number", mariadb("read_only", "0"), Member{}, Member{Kind: Alone}},
		{"one that takes none", mariadb("read_only", "ON"), Member{}, Member{Kind: Alone, ReadOnly: true}},
		{"one that takes none, as a number", mariadb("read_only", "1"), Member{}, Member{Kind: Alone, ReadOnly: true}},
		{"one that does not say", mariadb(), Member{}, Member{Kind: Alone, ReadOnly: true}},
		{"one that logs what is written", mariadb("read_only", "OFF", "log_bin", "ON"), Member{}, Member{Kind: Alone, Logs: true}},
		{"one that logs, as a number", mariadb("read_only", "OFF", "log_bin", "1"), Member{}, Member{Kind: Alone, Logs: true}},
		{"one that logs nothing", mariadb("read_only", "OFF", "log_bin", "OFF"), Member{}, Member{Kind: Alone}},
		{"no node: no library", mariadb("read_only", "OFF", "wsrep_on", "ON", "wsrep_provider", "none"), Member{}, Member{Kind: Alone}},
		{"no node: no name of a library", mariadb("read_only", "OFF", "wsrep_on", "ON", "wsrep_provider", ""), Member{}, Member{Kind: Alone}},
		{"no node: off", mariadb("read_only", "OFF", "wsrep_on", "OFF", "wsrep_provider", "libgalera.so"), Member{}, Member{Kind: Alone}},
		{"a node", galera("ON", "Primary", "4"), Member{}, Member{Kind: Galera, State: "so"}},
		{"a node that is refused is asked no more", with(galera("OFF", "non-Primary", "0"), said{"SHOW ALL SLAVES STATUS": failed}), Member{},
			Member{Kind: Galera, State: "so", Refusal: notReady}},
		{"MariaDB has no groups", mariadb("read_only", "OFF"), Member{Kind: Group}, Member{Kind: Alone}},
		{"a primary", group(member("ONLINE", "PRIMARY")), Member{}, Member{Kind: Group, State: "ONLINE"}},
		{"one of several primaries", said{variablesOf: values("version", "9.7.4", "group_replication_group_name", "x", "group_replication_single_primary_mode", "OFF", "read_only", "OFF"),
			membersOf: member("ONLINE", "PRIMARY"), "SHOW REPLICA STATUS": []Row{}}, Member{}, Member{Kind: Group, State: "ONLINE", ManyPrimaries: true}},
		{"a secondary", group(member("ONLINE", "SECONDARY")), Member{}, Member{Kind: Group, State: "ONLINE", Secondary: true}},
		{"a member that catches up", group(member("RECOVERING", "SECONDARY")), Member{}, Member{Kind: Group, State: "RECOVERING", Secondary: true, Refusal: notYet}},
		{"a member that has lost most of the others", group([]Row{{"member_state": "ONLINE", "member_role": "PRIMARY", "alone": "1"}}), Member{}, Member{Kind: Group, State: "ONLINE", Refusal: notReady}},
		{"a member that has lost some of the others", group([]Row{{"member_state": "ONLINE", "member_role": "PRIMARY", "alone": "0"}}), Member{}, Member{Kind: Group, State: "ONLINE"}},
		{"a member that catches up alone", group([]Row{{"member_state": "RECOVERING", "member_role": "SECONDARY", "alone": "1"}}), Member{},
			Member{Kind: Group, State: "RECOVERING", Secondary: true, Refusal: notYet}},
		{"a member in error", group(member("ERROR", "")), Member{}, Member{Kind: Group, State: "ERROR", Refusal: outside}},
		{"a member that is not in its group", group([]Row{}), Member{}, Member{Kind: Group, State: "OFFLINE", Refusal: outside}},
		{"a member that may not be seen", group("denied"), Member{}, Member{Kind: Group, Refusal: groupHidden, Unseen: groupGrant}},
		{"a replica", replica(nil), Member{}, Member{Kind: Alone, Replicates: true}},
		{"a replica of what cannot be told, in no database", replica(said{database: []Row{}}), Member{}, Member{Kind: Alone}},
		{"a replica with its own tables", replica(said{mark: []Row{{"reason": "7"}}}), Member{}, Member{Kind: Alone, Replicates: true, OwnTables: true}},
		{"a replica of another database, with a mark", with(plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{"replicate_do_db": "crm"}}}), said{mark: []Row{{"reason": "7"}}}), Member{},
			Member{Kind: Alone}},
		{"a replica that names databases with spaces", plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{"replicate_do_db": "crm aiusage"}}}), Member{}, Member{Kind: Alone, Replicates: true}},
		{"a MySQL that may not be seen", plain("9.7.4", said{"SHOW REPLICA STATUS": "denied", "FROM performance_schema.replication_connection_configuration": "denied"}), Member{},
			Member{Kind: Alone, Unseen: mayReplicate}},
		{"a MySQL that has no such statement", plain("9.7.4", said{"SHOW REPLICA STATUS": "absent", "FROM performance_schema.replication_connection_configuration": []Row{{"channel_name": ""}}}), Member{},
			Member{Kind: Alone, Replicates: true}},
		{"a MariaDB that may not be seen", with(mariadb("read_only", "OFF"), said{"SHOW ALL SLAVES STATUS": "denied", "= 'Slaves_running'": []Row{}}), Member{}, Member{Kind: Alone, Unseen: mayReplicate}},
		{"a MariaDB that may not be seen, and replicates", with(mariadb("read_only", "OFF"), said{"SHOW ALL SLAVES STATUS": "denied", "= 'Slaves_running'": values("Slaves_running", "1")}), Member{},
			Member{Kind: Alone, Replicates: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := Look(t.Context(), c.server, c.was); err != nil || got != c.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
	denied := with(mariadb("read_only", "OFF"), said{"SHOW ALL SLAVES STATUS": "denied", "= 'Slaves_running'": failed})
	if _, err := Look(t.Context(), denied, Member{}); !errors.Is(err, failed) {
		t.Errorf("got %v where whether it replicates could not be asked", err)
	}
}

// asked keeps the statements that a server is asked.
type asked struct {
	said
	statements *[]string
}

func (a asked) Rows(ctx context.Context, statement string) (rows []Row, denied, absent bool, err error) {
	*a.statements = append(*a.statements, statement)
	return a.said.Rows(ctx, statement)
}

func TestEachVersionIsAskedByItsOwnStatement(t *testing.T) {
	for version, want := range map[string]string{
		"8.0.4": "SHOW SLAVE STATUS", "8.0.21": "SHOW SLAVE STATUS", "8.0.22": "SHOW REPLICA STATUS", "8.0.41-debian": "SHOW REPLICA STATUS",
		"8.4.0": "SHOW REPLICA STATUS", "9.7.4": "SHOW REPLICA STATUS", "10.11.19-MariaDB": "SHOW ALL SLAVES STATUS",
	} {
		server := asked{plain(version, said{want: []Row{{}}, mark: []Row{}}), new([]string)}
		found, err := Look(t.Context(), server, Member{})
		all := strings.Join(*server.statements, "\n")
		if err != nil || !found.Replicates || !strings.Contains(all, want) {
			t.Errorf("%s: got %+v, %v by\n%s", version, found, err, all)
		}
		// A row of another kind with this number is no mark.
		if !strings.Contains(all, "state_id = 3 AND phase = 'own'") {
			t.Errorf("%s: the mark is looked for by\n%s", version, all)
		}
	}
}

func TestWhichServersArePrimaries(t *testing.T) {
	for name, c := range map[string]struct {
		one  Member
		want bool
	}{
		"alone":                         {Member{Kind: Alone}, true},
		"a node":                        {Member{Kind: Galera, State: "Synced"}, true},
		"refused":                       {Member{Kind: Galera, Refusal: notReady}, false},
		"a secondary":                   {Member{Kind: Group, Secondary: true}, false},
		"a replica":                     {Member{Kind: Alone, Replicates: true}, false},
		"a replica with its own tables": {Member{Kind: Alone, Replicates: true, OwnTables: true}, false},
		"set to take no writes":         {Member{Kind: Alone, ReadOnly: true}, false},
	} {
		if got := c.one.IsPrimary(); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestServersInWords(t *testing.T) {
	for want, one := range map[string]Member{
		"a server of its own":                                  {Kind: Alone},
		"a node of a Galera cluster":                           {Kind: Galera},
		"a node of a Galera cluster (Synced)":                  {Kind: Galera, State: "Synced"},
		"a secondary member of a group (ONLINE)":               {Kind: Group, State: "ONLINE", Secondary: true},
		"a member of a group with several primaries (ONLINE)":  {Kind: Group, State: "ONLINE", ManyPrimaries: true},
		"a member of a group (ERROR)":                          {Kind: Group, State: "ERROR"},
		"a replica, in which the gateway's tables are its own": {Kind: Alone, Replicates: true, OwnTables: true},
		"a replica": {Kind: Alone, Replicates: true},
		"a member of a group (ONLINE), and a replica of another server": {Kind: Group, State: "ONLINE", Replicates: true},
	} {
		if got := one.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
