package pool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"aiusage/db/member"
)

// address is a server as it knows itself. Behind one address of the DSN there may be several, of
// which each connection leads to one.
type address struct{ host, port, name string }

// place is a connection as its server knows it.
type place struct {
	address
	version string
	id      uint64
}

// build is what decides which variables a server has.
type build struct {
	address
	version string
}

func (p place) build() build { return build{p.address, p.version} }

// whereAmI asks a connection where it has come out.
const whereAmI = `SELECT CAST(@@hostname AS CHAR), CAST(@@port AS CHAR), CAST(@@server_id AS CHAR), VERSION(), CAST(CONNECTION_ID() AS CHAR)`

// otherNames asks MariaDB for its other names: servers in containers may all have the same host and port, and
// nodes of Galera the same server_id, too.
const otherNames = member.Mark + `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uid', 'wsrep_node_address', 'wsrep_node_name')`

func placeOf(ctx context.Context, conn driver.QueryerContext) (place, error) {
	rows, err := textsOf(ctx, conn, whereAmI)
	if err == nil && len(rows) == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return place{}, err
	}
	row := rows[0]
	id, err := strconv.ParseUint(row[4], 10, 64)
	if err != nil {
		return place{}, err
	}
	found := place{address{row[0], row[1], row[2]}, row[3], id}
	if strings.Contains(found.version, "MariaDB") {
		rows, err = textsOf(ctx, conn, otherNames)
		found.name += fmt.Sprint(rows)
	}
	return found, err
}

// textsOf are the rows of a statement.
func textsOf(ctx context.Context, conn driver.QueryerContext, statement string) (found [][]string, err error) {
	rows, err := conn.QueryContext(ctx, statement, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(values)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		var row []string
		for _, value := range values {
			row = append(row, text(value))
		}
		found = append(found, row)
	}
}

func text(value driver.Value) string {
	if bytes, ok := value.([]byte); ok {
		return string(bytes)
	}
	return fmt.Sprint(value)
}

// canEnd tells whether a connection, opened after another, is at the server that
// has the other: a server counts its connections from its start.
func (p place) canEnd(other place) bool {
	return p.address == other.address && p.id > other.id
}
