package transport

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/admission"
	"aiusage/observe"
	"aiusage/usage"
	"aiusage/watch"
)

// Access tells who callers are.
type Access interface {
	// CheckOrigin refuses the request of a page that may not use the gateway.
	CheckOrigin(r *http.Request) error
	// Enter returns the context of whoever sent a request, or why they are not let
	// in. It is asked again while a stream lasts, and must not take that for use.
	Enter(r *http.Request) (context.Context, error)
	// Who names whom a context belongs to and what they may see. Two texts that
	// differ are different callers, or one whose access has changed.
	Who(ctx context.Context) string
	// AddressOf names where a request comes from, for bounds on those who are not
	// known.
	AddressOf(r *http.Request) string
}

// StreamOptions bound event streams and WebSockets. 0 means the default of each.
type StreamOptions struct {
	// Max bounds the connections that stream at the same time, and MaxPerCaller those
	// of one caller. As many WebSockets in all, and from one address, may be
	// about to say who they are.
	Max, MaxPerCaller int
	// Operations is the most operations at the same time on one WebSocket.
	Operations int
	// InitPatience is how long a WebSocket may take to say who it is.
	InitPatience time.Duration
	// Recheck is how often the credentials of a stream are checked again.
	Recheck time.Duration
	// Heartbeat is how often something is sent on a stream, so that whatever is in
	// between keeps it open, and so that one that is dead is noticed.
	Heartbeat time.Duration
}

// DefaultStreams are the StreamOptions of those without any.
var DefaultStreams = StreamOptions{
	Max: 1000, MaxPerCaller: 100, Operations: 20, InitPatience: 10 * time.Second, Recheck: 30 * time.Second, Heartbeat: 15 * time.Second,
}

func (o StreamOptions) withDefaults() StreamOptions {
	return StreamOptions{
		Max:          cmp.Or(o.Max, DefaultStreams.Max),
		MaxPerCaller: cmp.Or(o.MaxPerCaller, DefaultStreams.MaxPerCaller),
		Operations:   cmp.Or(o.Operations, DefaultStreams.Operations),
		InitPatience: cmp.Or(o.InitPatience, DefaultStreams.InitPatience),
		Recheck:      cmp.Or(o.Recheck, DefaultStreams.Recheck),
		Heartbeat:    cmp.Or(o.Heartbeat, DefaultStreams.Heartbeat),
	}
}

// writePatience is how long a caller may take to accept what is sent, before the
// stream is given up.
const writePatience = 30 * time.Second

// streams serves what is answered by more than one message.
type streams struct {
	access    Access
	options   StreamOptions
	persisted *persisted
	// timeout bounds the answer to a query.
	timeout time.Duration
	turns   Turns
	// longest is the longest message that a WebSocket takes, in bytes.
	longest int
	log     *slog.Logger

	strangers *strangers

	mu       sync.Mutex
	open     int
	byCaller map[string]int
}

func newStreams(options Options, documents *persisted) *streams {
	return &streams{
		access: options.Access, options: options.Streams, persisted: documents, timeout: options.Timeout, turns: options.Turns,
		longest: options.Limits.Body, log: options.Log, byCaller: map[string]int{},
		strangers: &strangers{max: options.Streams.Max, maxPerAddress: options.Streams.MaxPerCaller},
	}
}

// errTooManyStreams is told to whoever wants one more.
var errTooManyStreams = usage.Errorf(usage.TooManyRequests, "there are too many streams; end one, or try again later")

// register counts one stream until release is called.
func (s *streams) register(ctx context.Context, who string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.open >= s.options.Max:
		observe.From(ctx).Limited("streams")
		return nil, errTooManyStreams
	case s.byCaller[who] >= s.options.MaxPerCaller:
		observe.From(ctx).Limited("streams_per_caller")
		return nil, errTooManyStreams
	}
	s.open++
	s.byCaller[who]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
		if s.byCaller[who]--; s.byCaller[who] == 0 {
			delete(s.byCaller, who)
		}
	}), nil
}

func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open + s.strangers.count()
}

// errEnding is why streams end when the gateway does.
var errEnding = usage.Errorf(usage.Unavailable, "the gateway is ending; connect again")

// guard returns a context for the stream of a caller, whose cause at the end is
// errEnding, or why the caller may not stay.
func (s *streams) guard(ctx context.Context, r *http.Request) (context.Context, context.CancelFunc) {
	who := s.access.Who(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	ended := lifetimeOf(ctx).ended
	go func() {
		select {
		case <-ctx.Done():
		case <-ended:
			cancel(errEnding)
		}
	}()
	go func() {
		ticker := time.NewTicker(s.options.Recheck)
		defer ticker.Stop()
		for failures := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			err := usage.Safely(func() error { return s.recheck(r.WithContext(ctx), who) })
			if failures++; err == nil {
				failures = 0
			}
			_, isPanic := errors.AsType[*usage.Panic](err)
			if isRefusal(err) || isPanic || failures >= recheckTries {
				cancel(err)
				return
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// recheckTries is how often in a row it may not be possible to check credentials,
// before a stream ends. While the database is away, there is nothing new to send.
const recheckTries = 5

// recheck tells why the caller of a stream may not stay, if so.
func (s *streams) recheck(r *http.Request, who string) error {
	entered, err := s.access.Enter(r)
	if err == nil && s.access.Who(entered) != who {
		return usage.Errorf(usage.Unauthenticated, "what you may see has changed; connect again")
	}
	return err
}

// isRefusal tells an answer about credentials from a fault in getting one.
func isRefusal(err error) bool {
	coded, ok := errors.AsType[*usage.Error](err)
	return ok && (coded.Code == usage.Unauthenticated || coded.Code == usage.PermissionDenied)
}

// run executes an operation and sends each of its results, until it ends, ctx
// does, or one cannot be sent. It returns the errors that ended it, if any, as the
// caller should see them.
func (s *streams) run(ctx context.Context, executor graphql.GraphExecutor, operation *graphql.OperationContext, send func(*graphql.Response) error) (failed gqlerror.List) {
	guarded := ctx
	defer func() {
		if fault := recover(); fault != nil {
			failed = present(guarded, executor, operation, gqlerror.List{gqlerror.Wrap(operation.Recover(guarded, fault))}).Errors
		}
	}()
	ctx, caught := watch.Catch(ctx)
	if isQuery(operation) {
		var cancel context.CancelFunc
		ctx, cancel = usage.Bounded(ctx, s.timeout)
		defer cancel()
		turn, err := s.turns(ctx, operation)
		if err != nil {
			return endedBy(guarded, executor, operation, err)
		}
		defer turn.End()
		ctx = admission.NewContext(ctx, turn)
		send = afterRest(turn, send)
	}
	ctx, span := traceOperation(ctx, operation)
	defer func() {
		traceErrors(span, failed)
		span.End()
	}()
	respond, ctx := executor.DispatchOperation(ctx, operation)
	answered := false
	for answer := respond(ctx); answer != nil; answer = respond(ctx) {
		if guarded.Err() != nil { // it is an answer to nobody that asks any more
			return endedBy(guarded, executor, operation, nil)
		}
		answered = true
		seeErrors(ctx, answer.Errors)
		traceErrors(span, answer.Errors)
		if send(inTime(ctx, executor, operation, answer)) != nil {
			return nil
		}
	}
	err := caught()
	if !answered && usage.IsLate(ctx) {
		err = context.DeadlineExceeded
	}
	return endedBy(guarded, executor, operation, err)
}

// endedBy returns what the caller is told of the error that ended an operation, if anything.
func endedBy(guarded context.Context, executor graphql.GraphExecutor, operation *graphql.OperationContext, err error) gqlerror.List {
	if guarded.Err() != nil {
		err = context.Cause(guarded)
	}
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, errEnding) {
		return nil
	}
	return present(guarded, executor, operation, gqlerror.List{gqlerror.Wrap(err)}).Errors
}

// afterRest sends an answer once its place is free for another: how fast it is taken is the
// caller's to say.
func afterRest(turn *admission.Turn, send func(*graphql.Response) error) func(*graphql.Response) error {
	return func(answer *graphql.Response) error {
		turn.Rest(held(answer))
		return send(answer)
	}
}

// present makes of errors what callers see.
func present(ctx context.Context, executor graphql.GraphExecutor, operation *graphql.OperationContext, errs gqlerror.List) *graphql.Response {
	return executor.DispatchError(graphql.WithOperationContext(ctx, operation), firstErrors(errs))
}

// openAccess is the Access of a handler that asks nobody who they are.
type openAccess struct{}

func (openAccess) CheckOrigin(*http.Request) error                { return nil }
func (openAccess) Enter(r *http.Request) (context.Context, error) { return r.Context(), nil }
func (openAccess) Who(context.Context) string                     { return "" }
func (openAccess) AddressOf(*http.Request) string                 { return "" }
