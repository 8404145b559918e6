// Package db keeps sessions, names and users in MySQL, MariaDB or whatever else
// speaks their protocol, and reads usage reports from them.
//
// Every exported method returns errors of the domain: *usage.Error where the
// caller or an operator can act on it, anything else being a fault. Instants
// are UTC on the wire and in the tables, with a precision of a millisecond.
package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/usage"
)

// Store is a pool of connections to one database. It is safe for concurrent use.
type Store struct {
	db      *sqlx.DB
	settler *settler
	// known is the state of the rollups as it was last read.
	known atomic.Pointer[rollupState]
	// plain is whether ai_sessions is as the migrations make it, once known.
	plain atomic.Pointer[bool]
	// suspicion is why the rollups may be wrong, if somebody has noticed (suspect).
	suspicion atomic.Pointer[string]
	// folding is how folding goes (keepFolding).
	folding folding
	// snapshots has a place for each that may hold a connection and ask for another.
	snapshots chan struct{}
}

// Options tune a Store.
type Options struct {
	// MaxConnections bounds the pool; a gateway needs LeastConnections. 0 means 16.
	MaxConnections int
	// ReadTimeout bounds the wait for each answer of the server, for when it
	// hangs without closing the connection. 0 waits without end, which is what a
	// migration of a large table needs. A readTimeout in the DSN wins.
	ReadTimeout time.Duration
}

// The timeouts of connections when the DSN names none.
const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 30 * time.Second
)

// sqlMode makes the server refuse what it would otherwise change silently.
const sqlMode = "'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"

// Open prepares a pool for a data source name as the go-sql-driver/mysql driver
// defines it ("user:password@tcp(host:3306)/database?tls=true"). It does not
// connect; use Ping for that. Errors are InvalidArgument and never repeat any
// part of the DSN, since a misplaced character could make the password part of
// what is repeated.
func Open(dsn string, options Options) (*Store, error) {
	config, err := connectionConfig(dsn, options)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, usage.Errorf(usage.InvalidArgument, "the DSN cannot be used: its parameters contradict each other")
	}
	settler := &settler{Connector: connector}
	pool := sqlx.NewDb(sql.OpenDB(newKiller(settler)), "mysql")
	// Below the idle timeouts of servers and balancers on the way, so that they
	// do not close a connection that is about to be used.
	pool.SetConnMaxIdleTime(time.Minute)
	pool.SetConnMaxLifetime(10 * time.Minute)
	most := cmp.Or(options.MaxConnections, usualConnections)
	store := &Store{db: pool, settler: settler, snapshots: make(chan struct{}, holders(most))}
	store.resize(most)
	return store, nil
}

// connectionConfig reads a DSN and settles what must not depend on it.
func connectionConfig(dsn string, options Options) (*mysql.Config, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, usage.Errorf(usage.InvalidArgument, "the DSN cannot be read: %s", describeDSN(dsn))
	}
	if config.DBName == "" {
		return nil, usage.Errorf(usage.InvalidArgument, "the DSN names no database: %s", dsnForm)
	}
	config.ParseTime = true
	config.Loc = time.UTC
	config.MultiStatements = false
	config.AllowAllFiles = false
	config.ClientFoundRows = false
	// Saves the round trip that preparing a statement takes.
	config.InterpolateParams = true
	// The driver would call a read-only server a bad connection (cancel.go does it better).
	config.RejectReadOnly = false
	config.Collation = "utf8mb4_bin"
	config.Logger = silent{}
	config.Timeout = cmp.Or(config.Timeout, dialTimeout)
	config.WriteTimeout = cmp.Or(config.WriteTimeout, writeTimeout)
	config.ReadTimeout = cmp.Or(config.ReadTimeout, options.ReadTimeout)
	config.ColumnsWithAlias = false
	config.CheckConnLiveness = true
	settled := []mysql.Option{mysql.TimeTruncate(0)}
	if strings.Contains(config.FormatDSN(), "charset=") {
		// Otherwise the charset goes without saying.
		settled = append(settled, mysql.Charset("utf8mb4", "utf8mb4_bin"))
	}
	return config, config.Apply(settled...)
}

// silent drops what the driver would write to standard error: it concerns
// broken connections, which come back as errors anyway.
type silent struct{}

func (silent) Print(...any) {}

// dsnForm is what a DSN looks like.
const dsnForm = "it has the form user:password@tcp(host:3306)/database"

// describeDSN says what to do about a DSN that the driver cannot read, in words
// that hold for any, because the driver's own would quote parts of it.
func describeDSN(dsn string) string {
	switch {
	case strings.HasPrefix(dsn, "mysql://"):
		return "it is a URL, but " + dsnForm
	case !strings.Contains(dsn, "/"):
		return "there is no slash before the name of the database; " + dsnForm
	}
	return dsnForm + ", with special characters in parameter values escaped as in a URL"
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return translate(s.db.PingContext(ctx)) }

// Close ends all connections, and the statements that contexts have just ended.
func (s *Store) Close() error { return s.db.Close() }

// Describe names the server and its version for people, such as "MySQL 9.7.4".
func (s *Store) Describe(ctx context.Context) (string, error) {
	var version, comment string
	err := s.db.QueryRowContext(ctx, "SELECT VERSION(), @@version_comment").Scan(&version, &comment)
	if err != nil {
		return "", translate(err)
	}
	if strings.Contains(version, "MariaDB") {
		return "MariaDB " + strings.SplitN(version, "-", 2)[0], nil
	}
	if strings.Contains(comment, "Dolt") {
		return "Dolt (speaking MySQL " + version + ")", nil
	}
	return "MySQL " + version, nil
}

// inTransaction runs do in a transaction, again from the start when the server
// chose it as the victim of a deadlock or gave up waiting for a lock.
func (s *Store) inTransaction(ctx context.Context, do func(*sqlx.Tx) error) error {
	return retry(ctx, func() error {
		tx, err := s.db.BeginTxx(ctx, nil)
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return errors.Join(err, ignoreDone(tx.Rollback()))
		}
		return tx.Commit()
	})
}
