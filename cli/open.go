package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// database is an open database and how to let go of it.
type database struct {
	*db.Store
	// own is true for an embedded database that this process has started.
	own bool
	// shared is true for an embedded database that another process has started.
	shared bool
	// bulk is how rows are best written to it in bulk.
	bulk  bulk
	close func() error
}

// bulk is how many batches are written at the same time, and their size in rows.
type bulk struct{ writers, batch int }

// Measured by bench/load: a server is fastest with a few connections; the
// embedded database writes one statement after the other, and each costs it a
// time that hardly depends on its rows.
var (
	serverBulk   = bulk{writers: 4, batch: 2000}
	embeddedBulk = bulk{writers: 1, batch: 50_000}
)

// errNoDatabase says how to name one.
var errNoDatabase = usage.Errorf(usage.InvalidArgument,
	"no database: set MYSQL_DSN (or --dsn) to user:password@tcp(host:3306)/database, or use the build that has one inside (make run)")

// readTimeout bounds the wait for an answer of a database that hangs, where no
// statement takes that long.
const readTimeout = 5 * time.Minute

// open opens the database for a command that needs what is in it already. A
// folder without a database is an error: zeros would be a wrong answer to
// somebody who is in the wrong folder.
func (p *process) open(ctx context.Context) (*database, error) {
	if err := p.needDatabase(); err != nil {
		return nil, err
	}
	return p.openOrCreate(ctx)
}

// needDatabase is an error where the data folder has no database, and none is named. Looking
// for one would make it.
func (p *process) needDatabase() error {
	if p.hasNoDatabase() {
		return usage.Errorf(usage.NotFound,
			"there is no database in %s: name its folder with --data, or make one with serve or import", p.flags.Data)
	}
	return nil
}

func (p *process) hasNoDatabase() bool {
	return p.flags.DSN == "" && p.embedded != nil && !p.embedded.Has(p.flags.Data)
}

// openOrCreate opens the database for a command that reads or writes usage. The
// schema must be current; that of an embedded database is made so.
func (p *process) openOrCreate(ctx context.Context) (*database, error) {
	store, err := p.connect(ctx, db.Options{ReadTimeout: readTimeout})
	if err != nil {
		return nil, err
	}
	if err := p.settleSchema(ctx, store); err != nil {
		return nil, errors.Join(err, store.close())
	}
	return store, nil
}

// settleSchema upgrades the schema of a database that is the gateway's own, and
// checks that of any other.
func (p *process) settleSchema(ctx context.Context, store *database) error {
	if store.shared {
		return awaitSchema(ctx, store)
	}
	if !store.own {
		return store.CheckSchema(ctx)
	}
	err := store.Migrate(ctx, func(step db.Migration) { p.log.Debug("migrated", "step", step.Name) })
	if err == nil {
		_, err = store.InstallRollups(ctx, nil)
	}
	return err
}

// schemaWait is how long another process may take to make the schema of the
// embedded database that it has just started.
const schemaWait = 30 * time.Second

// awaitSchema checks the schema of a database that another process may be
// preparing.
func awaitSchema(ctx context.Context, store *database) error {
	for deadline := time.Now().Add(schemaWait); ; {
		err := store.CheckSchema(ctx)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// connect opens the database in whatever state its schema is: that of the DSN,
// or the embedded one. Where a gateway runs on the embedded database already,
// its database is shared.
func (p *process) connect(ctx context.Context, options db.Options) (*database, error) {
	if p.flags.DSN != "" {
		return openDSN(p.flags.DSN, options)
	}
	own, err := p.startEmbedded(ctx, options)
	if inUse, ok := errors.AsType[*FolderInUseError](err); ok && inUse.DSN != "" {
		shared, err := openDSN(inUse.DSN, options)
		if err == nil {
			shared.bulk, shared.shared = embeddedBulk, true
		}
		return shared, err
	}
	return own, err
}

// openDSN opens a database that runs elsewhere.
func openDSN(dsn string, options db.Options) (*database, error) {
	store, err := db.Open(dsn, options)
	if err != nil {
		return nil, err
	}
	return &database{Store: store, bulk: serverBulk, close: store.Close}, nil
}

// startEmbedded starts the embedded database on the data folder and opens it.
// The error is a *FolderInUseError when another process has started it.
func (p *process) startEmbedded(ctx context.Context, options db.Options) (*database, error) {
	if p.embedded == nil {
		return nil, errNoDatabase
	}
	running, err := p.embedded.Start(ctx, p.flags.Data)
	if _, inUse := errors.AsType[*FolderInUseError](err); inUse {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("the embedded database in %s cannot start: %w", p.flags.Data, err)
	}
	store, err := db.Open(running.DSN, options)
	if err != nil {
		return nil, errors.Join(err, running.Stop())
	}
	stop := func() error { return errors.Join(store.Close(), running.Stop()) }
	return &database{Store: store, own: true, bulk: embeddedBulk, close: stop}, nil
}
