// Package db keeps sessions, names and users in MySQL, MariaDB or whatever else
// speaks their protocol, and reads usage reports from them.
//
// Every exported method returns errors of the domain: *usage.Error where the
// caller or an operator can act on it, anything else being a fault. Instants
// are UTC on the wire and in the tables, with a precision of a millisecond.
package db

import (
	"context"
	"errors"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/check"
	"aiusage/db/identity"
	"aiusage/db/inspect"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/db/rollup"
	"aiusage/db/schema"
	"aiusage/db/sums"
	"aiusage/db/write"
)

// The rooms. Store has their exported methods as its own.
type (
	tables     = schema.Schema
	rollups    = rollup.Rollups
	reader     = read.Servers
	writer     = write.Writer
	identities = identity.Identities
	inspector  = inspect.Inspector
)

// Store keeps everything in one database. It is safe for concurrent use.
type Store struct {
	pool *pool.Pool
	// aside is the pool of the servers that are for reading, or nil.
	aside  *pool.Pool
	phases *phase.Tracker
	*tables
	*rollups
	*reader
	*writer
	*identities
	*inspector
}

// Options tune the pool of connections of a Store.
type Options = pool.Options

// Observer is told of each statement.
type Observer = pool.Observer

// PoolStats are how a pool is used.
type PoolStats = pool.Stats

// Share is how many connections a pool has where the server allows few.
type Share = pool.Share

// What the methods take and return.
type (
	Migration      = schema.Migration
	Undone         = schema.Undone
	RollupStatus   = rollup.Status
	CalendarStatus = rollup.CalendarStatus
	Difference     = check.Difference
	CheckProgress  = check.CheckProgress
	Written        = write.Written
	Freshness      = read.Freshness
	Contents       = inspect.Contents
)

// The tables in which there are sums of customers and of everybody. Others have those of
// accounts.
const (
	CustomersTable = sums.Customers
	TotalsTable    = sums.Totals
)

// ArgDrop is the argument of Rollback that names tables to drop.
const ArgDrop = schema.ArgDrop

// What reports are read from.
const (
	Raw     = phase.Raw
	Filling = phase.Filling
	Ready   = phase.Ready
)

// NewestSchema is the version of the schema that this gateway was built for.
func NewestSchema() (int64, error) { return schema.NewestVersion() }

// MinConnections is the smallest pool that a gateway can work with.
const MinConnections = pool.MinConnections

// Open prepares a pool for a data source name as the go-sql-driver/mysql driver
// defines it ("user:password@tcp(host:3306)/database?tls=true"). It does not
// connect; use Ping for that. Errors are InvalidArgument and never repeat any
// part of the DSN.
func Open(dsn string, options Options) (*Store, error) {
	connections, err := pool.Open(dsn, options)
	if err != nil {
		return nil, err
	}
	levels, hours := phase.NewTracker(connections, phase.Levels), phase.NewTracker(connections, phase.Hours)
	return &Store{
		pool:       connections,
		phases:     levels,
		tables:     schema.New(connections, levels, hours),
		rollups:    rollup.New(connections, levels, hours),
		reader:     read.NewServers(read.New(connections, levels, hours)),
		writer:     write.New(connections, levels, hours),
		identities: identity.New(connections),
		inspector:  inspect.New(connections),
	}, nil
}

// ReadFrom has usage and names be read on the servers of another DSN, while these can be used, which
// WatchAside looks at. They have to have what is written to the store's own. It is to be called before anything
// is asked, and does not connect.
func (s *Store) ReadFrom(dsn string, options Options) error {
	options.Reading = true
	connections, err := pool.Open(dsn, options)
	if err != nil {
		return err
	}
	s.aside = connections
	s.ReadAside(read.New(connections, phase.NewTracker(connections, phase.Levels), phase.NewTracker(connections, phase.Hours)))
	return nil
}

// Addresses are those of the servers that a DSN names, of which there may be several.
func Addresses(dsn *mysql.Config) []string { return pool.Addresses(dsn) }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return pool.Translate(s.pool.PingContext(ctx)) }

// Close ends all connections, and the statements that contexts have just ended.
func (s *Store) Close() error {
	if s.aside == nil {
		return s.pool.Close()
	}
	return errors.Join(s.aside.Close(), s.pool.Close())
}

// Describe names the server and its version for people, such as "MySQL 9.7.4".
func (s *Store) Describe(ctx context.Context) (string, error) { return s.pool.Describe(ctx) }

// Clock returns the database's time.
func (s *Store) Clock(ctx context.Context) (time.Time, error) { return s.pool.Clock(ctx) }

// LeaveConnections makes the pool smaller where others would get no connection
// (pool.Pool.LeaveConnections).
func (s *Store) LeaveConnections(ctx context.Context) (Share, error) {
	return s.pool.LeaveConnections(ctx)
}

// PoolStats returns how the connections are used.
func (s *Store) PoolStats() PoolStats { return s.pool.PoolStats() }

// LeaveConnectionsAside does so on the servers that are for reading.
func (s *Store) LeaveConnectionsAside(ctx context.Context) (Share, error) {
	return s.aside.LeaveConnections(ctx)
}

// PoolStatsAside returns how the connections to the servers that are for reading are used.
func (s *Store) PoolStatsAside() PoolStats { return s.aside.PoolStats() }

// IsPassing tells whether the database may be there in a moment: it cannot be
// reached, or says so itself.
func IsPassing(err error) bool { return pool.IsPassing(err) }
