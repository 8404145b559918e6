// Package archive writes and reads the files that backups of the embedded database are: a tar
// file with a manifest first, the files of a copy of the database, and their sums last.
//
// The files of a copy are compressed already, so the archive is not.
package archive

import (
	"time"

	"aiusage/usage"
)

// The names within an archive. SHA256SUMS has the form of the program sha256sum, so that
// an unpacked archive can be checked without the gateway.
const (
	manifestName = "manifest.json"
	filesFolder  = "database"
	sumsName     = "SHA256SUMS"
)

// format is the number of the form that this package writes, and the only one it reads.
const format = 1

// Manifest says what an archive is of.
type Manifest struct {
	// Format is the number of the archive's form.
	Format int `json:"format"`
	// Gateway is the version that has made it, and Engine that of its database.
	Gateway string `json:"gateway"`
	Engine  string `json:"engine"`
	// Schema is the number of the last step of the schema.
	Schema int64 `json:"schema"`
	// MadeAt is when the copy was complete, in UTC.
	MadeAt time.Time `json:"madeAt"`
	// Rows is how many rows each table has.
	Rows map[string]int64 `json:"rows"`
}

// errForeign says that a file is something else.
func errForeign() error {
	return usage.Errorf(usage.InvalidArgument, "this is no backup of the embedded database")
}

// errDamaged says that a file is not what was written.
func errDamaged(what string) error {
	return usage.Errorf(usage.InvalidArgument, "this backup is damaged: %s", what)
}
