package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"syscall"
	"time"

	"aiusage/db"
	"aiusage/gateway"
	"aiusage/observe/traces"
	"aiusage/usage"
)

type serveCommand struct {
	Listen        string        `env:"AIUSAGE_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"The address to answer on; port 0 takes a free one (default: 127.0.0.1:8080)."`
	MetricsListen string        `env:"AIUSAGE_METRICS_LISTEN" placeholder:"HOST:PORT" help:"Another address, on which /metrics answers without asking for credentials, in plain text, and nothing else does."`
	TimeZone      string        `env:"AIUSAGE_TIME_ZONE" default:"UTC" placeholder:"ZONE" help:"The IANA time zone of days in requests that name none (default: UTC)."`
	QueryTimeout  time.Duration `env:"AIUSAGE_QUERY_TIMEOUT" default:"1m" placeholder:"DURATION" help:"How long an answer may take, from reading the database to handing over its last byte; 0 means without end (default: 1m)."`
	DatabaseWait  time.Duration `env:"AIUSAGE_DATABASE_WAIT" default:"30s" placeholder:"DURATION" help:"How long to wait at the start for a database that cannot be reached, or takes no more connections (default: 30s)."`
	Drain         time.Duration `env:"AIUSAGE_DRAIN" default:"0s" placeholder:"DURATION" help:"How long to go on answering after the signal to end, while /readyz says 503, so that whoever shares out requests among gateways can notice (default: 0s)."`
	Connections   int           `env:"AIUSAGE_CONNECTIONS" default:"16" placeholder:"N" help:"The most connections to the database, at least 2 (default: 16). Where the server allows few, half of them are left to others."`
	CausalReads   string        `env:"AIUSAGE_CAUSAL_READS" default:"auto" enum:"auto,off" help:"Whether answers on a node of a Galera cluster, or a member of a group, wait for what was written on others before: auto, or off, which is faster and may be behind (default: auto)."`
	MaxStaleness  time.Duration `env:"AIUSAGE_MAX_STALENESS" default:"0s" placeholder:"DURATION" help:"How far a replica may be behind its primary before answers are refused (503, STALE), as they are where that is not known; 0 means as far as it likes (default: 0s)."`
	ReaderDSN     string        `name:"reader-dsn" env:"AIUSAGE_READER_DSN" secret:"" placeholder:"DSN" help:"Servers to read usage and names from, such as replicas, in the form of --dsn; all else is asked of --dsn, and these as well while the readers are gone, or further behind than --max-staleness."`
	NoSample      bool          `env:"AIUSAGE_NO_SAMPLE" help:"Start an empty embedded database empty, without sample data."`
	observeFlags
	graphQLFlags
	turnFlags
	accessFlags
}

// Run runs the gateway until ctx ends.
func (c serveCommand) Run(ctx context.Context, p *process) error {
	settings, certificate, err := c.configuration(p.log)
	if err != nil {
		return err
	}
	endAudit, err := c.observe(ctx, p, &settings)
	if err != nil {
		return err
	}
	defer endAudit()
	// The port is taken first: when it is in use, nothing else is begun. From then on callers are
	// told what is waited for.
	listener, listenErr := net.Listen("tcp", c.Listen)
	if listenErr == nil {
		defer listener.Close()
	}
	metricsListener, err := c.listenForMetrics()
	if err != nil {
		return err
	}
	if metricsListener != nil {
		defer metricsListener.Close()
	}
	front := c.answer(ctx, listener, certificate, p.log)
	defer front.close()
	if p.flags.DSN != "" {
		front.WaitFor("the database")
	}
	store, err := c.openStore(ctx, p, traces.Statement(settings.Metrics.Statement), listenErr)
	if inUse, ok := errors.AsType[*FolderInUseError](err); ok {
		return usage.Errorf(usage.InvalidArgument,
			"the gateway is already running on the data folder %s (%s); stop it first, or choose another folder with --data and another address with --listen",
			inUse.Folder, inUse.Owner())
	}
	if err != nil {
		return err
	}
	if p.flags.DSN != "" {
		c.limitMemory()
	}
	store.MaxStaleness = c.MaxStaleness
	stopReaders, err := c.readAside(ctx, p.log, store, traces.Statement(settings.Metrics.Statement))
	if err != nil {
		return errors.Join(err, store.close())
	}
	watchDatabase(settings.Metrics, settings.Traces, store, c.ReaderDSN != "")
	store.Anticipate()
	settings.Store = store
	settings.OpenSchema = c.opensSchema(store)
	err = c.serve(ctx, p, store, settings, front, listener.Addr(), metricsListener)
	stopReaders()
	return errors.Join(err, store.close())
}

// configuration is what the flags make of a gateway's configuration, without a database. The
// error has all that is wrong with them.
func (c serveCommand) configuration(log *slog.Logger) (gateway.Config, *gateway.CertificateFiles, error) {
	zone, err := usage.LoadZone(usage.ArgTimeZone, c.TimeZone)
	var wrong mistakes
	wrong.note(err)
	wrong.note(c.check())
	settings, err := c.settings(log)
	wrong.note(err)
	wrong.note(c.configure(&settings))
	wrong.note(c.configureTurns(&settings))
	certificate, err := c.certificate(log)
	wrong.note(err)
	settings.Zone, settings.QueryTimeout = zone, c.QueryTimeout
	return settings, certificate, wrong.asError()
}

// minStaleness is the least that a replica may be behind: it hears of its primary's time every
// second.
const minStaleness = 2 * time.Second

// check refuses numbers and addresses that mean nothing.
func (c serveCommand) check() error {
	var wrong mistakes
	if c.Connections < db.MinConnections {
		wrong.note(usage.Errorf(usage.InvalidArgument, "--connections is %d; the gateway needs at least %d: it holds one while it reads one state of the database, and may need another meanwhile",
			c.Connections, db.MinConnections))
	}
	if c.QueryTimeout < 0 || c.DatabaseWait < 0 || c.SlowQuery < 0 || c.Drain < 0 {
		wrong.note(usage.Errorf(usage.InvalidArgument, "--query-timeout, --database-wait, --slow-query and --drain are durations such as 30s, or 0"))
	}
	if c.MaxStaleness != 0 && c.MaxStaleness < minStaleness {
		wrong.note(usage.Errorf(usage.InvalidArgument, "--max-staleness is %s; it is a duration such as 30s, %s at least, since the primary says what time it is every second; or 0", c.MaxStaleness, minStaleness))
	}
	wrong.note(checkAddress("--listen", c.Listen))
	if c.MetricsListen != "" {
		wrong.note(checkAddress("--metrics-listen", c.MetricsListen))
	}
	wrong.note(c.checkReaders())
	return wrong.asError()
}

// poolOptions are those of connections to servers. The observer is told of each statement.
func (c serveCommand) poolOptions(observer db.Observer) db.Options {
	return db.Options{ReadTimeout: readTimeout, MaxConnections: c.Connections, Observer: observer, StaleReads: c.CausalReads == "off"}
}

// openStore opens the database that reports are read from, current schema and
// all, unless listening has failed. That the gateway runs on this folder already
// is the better thing to say then. The observer is told of each statement.
func (c serveCommand) openStore(ctx context.Context, p *process, observer db.Observer, listenErr error) (*database, error) {
	options := c.poolOptions(observer)
	if p.flags.DSN == "" && c.ReaderDSN != "" {
		return nil, usage.Errorf(usage.InvalidArgument, "--reader-dsn names servers beside that of --dsn, which is not given")
	}
	if p.flags.DSN == "" {
		store, err := p.startEmbedded(ctx, options)
		if err != nil {
			return nil, err
		}
		if listenErr != nil {
			return nil, errors.Join(listenError(c.Listen, "--listen", listenErr), store.close())
		}
		if err := CheckPrivate("the password file", filepath.Join(p.flags.Data, signInFile)); err != nil {
			return nil, errors.Join(err, store.close())
		}
		if err := c.prepareOwn(ctx, p, store); err != nil {
			return nil, errors.Join(err, store.close())
		}
		return store, nil
	}
	if listenErr != nil {
		return nil, listenError(c.Listen, "--listen", listenErr)
	}
	store, err := openDSN(p.flags.DSN, options)
	if err != nil {
		return nil, err
	}
	if err := c.await(ctx, p, store); err != nil {
		return nil, errors.Join(err, store.close())
	}
	return store, nil
}

// prepareOwn makes a fresh embedded database worth looking at.
func (c serveCommand) prepareOwn(ctx context.Context, p *process, store *database) error {
	if err := p.settleSchema(ctx, store); err != nil {
		return err
	}
	used, err := store.HasUsers(ctx)
	if err != nil || used {
		return err
	}
	// The administrator comes last and so marks the first start as complete: what
	// began empty stays empty.
	if !c.NoSample {
		if err := p.loadSample(ctx, store); err != nil {
			return err
		}
	}
	return p.createFirstAdministrator(ctx, store)
}

// await waits until the database takes connections and checks its schema.
func (c serveCommand) await(ctx context.Context, p *process, store *database) error {
	deadline := time.Now().Add(c.DatabaseWait)
	for {
		err := store.Ping(ctx)
		if err == nil {
			return store.CheckSchema(ctx)
		}
		if !db.IsPassing(err) || time.Now().After(deadline) {
			return err
		}
		p.log.Warn("waiting for the database", "error", errors.Unwrap(err))
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// serve answers requests until ctx ends.
func (c serveCommand) serve(ctx context.Context, p *process, store *database, settings gateway.Config, front *front, address net.Addr, metricsListener net.Listener) error {
	server, err := store.Describe(ctx)
	if err != nil {
		return err
	}
	share, err := store.LeaveConnections(ctx)
	if err != nil {
		return err
	}
	if share.Connections < share.Asked {
		p.log.Warn("fewer connections to the database than --connections says, so that some are left to others",
			"connections", share.Connections, "asked", share.Asked, "max_connections", share.Server, "max_user_connections", share.Account)
	}
	settings.Rollups, settings.Status, settings.Database = rollupHealth(store), rollupStatus(store), server
	settings.Turns.Answers = c.answersFor(share.Connections)
	handler, err := gateway.New(settings)
	if err != nil {
		return err
	}
	stopRollups, err := p.keepRollups(ctx, store, settings.Zone)
	if err != nil {
		return err
	}
	defer stopRollups()
	// From here on, whoever ends the gateway shuts it down gracefully.
	front.Open(handler)
	p.log.Info("listening", "address", address.String(), "database", server, "tls", c.TLSCert != "")
	c.warnOfPlainText(p.log, address)
	defer serveMetrics(front.answering, metricsListener, handler.Metrics, p.log)()
	p.welcome(ctx, store, front.url)
	err = front.wait()
	p.log.Info("stopped")
	return err
}

// checkAddress refuses an address without a port, for which the system would take any that is free,
// and without a host as well on all addresses of the machine.
func checkAddress(flag, address string) error {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return usage.Errorf(usage.InvalidArgument, "%s %q has to be HOST:PORT, such as 127.0.0.1:8080; port 0 takes a free one", flag, address)
	}
	return nil
}

// listenError says what to do about an address that cannot be listened on.
func listenError(address, flag string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return usage.Errorf(usage.InvalidArgument,
			"%s is in use by another program, maybe another gateway; stop that, or choose another address with %s", address, flag)
	}
	return fmt.Errorf("cannot listen on %s: %w", address, err)
}
