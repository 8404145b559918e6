package transport

import (
	"context"
	"encoding/json"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/failure"
	"aiusage/observe"
	"aiusage/usage"
)

// operation is one that runs.
type operation struct{ cancel context.CancelFunc }

// subscribe begins an operation of any kind.
func (s *socket) subscribe(ctx context.Context, received message) bool {
	var members map[string]json.RawMessage
	if received.ID == "" || json.Unmarshal(received.Payload, &members) != nil || members == nil {
		s.close(badRequestClose)
		return false
	}
	s.mu.Lock()
	_, taken := s.operations[received.ID]
	full := s.running >= s.streams.options.Operations
	s.mu.Unlock()
	if taken {
		s.close(closing{4409, "there is an operation with this id already"})
		return false
	}
	if full {
		observe.From(ctx).Limited("operations")
		s.fail(ctx, received.ID, gqlerror.List{codedError(failure.GraphQLCode(usage.TooManyRequests), "there are too many operations on this connection; complete one first")})
		return true
	}
	s.execute(ctx, received.ID, members)
	return true
}

// fail sends the errors that an operation ended with.
func (s *socket) fail(ctx context.Context, id string, errs gqlerror.List) {
	seeErrors(ctx, errs)
	_ = s.send(observe.From(ctx), "error", id, func(w io.Writer) { writeJSON(w, errs) }) // reading notices that the connection is over
}

// execute reads an operation and lets it run.
func (s *socket) execute(ctx context.Context, id string, members map[string]json.RawMessage) {
	started := graphql.Now()
	ctx, ended := observe.Operation(ctx)
	ctx = graphql.StartOperationTrace(ctx)
	asked, refused := requestFromDocument(members)
	if refused != nil {
		s.fail(ctx, id, gqlerror.List{codedError(badRequestCode, refused.message)})
		ended()
		return
	}
	asked.Headers = s.request.Header
	asked.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}
	opened, errs := s.streams.persisted.open(ctx, s.executor, asked)
	seeOperation(ctx, asked, opened)
	if errs != nil {
		s.fail(ctx, id, present(ctx, s.executor, opened, errs).Errors)
		ended()
		return
	}
	if !isQuery(opened) {
		observe.From(ctx).Streams(doorWebSocket)
	}
	ctx, cancel := context.WithCancel(ctx)
	entry := &operation{cancel}
	if !s.start(id, entry) {
		cancel()
		ended()
		return
	}
	go func() {
		defer s.done.Done()
		defer ended()
		defer cancel()
		s.guarded(func() {
			failed := s.streams.run(ctx, s.executor, opened, func(answer *graphql.Response) error {
				return s.send(observe.From(ctx), "next", id, func(w io.Writer) { writeAnswer(w, answer) })
			})
			s.finish(ctx, id, entry, failed)
		})
	}()
}

// start counts an operation, unless the connection is over.
func (s *socket) start(id string, entry *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.operations[id] = entry
	s.running++
	s.done.Add(1)
	return true
}

// finish says how an operation ended, unless the caller has completed it or the
// connection is over.
func (s *socket) finish(ctx context.Context, id string, entry *operation, failed gqlerror.List) {
	s.mu.Lock()
	s.running--
	wanted := s.operations[id] == entry
	if wanted {
		delete(s.operations, id)
	}
	s.mu.Unlock()
	switch {
	case !wanted:
	case failed != nil:
		s.fail(ctx, id, failed)
	case ctx.Err() == nil:
		_ = s.send(observe.From(ctx), "complete", id, nil) // as in fail
	}
}

// complete ends an operation that the caller does not want any more.
func (s *socket) complete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if entry, runs := s.operations[id]; runs {
		delete(s.operations, id)
		entry.cancel()
	}
}
