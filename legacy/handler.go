package legacy

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"aiusage/admission"
	"aiusage/auth"
	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/legacy/request"
	"aiusage/legacy/session"
	"aiusage/observe"
	"aiusage/usage"
)

// defaultMaxBody is the largest request body, in bytes, when Config names none.
const defaultMaxBody = 1 << 20

// defaultMaxBatchRows is the most rows of a batch, some 100 MB, when Config names none.
const defaultMaxBatchRows = 600_000

// Config is what the door needs from the gateway.
type Config struct {
	// Report answers a request; its context carries the auth.Principal.
	Report usage.Reporter
	// Turn waits until some requests, one or a batch, may be answered; its context carries the
	// auth.Principal. nil lets all be answered at once.
	Turn func(context.Context, []usage.Request) (*admission.Turn, error)
	// Authenticate tells who sent a request. Its errors are those of
	// auth.Authenticator.Authenticate.
	Authenticate func(*http.Request) (auth.Principal, error)
	// SignIn serves /auth (facts 19 and 20); nil leaves it out.
	SignIn session.SignIn
	// Timeout bounds the whole answer: reading it, putting it together and handing it
	// over, for all requests of a batch together. 0 means no bound.
	Timeout time.Duration
	// Log receives faults of the gateway, once each; slog.Default() if nil.
	Log *slog.Logger
	// MaxBody bounds a request body in bytes, before and after decompression;
	// 1 MiB if zero.
	MaxBody int64
	// MaxBatchRows bounds the rows of all reports of a batch together, which are in memory until
	// the last has been read; 600,000 if zero. A report by itself has as many as it has.
	MaxBatchRows int
}

// handler is the door. Its methods are spread over the files by concept.
type handler struct {
	Config
	sessions session.Handler
}

// New returns the handler of every path for which Serves is true; it answers
// any other path with 404.
func New(config Config) http.Handler {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Turn == nil {
		config.Turn = func(context.Context, []usage.Request) (*admission.Turn, error) { return nil, nil }
	}
	if config.MaxBatchRows == 0 {
		config.MaxBatchRows = defaultMaxBatchRows
	}
	if config.MaxBody == 0 {
		config.MaxBody = defaultMaxBody
	}
	return &handler{config, session.Handler{SignIn: config.SignIn, Authenticate: config.Authenticate, MaxBody: config.MaxBody}}
}

// Serves tells whether a request path belongs to this door. Case, doubled
// slashes and a trailing slash do not matter (fact 1).
func Serves(path string) bool { return request.ParseRoute(path).Kind != request.Foreign }

// ServeHTTP answers any verb alike (fact 1), but for TRACE and CONNECT, which are
// not about what is at an address.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	addVary(w.Header(), "Accept") // fact 14
	w.Header().Set("Cache-Control", "private, no-store")
	asked := request.Of(r)
	if asked.IsPreflight() { // sharing across origins is off: there is no Access-Control header
		w.WriteHeader(http.StatusNoContent)
		return
	}
	observe.From(r.Context()).At(doorName, seenAs(asked.Route))
	switch asked.Route.Kind {
	case request.MetadataPage:
		serveMetadata(w)
		return
	case request.MetadataLink:
		http.Redirect(w, asked.Request, "/metadata", http.StatusFound)
		return
	case request.SchemaFile:
		serveSchema(w)
		return
	}
	if err := h.serve(w, asked); err != nil {
		h.fail(w, asked, err)
	}
}

// serve runs the operation. Nothing has been written when it returns an error.
func (h *handler) serve(w http.ResponseWriter, asked *request.Head) error {
	if asked.Method == http.MethodTrace || asked.Method == http.MethodConnect {
		return methodNotAllowed(asked.Method)
	}
	switch asked.Route.Kind {
	case request.Missing, request.Foreign:
		return contract.NothingHere()
	case request.UnknownOperation:
		return noSuchOperation(asked.Route.Operation)
	case request.Authentication:
		return h.sessions.Serve(w, asked)
	case request.AuthStatus:
		return h.sessions.ServeStatus(w, asked)
	}
	principal, err := h.admit(asked)
	if err != nil {
		return err
	}
	settle := h.sessions.AfterBasic(asked, principal)
	ctx, cancel := usage.Bounded(auth.NewContext(asked.Context(), principal), h.Timeout)
	defer cancel()
	requests, err := asked.Requests(w, h.MaxBody)
	var turn *admission.Turn
	if err == nil {
		turn, err = h.Turn(ctx, requests)
	}
	defer func() { turn.End() }()
	var answered answer.Document
	if err == nil {
		answered, err = h.operate(admission.NewContext(ctx, turn), w, asked, requests)
	}
	turn.Rest(admission.AllBytes) // how fast it is taken is the caller's to say
	settle(w)
	if err != nil {
		return err
	}
	return h.write(ctx, w, asked, answered)
}

// operate answers one request, or a batch of them.
func (h *handler) operate(ctx context.Context, w http.ResponseWriter, asked *request.Head, requests []usage.Request) (answer.Document, error) {
	if asked.Route.Batch {
		reports, err := h.batch(ctx, w, requests)
		return answer.Batch(asked.As.Format, reports), err
	}
	report, err := h.report(ctx, requests[0])
	return answer.One(asked.As.Format, report), err
}

// admit authenticates the request and requires the operation's role. It runs
// before the body is read (fact 18).
func (h *handler) admit(asked *request.Head) (auth.Principal, error) {
	principal, err := h.Authenticate(asked.Request)
	if err != nil {
		return auth.Principal{}, err
	}
	return principal, auth.RequireRole(auth.NewContext(asked.Context(), principal), auth.SystemAdministrator)
}

// report asks for a report and makes sure that it can be written.
func (h *handler) report(ctx context.Context, request usage.Request) (*usage.Report, error) {
	report, err := h.Report(ctx, request)
	if err != nil {
		return nil, err
	}
	return answer.Writable(report)
}

// write sends the headers and then the document. HEAD gets the headers only.
// When the document cannot be finished (the client went away, a deadline
// passed) the connection is cut, so that nobody takes a part for the whole.
func (h *handler) write(ctx context.Context, w http.ResponseWriter, asked *request.Head, answered answer.Document) error {
	if usage.IsLate(ctx) {
		return context.DeadlineExceeded
	}
	if deadline, isBounded := ctx.Deadline(); isBounded {
		_ = http.NewResponseController(w).SetWriteDeadline(deadline) // a recorder in tests cannot
	}
	header := w.Header()
	header.Set("Content-Type", asked.As.ContentType())
	if asked.As.Format == contract.CSV {
		header.Set("Content-Disposition", `attachment;filename="GetAIUsage.csv"`) // fact 12
	}
	w.WriteHeader(http.StatusOK)
	if asked.Method == http.MethodHead {
		return nil
	}
	if err := answered.Write(ctx, w, asked.As); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// addVary names a request header in Vary, once.
func addVary(header http.Header, name string) {
	for _, line := range header.Values("Vary") {
		for token := range strings.SplitSeq(line, ",") {
			if token = strings.TrimSpace(token); token == "*" || strings.EqualFold(token, name) {
				return
			}
		}
	}
	header.Add("Vary", name)
}
