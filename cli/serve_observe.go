package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"aiusage/db"
	"aiusage/gateway"
	"aiusage/observe/audit"
	"aiusage/observe/metrics"
	"aiusage/observe/traces"
	"aiusage/usage"
)

// observeFlags say what is kept of requests.
type observeFlags struct {
	Audit     string        `env:"AIUSAGE_AUDIT" group:"What is kept of requests:" default:"off" placeholder:"FILE" help:"Where to write who has asked for whose usage, a JSON object a line: a file, which is opened anew on SIGHUP; stdout; or off (default: off)."`
	SlowQuery time.Duration `env:"AIUSAGE_SLOW_QUERY" group:"What is kept of requests:" default:"5s" placeholder:"DURATION" help:"From how long on a request is logged with the statements that it took and how its reports were put together; 0 means never (default: 5s)."`
}

// The values of --audit that are no files.
const (
	auditOff    = "off"
	auditStdout = "stdout"
)

// observe makes the flags a part of a gateway's configuration. end writes what is still to
// be written.
func (f observeFlags) observe(ctx context.Context, p *process, settings *gateway.Config) (end func(), err error) {
	settings.Metrics, settings.SlowQuery = metrics.New(), f.SlowQuery
	if settings.Traces, err = traces.Start(ctx, os.Getenv, p.log); err != nil {
		return nil, usage.Errorf(usage.InvalidArgument, "%v", err)
	}
	endAudit, err := f.openAudit(ctx, p, settings)
	end = func() {
		endAudit()
		if err := settings.Traces.Close(); err != nil {
			p.log.Warn("the last traces may be lost", "error", err)
		}
	}
	if err != nil {
		end()
	}
	return end, err
}

// openAudit is observe for the audit.
func (f observeFlags) openAudit(ctx context.Context, p *process, settings *gateway.Config) (end func(), err error) {
	options := audit.Options{Failed: settings.Metrics.AuditFailed, Log: p.log}
	switch f.Audit {
	case auditOff, "":
		return func() {}, nil
	case auditStdout:
		settings.Audit = audit.To(unwatched(p.stdout), options) // which says itself what it cannot write
		p.stdout = p.stderr                                     // nothing else may be between the lines
		return func() { closeAudit(p, settings.Audit) }, nil
	}
	if settings.Audit, err = audit.Open(f.Audit, options); err != nil {
		return func() {}, usage.Errorf(usage.InvalidArgument, "--audit cannot be opened: %v; a file named stdout or off is written ./stdout or ./off", err)
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, stop := context.WithCancel(ctx)
	go func() {
		for {
			select {
			case <-hangups:
				settings.Audit.Reopen()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		stop()
		closeAudit(p, settings.Audit)
	}, nil
}

func closeAudit(p *process, log *audit.Log) {
	if err := log.Close(); err != nil {
		p.log.Error("the end of the audit may be lost", "error", err)
	}
}

// watchDatabase has metrics tell of a database and of what is done in it.
func watchDatabase(to *metrics.Metrics, traced *traces.Traces, store *database, aside bool) {
	store.OnFold, store.OnCorrect = func(changes int, took time.Duration) {
		to.Folded(changes, took)
		traced.Folded(changes, took)
	}, to.Corrected
	to.Register(metrics.Database{Version: store.SchemaVersion, Connections: func() metrics.Connections { return connectionsOf(store.PoolStats()) }})
	if aside {
		to.Register(metrics.Readers{Used: store.ReadsAside, Connections: func() metrics.Connections { return connectionsOf(store.PoolStatsAside()) }})
	}
}

// connectionsOf is how a pool is used.
func connectionsOf(now db.PoolStats) metrics.Connections {
	return metrics.Connections{
		Max: now.MaxOpenConnections, InUse: now.InUse, Idle: now.Idle,
		Waits: now.WaitCount, Waited: now.WaitDuration,
		ClosedIdle: now.MaxIdleClosed + now.MaxIdleTimeClosed, ClosedLifetime: now.MaxLifetimeClosed,
		Snapshots: now.Holders, MaxSnapshots: now.HoldersMax, WaitingSnapshots: now.Waiting,
	}
}
