package cli

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"aiusage/db"
	"aiusage/usage"
)

// readersPatience is how long servers for reading are waited for at the start.
const readersPatience = 3 * time.Second

// checkReaders refuses what is no DSN.
func (c serveCommand) checkReaders() error {
	if c.ReaderDSN == "" {
		return nil
	}
	store, err := db.Open(c.ReaderDSN, db.Options{})
	if err != nil {
		return usage.Errorf(usage.InvalidArgument, "--reader-dsn: %s", usage.AsError(err).Message)
	}
	return store.Close()
}

// readAside has usage be read from the servers of --reader-dsn, if there are any, and says in the log
// when that ends and when it goes on. stop is to be called before the store is closed.
func (c serveCommand) readAside(ctx context.Context, log *slog.Logger, store *database, observer db.Observer) (stop func(), err error) {
	if c.ReaderDSN == "" {
		return func() {}, nil
	}
	if err := store.ReadFrom(c.ReaderDSN, c.poolOptions(observer)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	c.shareReaders(ctx, log, store)
	var watching sync.WaitGroup
	watching.Go(func() {
		store.WatchAside(ctx, func(why error) {
			if why == nil {
				log.Info("reports come from the servers of --reader-dsn again")
				return
			}
			_, cause := told(why)
			log.Warn("reports come from the server of --dsn, as those of --reader-dsn cannot be used", "error", why, "cause", cause)
		})
	})
	return func() { cancel(); watching.Wait() }, nil
}

// shareReaders leaves connections of the servers for reading to others, where these allow few. Servers that are
// gone say so later.
func (c serveCommand) shareReaders(ctx context.Context, log *slog.Logger, store *database) {
	ctx, cancel := context.WithTimeout(ctx, readersPatience)
	defer cancel()
	share, err := store.LeaveConnectionsAside(ctx)
	if err == nil && share.Connections < share.Asked {
		log.Warn("fewer connections to the servers of --reader-dsn than --connections says, so that some are left to others",
			"connections", share.Connections, "asked", share.Asked, "max_connections", share.Server, "max_user_connections", share.Account)
	}
}
