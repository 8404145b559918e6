package legacy

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aiusage/admission"
	"aiusage/auth"
	"aiusage/observe"
	"aiusage/usage"
)

// defaultMaxBody is the largest request body, in bytes, when Config names none.
const defaultMaxBody = 1 << 20

// maxBatch is the largest number of requests in one batch (fact 23).
const maxBatch = 100

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
	SignIn SignIn
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
type handler struct{ Config }

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
	return &handler{config}
}

// Serves tells whether a request path belongs to this door. Case, doubled
// slashes and a trailing slash do not matter (fact 1).
func Serves(path string) bool { return parseRoute(path).kind != foreign }

// ServeHTTP answers any verb alike (fact 1), but for TRACE and CONNECT, which are
// not about what is at an address.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	addVary(w.Header(), "Accept") // fact 14
	w.Header().Set("Cache-Control", "private, no-store")
	if isPreflight(r) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	r = withPlainBasic(r)
	route := parseRoute(r.URL.Path)
	observe.From(r.Context()).At(doorName, route.seenAs())
	switch route.kind {
	case metadataPage:
		serveMetadata(w)
		return
	case metadataLink:
		http.Redirect(w, r, "/metadata", http.StatusFound)
		return
	case schemaFile:
		serveSchema(w)
		return
	}
	query := parseForm(r.URL.RawQuery)
	as := negotiate(r, route, query)
	if err := h.serve(w, r, route, query, as); err != nil {
		h.fail(w, r, as.format, err)
	}
}

// serve runs the operation. Nothing has been written when it returns an error.
func (h *handler) serve(w http.ResponseWriter, r *http.Request, route route, query form, as representation) error {
	if r.Method == http.MethodTrace || r.Method == http.MethodConnect {
		return methodNotAllowed(r.Method)
	}
	switch route.kind {
	case missing, foreign:
		return &errorResponse{status: http.StatusNotFound, code: "NotFound", message: "There is nothing at this path"}
	case unknownOperation:
		return noSuchOperation(route.operation)
	case authentication:
		return h.serveAuthenticate(w, r, route, as.format)
	case authStatus:
		return h.serveStatus(w, r)
	}
	principal, err := h.admit(r)
	if err != nil {
		return err
	}
	settle := h.afterBasic(r, principal)
	ctx, cancel := usage.Bounded(auth.NewContext(r.Context(), principal), h.Timeout)
	defer cancel()
	requests, err := h.readRequests(w, r, route, query, as)
	var turn *admission.Turn
	if err == nil {
		turn, err = h.Turn(ctx, requests)
	}
	defer func() { turn.End() }()
	var document func(*stream)
	if err == nil {
		document, err = h.operate(admission.NewContext(ctx, turn), w, route, requests, as)
	}
	turn.Rest() // how fast it is taken is the caller's to say
	settle(w)
	if err != nil {
		return err
	}
	return h.write(ctx, w, r, as, document)
}

// readRequests reads one request, or a batch of them.
func (h *handler) readRequests(w http.ResponseWriter, r *http.Request, route route, query form, as representation) ([]usage.Request, error) {
	if err := as.check(); err != nil {
		return nil, err
	}
	if route.batch {
		return h.readBatch(w, r, route)
	}
	request, err := h.readRequest(w, r, route, query)
	return []usage.Request{request}, err
}

// operate answers one request, or a batch of them, and returns how to write the answer.
func (h *handler) operate(ctx context.Context, w http.ResponseWriter, route route, requests []usage.Request, as representation) (func(*stream), error) {
	if route.batch {
		reports, err := h.batch(ctx, w, requests)
		return func(s *stream) { encoders[as.format].batch(s, reports) }, err
	}
	report, err := h.report(ctx, requests[0])
	return func(s *stream) { encoders[as.format].one(s, report) }, err
}

// admit authenticates the request and requires the operation's role. It runs
// before the body is read (fact 18).
func (h *handler) admit(r *http.Request) (auth.Principal, error) {
	principal, err := h.Authenticate(r)
	if err != nil {
		return auth.Principal{}, err
	}
	return principal, auth.RequireRole(auth.NewContext(r.Context(), principal), auth.SystemAdministrator)
}

// afterBasic begins the session that follows Basic credentials, in the background
// (fact 19). What it returns sets the cookies.
func (h *handler) afterBasic(r *http.Request, principal auth.Principal) (settle func(http.ResponseWriter) (id string)) {
	if h.SignIn == nil {
		return func(http.ResponseWriter) string { return "" }
	}
	return h.SignIn.AfterBasic(r, principal)
}

// report asks for a report and makes sure that it can be written.
func (h *handler) report(ctx context.Context, request usage.Request) (*usage.Report, error) {
	report, err := h.Report(ctx, request)
	if err != nil {
		return nil, err
	}
	return writable(report)
}

// write sends the headers and then the document. HEAD gets the headers only.
// When the document cannot be finished (the client went away, a deadline
// passed) the connection is cut, so that nobody takes a part for the whole.
func (h *handler) write(ctx context.Context, w http.ResponseWriter, r *http.Request, as representation, document func(*stream)) error {
	if usage.IsLate(ctx) {
		return context.DeadlineExceeded
	}
	if deadline, isBounded := ctx.Deadline(); isBounded {
		_ = http.NewResponseController(w).SetWriteDeadline(deadline) // a recorder in tests cannot
	}
	header := w.Header()
	header.Set("Content-Type", as.contentType())
	if as.format == formatCSV {
		header.Set("Content-Disposition", `attachment;filename="GetAIUsage.csv"`) // fact 12
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	s := newStream(ctx, w)
	s.text(as.prefix())
	document(s)
	s.text(as.suffix())
	if err := s.close(); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// isPreflight tells whether the request is a CORS preflight. Sharing across
// origins is off, so it is answered without any Access-Control header.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" &&
		r.Header.Get("Access-Control-Request-Method") != ""
}

// withPlainBasic returns the request with its Basic credentials in the one form that
// net/http reads: the old host did not mind several blanks before them, or blanks in
// them.
func withPlainBasic(r *http.Request) *http.Request {
	sent := r.Header.Get("Authorization")
	scheme, credentials, _ := strings.Cut(strings.TrimSpace(sent), " ")
	plain := scheme + " " + strings.NewReplacer(" ", "", "\t", "").Replace(credentials)
	if !strings.EqualFold(scheme, "basic") || plain == sent {
		return r
	}
	changed := *r
	changed.Header = r.Header.Clone()
	changed.Header.Set("Authorization", plain)
	return &changed
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

// loginPage is where a browser that is not signed in is sent, with the path it
// wanted (always on this host: leading slashes are reduced to one).
func loginPage(r *http.Request) string {
	wanted := "/" + strings.TrimLeft(r.URL.EscapedPath(), `/\`)
	if r.URL.RawQuery != "" {
		wanted += "?" + r.URL.RawQuery
	}
	return "/login?redirect=" + url.QueryEscape(wanted)
}
