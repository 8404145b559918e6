// Package pool holds connections to one database: how they are opened and what is set on
// them, how long a caller waits for one, how a statement that nobody waits for any more
// is ended, when a transaction is tried again, and what the errors of servers mean.
package pool

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

// Pool is a pool of connections to one database. It is safe for concurrent use.
type Pool struct {
	*sqlx.DB
	settler *settler
	// places has a place for each that may hold a connection and ask for another.
	places chan struct{}
	// waiting is how many wait for a place.
	waiting atomic.Int64
	// dolt is what IsDolt has found out, nil before.
	dolt atomic.Pointer[bool]
}

// Options tune a Pool.
type Options struct {
	// MaxConnections bounds the pool; a gateway needs MinConnections. 0 means 16.
	MaxConnections int
	// ReadTimeout bounds the wait for each answer of the server, for when it
	// hangs without closing the connection. 0 waits for ever, which is what a
	// migration of a large table needs. A readTimeout in the DSN wins.
	ReadTimeout time.Duration
	// Observer is told of each statement. It may be nil.
	Observer Observer
	// OwnTables tells that the gateway's tables are the server's own, also where the server is a
	// replica. It is for whoever makes them there.
	OwnTables bool
	// StaleReads has nobody wait on a node of a cluster for what others have written before.
	StaleReads bool
	// Reading has nothing be written by the pool, whatever its servers allow. Of several any will do.
	Reading bool
}

// The timeouts of connections when the DSN names none.
const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 30 * time.Second
)

// sqlMode makes the server refuse what it would otherwise change silently.
const sqlMode = "'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"

// Open prepares a pool for a data source name as the go-sql-driver/mysql driver
// defines it ("user:password@tcp(host:3306)/database?tls=true"), in which several hosts
// may stand, with commas between them (hosts.go). It does not
// connect; use PingContext for that. Errors are InvalidArgument and never repeat any
// part of the DSN, since a misplaced character could make the password part of
// what is repeated.
func Open(dsn string, options Options) (*Pool, error) {
	config, err := connectionConfig(dsn, options)
	if err != nil {
		return nil, err
	}
	servers, err := newHosts(config, options.Reading)
	if err != nil {
		return nil, err
	}
	connector := newKiller(servers, options)
	if servers.watched {
		connector.running.Go(connector.watch)
	}
	db := sqlx.NewDb(sql.OpenDB(connector), "mysql")
	// Below the idle timeouts of servers and balancers on the way, so that they
	// do not close a connection that is about to be used.
	db.SetConnMaxIdleTime(time.Minute)
	db.SetConnMaxLifetime(10 * time.Minute)
	size := cmp.Or(options.MaxConnections, defaultConnections)
	pool := &Pool{DB: db, settler: servers.all[0].settler, places: make(chan struct{}, holders(size))}
	pool.resize(size)
	return pool, nil
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
		// Otherwise the charset follows from the collation.
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

// Describe names the server and its version for people, such as "MySQL 9.7.4".
func (p *Pool) Describe(ctx context.Context) (string, error) {
	version, comment, err := p.version(ctx)
	switch {
	case err != nil:
		return "", err
	case strings.Contains(version, "MariaDB"):
		return "MariaDB " + strings.SplitN(version, "-", 2)[0], nil
	case isDolt(comment):
		return "Dolt (speaking MySQL " + version + ")", nil
	}
	return "MySQL " + version, nil
}

// IsDolt tells whether the server is the embedded engine, which it is asked once.
func (p *Pool) IsDolt(ctx context.Context) (bool, error) {
	if known := p.dolt.Load(); known != nil {
		return *known, nil
	}
	_, comment, err := p.version(ctx)
	is := isDolt(comment)
	if err == nil {
		p.dolt.Store(&is)
	}
	return is, err
}

func isDolt(comment string) bool { return strings.Contains(comment, "Dolt") }

func (p *Pool) version(ctx context.Context) (version, comment string, err error) {
	err = p.QueryRowContext(ctx, "SELECT VERSION(), @@version_comment").Scan(&version, &comment)
	return version, comment, Translate(err)
}

// InTransaction runs do in a transaction, again from the start when the server
// chose it as the victim of a deadlock or gave up waiting for a lock.
func (p *Pool) InTransaction(ctx context.Context, do func(*sqlx.Tx) error) error {
	return Retry(ctx, func() error {
		tx, err := p.BeginTxx(ctx, nil)
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return errors.Join(err, IgnoreDone(tx.Rollback()))
		}
		return tx.Commit()
	})
}
