package observe

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// TracerName is what the gateway's spans are made by.
const TracerName = "aiusage"

// Span is a part of a request, for whoever collects traces. A nil Span is one that nobody
// collects, and costs next to nothing.
type Span struct{ span trace.Span }

// Begin begins a part of what the span of a context is about. Where there is none, nobody
// collects traces, and nothing is made. It must be ended.
func Begin(ctx context.Context, name string) (context.Context, *Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, nil
	}
	ctx, span := parent.TracerProvider().Tracer(TracerName).Start(ctx, name)
	return ctx, &Span{span}
}

// Text adds an attribute, unless it is empty.
func (s *Span) Text(name, value string) {
	if s != nil && value != "" {
		s.span.SetAttributes(attribute.String(name, value))
	}
}

// Number adds an attribute.
func (s *Span) Number(name string, value int64) {
	if s != nil {
		s.span.SetAttributes(attribute.Int64(name, value))
	}
}

// Fail marks the part as failed, by a kind of error. Its text stays in the log: it may have
// values in it.
func (s *Span) Fail(kind string) {
	if s != nil {
		s.span.SetAttributes(attribute.String("error.type", kind))
		s.span.SetStatus(codes.Error, kind)
	}
}

// End ends the part.
func (s *Span) End() {
	if s != nil {
		s.span.End()
	}
}
