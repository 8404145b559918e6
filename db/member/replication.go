package member

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// OwnTablesMark is the row of usage_level_state, and its phase, that says on which server the
// gateway's tables are its own although it is a replica: reason has its server_id, since a row that
// came from another server says nothing of this one.
const (
	OwnTablesMark  = 3
	OwnTablesPhase = "own"
)

// lookReplication tells whether a server repeats what another has written.
func lookReplication(ctx context.Context, server Server, values map[string]string, found Member) (Member, error) {
	channels, unseen, err := channelsOf(ctx, server, values["version"])
	found.Unseen = unseen
	if err != nil || len(channels) == 0 {
		return found, err
	}
	rows, _, _, err := server.Rows(ctx, `SELECT DATABASE() AS name`)
	if err != nil || len(rows) == 0 {
		return found, err
	}
	found.Replicates = slices.ContainsFunc(channels, func(channel Row) bool { return brings(channel, rows[0]["name"]) })
	if !found.Replicates {
		return found, nil
	}
	marks, _, _, err := server.Rows(ctx, fmt.Sprintf(`SELECT reason FROM usage_level_state WHERE state_id = %d AND phase = '%s'`, OwnTablesMark, OwnTablesPhase))
	found.OwnTables = len(marks) > 0 && marks[0]["reason"] == values["server_id"]
	return found, err
}

// channelsOf are the ways by which a server repeats others' writes, of those that the account may
// see. One that has been stopped counts: what is written meanwhile may end it when it goes on.
func channelsOf(ctx context.Context, server Server, version string) (channels []Row, unseen string, err error) {
	if strings.Contains(version, "MariaDB") {
		rows, denied, _, err := server.Rows(ctx, `SHOW ALL SLAVES STATUS`)
		if !denied || err != nil {
			return rows, "", err
		}
		status, err := pairs(ctx, server, `SHOW GLOBAL STATUS WHERE Variable_name = 'Slaves_running'`)
		if running := status["slaves_running"]; running != "" && running != "0" {
			return []Row{{}}, "", err
		}
		return nil, mayReplicate, err
	}
	for _, statement := range []string{replicaStatus(version), `SELECT CHANNEL_NAME FROM performance_schema.replication_connection_configuration`} {
		rows, denied, absent, err := server.Rows(ctx, statement)
		if err != nil {
			return nil, "", err
		}
		if !denied && !absent {
			return slices.DeleteFunc(rows, func(row Row) bool { return strings.HasPrefix(row["channel_name"], "group_replication_") }), "", nil
		}
	}
	return nil, mayReplicate, nil
}

// replicaStatus is the statement that shows what a version of MySQL repeats, which has another name
// since 8.0.22.
func replicaStatus(version string) string {
	var patch int
	if n, _ := fmt.Sscanf(version, "8.0.%d", &patch); n == 1 && patch < 22 {
		return `SHOW SLAVE STATUS`
	}
	return `SHOW REPLICA STATUS`
}

// brings tells whether a channel has anything of a database, by the filters that it has for whole
// databases.
func brings(channel Row, database string) bool {
	names := func(list string) []string {
		return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	}
	only, never := names(channel["replicate_do_db"]), names(channel["replicate_ignore_db"])
	return !slices.Contains(never, database) && (len(only) == 0 || slices.Contains(only, database))
}
