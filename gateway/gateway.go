// Package gateway puts the HTTP service together: which path leads to which
// door, what surrounds them all, and how the service starts and ends.
package gateway

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"aiusage/admission"
	"aiusage/auth"
	"aiusage/legacy"
	"aiusage/observe/audit"
	"aiusage/observe/metrics"
	"aiusage/observe/traces"
	"aiusage/resolvers"
	"aiusage/status"
	"aiusage/transport"
	"aiusage/usage"
	"aiusage/watch"
	"aiusage/web"
)

// The paths of the gateway. The legacy door has its own.
const (
	GraphQLPath  = "/graphql"
	QueryPath    = "/query" // another name for GraphQLPath
	GraphiQLPath = "/graphiql"
	LoginPath    = "/login"
	HealthPath   = "/healthz"
	ReadyPath    = "/readyz"
	MetricsPath  = "/metrics"
	StatusPath   = "/status.json"
	LegacyPath   = "/ai/usage"
	ExportPath   = "/export/" // followed by usage.csv, usage.json or usage.ndjson
	MCPPath      = "/mcp"
)

// Store is what the gateway needs of a database.
type Store interface {
	resolvers.Reader
	auth.Store
	// Accounts returns accounts by id, or all when ids is nil.
	Accounts(ctx context.Context, ids []string) ([]usage.Account, error)
	Ping(ctx context.Context) error
	CheckSchema(ctx context.Context) error
}

// Config is what a gateway is made of.
type Config struct {
	Store Store
	// Zone is where days without a time zone are understood. nil means UTC.
	Zone *time.Location
	// QueryTimeout bounds how long an answer may take, from when who asks is known until
	// its last byte is written. 0 means no bound.
	QueryTimeout time.Duration
	// Turns bound what is worked on at a time. Their observer is Metrics.
	Turns admission.Options
	// Auth tunes who is let in. Its log is Log.
	Auth auth.Options
	// AllowedOrigins are the origins, as scheme://host[:port], whose pages may
	// read answers and send a signed-in browser's requests.
	AllowedOrigins []string
	// OpenSchema lets anybody see GraphiQL and ask for the schema. Data always
	// needs somebody who may see it.
	OpenSchema bool
	// HideSchema keeps the schema from everybody, those included who may see all
	// data. OpenSchema means nothing then.
	HideSchema bool
	// Limits are the most that one GraphQL request may ask for.
	Limits transport.Limits
	// PersistedDocuments is a manifest of GraphQL documents (transport.ReadDocuments)
	// that callers may name instead of sending them, or nil.
	PersistedDocuments []byte
	// OnlyPersistedDocuments refuses all others.
	OnlyPersistedDocuments bool
	// Streams bound event streams and WebSockets, and Watch the subscriptions on them.
	Streams transport.StreamOptions
	Watch   watch.Options
	// Pages are the pages for people; those built into the program if nil.
	Pages *web.Pages
	// Rollups tells how the rollups are, for /readyz and /metrics. It may be nil.
	Rollups func(ctx context.Context) (RollupHealth, error)
	Log     *slog.Logger
	// Metrics count what happens, and answer at MetricsPath; nil means new ones.
	Metrics *metrics.Metrics
	// Traces are of requests. They may be nil.
	Traces *traces.Traces
	// Audit keeps who has asked for what. It may be nil.
	Audit *audit.Log
	// SlowQuery is from how long on a request is logged with its statements; 0 means never.
	SlowQuery time.Duration
	// Status tells operators how the rollups are, and Database what server they are on. Without
	// Status there is nothing at StatusPath.
	Status   func(ctx context.Context) (status.Rollups, error)
	Database string
}

// Gateway is the whole gateway as one handler.
type Gateway struct {
	http.Handler
	// Metrics answers at MetricsPath, without asking who asks, and nowhere else. It is
	// for an address that only those reach who may know.
	Metrics http.Handler

	departure *departure
}

// New puts a gateway together. A configuration that cannot be used is an
// InvalidArgument error.
func New(config Config) (*Gateway, error) {
	conditions := newConditions(config.Store, config.Zone)
	config.Auth.Log, config.Auth.TrustedOrigins = config.Log, config.AllowedOrigins
	authenticator, err := auth.NewAuthenticator(config.Store, config.Auth)
	if err != nil {
		return nil, err
	}
	if config.Metrics == nil {
		config.Metrics = metrics.New()
	}
	turns := newTurns(config)
	resolver := turns.resolver
	door := door{authenticator, config.Log, config.Metrics}
	schema := resolver.Schema()
	documents, err := readDocuments(schema, config)
	if err != nil {
		return nil, err
	}
	config.Metrics.Know(documents.OperationNames()...)
	queries := transport.New(schema, transport.Options{
		Limits:        config.Limits,
		HideSchema:    config.HideSchema,
		Documents:     documents,
		OnlyDocuments: config.OnlyPersistedDocuments,
		Access:        door,
		Streams:       config.Streams,
		Timeout:       config.QueryTimeout,
		Turns:         turns.operation,
		Batches:       turns.batch,
		Conditions:    conditions,
		Extensions:    resolver.Extensions(),
		Log:           config.Log,
	})
	graphQL, isSchemaOpen := door.requireUnless(transport.IsWebSocket, queries), config.OpenSchema && !config.HideSchema
	if isSchemaOpen {
		graphQL = door.requireUnless(isOpen, queries)
	}

	leaving := &departure{}
	mux := http.NewServeMux()
	for _, path := range []string{GraphQLPath, QueryPath} {
		mux.Handle(path, atDoor("graphql", "", graphQL))
		mux.Handle(path+"/{$}", atDoor("graphql", "", graphQL)) // clients do not follow a POST that is led elsewhere
	}
	mux.Handle(ExportPath, atDoor("export", "", exports{resolver.Snapshot, turns, newSpools(), conditions, config.Zone, config.QueryTimeout, door}))
	tools := atDoor("mcp", "", transport.Compressing(door.require(newModels(config, turns, door))))
	mux.Handle(MCPPath, tools)
	mux.Handle(MCPPath+"/{$}", tools)
	door.handlePages(mux, cmp.Or(config.Pages, web.Built()), isSchemaOpen)
	mux.Handle("GET "+HealthPath, atDoor("probe", "", http.HandlerFunc(healthy)))
	mux.Handle("GET "+ReadyPath, atDoor("probe", "", ready(config.Store, config.Rollups, leaving)))
	config.Metrics.Register(queryCollector{queries.Stats, resolver.Listeners})
	config.Metrics.Register(turnCollector{turns.control.Stats})
	if config.Rollups != nil {
		config.Metrics.Register(rollupCollector{config.Rollups})
	}
	measured := config.Metrics.Handler()
	mux.Handle("GET "+MetricsPath, atDoor("metrics", "", door.require(door.requireRole(auth.SystemAdministrator, measured))))
	if config.Status != nil {
		state := operatorStatus{config.Status, queries.Stats, config.Database, time.Now().UTC().Truncate(time.Second), config.QueryTimeout, door}
		mux.Handle("GET "+StatusPath, atDoor("status", "", door.require(door.requireRole(auth.SystemAdministrator, state))))
	}
	openMetrics := http.NewServeMux()
	openMetrics.Handle("GET "+MetricsPath, measured)

	// The legacy door takes its paths before the mux sees them, because it does
	// not mind doubled slashes and letter case (facts 1 and 22 of its contract),
	// where the mux would redirect.
	old := legacy.New(legacy.Config{
		Report:       resolver.Report,
		Turn:         turns.requests,
		Authenticate: door.authenticate,
		Timeout:      config.QueryTimeout,
		SignIn:       signIn{authenticator, door, config.Store, config.QueryTimeout},
		Log:          config.Log,
	})
	doors := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if legacy.Serves(r.URL.Path) {
			old.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
	seen := &observer{config.Log, config.Metrics, config.Audit, config.SlowQuery, config.Traces, authenticator}
	return &Gateway{
		Handler:   leaving.within(seen.withRecord(withSecurityHeaders(authenticator, withCORS(config.AllowedOrigins, doors)))),
		Metrics:   openMetrics,
		departure: leaving,
	}, nil
}

// isOpen tells whether a request may pass without credentials where the schema is
// no secret. Those of a WebSocket come later.
func isOpen(r *http.Request) bool { return transport.IsWebSocket(r) || asksForSchemaOnly(r) }

// readDocuments reads the registered documents, if there are any.
func readDocuments(schema graphql.ExecutableSchema, config Config) (*transport.Documents, error) {
	if config.PersistedDocuments == nil {
		return nil, nil
	}
	return transport.ReadDocuments(schema, config.Limits, config.PersistedDocuments)
}

// healthy says that the process is alive.
func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte("ok\n"))
}

// readyTimeout bounds how long the database may take to answer a probe.
const readyTimeout = 2 * time.Second

// ready says whether the gateway can answer reports just now.
func ready(store Store, rollups func(context.Context) (RollupHealth, error), leaving *departure) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if leaving.begun.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			w.Write([]byte("the gateway is about to end\n"))
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		err := store.Ping(ctx)
		if err == nil {
			err = store.CheckSchema(ctx)
		}
		var health RollupHealth
		if err == nil && rollups != nil {
			health, err = rollups(ctx)
		}
		if err == nil {
			err = health.Replica.TooOld
		}
		if err == nil && health.Stuck != "" {
			err = usage.Errorf(usage.Unavailable, "%s; reports are exact, but get slower", health.Stuck)
		}
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			w.Write([]byte(usage.AsError(err).In(usage.Names{}).Message + "\n"))
			return
		}
		w.Write([]byte("ready\n" + health.words()))
	})
}
