package pool

import (
	"context"
	"math"
	"time"

	"aiusage/usage"
)

// MinConnections is the smallest pool that a gateway can work with. An answer holds a
// connection while it reads one state of the database, and may need another meanwhile.
const MinConnections = 2

// defaultConnections is the size of a pool for which none is given.
const defaultConnections = 16

// holders returns how many of a pool's connections may be held by those who may ask
// for another one. The others are held by nobody who waits for one, and so come free.
func holders(size int) int { return max(1, size/2) }

// resize sets the size of the pool. It may be made smaller once.
func (p *Pool) resize(size int) {
	p.SetMaxOpenConns(size)
	p.SetMaxIdleConns(size)
	for range cap(p.places) - holders(size) {
		p.places <- struct{}{}
	}
}

// Hold waits until the caller may hold a connection while asking for another one, as
// snapshots do. It must be called before the first, and release after the last. The error
// is the context's, when that ends first.
func (p *Pool) Hold(ctx context.Context) (release func(), err error) {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	select {
	case p.places <- struct{}{}:
		return func() { <-p.places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
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
func (p *Pool) LeaveConnections(ctx context.Context) (Share, error) {
	share := Share{Asked: p.Stats().MaxOpenConnections}
	err := p.QueryRowContext(ctx, `SELECT @@GLOBAL.max_connections, @@SESSION.max_user_connections`).Scan(&share.Server, &share.Account)
	if err != nil {
		return Share{}, Translate(err)
	}
	if allowed := min(share.Server, orUnlimited(share.Account)); allowed < MinConnections {
		return Share{}, usage.Errorf(usage.Unavailable,
			"the server allows the gateway too few connections: max_connections or max_user_connections is %d, and it needs at least %d",
			allowed, MinConnections)
	}
	share.Connections = max(MinConnections, min(share.Asked, share.Server/2, orUnlimited(share.Account)-besidePool(share.Account)))
	if share.Connections < share.Asked {
		p.resize(share.Connections)
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
func besidePool(account int) int { return min(maxKillers, account/2) }

// Clock returns the database's time.
func (p *Pool) Clock(ctx context.Context) (time.Time, error) {
	var micros int64
	err := p.GetContext(ctx, &micros, `SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3))`)
	return time.UnixMicro(micros).UTC(), Translate(err)
}
