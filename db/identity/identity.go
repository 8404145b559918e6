// Package identity keeps users, their sessions and what they may see, and API keys.
package identity

import (
	"context"

	"aiusage/db/pool"
)

// Identities are those that one database knows. They are safe for concurrent use.
type Identities struct{ db *pool.Pool }

// New returns the identities that a database knows.
func New(db *pool.Pool) *Identities { return &Identities{db: db} }

// takesWrites tells whether what is noted in passing can be noted on the server.
func (i *Identities) takesWrites(ctx context.Context) (bool, error) {
	server, err := i.db.Member(ctx)
	return server.TakesWrites(), err
}
