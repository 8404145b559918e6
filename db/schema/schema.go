// Package schema makes the gateway's tables, looks whether they are those that this gateway
// was built for, undoes what it made, and says what the columns of ai_sessions are.
package schema

import (
	"aiusage/db/phase"
	"aiusage/db/pool"
)

// Schema is that of one database.
type Schema struct {
	db            *pool.Pool
	levels, hours *phase.Tracker
}

// New returns the schema of a database.
func New(db *pool.Pool, levels, hours *phase.Tracker) *Schema {
	return &Schema{db: db, levels: levels, hours: hours}
}
