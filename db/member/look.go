package member

import (
	"context"
	"slices"
	"strings"
)

// Row is a row of an answer, by the names of its columns in lower case.
type Row map[string]string

// Server is asked what it is.
type Server interface {
	// Rows runs a statement. It returns no rows and denied where the account lacks a privilege, and
	// absent where there is no such thing to ask.
	Rows(ctx context.Context, statement string) (rows []Row, denied, absent bool, err error)
}

// Mark is what statements begin with by which a connection asks its server what that is. They come
// in between others whenever it is time, and whoever reads a log or counts statements knows them by it.
const Mark = "/* what the server is */ "

// variables are those that tell what a server was set up to be.
const variables = `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'version_comment', 'server_id', 'read_only', 'log_bin',
	'wsrep_on', 'wsrep_provider', 'wsrep_cluster_address', 'group_replication_group_name', 'group_replication_single_primary_mode')`

// Look asks a server what it is. was is what it is known to have been: a server that has left
// its cluster may have forgotten that, and its data are not those of the others any more.
func Look(ctx context.Context, server Server, was Member) (Member, error) {
	values, err := pairs(ctx, server, variables)
	if err != nil {
		return Member{}, err
	}
	if strings.Contains(values["version_comment"], "Dolt") {
		return Member{Kind: Alone, Fixed: true}, nil
	}
	var found Member
	switch provider := values["wsrep_provider"]; {
	case values["wsrep_on"] == "ON" && provider != "" && provider != "none":
		found, err = lookGalera(ctx, server)
	case was.Kind == Galera || values["wsrep_cluster_address"] != "":
		found = Member{Kind: Galera, Refusal: outsideOf}
	default:
		found, err = lookGroup(ctx, server, values, was)
	}
	if err != nil || found.Refusal != "" {
		return found, err
	}
	found.ReadOnly = values["read_only"] != "OFF" && values["read_only"] != "0"
	found.Logs = values["log_bin"] == "ON" || values["log_bin"] == "1"
	return lookReplication(ctx, server, values, found)
}

// pairs runs a statement whose rows are names and values.
func pairs(ctx context.Context, server Server, statement string) (map[string]string, error) {
	rows, _, _, err := server.Rows(ctx, statement)
	values := map[string]string{}
	for _, row := range rows {
		values[strings.ToLower(row["variable_name"])] = row["value"]
	}
	return values, err
}

// Numbers of a node's state.
const (
	donor  = "2"
	synced = "4"
)

// lookGalera tells whether a node answers for its cluster. A donor does if it takes questions
// at all: it may be behind, which reads wait for.
func lookGalera(ctx context.Context, server Server) (Member, error) {
	status, err := pairs(ctx, server, `SHOW GLOBAL STATUS WHERE Variable_name IN
		('wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state', 'wsrep_local_state_comment')`)
	found := Member{Kind: Galera, State: status["wsrep_local_state_comment"]}
	if status["wsrep_ready"] != "ON" || status["wsrep_cluster_status"] != "Primary" || !slices.Contains([]string{donor, synced}, status["wsrep_local_state"]) {
		found.Refusal = notReady
	}
	return found, err
}

// lookGroup tells whether a server is in its group, if it has one: by its configuration, by
// what it keeps of having been in one, or because it is known to have been.
func lookGroup(ctx context.Context, server Server, values map[string]string, was Member) (Member, error) {
	if strings.Contains(values["version"], "MariaDB") {
		return Member{Kind: Alone}, nil
	}
	belongs := was.Kind == Group || values["group_replication_group_name"] != ""
	if !belongs {
		rows, _, _, err := server.Rows(ctx, `SELECT CHANNEL_NAME FROM performance_schema.replication_connection_configuration
			WHERE CHANNEL_NAME = 'group_replication_applier'`)
		if err != nil || len(rows) == 0 {
			return Member{Kind: Alone}, err
		}
	}
	// One that has lost most of the others says that it is ONLINE all the same, for as long as it is not told otherwise
	// (group_replication_unreachable_majority_timeout), and answers what it had by then.
	rows, denied, _, err := server.Rows(ctx, `SELECT MEMBER_STATE, MEMBER_ROLE,
		(SELECT 2 * SUM(MEMBER_STATE = 'UNREACHABLE') >= COUNT(*) FROM performance_schema.replication_group_members) AS ALONE
		FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid`)
	found := Member{Kind: Group, ManyPrimaries: values["group_replication_single_primary_mode"] == "OFF"}
	switch {
	case err != nil:
		return found, err
	case denied:
		found.Refusal, found.Unseen = groupHidden, groupGrant
	case len(rows) == 0:
		found.State, found.Refusal = "OFFLINE", outside
	default:
		found.State, found.Secondary = rows[0]["member_state"], rows[0]["member_role"] == "SECONDARY"
		found.Refusal = map[string]string{"ONLINE": "", "RECOVERING": notYet}[found.State]
		switch {
		case found.State != "ONLINE" && found.Refusal == "":
			found.Refusal = outside
		case found.State == "ONLINE" && rows[0]["alone"] == "1":
			found.Refusal = notReady
		}
	}
	return found, nil
}
