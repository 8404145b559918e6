// Package migrations holds the schema as SQL files, one statement in each, so
// that a migration that was interrupted can be run again.
package migrations

import "embed"

// Files are the migrations in goose's format, up and down.
//
//go:embed *.sql
var Files embed.FS
