package session

import (
	"fmt"
	"net/http"

	"aiusage/auth"
	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/legacy/request"
	"aiusage/usage"
)

// SignIn is what the door needs to begin and end sessions.
type SignIn interface {
	// SignIn returns the user with a name and password.
	SignIn(r *http.Request, name, password string) (auth.User, error)
	// Begin begins a session and sets its cookies; End ends it.
	Begin(w http.ResponseWriter, r *http.Request, user auth.User, remember bool) (id string, err error)
	End(w http.ResponseWriter, r *http.Request) error
	// AfterBasic begins a session for whoever sent a password with a request, or goes
	// on with the one they have, without keeping the request. What it returns sets the
	// cookies, if there is a session, and returns its id.
	AfterBasic(r *http.Request, principal auth.Principal) (settle func(http.ResponseWriter) (id string))
	// CheckChange refuses what comes from another site.
	CheckChange(r *http.Request) error
	// Accounts returns the accounts that a principal may see.
	Accounts(r *http.Request, principal auth.Principal) ([]usage.Account, error)
}

// The ways to use /auth/{provider}.
const (
	credentialsProvider = "credentials"
	basicProvider       = "basic"
	logoutProvider      = "logout"
)

// Handler begins and ends sessions, and tells who is signed in.
type Handler struct {
	// SignIn is nil where there are no sessions.
	SignIn       SignIn
	Authenticate func(*http.Request) (auth.Principal, error)
	// MaxBody bounds a body with credentials in bytes.
	MaxBody int64
}

// AfterBasic begins the session that follows Basic credentials, in the background
// (fact 19). What it returns sets the cookies.
func (h Handler) AfterBasic(asked *request.Head, principal auth.Principal) (settle func(http.ResponseWriter) (id string)) {
	if h.SignIn == nil {
		return func(http.ResponseWriter) string { return "" }
	}
	return h.SignIn.AfterBasic(asked.Request, principal)
}

// Serve signs in, signs out, or tells who is signed in (fact 19). A
// browser that wants a page is sent to one.
func (h Handler) Serve(w http.ResponseWriter, asked *request.Head) error {
	provider := asked.Route.Provider
	switch {
	case h.SignIn == nil:
		return noSuchProvider(provider)
	case provider == basicProvider:
		return h.beginByBasic(w, asked)
	case asked.Method != http.MethodPost:
		return h.serveWithoutBody(w, asked)
	}
	if err := h.SignIn.CheckChange(asked.Request); err != nil {
		return err
	}
	if provider == logoutProvider {
		return h.end(w, asked)
	}
	sent, err := asked.Credentials(w, h.MaxBody)
	if err != nil {
		return err
	}
	if provider == "" {
		provider = sent.Provider
	}
	switch provider {
	case logoutProvider:
		return h.end(w, asked)
	case credentialsProvider, "":
		return h.begin(w, asked, sent)
	}
	return noSuchProvider(provider)
}

// serveWithoutBody answers GET /auth and GET /auth/logout. Credentials in
// an address would end up in logs, so there is no signing in this way.
func (h Handler) serveWithoutBody(w http.ResponseWriter, asked *request.Head) error {
	switch provider := asked.Route.Provider; provider {
	case logoutProvider:
		if err := h.SignIn.CheckChange(asked.Request); err != nil {
			return err
		}
		return h.end(w, asked)
	case "":
		principal, err := h.Authenticate(asked.Request)
		if err != nil {
			return err
		}
		h.AfterBasic(asked, principal)(w)
		answer.SignedIn{UserName: principal.Name, Roles: principal.Roles}.Write(w, asked.As.Format)
		return nil
	case credentialsProvider:
		return &contract.ErrorResponse{Status: http.StatusMethodNotAllowed, Reason: "NotSupportedException", Code: "NotSupportedException",
			Message: "Sign in with POST", Header: http.Header{"Allow": {"POST"}}}
	default:
		return noSuchProvider(provider)
	}
}

// beginByBasic answers /auth/basic: a session for Basic credentials, by any verb.
// Nothing else is credentials there.
func (h Handler) beginByBasic(w http.ResponseWriter, asked *request.Head) error {
	if _, _, ok := asked.BasicAuth(); !ok {
		return auth.ErrNoCredentials
	}
	principal, err := h.Authenticate(asked.Request)
	if err != nil {
		return err
	}
	id := h.AfterBasic(asked, principal)(w)
	answer.SignedIn{SessionID: id, UserName: principal.Name, Roles: principal.Roles}.Write(w, asked.As.Format)
	return nil
}

func noSuchProvider(name string) *contract.ErrorResponse {
	return &contract.ErrorResponse{Status: http.StatusNotFound, Reason: "NotFound", Code: "NotFound",
		Message: fmt.Sprintf("There is no way to sign in called '%s'", contract.Shorten(name, 100))}
}

// begin begins a session.
func (h Handler) begin(w http.ResponseWriter, asked *request.Head, sent request.Credentials) error {
	for _, field := range []struct{ name, words, value string }{
		{"UserName", "User Name", sent.UserName}, {"Password", "Password", sent.Password},
	} {
		if field.value == "" {
			message := fmt.Sprintf("'%s' must not be empty.", field.words)
			return &contract.ErrorResponse{Status: http.StatusBadRequest, Reason: "NotEmpty", Code: "NotEmpty",
				Message: message, Field: field.name, Detail: message}
		}
	}
	user, err := h.SignIn.SignIn(asked.Request, sent.UserName, sent.Password)
	if err != nil {
		return err
	}
	id, err := h.SignIn.Begin(w, asked.Request, user, sent.RememberMe)
	if err != nil {
		return err
	}
	if asked.As.Format == contract.HTML {
		http.Redirect(w, asked.Request, auth.SafeRedirect(sent.ReturnURL, "/"), http.StatusFound)
		return nil
	}
	answer.SignedIn{SessionID: id, UserName: user.Name, Roles: user.Roles}.Write(w, asked.As.Format)
	return nil
}

// end ends the session.
func (h Handler) end(w http.ResponseWriter, asked *request.Head) error {
	if err := h.SignIn.End(w, asked.Request); err != nil {
		return err
	}
	if asked.As.Format == contract.HTML {
		http.Redirect(w, asked.Request, "/", http.StatusFound)
		return nil
	}
	answer.SignedIn{}.Write(w, asked.As.Format)
	return nil
}
