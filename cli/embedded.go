package cli

import (
	"context"
	"fmt"
)

// EmbeddedDatabase starts a MySQL-compatible database inside this process, with
// its files in folder, and returns once it accepts connections. Other users of the
// machine cannot connect. The gateway's own module has none, which keeps its list of
// dependencies short; the module in embedded/ hands one to Run.
//
// When another process has the folder open, the error is a *FolderInUseError.
type EmbeddedDatabase func(ctx context.Context, folder string) (*RunningDatabase, error)

// RunningDatabase is a database that EmbeddedDatabase has started.
type RunningDatabase struct {
	// DSN is a data source name for the go-sql-driver/mysql driver, with a
	// password that is valid for this folder only.
	DSN string
	// Stop ends the database after its open transactions and returns once its
	// files are closed. Calling it again does nothing.
	Stop func() error
}

// FolderInUseError says that another process runs the database in a folder.
type FolderInUseError struct {
	Folder string
	// PID is the other process, or 0 when that is not known.
	PID int
	// DSN reaches the other process's database, or is empty when that is not known.
	DSN string
}

func (e *FolderInUseError) Error() string {
	return fmt.Sprintf("the data folder %s is in use by %s", e.Folder, e.Owner())
}

// Owner names the other process.
func (e *FolderInUseError) Owner() string {
	if e.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d", e.PID)
}
