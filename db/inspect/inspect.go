package inspect

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
)

// Inspector looks at one database.
type Inspector struct{ db *pool.Pool }

// New returns an inspector.
func New(db *pool.Pool) *Inspector { return &Inspector{db} }

const (
	// maxClockError is how far the database's clock may be off. Open ranges and periods end by
	// it, and sessions that are stored say when they began by another.
	maxClockError = 2 * time.Second
	// minPacket is the longest statement that must go through: an import's batch is well below.
	minPacket = 16 << 20
)

// Inspect looks at the server and at what the gateway's user may do there. remote tells that
// a network lies between.
//
// Only where the server cannot be asked at all is there an error.
func (i *Inspector) Inspect(ctx context.Context, remote bool) ([]Finding, error) {
	conn, err := i.db.Connx(ctx)
	if err != nil {
		return nil, pool.Translate(err)
	}
	defer conn.Close()
	server, err := i.db.Describe(ctx)
	if err != nil {
		return nil, pool.Translate(err)
	}
	findings := []Finding{{"server", Fine, server, ""}}
	dolt, err := i.db.IsDolt(ctx)
	if err != nil {
		return nil, pool.Translate(err)
	}
	looks := []func(context.Context, *sqlx.Conn) (Finding, error){i.clock}
	if !dolt { // which is the gateway's own, and has none of the rest
		looks = append(looks, privileges, writable, binaryLog, i.replication, packets, i.room,
			func(ctx context.Context, conn *sqlx.Conn) (Finding, error) { return encryption(ctx, conn, remote) },
			timeZones)
	}
	for _, look := range looks {
		found, err := look(ctx, conn)
		if err != nil {
			found.Severity, found.Says = Problem, pool.Translate(err).Error()
		}
		findings = append(findings, found)
	}
	return findings, ctx.Err()
}

// clock compares the server's clock with the gateway's.
func (i *Inspector) clock(ctx context.Context, _ *sqlx.Conn) (Finding, error) {
	before := time.Now()
	server, err := i.db.Clock(ctx)
	took := time.Since(before)
	return clocks(server.Sub(before.Add(took/2)), took), err
}

// clocks judges how far the server's clock is ahead, which was asked for in some time.
func clocks(ahead, took time.Duration) Finding {
	found := Finding{About: "clock", Severity: Fine,
		Says: fmt.Sprintf("the database's clock and this machine's differ by %s", ahead.Abs().Round(time.Millisecond))}
	if ahead.Abs() > maxClockError+took {
		found.Severity = Warning
		found.Remedy = "set both by NTP: open ranges and periods end by the database's clock, sessions and tokens by others"
	}
	return found
}

// privileges looks for what the user may not do on the database.
func privileges(ctx context.Context, conn *sqlx.Conn) (Finding, error) {
	found := Finding{About: "privileges", Severity: Fine}
	var user, database string
	if err := conn.QueryRowxContext(ctx, "SELECT CURRENT_USER(), COALESCE(DATABASE(), '')").Scan(&user, &database); err != nil {
		return found, err
	}
	lines, err := grants(ctx, conn)
	if err != nil {
		return found, err
	}
	lacking := missing(needed, lines, database)
	if len(lacking) == 0 {
		found.Says = fmt.Sprintf("%s may do all that the gateway needs on %s", user, database)
		return found, nil
	}
	found.Severity = Problem
	found.Says = fmt.Sprintf("%s has no %s on %s", user, strings.Join(lacking, ", "), database)
	found.Remedy = "have an administrator run: " + grant(lacking, database, user)
	return found, nil
}

// grants are the lines of SHOW GRANTS, with those of the roles that are active.
func grants(ctx context.Context, conn *sqlx.Conn) (lines []string, err error) {
	if err := conn.SelectContext(ctx, &lines, "SHOW GRANTS"); err != nil {
		return nil, err
	}
	var roles sql.NullString
	err = conn.QueryRowxContext(ctx, "SELECT CURRENT_ROLE()").Scan(&roles)
	if err != nil || roles.String == "" || roles.String == "NONE" {
		return lines, err
	}
	// MariaDB has one active role, by its name, and lists what it gives with the rest.
	var more []string
	if strings.HasPrefix(roles.String, "`") {
		err = conn.SelectContext(ctx, &more, "SHOW GRANTS FOR CURRENT_USER() USING "+roles.String)
	}
	return append(lines, more...), err
}

// variables reads variables of the server, some of which it may not have.
func variables(ctx context.Context, conn *sqlx.Conn, names ...string) (map[string]string, error) {
	rows, err := conn.QueryxContext(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('"+strings.Join(names, "', '")+"')")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		values[strings.ToLower(name)] = value
	}
	return values, rows.Err()
}

func isOn(value string) bool { return value == "ON" || value == "1" }
