package transport

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/observe"
	"aiusage/usage"
)

// serveEvents answers an operation by server-sent events, in the distinct
// connections mode of the GraphQL over SSE protocol
// (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): each result
// is an event "next", also that of an operation that was refused (errs), and
// "complete" says that there will be no more.
//
// At the end of the gateway the stream ends without "complete", after which
// clients connect again.
func (s *streams) serveEvents(w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor, operation *graphql.OperationContext, errs gqlerror.List) {
	observe.From(r.Context()).At(doorEvents, observe.From(r.Context()).Seen().Operation)
	release, err := s.register(r.Context(), s.access.Who(r.Context()))
	if err != nil {
		WriteError(r.Context(), w, usage.AsError(err))
		return
	}
	defer release()
	if errs == nil && !isQuery(operation) {
		observe.From(r.Context()).Streams(doorEvents)
	}
	events, err := beginEvents(w)
	if err != nil {
		return // the caller has gone
	}
	defer events.end()
	ctx, stop := s.guard(r.Context(), r)
	defer stop()
	ctx, fail := context.WithCancelCause(ctx)
	go func() {
		if err := usage.Safely(func() error { events.beat(ctx.Done(), s.options.Heartbeat); return nil }); err != nil {
			fail(err)
		}
	}()

	failed := errs
	if errs != nil {
		failed = present(ctx, executor, operation, errs).Errors
	} else {
		failed = s.run(ctx, executor, operation, func(answer *graphql.Response) error {
			return events.send("next", func(w io.Writer) { writeAnswer(w, answer) })
		})
	}
	if failed != nil {
		seeErrors(ctx, failed)
		events.send("next", func(w io.Writer) { writeErrorList(w, failed) })
	}
	if failed != nil || ctx.Err() == nil {
		events.send("complete", func(io.Writer) {})
	}
}

// eventWriter writes server-sent events. It is safe for concurrent use.
type eventWriter struct {
	mu      sync.Mutex
	ended   bool
	w       io.Writer
	control *http.ResponseController
}

// beginEvents begins an event stream. The timeouts of the server are for requests
// that come to an end; each event has its own.
func beginEvents(w http.ResponseWriter) (*eventWriter, error) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // a recorder in tests cannot
	header := w.Header()
	header.Set("Content-Type", eventStream+"; charset=utf-8")
	header.Set("X-Accel-Buffering", "no") // nginx would keep events back
	w.WriteHeader(http.StatusOK)
	events := &eventWriter{w: w, control: control}
	return events, events.write([]byte(":\n\n"))
}

// send writes an event whose data are one line.
func (e *eventWriter) send(event string, data func(io.Writer)) error {
	var text bytes.Buffer
	text.WriteString("event: " + event + "\ndata: ")
	data(&text)
	text.WriteString("\n\n")
	return e.write(text.Bytes())
}

func (e *eventWriter) write(text []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return http.ErrBodyNotAllowed
	}
	_ = e.control.SetWriteDeadline(time.Now().Add(writePatience)) // as above
	defer e.control.SetWriteDeadline(time.Time{})                 // over HTTP/2 it would end a stream that is idle, too
	if _, err := e.w.Write(text); err != nil {
		return err
	}
	return e.control.Flush()
}

// end keeps anything more from being written: the writer belongs to the request.
func (e *eventWriter) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = true
}

// beat writes a comment from time to time, until done.
func (e *eventWriter) beat(done <-chan struct{}, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			if e.write([]byte(":\n\n")) != nil {
				return
			}
		}
	}
}
