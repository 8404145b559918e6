package db

import (
	"context"
	"math"

	"aiusage/usage"
)

// LeastConnections is the smallest pool that a gateway can work with. An answer holds a
// connection while it reads one state of the database, and may need another meanwhile.
const LeastConnections = 2

// usualConnections is the size of a pool for which none is given.
const usualConnections = 16

// holders returns how many of a pool's connections may be held by those who may ask
// for another one. The others are held by nobody who waits for one, and so come free.
func holders(most int) int { return max(1, most/2) }

// resize sets the size of the pool. It may be made smaller once.
func (s *Store) resize(most int) {
	s.db.SetMaxOpenConns(most)
	s.db.SetMaxIdleConns(most)
	for range cap(s.snapshots) - holders(most) {
		s.snapshots <- struct{}{}
	}
}

// holding waits until the caller may hold a connection while asking for another one,
// as snapshots do. It must be called before the first, and done after the last. It
// does not wait when ctx ends; what is asked of the database then fails anyway.
func (s *Store) holding(ctx context.Context) (done func()) {
	select {
	case s.snapshots <- struct{}{}:
		return func() { <-s.snapshots }
	case <-ctx.Done():
		return func() {}
	}
}

// Share is how many connections a pool has where the server allows few.
type Share struct {
	// Connections is the size of the pool, Asked what was asked for.
	Connections, Asked int
	// Server is how many connections the server allows at once, and Account how many it
	// allows the gateway's account, 0 being no limit.
	Server, Account int
}

// LeaveConnections makes the pool smaller where it could take so many connections that
// others, the platform above all, would get none: it takes half of what the server
// allows at most. It is to be called before the store is in use. Where the server
// does not allow enough of them, the error says so.
func (s *Store) LeaveConnections(ctx context.Context) (Share, error) {
	share := Share{Asked: s.db.Stats().MaxOpenConnections}
	err := s.db.QueryRowContext(ctx, `SELECT @@GLOBAL.max_connections, @@SESSION.max_user_connections`).Scan(&share.Server, &share.Account)
	if err != nil {
		return Share{}, translate(err)
	}
	if allowed := min(share.Server, orUnlimited(share.Account)); allowed < LeastConnections {
		return Share{}, usage.Errorf(usage.Unavailable,
			"the server allows the gateway too few connections: max_connections or max_user_connections is %d, and it needs at least %d",
			allowed, LeastConnections)
	}
	share.Connections = max(LeastConnections, min(share.Asked, share.Server/2, orUnlimited(share.Account)-besidePool(share.Account)))
	if share.Connections < share.Asked {
		s.resize(share.Connections)
	}
	return share, nil
}

func orUnlimited(limit int) int {
	if limit == 0 {
		return math.MaxInt
	}
	return limit
}

// besidePool is how many of an account's connections are needed beside the pool: to
// end abandoned statements (cancel.go), and for the command line.
func besidePool(account int) int { return min(killMost, account/2) }
