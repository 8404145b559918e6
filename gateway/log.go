package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"aiusage/auth"
	"aiusage/failure"
	"aiusage/observe"
	"aiusage/observe/audit"
	"aiusage/observe/metrics"
	"aiusage/observe/traces"
	"aiusage/usage"
)

// LogHandler adds the request's id, and that of its trace, to every record that is logged
// with its context.
func LogHandler(inner slog.Handler) slog.Handler { return idHandler{inner} }

type idHandler struct{ slog.Handler }

func (h idHandler) Handle(ctx context.Context, record slog.Record) error {
	id, trace := observe.From(ctx).IDs()
	if id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	if trace != "" {
		record.AddAttrs(slog.String("trace_id", trace))
	}
	return h.Handler.Handle(ctx, record)
}

func (h idHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return idHandler{h.Handler.WithAttrs(attrs)}
}

func (h idHandler) WithGroup(name string) slog.Handler { return idHandler{h.Handler.WithGroup(name)} }

var _ observe.Sink = (*observer)(nil)

// observer hands what has been seen of a request to the log, the metrics and the audit.
type observer struct {
	log     *slog.Logger
	metrics *metrics.Metrics
	// audit may be nil.
	audit *audit.Log
	// slow is from when on a request is logged with its statements; 0 means never.
	slow time.Duration
	// traces may be nil.
	traces *traces.Traces
	// client tells where requests come from.
	client *auth.Authenticator
}

func (o *observer) addressOf(r *http.Request) string {
	if o.client == nil {
		return r.RemoteAddr
	}
	return o.client.ClientOf(r)
}

// Began takes the beginning of a subscription.
func (o *observer) Began(_ context.Context, seen observe.Seen) { o.audit.Began(seen) }

// Ended takes a request, or an operation on a WebSocket, that is over. Nothing that goes
// wrong here reaches whoever asked.
func (o *observer) Ended(ctx context.Context, seen observe.Seen) {
	err := usage.Safely(func() error {
		o.metrics.Ended(seen)
		o.audit.Ended(seen)
		o.write(ctx, seen)
		return nil
	})
	if err != nil {
		failure.Log(ctx, o.log, err)
	}
}

// write writes the one record of a request, without its query string, which may hold what
// belongs in no log.
func (o *observer) write(ctx context.Context, seen observe.Seen) {
	message := "request"
	if seen.IsChild {
		message = "operation"
	}
	o.log.LogAttrs(ctx, levelOf(seen), message, attributes(seen)...)
	if o.slow > 0 && seen.Duration >= o.slow && !seen.IsStream {
		o.log.LogAttrs(ctx, slog.LevelWarn, "slow "+message, slownessOf(seen)...)
	}
}

// levelOf is what an answer is to an operator: an error of theirs, which was logged on its own
// as what it is, or none. A caller who hangs up is none.
func levelOf(seen observe.Seen) slog.Level {
	if !seen.IsGone && slices.ContainsFunc(seen.Codes, isOperators) {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// isOperators tells whether a code is for an operator to do something about.
func isOperators(code string) bool {
	for _, one := range []usage.Code{usage.Internal, usage.Unavailable, usage.Stale, usage.Timeout} {
		if code == failure.GraphQLCode(one) {
			return true
		}
	}
	return false
}

// attributes returns what the record of a request has. What is empty is left out.
func attributes(seen observe.Seen) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("method", seen.Method), slog.String("path", seen.Path), slog.Int("status", seen.Status),
		slog.Int64("bytes", seen.Bytes), slog.Duration("duration", seen.Duration.Round(time.Microsecond)),
		slog.String("address", seen.Address), slog.String("door", seen.Door),
	}
	text := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	text("principal", seen.Principal)
	text("credential", seen.Credential)
	text("operation", seen.Operation)
	text("kind", seen.Kind)
	text("document", seen.Document)
	if seen.Waited >= time.Millisecond {
		attrs = append(attrs, slog.Duration("wait", seen.Waited.Round(time.Microsecond)))
	}
	if len(seen.Statements) > 0 {
		attrs = append(attrs, slog.Int64("rows", seen.Rows()))
	}
	if len(seen.Codes) > 0 {
		attrs = append(attrs, slog.String("code", seen.Codes[0]))
	}
	if len(seen.Codes) > 1 {
		attrs = append(attrs, slog.Any("codes", seen.Codes))
	}
	if len(seen.Limits) > 0 {
		attrs = append(attrs, slog.Any("limits", seen.Limits))
	}
	if seen.IsCut {
		attrs = append(attrs, slog.Bool("cut", true))
	}
	if seen.IsGone {
		attrs = append(attrs, slog.Bool("gone", true))
	}
	return attrs
}

// slownessOf returns where the time of a request went.
func slownessOf(seen observe.Seen) []slog.Attr {
	var inDatabase time.Duration
	statements := make([]string, 0, len(seen.Statements))
	for _, one := range seen.Statements {
		inDatabase += one.Took
		statements = append(statements, fmt.Sprintf("%s: %d times, %d rows, %v", one.Name, one.Times, one.Rows, one.Took.Round(time.Microsecond)))
	}
	attrs := []slog.Attr{slog.Duration("duration", seen.Duration.Round(time.Microsecond)), slog.Duration("sql", inDatabase.Round(time.Microsecond)),
		slog.Any("statements", statements), slog.Any("plans", seen.Plans)}
	if seen.Operation != "" {
		attrs = append(attrs, slog.String("operation", seen.Operation))
	}
	if seen.Document != "" {
		attrs = append(attrs, slog.String("document", seen.Document))
	}
	return attrs
}
