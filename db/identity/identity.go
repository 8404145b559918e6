// Package identity keeps users, their sessions and what they may see, and API keys.
package identity

import "aiusage/db/pool"

// Identities are those that one database knows. They are safe for concurrent use.
type Identities struct{ db *pool.Pool }

// New returns the identities that a database knows.
func New(db *pool.Pool) *Identities { return &Identities{db: db} }
