// Package traces collects traces of requests and hands them to a collector of OpenTelemetry, by
// the variables that all its programs have (docs/traces.md). Without these, there are none.
package traces

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"aiusage/observe"
)

// Traces makes spans. Nil Traces make none. It is safe for concurrent use.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// Start begins to collect traces, where the environment says to whom they go. The error says
// which variable is wrong; a collector that is away is none.
func Start(ctx context.Context, getenv func(string) string, log *slog.Logger) (*Traces, error) {
	exporter, err := exporterOf(ctx, getenv)
	if exporter == nil || err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "aiusage")), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES cannot be read: %w", err)
	}
	otel.SetErrorHandler(&complaints{log: log})
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Traces{provider, provider.Tracer(observe.TracerName)}, nil
}

// exporterOf returns what the variables of the specification name, or nil.
func exporterOf(ctx context.Context, getenv func(string) string) (*otlptrace.Exporter, error) {
	endpoint := cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	switch named := getenv("OTEL_TRACES_EXPORTER"); {
	case getenv("OTEL_SDK_DISABLED") == "true", named == "none", named == "" && endpoint == "":
		return nil, nil
	case named != "" && named != "otlp":
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER is %q; accepted: otlp, none", named)
	}
	switch protocol := cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf"); protocol {
	case "http/protobuf":
		return otlptracehttp.New(ctx)
	case "grpc":
		return otlptracegrpc.New(ctx)
	default:
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q; accepted: http/protobuf, grpc", protocol)
	}
}

// complaints writes to the log what keeps traces from being collected, once a minute at most.
type complaints struct {
	log  *slog.Logger
	last atomic.Int64
}

// Handle implements otel.ErrorHandler.
func (c *complaints) Handle(err error) {
	last, now := c.last.Load(), time.Now().Unix()
	if now-last >= 60 && c.last.CompareAndSwap(last, now) {
		c.log.Warn("traces are lost", "error", err)
	}
}

// endTimeout bounds how long the end of the gateway waits for a collector.
const endTimeout = 5 * time.Second

// Close hands over what has been collected.
func (t *Traces) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// Request begins the span of a request, below that of its caller (W3C Trace Context). It
// returns the id of the trace, "" without traces, and what ends the span with what has been seen.
func (t *Traces) Request(r *http.Request) (ctx context.Context, id string, end func(observe.Seen)) {
	if t == nil {
		return r.Context(), "", func(observe.Seen) {}
	}
	ctx = propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("url.path", r.URL.Path),
		attribute.String("network.protocol.version", fmt.Sprintf("%d.%d", r.ProtoMajor, r.ProtoMinor))))
	return ctx, span.SpanContext().TraceID().String(), func(seen observe.Seen) {
		span.SetName(seen.Method + " " + seen.Door)
		span.SetAttributes(attribute.String("client.address", seen.Address), attribute.Int("http.response.status_code", seen.Status),
			attribute.Int64("http.response.body.size", seen.Bytes), attribute.String("aiusage.door", seen.Door),
			attribute.String("aiusage.request_id", seen.ID), attribute.Float64("aiusage.wait_seconds", seen.Waited.Seconds()))
		if seen.Status >= http.StatusInternalServerError || seen.IsCut {
			kind := fmt.Sprint(seen.Status)
			if len(seen.Codes) > 0 {
				kind = seen.Codes[0]
			}
			span.SetAttributes(attribute.String("error.type", kind))
			span.SetStatus(codes.Error, kind)
		}
		span.End()
	}
}

// Statement is a db.Observer that makes a span of each statement of a request, and tells next.
func Statement(next func(context.Context, string) func(int64, error)) func(context.Context, string) func(int64, error) {
	return func(ctx context.Context, name string) func(int64, error) {
		ended := next(ctx, name)
		_, span := observe.Begin(ctx, name)
		if span == nil {
			return ended
		}
		span.Text("db.system.name", "mysql")
		span.Text("db.query.summary", name)
		return func(rows int64, err error) {
			span.Number("db.response.returned_rows", rows)
			if err != nil {
				span.Fail("sql")
			}
			span.End()
			ended(rows, err)
		}
	}
}

// Folded makes a span of a batch of changes that has been folded into the rollups.
func (t *Traces) Folded(changes int, took time.Duration) {
	if t == nil {
		return
	}
	now := time.Now()
	_, span := t.tracer.Start(context.Background(), "rollup.FoldBatch", trace.WithTimestamp(now.Add(-took)),
		trace.WithAttributes(attribute.Int("aiusage.changes", changes)))
	span.End(trace.WithTimestamp(now))
}
