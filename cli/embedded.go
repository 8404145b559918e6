package cli

import (
	"context"
	"fmt"
)

// EmbeddedDatabase is a MySQL-compatible database that runs inside this process, with its
// files in a folder. The gateway's own module has none, which keeps its list of
// dependencies short; the module in embedded/ hands one to Run.
//
// When another process has the folder open, errors are a *FolderInUseError.
type EmbeddedDatabase struct {
	// Has tells whether there is a database in a folder, in which nothing is changed. Where that
	// cannot be told, as in somebody else's folder, it is true, and Start says why.
	Has func(folder string) bool
	// Start returns once the database accepts connections. Other users of the machine
	// cannot connect.
	Start func(ctx context.Context, folder string) (*RunningDatabase, error)
	// Copy makes a copy of one state of the database in a folder, also while another
	// process runs it, and hands use the folder that the copy is in, and an empty one
	// beside it. Both are gone afterwards.
	Copy func(ctx context.Context, folder string, use func(copied, beside string) error) error
	// Load makes the database of an empty folder out of a copy, which source has or puts into
	// the folder it is given. It is there once look, which is given its DSN, has found nothing
	// wrong with it; otherwise the folder is as it was.
	Load func(ctx context.Context, folder string, source func(empty string) (copied string, err error), look func(ctx context.Context, dsn string) error) error
	// CheckFiles reads all files of the database, which nobody may have open, and returns
	// what is wrong with them.
	CheckFiles func(ctx context.Context, folder string) (problems []string, err error)
}

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
