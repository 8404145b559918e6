package gateway

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"aiusage/admission"
	"aiusage/mcp"
	"aiusage/observe"
	"aiusage/transport"
	"aiusage/usage"
)

// models is the door of language models (MCP): who asks, and what one request may take.
type models struct {
	door door
	// tools answer.
	tools http.Handler
	// limit bounds an answer from when who asks is known; 0 means no bound. maxBody is the most
	// bytes of a request.
	limit   time.Duration
	maxBody int
}

// lastWordPatience is how long a caller may take for the answer that the time was up.
const lastWordPatience = 5 * time.Second

func newModels(config Config, turns turns, door door) models {
	options := mcp.Options{
		Resolver: turns.resolver, Turn: turns.rows, Zone: config.Zone, Version: version(), Limit: config.QueryTimeout, Log: config.Log,
		Origin: func(r *http.Request) string {
			if r.Host == "" {
				return ""
			}
			if door.authenticator.IsSecure(r) {
				return "https://" + r.Host
			}
			return "http://" + r.Host
		},
	}
	return models{door, mcp.New(options), config.QueryTimeout, cmp.Or(config.Limits.Body, transport.DefaultLimits.Body)}
}

// rows waits until the rows of a query may be read.
func (t turns) rows(ctx context.Context, query usage.Query) (*admission.Turn, error) {
	return t.enter(ctx, t.resolver.EstimateExport(ctx, query, ""))
}

// ServeHTTP answers one message. What is refused here is refused in the words of GraphQL's door.
func (m models) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w = unstored{w}
	// The protocol wants this of all requests, whatever the credentials (a page that calls itself by this host's name).
	if err := m.door.CheckOrigin(r); err != nil {
		m.door.refuse(w, r, err)
		return
	}
	if r.Method != http.MethodPost {
		observe.From(r.Context()).Failed("BAD_REQUEST")
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "messages of MCP are sent by POST, and answered at once", http.StatusMethodNotAllowed)
		return
	}
	if isRead := m.readBody(w, r); !isRead {
		return
	}
	if m.limit > 0 {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(m.limit + lastWordPatience)) // a recorder in tests cannot
	}
	m.tools.ServeHTTP(w, r)
}

// readBody reads the one message of a request, to be read again. Otherwise it says why not.
func (m models) readBody(w http.ResponseWriter, r *http.Request) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(m.maxBody)))
	if _, isTooLarge := errors.AsType[*http.MaxBytesError](err); isTooLarge {
		observe.From(r.Context()).Limited("body")
		observe.From(r.Context()).Failed("BAD_REQUEST")
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return false
	}
	if err != nil {
		transport.WriteError(r.Context(), w, usage.Errorf(usage.InvalidArgument, "the body could not be read"))
		return false
	}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		transport.WriteError(r.Context(), w, usage.Errorf(usage.InvalidArgument, "a batch of messages is not taken here").Accepting("one message of JSON-RPC, as MCP has it since 2025-06-18"))
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return true
}

// unstored is for answers that nobody is to store, whatever else writes them says.
type unstored struct{ http.ResponseWriter }

// WriteHeader begins the answer.
func (u unstored) WriteHeader(status int) {
	u.Header().Set("Cache-Control", "private, no-store")
	u.ResponseWriter.WriteHeader(status)
}

// Write begins the answer, if that has not been done.
func (u unstored) Write(data []byte) (int, error) {
	u.Header().Set("Cache-Control", "private, no-store")
	return u.ResponseWriter.Write(data)
}

// Unwrap is for http.ResponseController.
func (u unstored) Unwrap() http.ResponseWriter { return u.ResponseWriter }
