// Package observe holds what is seen of a request while it is answered. The doors hand
// values to the Record that a context carries, and whatever writes the log, the metrics and
// the audit reads it once the answer has ended. Nothing here changes an answer.
package observe

import (
	"context"
	"slices"
	"sync"
	"time"
)

// The most that is kept of one request, so that no request makes its own record large.
const (
	maxQuestions  = 200
	maxIDs        = 5000
	maxCodes      = 10
	maxStatements = 50
	maxPlans      = 10
	maxLoads      = 1000
	longestName   = 100
)

// Seen is what has been seen of a request, or of one operation on a stream.
type Seen struct {
	// ID is the request's id, and Trace that of the caller's trace (W3C), or empty.
	ID, Trace string
	// Method and Path are those of HTTP. The query string is never kept.
	Method, Path string
	// Principal is who asked, and Credential by what they were known (auth.CredentialOf).
	// Empty while nobody is known.
	Principal, Credential string
	// Tried is whose credentials were refused, where that is known.
	Tried string
	// Address is the client's, behind proxies that are trusted.
	Address string
	// Door is by what way it was asked, Operation what was asked for there, by a name that
	// the caller may have chosen, and Kind its kind in GraphQL.
	Door, Operation, Kind string
	// Document is the SHA-256 of a GraphQL document, in hexadecimal.
	Document string
	// HasBegun tells that the sink has been told of its beginning.
	HasBegun bool
	// IsStream tells that an answer has no end of its own: its duration is the caller's.
	IsStream bool
	// IsChild tells an operation on a WebSocket from the request that began that.
	IsChild bool
	// Codes are those of the errors in the answer, each once, by their names in GraphQL.
	Codes []string
	// Limits are those that were reached, each once.
	Limits []string
	// Questions are what was asked about, each once, and MoreQuestions how many others.
	Questions     []Question
	MoreQuestions int
	// Statements are what was asked of the database, by their names.
	Statements []Statement
	// Plans say how reports were put together, each once.
	Plans []string
	// Loads are the sizes of the batches in which loaders read.
	Loads []Load
	// Waited is how long the answer had to wait for its turn, altogether.
	Waited time.Duration
	// Status and Bytes are those of the answer.
	Status int
	Bytes  int64
	// IsCut tells that the connection was cut in the middle of the answer, and IsGone that
	// the caller had left by its end.
	IsCut, IsGone bool
	Started       time.Time
	Duration      time.Duration
}

// Question is what somebody asked about, with every value resolved.
type Question struct {
	// About is usage, accounts or customers.
	About string
	// Accounts and Customers are the ids that it is narrowed to: nil for all that its asker
	// may see. Beyond 5,000 of a request they are cut, which Cut tells.
	Accounts, Customers []string
	Cut                 bool
	// From and To are the range, zero where it is open.
	From, To time.Time
	// Refused tells that it was refused, because its asker may not see that.
	Refused bool
}

// Statement is what statements of one name were in a request.
type Statement struct {
	Name string
	// Times is how often it was run, Rows how many rows were read, all together.
	Times int
	Rows  int64
	Took  time.Duration
}

// Load is one batch of a loader.
type Load struct {
	Loader string
	Size   int
}

// Rows returns how many rows were read from the database.
func (s *Seen) Rows() (rows int64) {
	for _, one := range s.Statements {
		rows += one.Rows
	}
	return rows
}

// Sink is told of what has been seen.
type Sink interface {
	// Began is called when something that lasts has been asked for: a subscription.
	Began(ctx context.Context, seen Seen)
	// Ended is called when a request, or an operation on a WebSocket, is over.
	Ended(ctx context.Context, seen Seen)
}

// Record collects what is seen of a request. A nil Record collects nothing. It is safe for
// concurrent use.
type Record struct {
	sink Sink

	id, trace, address string

	mu   sync.Mutex
	seen Seen
	over bool
}

// NewRecord begins a record, of which the sink is told.
func NewRecord(sink Sink, seen Seen) *Record {
	return &Record{sink: sink, id: seen.ID, trace: seen.Trace, address: seen.Address, seen: seen}
}

// IDs returns the request's id, and that of its trace; each may be empty.
func (r *Record) IDs() (request, trace string) {
	if r == nil {
		return "", ""
	}
	return r.id, r.trace
}

// Address returns the client's, behind proxies that are trusted, or "".
func (r *Record) Address() string {
	if r == nil {
		return ""
	}
	return r.address
}

type recordKey struct{}

// NewContext returns a context that carries the record.
func NewContext(ctx context.Context, record *Record) context.Context {
	return context.WithValue(ctx, recordKey{}, record)
}

// From returns the record of a context, which is nil where it carries none.
func From(ctx context.Context) *Record {
	record, _ := ctx.Value(recordKey{}).(*Record)
	return record
}

// note changes what has been seen.
func (r *Record) note(change func(*Seen)) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		change(&r.seen)
	}
}

// Seen returns a copy of what has been seen so far.
func (r *Record) Seen() Seen {
	if r == nil {
		return Seen{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen.clone()
}

func (s *Seen) clone() Seen {
	copied := *s
	copied.Codes, copied.Limits = slices.Clone(s.Codes), slices.Clone(s.Limits)
	copied.Questions, copied.Statements = slices.Clone(s.Questions), slices.Clone(s.Statements)
	copied.Plans, copied.Loads = slices.Clone(s.Plans), slices.Clone(s.Loads)
	return copied
}

// Operation begins a record of its own for an operation on a stream, with what is known of
// the stream. end tells the sink of it.
func Operation(ctx context.Context) (_ context.Context, end func()) {
	parent := From(ctx)
	if parent == nil {
		return ctx, func() {}
	}
	of := parent.Seen()
	child := NewRecord(parent.sink, Seen{
		ID: of.ID, Trace: of.Trace, Method: of.Method, Path: of.Path, Principal: of.Principal, Credential: of.Credential,
		Address: of.Address, Door: of.Door, Status: of.Status, IsChild: true, Started: time.Now(),
	})
	ctx = NewContext(ctx, child)
	return ctx, func() { child.End(ctx) }
}

// End tells the sink that all is over, once.
func (r *Record) End(ctx context.Context) {
	if r == nil {
		return
	}
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return
	}
	r.over = true
	r.seen.Duration = time.Since(r.seen.Started)
	r.seen.IsGone = ctx.Err() == context.Canceled
	seen := r.seen.clone()
	r.mu.Unlock()
	r.sink.Ended(ctx, seen)
}

// appendOnce appends what is new, up to so many.
func appendOnce[T comparable](list []T, one T, most int) []T {
	if len(list) >= most || slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}
