package doltdb

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/dolthub/dolt/go/libraries/doltcore/dbfactory"
	"github.com/dolthub/vitess/go/mysql"
)

// syncTo is the statement that writes a copy of the database that a connection uses, and
// restoreFrom the one that makes the gateway's database of a copy. Addresses are those of fileURL.
func syncTo(address string) string { return fmt.Sprintf("CALL DOLT_BACKUP('sync-url', '%s')", address) }

func restoreFrom(address string) string {
	return fmt.Sprintf("CALL DOLT_BACKUP('restore', '%s', '%s')", address, databaseName)
}

var copyOf = regexp.MustCompile(`^CALL DOLT_BACKUP\('(?:sync-url|restore)', 'file://([A-Za-z0-9/._-]+)'`)

// closedCopies closes the files of a copy once it is written or read. Dolt would keep them open
// until the process ends, and with them their room on the disk after they are deleted.
type closedCopies struct {
	mysql.Handler
}

// ComQuery runs one statement.
func (h closedCopies) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	err := h.Handler.ComQuery(ctx, c, query, callback)
	if named := copyOf.FindStringSubmatch(query); named != nil {
		err = errors.Join(err, dbfactory.DeleteFromSingletonCache(named[1], true))
	}
	return err
}
