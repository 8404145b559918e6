package inspect

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"aiusage/db/member"
)

// writable tells whether the server takes writes: sums are folded, and who signs in is
// remembered.
func writable(ctx context.Context, conn *sqlx.Conn) (Finding, error) {
	values, err := variables(ctx, conn, "read_only", "super_read_only", "innodb_read_only", "offline_mode")
	return writes(values), err
}

func writes(values map[string]string) Finding {
	found := Finding{About: "writes", Severity: Fine, Says: "the server takes writes"}
	for _, name := range []string{"read_only", "super_read_only", "innodb_read_only", "offline_mode"} {
		if value := values[name]; value != "" && value != "OFF" && value != "0" {
			found.Severity = Warning
			found.Says = "the server takes no writes (" + name + " is " + value + "): reports are answered, but nobody can sign in with a password, and nothing is folded"
			found.Remedy = "name the primary server in the DSN, or have an administrator turn " + name + " off"
			break
		}
	}
	return found
}

// binaryLog tells whether triggers can be made, and repeated by replicas.
func binaryLog(ctx context.Context, conn *sqlx.Conn) (Finding, error) {
	values, err := variables(ctx, conn, "log_bin", "binlog_format", "log_bin_trust_function_creators")
	if err != nil {
		return Finding{About: "binary log"}, err
	}
	lines, err := grants(ctx, conn)
	return logged(values, len(missing([]string{"SUPER"}, lines, "")) == 0), err
}

func logged(values map[string]string, super bool) Finding {
	found := Finding{About: "binary log", Severity: Fine, Says: "the binary log is off"}
	format := values["binlog_format"]
	switch {
	case !isOn(values["log_bin"]):
		return found
	case format == "STATEMENT":
		found.Severity = Problem
		found.Says = "the binary log has statements, which cannot repeat what triggers do: reports read sessions"
		found.Remedy = "have an administrator set binlog_format to ROW or MIXED, then run aiusage migrate"
		return found
	case format == "": // later versions of MySQL know rows only
		format = "ROW"
	}
	found.Says = "the binary log is on, by " + format
	if !isOn(values["log_bin_trust_function_creators"]) && !super {
		found.Severity = Note
		found.Says += ", and only privileged accounts may make triggers (log_bin_trust_function_creators is off)"
		found.Remedy = "before aiusage migrate makes triggers, have an administrator run: SET GLOBAL log_bin_trust_function_creators = 1;"
	}
	return found
}

// replication tells what the server is among others.
func (i *Inspector) replication(ctx context.Context, conn *sqlx.Conn) (Finding, error) {
	server, err := i.db.Member(ctx)
	found := partOf(server)
	if err == nil && server.Unseen != "" {
		found.Remedy, err = i.monitorGrant(ctx, conn)
	}
	return found, err
}

// partOf judges what a server is among others.
func partOf(server member.Member) Finding {
	found := Finding{About: "replication", Severity: Fine, Says: "the server is " + server.String()}
	switch {
	case server.Replicates && server.OwnTables:
		found.Severity = Note
		found.Says += ": reports read its sessions, and there are no sums"
	case server.Replicates:
		found.Severity = Warning
		found.Says += ": reports are answered, but the gateway writes nothing there, so nobody can sign in with a password, and nothing is folded"
		found.Remedy = "name the primary server in the DSN"
	case server.Secondary:
		found.Severity = Note
		found.Says += ": reports are answered, but nobody can sign in with a password, and nothing is folded there"
		found.Remedy = "let another gateway's DSN name the primary"
	case server.Unseen != "":
		found.Severity = Note
		found.Says = server.Unseen
	case server.Kind == member.Alone:
		found.Says = "the server is no replica"
	}
	return found
}

// monitorGrant is the statement that lets the user see the state of replication.
func (i *Inspector) monitorGrant(ctx context.Context, conn *sqlx.Conn) (string, error) {
	var user string
	if err := conn.QueryRowxContext(ctx, "SELECT CURRENT_USER()").Scan(&user); err != nil {
		return "", err
	}
	server, err := i.db.Describe(ctx)
	privilege := "REPLICATION CLIENT"
	if strings.HasPrefix(server, "MariaDB") {
		privilege = "SLAVE MONITOR"
	}
	return "to have that looked at, an administrator runs: GRANT " + privilege + " ON *.* TO " + account(user) + ";", err
}

// packets tells whether long statements go through.
func packets(ctx context.Context, conn *sqlx.Conn) (Finding, error) {
	var most int64
	err := conn.QueryRowxContext(ctx, "SELECT @@GLOBAL.max_allowed_packet").Scan(&most)
	return longest(most), err
}

func longest(most int64) Finding {
	if most < minPacket {
		return Finding{"max_allowed_packet", Warning,
			fmt.Sprintf("statements may have %d bytes only, which those of imports and of long lists can pass", most),
			fmt.Sprintf("SET GLOBAL max_allowed_packet = %d; and the same in the server's configuration", minPacket)}
	}
	return Finding{"max_allowed_packet", Fine, fmt.Sprintf("statements may have %d MiB", most>>20), ""}
}

// encryption tells whether others can read what the gateway and the server say.
func encryption(ctx context.Context, conn *sqlx.Conn, remote bool) (Finding, error) {
	var name, cipher string
	err := conn.QueryRowxContext(ctx, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher)
	return encrypted(cipher, remote), err
}

func encrypted(cipher string, remote bool) Finding {
	found := Finding{About: "encryption", Severity: Fine}
	switch {
	case cipher != "":
		found.Says = "the connection is encrypted (" + cipher + ")"
	case remote:
		found.Severity = Warning
		found.Says = "the connection goes over a network and is not encrypted"
		found.Remedy = "add tls=true to the DSN"
	default:
		found.Says = "the connection is not encrypted, and stays on this machine"
	}
	return found
}

// room tells whether there are connections enough.
func (i *Inspector) room(ctx context.Context, _ *sqlx.Conn) (Finding, error) {
	found := Finding{About: "connections", Severity: Fine}
	share, err := i.db.LeaveConnections(ctx)
	if err != nil {
		found.Remedy = "raise max_connections, or max_user_connections of this account"
		return found, err
	}
	found.Says = fmt.Sprintf("the gateway takes up to %d of %d connections", share.Connections, share.Server)
	if share.Account > 0 {
		found.Says += fmt.Sprintf(" (this account may have %d)", share.Account)
	}
	if share.Connections < share.Asked {
		found.Severity = Note
		found.Remedy = fmt.Sprintf("to let it have the %d that it is set to, raise max_connections, or max_user_connections of this account", share.Asked)
	}
	return found, nil
}

// timeZones tells of the server's own list of time zones. The gateway knows zones itself.
func timeZones(ctx context.Context, conn *sqlx.Conn) (Finding, error) {
	found := Finding{About: "time zone tables", Severity: Fine}
	var known bool
	err := conn.QueryRowxContext(ctx, "SELECT CONVERT_TZ('2026-01-01', 'UTC', 'Europe/Berlin') IS NOT NULL").Scan(&known)
	found.Says = "the server knows time zones by name; the gateway needs none of them"
	if !known {
		found.Says = "the server knows no time zones by name, and the gateway needs none of them"
	}
	return found, err
}
