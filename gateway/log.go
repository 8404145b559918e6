package gateway

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"aiusage/failure"
	"aiusage/usage"
)

type requestIDKey struct{}

// requestIDHeader carries the id by which a request is found in the log.
const requestIDHeader = "X-Request-Id"

// acceptableID is what a request id from outside may look like.
var acceptableID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// withRequestID gives every request an id, the caller's own where that is a
// sensible one, and tells it to the caller.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !acceptableID.MatchString(id) {
			id = rand.Text()
		}
		w.Header().Set(requestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// LogHandler adds the request's id to every record that is logged with its context.
func LogHandler(inner slog.Handler) slog.Handler { return idHandler{inner} }

type idHandler struct{ slog.Handler }

func (h idHandler) Handle(ctx context.Context, record slog.Record) error {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h idHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return idHandler{h.Handler.WithAttrs(attrs)}
}

func (h idHandler) WithGroup(name string) slog.Handler { return idHandler{h.Handler.WithGroup(name)} }

// withLog writes one record per request, without its query string, which may
// hold what belongs in no log. A panic is answered with 500 and logged. An answer whose
// connection is cut before its end says so.
func withLog(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		recorder := &statusRecorder{ResponseWriter: w}
		defer func() {
			fault := recover()
			var cut []any
			if fault == http.ErrAbortHandler {
				defer panic(fault)
				cut = []any{"cut", true}
			} else if fault != nil {
				failure.Log(r.Context(), log, usage.Recovered(fault))
				if recorder.status == 0 {
					http.Error(recorder, "internal error", http.StatusInternalServerError)
				}
			}
			log.InfoContext(r.Context(), "request", append([]any{
				"method", r.Method, "path", r.URL.Path, "status", recorder.status,
				"bytes", recorder.bytes, "duration", time.Since(started).Round(time.Microsecond),
				"remote", r.RemoteAddr}, cut...)...)
		}()
		next.ServeHTTP(recorder, r)
	})
}

// bodyPatience is how long the rest of the body of a refused request may take.
const bodyPatience = time.Second

// statusRecorder remembers what was answered.
type statusRecorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *statusRecorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	if status >= 400 {
		// net/http waits for the rest of the body before it answers. Whoever is
		// refused should not be able to make it wait for long.
		_ = http.NewResponseController(r.ResponseWriter).SetReadDeadline(time.Now().Add(bodyPatience)) // not all writers can
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(data)
	r.bytes += int64(n)
	return n, err
}

// RecordStatus takes the status of an answer that went past this writer: the
// legacy door writes reason phrases of its own on the connection itself.
func (r *statusRecorder) RecordStatus(status int) { r.status = status }

// Unwrap lets http.ResponseController reach the connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
