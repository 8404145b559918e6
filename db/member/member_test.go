package member

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// said is a server that answers as servers have been seen to, by how a statement begins or ends.
type said map[string]any

// Rows answers with rows, with what is denied or absent, or with an error.
func (s said) Rows(_ context.Context, statement string) (rows []Row, denied, absent bool, err error) {
	statement = strings.Join(strings.Fields(statement), " ")
	for part, answer := range s {
		if !strings.HasPrefix(statement, part) && !strings.HasSuffix(statement, part) {
			continue
		}
		switch answer := answer.(type) {
		case []Row:
			return answer, false, false, nil
		case error:
			return nil, false, false, answer
		case string:
			return nil, answer == "denied", answer == "absent", nil
		}
	}
	return nil, false, true, nil
}

func values(pairs ...string) (rows []Row) {
	for i := 0; i < len(pairs); i += 2 {
		rows = append(rows, Row{"variable_name": pairs[i], "value": pairs[i+1]})
	}
	return rows
}

const (
	variablesOf = "SHOW GLOBAL VARIABLES"
	statusOf    = "SHOW GLOBAL STATUS WHERE Variable_name IN"
	membersOf   = "WHERE MEMBER_ID = @@server_uuid"
	appliers    = "WHERE CHANNEL_NAME = 'group_replication_applier'"
	mark        = "SELECT reason FROM usage_level_state"
	database    = "SELECT DATABASE()"
)

var here = []Row{{"name": "aiusage"}}

func galera(ready, cluster, state string) said {
	return said{
		variablesOf: values("version", "10.11.19-MariaDB-log", "wsrep_on", "ON", "wsrep_provider", "/usr/lib/galera/libgalera_smm.so", "wsrep_cluster_address", "gcomm://a,b", "read_only", "OFF"),
		statusOf:    values("wsrep_ready", ready, "wsrep_cluster_status", cluster, "wsrep_local_state", state, "wsrep_local_state_comment", "so"),
		database:    here, "SHOW ALL SLAVES STATUS": []Row{},
	}
}

func group(members any, more ...string) said {
	return said{
		variablesOf: values(append([]string{"version", "9.7.4", "group_replication_group_name", "x", "group_replication_single_primary_mode", "ON", "server_id", "7", "read_only", "OFF"}, more...)...),
		membersOf:   members, database: here, "SHOW REPLICA STATUS": []Row{{"channel_name": "group_replication_recovery"}},
	}
}

func plain(version string, replication said) said {
	all := said{variablesOf: values("version", version, "server_id", "7", "read_only", "OFF"), database: here, appliers: []Row{}}
	for statement, answer := range replication {
		all[statement] = answer
	}
	return all
}

func TestWhatAServerIs(t *testing.T) {
	const usable, refused = "usable", "refused"
	member := func(state, role string) []Row { return []Row{{"member_state": state, "member_role": role}} }
	for _, c := range []struct {
		name             string
		server           said
		was              Member
		is               string
		writes, folds    bool
		says             string
		galera, ofAGroup bool
	}{
		{name: "the embedded engine", server: said{variablesOf: values("version", "8.0.33", "version_comment", "Dolt")}, is: usable, writes: true, folds: true, says: "of its own"},
		{name: "a MariaDB alone", server: plain("10.11.19-MariaDB", said{"SHOW ALL SLAVES STATUS": []Row{}}), is: usable, writes: true, folds: true, says: "of its own"},
		{name: "a MySQL alone", server: plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{}}), is: usable, writes: true, folds: true, says: "of its own"},
		{name: "a MySQL before SHOW REPLICA STATUS", server: plain("8.0.20", said{"SHOW SLAVE STATUS": []Row{{"slave_io_running": "Yes"}}}), is: usable, says: "a replica"},
		{name: "a MySQL without a privilege", server: plain("9.7.4", said{"SHOW REPLICA STATUS": "denied", "FROM performance_schema.replication_connection_configuration": "denied"}), is: usable, writes: true, folds: true, says: "of its own"},
		{name: "a MySQL replica by the other privilege", server: plain("9.7.4", said{"SHOW REPLICA STATUS": "denied", "FROM performance_schema.replication_connection_configuration": []Row{{"channel_name": ""}}}), is: usable, says: "a replica"},
		{name: "a MariaDB replica, stopped", server: plain("10.11.19-MariaDB", said{"SHOW ALL SLAVES STATUS": []Row{{"slave_sql_running": "No"}}}), is: usable, says: "a replica"},
		{name: "a MariaDB replica without a privilege", server: plain("10.11.19-MariaDB", said{"SHOW ALL SLAVES STATUS": "denied", "= 'Slaves_running'": values("Slaves_running", "1")}), is: usable, says: "a replica"},
		{name: "a MariaDB without a privilege", server: plain("10.11.19-MariaDB", said{"SHOW ALL SLAVES STATUS": "denied", "= 'Slaves_running'": values("Slaves_running", "0")}), is: usable, writes: true, folds: true, says: "of its own"},
		{name: "a replica of other databases", server: plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{"replicate_do_db": "crm, billing"}}}), is: usable, writes: true, folds: true, says: "of its own"},
		{name: "a replica of all but this database", server: plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{"replicate_ignore_db": "crm,aiusage"}}}), is: usable, writes: true, folds: true, says: "of its own"},
		{name: "a replica of this one among others", server: plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{"replicate_do_db": "crm,aiusage"}}}), is: usable, says: "a replica"},
		{name: "a replica with its own tables", server: plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{}}, mark: []Row{{"reason": "7"}}}), is: usable, writes: true, says: "its own"},
		{name: "a replica with another's mark", server: plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{}}, mark: []Row{{"reason": "1"}}}), is: usable, says: "a replica"},
		{name: "a node", server: galera("ON", "Primary", "4"), is: usable, writes: true, folds: true, galera: true},
		{name: "a donor that takes questions", server: galera("ON", "Primary", "2"), is: usable, writes: true, folds: true, galera: true},
		{name: "a donor that does not", server: galera("OFF", "Primary", "2"), is: refused, galera: true},
		{name: "a node that joins", server: galera("ON", "Primary", "1"), is: refused, galera: true},
		{name: "a node that has lost the others", server: galera("OFF", "non-Primary", "0"), is: refused, galera: true},
		{name: "a node that says it is ready without the others", server: galera("ON", "non-Primary", "4"), is: refused, galera: true},
		{name: "a node restarted without its library", server: said{variablesOf: values("version", "10.11.19-MariaDB", "wsrep_on", "OFF", "wsrep_provider", "none", "wsrep_cluster_address", "gcomm://a,b")}, is: refused, galera: true},
		{name: "a node restarted without any of it", server: plain("10.11.19-MariaDB", nil), was: Member{Kind: Galera}, is: refused, galera: true},
		{name: "a primary", server: group(member("ONLINE", "PRIMARY")), is: usable, writes: true, folds: true, ofAGroup: true},
		{name: "a secondary", server: group(member("ONLINE", "SECONDARY")), is: usable, ofAGroup: true, says: "secondary"},
		{name: "a member that catches up", server: group(member("RECOVERING", "SECONDARY")), is: refused, ofAGroup: true},
		{name: "a member in error", server: group(member("ERROR", "")), is: refused, ofAGroup: true},
		{name: "a member that is unreachable", server: group(member("UNREACHABLE", "PRIMARY")), is: refused, ofAGroup: true},
		{name: "a member outside", server: group(member("OFFLINE", "")), is: refused, ofAGroup: true},
		{name: "a member without a row", server: group([]Row{}), is: refused, ofAGroup: true},
		{name: "a member that may not be seen", server: group("denied"), is: refused, ofAGroup: true},
		{name: "a former member by its channel", server: plain("9.7.4", said{appliers: []Row{{"channel_name": "group_replication_applier"}}, membersOf: []Row{}}), is: refused, ofAGroup: true},
		{name: "a former member that was seen", server: plain("9.7.4", said{membersOf: []Row{}}), was: Member{Kind: Group}, is: refused, ofAGroup: true},
		{name: "a primary that replicates another group", server: func() said {
			one := group(member("ONLINE", "PRIMARY"))
			one["SHOW REPLICA STATUS"] = []Row{{"channel_name": "clusterset_replication"}}
			return one
		}(), is: usable, ofAGroup: true, says: "a replica of another"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Look(t.Context(), c.server, c.was)
			if err != nil {
				t.Fatal(err)
			}
			if is := map[bool]string{true: usable, false: refused}[got.Refusal == ""]; is != c.is || got.TakesWrites() != c.writes || got.Folds() != c.folds {
				t.Errorf("got %s (%s), writes %v, folds %v", is, got.Refusal, got.TakesWrites(), got.Folds())
			}
			if (got.Kind == Galera) != c.galera || (got.Kind == Group) != c.ofAGroup || !strings.Contains(got.String(), c.says) {
				t.Errorf("got %s, %q", got.Kind, got)
			}
		})
	}
}

func TestAServerThatDoesNotAnswerIsNotTakenForAlone(t *testing.T) {
	failed := errors.New("the connection is gone")
	for _, one := range []said{
		{variablesOf: failed},
		plain("9.7.4", said{appliers: failed}),
		plain("9.7.4", said{"SHOW REPLICA STATUS": failed}),
		plain("10.11.19-MariaDB", said{"SHOW ALL SLAVES STATUS": failed}),
		plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{}}, database: failed}),
		plain("9.7.4", said{"SHOW REPLICA STATUS": []Row{{}}, mark: failed}),
		group(failed),
		{variablesOf: values("wsrep_on", "ON", "wsrep_provider", "x"), statusOf: failed},
	} {
		if got, err := Look(t.Context(), one, Member{}); !errors.Is(err, failed) {
			t.Errorf("%v: got %v, %v", one, got, err)
		}
	}
}

func TestAConnectionFitsWhatItWasSetFor(t *testing.T) {
	primary := Member{Kind: Group, State: "ONLINE"}
	for _, c := range []struct {
		now  Member
		fits bool
	}{
		{Member{Kind: Group, State: "ONLINE"}, true},
		{Member{Kind: Group, State: "another word", Unseen: "x"}, true},
		{Member{Kind: Group, State: "ONLINE", ReadOnly: true}, false},
		{Member{Kind: Group, State: "ONLINE", Secondary: true}, false},
		{Member{Kind: Group, State: "ONLINE", ManyPrimaries: true}, false},
		{Member{Kind: Group, State: "ONLINE", Replicates: true}, false},
		{Member{Kind: Group, State: "OFFLINE", Refusal: outside}, false},
		{Member{Kind: Alone}, false},
	} {
		if c.now.Fits(primary) != c.fits {
			t.Errorf("%+v: fits is not %v", c.now, c.fits)
		}
	}
}
