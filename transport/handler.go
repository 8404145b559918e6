// Package transport serves GraphQL over HTTP: which requests are taken, how much
// one of them may ask for, and how errors look.
package transport

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"

	"aiusage/admission"
	"aiusage/usage"
)

// Options are how GraphQL is served. The zero value will do.
type Options struct {
	Limits Limits
	// HideSchema refuses introspection to everybody and keeps errors from
	// suggesting names.
	HideSchema bool
	// Documents are registered, to be named instead of sent. It may be nil.
	Documents *Documents
	// OnlyDocuments refuses all others.
	OnlyDocuments bool
	// Access tells who callers are. nil takes the context of each request for that
	// of its caller.
	Access  Access
	Streams StreamOptions
	// Timeout bounds the whole answer to a query: reading it, putting it together and
	// handing it over. 0 means no bound. Streams are bounded by each of their events.
	Timeout time.Duration
	// Turns has an answer wait for its turn. It is asked before anything is read, without an
	// operation where only a condition is looked at. nil lets all begin at once. What reads
	// the events of subscriptions waits by itself.
	Turns Turns
	// Batches has a batch wait until its answers may be put together, which takes memory until they have been
	// taken. What is held is released then. nil lets all in at once.
	Batches func(ctx context.Context) (*admission.Hold, error)
	// Conditions tell whether the answer to a GET is still what its caller has. nil means
	// that nobody can.
	Conditions Conditions
	// Extensions run after the handler's own limits.
	Extensions []graphql.HandlerExtension
	// Log receives every error without a code, once. nil discards them.
	Log *slog.Logger
}

// Turns waits for the turn of an answer, which must be ended.
type Turns func(ctx context.Context, operation *graphql.OperationContext) (*admission.Turn, error)

// freely lets all begin at once.
func freely(context.Context, *graphql.OperationContext) (*admission.Turn, error) { return nil, nil }

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.withDefaults()
	o.Streams = o.Streams.withDefaults()
	if o.Turns == nil {
		o.Turns = freely
	}
	if o.Batches == nil {
		o.Batches = func(context.Context) (*admission.Hold, error) { return nil, nil }
	}
	if o.Access == nil {
		o.Access = openAccess{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Handler answers GraphQL by POST and GET, by event streams and by WebSockets.
type Handler struct {
	options   Options
	server    *handler.Server
	persisted *persisted
	streams   *streams
}

// New returns a handler that shows callers "internal error" for every error
// without a code.
func New(schema graphql.ExecutableSchema, options Options) *Handler {
	options = options.withDefaults()
	server := handler.New(schema)
	reader := newReader(types{schema.Schema(), options.HideSchema}, options.Limits, options.Documents)
	documents := newPersisted(reader, options.Documents, options.OnlyDocuments)
	h := &Handler{options: options, server: server, persisted: documents, streams: newStreams(options, documents)}
	server.AddTransport(overWebSocket{h.streams})
	server.AddTransport(overHTTP{h.persisted, h.streams, options.Timeout, options.Turns, options.Batches, options.Conditions, batchesOf(options.Extensions)})
	server.SetQueryCache(fromReader{})
	server.Use(rootGuard{})
	server.Use(subscriptionField{})
	server.Use(limiter{options.Limits, schema})
	server.Use(extension.Introspection{})
	for _, one := range options.Extensions {
		server.Use(one)
	}
	server.SetErrorPresenter(presenter(options.Log))
	server.SetRecoverFunc(func(_ context.Context, fault any) error { return usage.Recovered(fault) })
	return h
}

// batchesOf returns the extensions that hold the answers to a batch together.
func batchesOf(extensions []graphql.HandlerExtension) (batches []BatchExtension) {
	for _, one := range extensions {
		if batch, ok := one.(BatchExtension); ok {
			batches = append(batches, batch)
		}
	}
	return batches
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private, no-store")
	r.Body = http.MaxBytesReader(w, r.Body, int64(h.options.Limits.Body))
	h.server.ServeHTTP(w, r)
}

// Stats are counts for the operator.
type Stats struct {
	// PersistedHits and PersistedMisses count requests that named their document,
	// ever.
	PersistedHits, PersistedMisses int64
	// Streams are the event streams and WebSockets of this moment.
	Streams int
}

// Stats returns what the handler has done so far.
func (h *Handler) Stats() Stats {
	return Stats{
		PersistedHits:   h.persisted.hits.Load(),
		PersistedMisses: h.persisted.misses.Load(),
		Streams:         h.streams.count(),
	}
}
