package pool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"aiusage/db/member"
	"aiusage/usage"
)

// How many connections end abandoned statements at a time, beside those of the
// pool, and how long one may take.
const (
	maxKillers   = 4
	killPatience = 5 * time.Second
)

// killer makes connections that end on the server, too, what a context ends here.
// The driver then closes its connection, which a server at work does not notice.
//
// It also drops the connections of the pool when a server says that it is read-only:
// after a fail-over, the address may lead to another one.
type killer struct {
	hosts  *hosts
	places chan struct{}
	// era counts how often the connections made so far were dropped, and dropped is
	// when, in nanoseconds since 1970.
	era, dropped atomic.Int64
	// observer is told of the pool's statements. It may be nil.
	observer Observer
	// lookout knows what servers are. ownTables: the gateway's tables are a replica's own.
	// staleReads: nobody waits for what other nodes have written. reading: nothing is written.
	lookout               lookout
	ownTables, staleReads bool
	reading               bool

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

func newKiller(hosts *hosts, options Options) *killer {
	return &killer{hosts: hosts, places: make(chan struct{}, maxKillers), observer: options.Observer,
		ownTables: options.OwnTables, staleReads: options.StaleReads, reading: options.Reading}
}

// connection is what the driver's connections can do.
type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// Driver is the driver of the connections.
func (k *killer) Driver() driver.Driver { return k.hosts.all[0].settler.Driver() }

// triesForAnother is how many connections are opened where the server that one leads to may not be
// used: behind an address there may be others.
const triesForAnother = 3

// connectTo opens a connection to a server that the DSN names, or to one of those behind it.
func (k *killer) connectTo(ctx context.Context, to *host) (conn *killable, err error) {
	for range triesForAnother {
		if conn, err = k.connectOnce(ctx, to); !isRefusal(err) && !HasNumber(err, ErUnknownCommand) {
			break
		}
	}
	return conn, err
}

func (k *killer) connectOnce(ctx context.Context, to *host) (*killable, error) {
	era := k.era.Load()
	conn, place, err := k.open(ctx, to)
	if err != nil {
		return nil, err
	}
	found, err := k.admit(ctx, conn, place)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &killable{connection: conn, killer: k, host: to, place: place, era: era, member: found}, nil
}

// dropEvery bounds how often all connections are dropped: a server may be read-only
// for good.
const dropEvery = time.Minute

// dropAll drops the connections that have been made so far.
func (k *killer) dropAll() {
	last, now := k.dropped.Load(), time.Now().UnixNano()
	if now-last >= int64(dropEvery) && k.dropped.CompareAndSwap(last, now) {
		k.era.Add(1)
	}
}

// open opens a connection and asks where it has come out.
func (k *killer) open(ctx context.Context, to *host) (connection, place, error) {
	opened, set, err := to.settler.connect(ctx)
	if err != nil {
		return nil, place{}, err
	}
	conn, ok := opened.(connection)
	if !ok {
		return nil, place{}, errors.Join(fmt.Errorf("the driver's %T lacks a method", opened), opened.Close())
	}
	where, err := placeOf(ctx, conn)
	if err == nil {
		err = to.settler.confirm(ctx, conn, where.build(), set)
	}
	if err != nil {
		return nil, place{}, errors.Join(err, conn.Close())
	}
	return conn, where, nil
}

// end ends a connection on the server, in the background. Failures are ignored:
// the statement then goes on, as it does without this.
func (k *killer) end(victim place, at *host) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return
	}
	k.running.Go(func() { _ = usage.Safely(func() error { return k.kill(victim, at) }) })
}

// kill ends a connection by another one.
func (k *killer) kill(victim place, at *host) error {
	ctx, cancel := context.WithTimeout(context.Background(), killPatience)
	defer cancel()
	select {
	case k.places <- struct{}{}:
		defer func() { <-k.places }()
	case <-ctx.Done():
		return ctx.Err()
	}
	conn, where, err := k.open(ctx, at)
	if err != nil {
		return err
	}
	defer conn.Close()
	if where.canEnd(victim) {
		// The error is that of a connection which has ended by itself.
		_, err = conn.ExecContext(ctx, "KILL "+strconv.FormatUint(victim.id, 10), nil)
	}
	return err
}

// Close waits for what is being ended, killPatience at most. The pool calls it.
func (k *killer) Close() error {
	k.mu.Lock()
	if !k.closed {
		k.closed = true
		k.hosts.close()
	}
	k.mu.Unlock()
	k.running.Wait()
	return nil
}

// killable is a connection of the pool. It remembers the context it was last used
// with, and looks at that when it is closed, which the pool does with a connection
// that is no longer valid. So it costs a statement nothing.
type killable struct {
	connection
	killer *killer
	host   *host
	place  place
	last   context.Context
	// era is when it was made. readOnly: its server does not write.
	era      int64
	readOnly bool
	// member is what its server was when it was set. unfit: the server has become another.
	member member.Member
	unfit  bool
}

// noticed returns the error of a statement, having noticed what it means for the
// connection.
func (c *killable) noticed(err error) error {
	if err != nil && refusesWrites(err) {
		c.readOnly = true
		c.killer.dropAll()
	}
	return c.explainRefusal(err)
}

// IsValid tells the pool, after a use, whether the connection can be used again.
func (c *killable) IsValid() bool {
	return !c.readOnly && !c.unfit && c.era == c.killer.era.Load() && c.connection.IsValid()
}

// ResetSession prepares the connection for another use, before it.
func (c *killable) ResetSession(ctx context.Context) error {
	if !c.IsValid() || !c.isFit(ctx) {
		return driver.ErrBadConn // with any other error the pool would give it out
	}
	return c.connection.ResetSession(ctx)
}

func (c *killable) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	c.last = ctx
	if _, err := c.connection.BeginTx(ctx, options); err != nil {
		return nil, err
	}
	return &transaction{c, ctx, !options.ReadOnly}, nil
}

func (c *killable) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.last = ctx
	made, err := c.connection.PrepareContext(ctx, query)
	if known, ok := made.(statement); ok && err == nil {
		return &prepared{known, c}, nil
	}
	return made, err
}

func (c *killable) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.last = ctx
	ended := c.killer.begin(ctx)
	result, err := c.connection.ExecContext(ctx, query, args)
	if err != driver.ErrSkip { // with which the pool prepares the statement
		ended(0, err)
	}
	return result, c.noticed(err)
}

func (c *killable) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.last = ctx
	ended := c.killer.begin(ctx)
	read, err := c.connection.QueryContext(ctx, query, args)
	if err != nil {
		if err != driver.ErrSkip {
			ended(0, err)
		}
		return nil, c.noticed(err)
	}
	return c.resultOf(read, ended), nil
}

func (c *killable) Close() error {
	// The driver has closed it already when a context ended during a call. One that
	// ended between two calls leaves a connection that is valid.
	abandoned := c.last != nil && c.last.Err() != nil && !c.connection.IsValid()
	err := c.connection.Close()
	if abandoned {
		c.killer.end(c.place, c.host)
	}
	return err
}
