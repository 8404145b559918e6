package gateway

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"aiusage/auth"
	"aiusage/legacy"
	"aiusage/transport"
	"aiusage/usage"
)

// startingRetry is after how long a caller should ask a gateway again that is starting.
const startingRetry = 2 * time.Second

// Starting answers at the address of a gateway that cannot answer yet: that it is alive, and what
// it waits for, at each door in the door's own words. Once there is a gateway, that answers.
type Starting struct {
	waitsFor  atomic.Value // string
	gateway   atomic.Pointer[Gateway]
	old       http.Handler
	departure departure
}

// NewStarting returns what answers until the gateway is there.
func NewStarting(waitsFor string) *Starting {
	s := &Starting{}
	s.WaitFor(waitsFor)
	refuse := func(*http.Request) (auth.Principal, error) { return auth.Principal{}, s.reason() }
	s.old = legacy.New(legacy.Config{Authenticate: refuse, SignIn: notYet{s}, Log: slog.New(slog.DiscardHandler)})
	return s
}

// WaitFor says what the gateway waits for now, as "the database".
func (s *Starting) WaitFor(what string) { s.waitsFor.Store(what) }

// Open has the gateway answer from now on.
func (s *Starting) Open(gateway *Gateway) {
	s.gateway.Store(gateway)
	if s.departure.begun.Load() { // meanwhile
		gateway.Leave()
	}
}

// Leave begins the departure, of the gateway as well.
func (s *Starting) Leave() {
	s.departure.begun.Store(true)
	if gateway := s.gateway.Load(); gateway != nil {
		gateway.Leave()
	}
}

// ServeHTTP answers by the gateway, or that there is none yet.
func (s *Starting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if gateway := s.gateway.Load(); gateway != nil {
		gateway.ServeHTTP(w, r)
		return
	}
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	switch path := r.URL.Path; {
	case path == HealthPath:
		healthy(w, r)
	case legacy.Serves(path):
		s.old.ServeHTTP(w, r)
	case path == ReadyPath || isNavigation(r):
		header.Set("Content-Type", "text/plain; charset=utf-8")
		header.Set("Cache-Control", "no-store")
		header.Set("Refresh", "2") // for people who look at it
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte(s.reason().Message + "\n"))
	default:
		transport.WriteError(r.Context(), w, s.reason())
	}
}

// reason is why there is no answer yet.
func (s *Starting) reason() *usage.Error {
	err := usage.Errorf(usage.Unavailable, "the gateway is starting, and waits for %s", s.waitsFor.Load())
	err.RetryAfter = startingRetry
	return err
}

// notYet lets nobody sign in.
type notYet struct{ starting *Starting }

func (n notYet) SignIn(*http.Request, string, string) (auth.User, error) {
	return auth.User{}, n.starting.reason()
}

func (n notYet) Begin(http.ResponseWriter, *http.Request, auth.User, bool) (id string, err error) {
	return "", n.starting.reason()
}

func (n notYet) End(http.ResponseWriter, *http.Request) error { return n.starting.reason() }

func (notYet) AfterBasic(*http.Request, auth.Principal) (settle func(http.ResponseWriter) (id string)) {
	return func(http.ResponseWriter) string { return "" }
}

func (n notYet) CheckChange(*http.Request) error { return n.starting.reason() }

func (n notYet) Accounts(*http.Request, auth.Principal) ([]usage.Account, error) {
	return nil, n.starting.reason()
}
