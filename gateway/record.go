package gateway

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"regexp"
	"time"

	"aiusage/auth"
	"aiusage/failure"
	"aiusage/observe"
	"aiusage/usage"
)

// requestIDHeader carries the id by which a request is found in the log.
const requestIDHeader = "X-Request-Id"

// acceptableID is what a request id from outside may look like.
var acceptableID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// withRecord gives every request a record with an id, the caller's own where that is a
// sensible one, which the caller is told. A panic is answered with 500 and logged once. An
// answer whose connection is cut before its end is noted as that.
func (o *observer) withRecord(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer o.metrics.Requested()()
		id := r.Header.Get(requestIDHeader)
		if !acceptableID.MatchString(id) {
			id = rand.Text()
		}
		w.Header().Set(requestIDHeader, id)
		traced, trace, endSpan := o.traces.Request(r)
		record := observe.NewRecord(o, observe.Seen{
			ID: id, Trace: cmp.Or(trace, observe.TraceOf(r.Header.Get("Traceparent"))), Method: r.Method, Path: r.URL.Path,
			Address: o.addressOf(r), Door: "other", Started: time.Now(),
		})
		ctx := observe.NewContext(traced, record)
		r = r.WithContext(auth.WithWitness(ctx, witness))
		recorder := &statusRecorder{ResponseWriter: w}
		defer func() {
			fault := recover()
			isCut := fault == http.ErrAbortHandler
			if fault != nil && !isCut {
				err := failure.Log(ctx, o.log, usage.Recovered(fault))
				record.Failed(failure.GraphQLCode(err.Code))
				if recorder.status == 0 {
					http.Error(recorder, "internal error", http.StatusInternalServerError)
				}
			}
			record.Answered(recorder.status, recorder.bytes, isCut)
			endSpan(record.Seen())
			record.End(ctx)
			if isCut {
				panic(fault)
			}
		}()
		next.ServeHTTP(recorder, r)
	})
}

// witness notes a question. Those about names have no range, and no zone to understand one.
func witness(ctx context.Context, query usage.Query, err error) {
	question := observe.Question{About: "usage", Refused: err != nil, From: query.Range.From, To: query.Range.To}
	if query.Zone == nil {
		question.About = "names"
	}
	question.Accounts, question.Customers = query.Accounts, query.CustomerIDs
	if question.Accounts == nil {
		question.Accounts = query.AccountIDs
	}
	if query.AccountID != "" {
		question.Accounts = []string{query.AccountID}
	}
	if query.CustomerID != "" {
		question.Customers = []string{query.CustomerID}
	}
	observe.From(ctx).Asked(ctx, question)
}

// atDoor notes the door of a request, and what is asked for there.
func atDoor(door, operation string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		observe.From(r.Context()).At(door, operation)
		next.ServeHTTP(w, r)
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
