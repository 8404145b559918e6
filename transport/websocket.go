package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"aiusage/failure"
	"aiusage/observe"
	"aiusage/usage"
)

// overWebSocket carries GraphQL over WebSockets by the protocol
// graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md).
// gqlgen's own transport closes with other codes than the protocol's, takes two
// operations with one id, sends "complete" after "error", bounds nothing and asks
// for credentials once.
type overWebSocket struct{ streams *streams }

var _ graphql.Transport = overWebSocket{}

// IsWebSocket tells whether a request asks for a WebSocket. It may pass without
// credentials: they are then in the first message.
func IsWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && r.ProtoMajor == 1 && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// Supports takes WebSockets.
func (overWebSocket) Supports(r *http.Request) bool { return IsWebSocket(r) }

const protocol = "graphql-transport-ws"

// The reasons to close a connection that the protocol names, and with which texts.
var (
	badRequestClose   = closing{4400, "the message is not one of graphql-transport-ws"}
	unauthorizedClose = closing{4401, "Unauthorized"}
	protocolClose     = closing{4406, "Subprotocol not acceptable"}
	initTimeoutClose  = closing{4408, "Connection initialisation timeout"}
	twiceClose        = closing{4429, "Too many initialisation requests"}
	endingClose       = closing{websocket.StatusGoingAway, "the gateway is ending"}
)

// closing is how a connection is closed.
type closing struct {
	code   websocket.StatusCode
	reason string
}

// closingFor returns how to close the connection of a caller who may not come in,
// or not stay.
func closingFor(err *usage.Error) closing {
	code := websocket.StatusInternalError
	switch err.Code {
	case usage.Unauthenticated, usage.PermissionDenied:
		code = 4403 // Forbidden
	case usage.TooManyRequests, usage.Unavailable, usage.Stale, usage.Timeout:
		code = websocket.StatusTryAgainLater
	}
	reason := err.In(graphQLNames).Message
	if len(reason) > 120 { // a frame has room for 123
		reason = strings.ToValidUTF8(reason[:120], "")
	}
	return closing{code, reason}
}

// Do serves one WebSocket to its end.
func (o overWebSocket) Do(w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor) {
	record := observe.From(r.Context())
	record.At(doorWebSocket, "")
	if err := o.streams.access.CheckOrigin(r); err != nil {
		WriteError(r.Context(), w, usage.AsError(err))
		return
	}
	ctx, release, err := o.streams.admit(r)
	if err != nil {
		WriteError(r.Context(), w, failure.Log(r.Context(), o.streams.log, err))
		return
	}
	defer func() { release() }()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{protocol},
		InsecureSkipVerify: true, // checked above
	})
	if err != nil {
		return // it was answered
	}
	if recorder, ok := w.(interface{ RecordStatus(int) }); ok {
		recorder.RecordStatus(http.StatusSwitchingProtocols)
	}
	record.Switched(http.StatusSwitchingProtocols)
	record.Streams(doorWebSocket)
	defer lifetimeOf(r.Context()).begin()()
	defer conn.CloseNow()
	conn.SetReadLimit(int64(o.streams.longest))
	s := &socket{streams: o.streams, executor: executor, conn: conn, request: r, operations: map[string]*operation{}}
	if ctx == nil {
		release = o.streams.strangers.register(o.streams.access.AddressOf(r), func() { conn.CloseNow() })
	}
	if conn.Subprotocol() != protocol {
		s.close(protocolClose)
		return
	}
	payload, ok := s.initialise()
	if !ok {
		return
	}
	if ctx, release, ok = s.enter(ctx, release, payload); ok {
		s.serve(ctx)
	}
}

// admit checks the credentials of the request that begins a WebSocket, and registers it
// with its caller until release is called. Without valid ones there is no context, for
// they may be in the first message.
func (s *streams) admit(r *http.Request) (ctx context.Context, release func(), err error) {
	ctx, err = s.access.Enter(r)
	if isRefusal(err) {
		return nil, func() {}, nil
	}
	if err == nil {
		release, err = s.register(ctx, s.access.Who(ctx))
	}
	return ctx, release, err
}

// socket is one connection.
type socket struct {
	streams  *streams
	executor graphql.GraphExecutor
	conn     *websocket.Conn
	// request is the one that began the connection, with the credentials of
	// connection_init.
	request *http.Request

	mu sync.Mutex
	// operations are those that may be completed, by id.
	operations map[string]*operation
	// running counts those that have not returned, whether or not they were completed.
	running int
	// over keeps more from beginning.
	over bool
	done sync.WaitGroup
}

// message is what either side sends.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// receive reads a message. There is none when the connection is over.
func (s *socket) receive() (received message, ok bool) {
	kind, text, err := s.conn.Read(s.request.Context())
	if err != nil {
		return message{}, false
	}
	if kind != websocket.MessageText || !utf8.Valid(text) || json.Unmarshal(text, &received) != nil {
		s.close(badRequestClose)
		return message{}, false
	}
	return received, true
}

// send writes a message whose payload, if there is one, is JSON. The record, of the
// connection or an operation on it, counts its bytes.
func (s *socket) send(record *observe.Record, kind, id string, payload func(io.Writer)) error {
	var text bytes.Buffer
	text.WriteString(`{"type":"` + kind + `"`)
	if id != "" {
		text.WriteString(`,"id":`)
		writeJSON(&text, id)
	}
	if payload != nil {
		text.WriteString(`,"payload":`)
		payload(&text)
	}
	text.WriteString("}")
	ctx, cancel := context.WithTimeout(s.request.Context(), writePatience)
	defer cancel()
	err := s.conn.Write(ctx, websocket.MessageText, text.Bytes())
	if err == nil {
		record.Sent(text.Len())
	}
	return err
}

func (s *socket) close(why closing) { _ = s.conn.Close(why.code, why.reason) } // it may be closed already

// initialise awaits connection_init and returns its payload, unless the connection is
// over.
func (s *socket) initialise() (payload json.RawMessage, ok bool) {
	timer := time.AfterFunc(s.streams.options.InitPatience, func() { s.close(initTimeoutClose) })
	defer timer.Stop()
	for {
		received, ok := s.receive()
		if !ok {
			return nil, false
		}
		switch received.Type {
		case "connection_init":
			return received.Payload, true
		case "subscribe":
			s.close(unauthorizedClose)
			return nil, false
		case "ping", "pong":
			s.pong(received)
		default:
			s.close(badRequestClose)
			return nil, false
		}
	}
}

// pong answers a ping.
func (s *socket) pong(received message) {
	if received.Type != "ping" {
		return
	}
	var payload func(io.Writer)
	if received.Payload != nil {
		payload = func(w io.Writer) { w.Write(received.Payload) }
	}
	_ = s.send(observe.From(s.request.Context()), "pong", "", payload) // reading notices that the connection is over
}

// enter lets the caller in, by the credentials in the payload of connection_init or
// else by those of the request (ctx). release gives up the place of before, and what
// enter returns that of the caller.
func (s *socket) enter(ctx context.Context, release func(), payload json.RawMessage) (context.Context, func(), bool) {
	var members map[string]any
	if payload != nil && json.Unmarshal(payload, &members) != nil {
		s.close(badRequestClose)
		return nil, release, false
	}
	if text, given := authorizationIn(members); given {
		s.request = s.request.Clone(s.request.Context())
		s.request.Header.Set("Authorization", text)
		ctx = nil
	}
	if ctx != nil {
		return ctx, release, true
	}
	ctx, err := s.streams.access.Enter(s.request)
	release()
	if err == nil {
		release, err = s.streams.register(ctx, s.streams.access.Who(ctx))
	}
	if err != nil {
		seeError(s.request.Context(), usage.AsError(err))
		s.close(closingFor(failure.Log(s.request.Context(), s.streams.log, err)))
		return nil, func() {}, false
	}
	return ctx, release, true
}

// authorizationIn returns the credentials in the payload of connection_init: its own member, or
// one of its headers, which is how clients of Hasura send them.
func authorizationIn(members map[string]any) (text string, given bool) {
	headers, _ := members["headers"].(map[string]any)
	for _, where := range []map[string]any{members, headers} {
		for name, value := range where {
			if text, given = value.(string); given && strings.EqualFold(name, "Authorization") {
				return text, true
			}
		}
	}
	return "", false
}

// serve takes operations until the connection is over.
func (s *socket) serve(ctx context.Context) {
	if s.send(observe.From(ctx), "connection_ack", "", nil) != nil {
		return
	}
	ctx, stop := s.streams.guard(ctx, s.request)
	defer s.done.Wait()
	defer stop()
	context.AfterFunc(ctx, func() { s.guarded(func() { s.end(ctx) }) })
	go s.guarded(func() { s.beat(ctx) })
	for {
		received, ok := s.receive()
		if !ok || !s.handle(ctx, received) {
			return
		}
	}
}

// end closes the connection of a caller who may not stay, once their operations
// have been told so.
func (s *socket) end(ctx context.Context) {
	switch cause := context.Cause(ctx); cause {
	case context.Canceled: // the caller has gone
	case errEnding:
		s.close(endingClose)
	default:
		s.mu.Lock()
		s.over = true
		s.mu.Unlock()
		s.done.Wait()
		s.close(closingFor(usage.AsError(cause)))
	}
}

// guarded does work in a goroutine of its own. A panic there ends the connection only.
func (s *socket) guarded(work func()) {
	if err := usage.Safely(func() error { work(); return nil }); err != nil {
		failure.Log(s.request.Context(), s.streams.log, err)
		s.conn.CloseNow()
	}
}

// beat notices callers who are gone without a word.
func (s *socket) beat(ctx context.Context) {
	ticker := time.NewTicker(s.streams.options.Heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		patience, cancel := context.WithTimeout(ctx, writePatience)
		err := s.conn.Ping(patience)
		cancel()
		if err != nil && ctx.Err() == nil {
			s.conn.CloseNow()
			return
		}
	}
}

// handle does what a message asks for. It returns false when the connection is over.
func (s *socket) handle(ctx context.Context, received message) bool {
	switch received.Type {
	case "subscribe":
		return s.subscribe(ctx, received)
	case "complete":
		s.complete(received.ID)
	case "ping", "pong":
		s.pong(received)
	case "connection_init":
		s.close(twiceClose)
		return false
	default:
		s.close(badRequestClose)
		return false
	}
	return true
}
