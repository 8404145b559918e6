package legacy

import (
	"fmt"
	"net/http"
	"slices"

	"aiusage/auth"
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

// maxCredentials is the largest body with a name and a password, in bytes.
const maxCredentials = 16 << 10

// authenticateRequest is what is sent to sign in.
type authenticateRequest struct {
	provider, userName, password, returnURL string
	rememberMe                              bool
}

// serveAuthenticate signs in, signs out, or tells who is signed in (fact 19). A
// browser that wants a page is sent to one.
func (h *handler) serveAuthenticate(w http.ResponseWriter, r *http.Request, route route, as format) error {
	if h.SignIn == nil {
		return noSuchProvider(route.provider)
	}
	if route.provider == basicProvider {
		return h.signInByBasic(w, r, as)
	}
	if r.Method != http.MethodPost {
		return h.authenticateWithoutBody(w, r, route.provider, as)
	}
	if err := h.SignIn.CheckChange(r); err != nil {
		return err
	}
	if route.provider == logoutProvider {
		return h.signOut(w, r, as)
	}
	request, err := h.readAuthenticate(w, r, route)
	if err != nil {
		return err
	}
	if route.provider != "" {
		request.provider = route.provider
	}
	switch request.provider {
	case logoutProvider:
		return h.signOut(w, r, as)
	case credentialsProvider, "":
		return h.signIn(w, r, request, as)
	}
	return noSuchProvider(request.provider)
}

// authenticateWithoutBody answers GET /auth and GET /auth/logout. Credentials in
// an address would end up in logs, so there is no signing in this way.
func (h *handler) authenticateWithoutBody(w http.ResponseWriter, r *http.Request, provider string, as format) error {
	switch provider {
	case logoutProvider:
		if err := h.SignIn.CheckChange(r); err != nil {
			return err
		}
		return h.signOut(w, r, as)
	case "":
		principal, err := h.Authenticate(r)
		if err != nil {
			return err
		}
		h.afterBasic(r, principal)(w)
		return authenticateResponse{userName: principal.Name, roles: principal.Roles}.write(w, as)
	case credentialsProvider:
		return &errorResponse{status: http.StatusMethodNotAllowed, reason: "NotSupportedException", code: "NotSupportedException",
			message: "Sign in with POST", header: http.Header{"Allow": {"POST"}}}
	}
	return noSuchProvider(provider)
}

// signInByBasic answers /auth/basic: a session for Basic credentials, by any verb.
// Nothing else is credentials there.
func (h *handler) signInByBasic(w http.ResponseWriter, r *http.Request, as format) error {
	if _, _, ok := r.BasicAuth(); !ok {
		return auth.ErrNoCredentials
	}
	principal, err := h.Authenticate(r)
	if err != nil {
		return err
	}
	id := h.afterBasic(r, principal)(w)
	return authenticateResponse{sessionID: id, userName: principal.Name, roles: principal.Roles}.write(w, as)
}

func noSuchProvider(name string) *errorResponse {
	return &errorResponse{status: http.StatusNotFound, reason: "NotFound", code: "NotFound",
		message: fmt.Sprintf("There is no way to sign in called '%s'", shorten(name, 100))}
}

// signIn begins a session.
func (h *handler) signIn(w http.ResponseWriter, r *http.Request, request authenticateRequest, as format) error {
	for _, field := range []struct{ name, words, value string }{
		{"UserName", "User Name", request.userName}, {"Password", "Password", request.password},
	} {
		if field.value == "" {
			message := fmt.Sprintf("'%s' must not be empty.", field.words)
			return &errorResponse{status: http.StatusBadRequest, reason: "NotEmpty", code: "NotEmpty",
				message: message, field: field.name, detail: message}
		}
	}
	user, err := h.SignIn.SignIn(r, request.userName, request.password)
	if err != nil {
		return err
	}
	id, err := h.SignIn.Begin(w, r, user, request.rememberMe)
	if err != nil {
		return err
	}
	if as == formatHTML {
		http.Redirect(w, r, auth.SafeRedirect(request.returnURL, "/"), http.StatusFound)
		return nil
	}
	return authenticateResponse{sessionID: id, userName: user.Name, roles: user.Roles}.write(w, as)
}

// signOut ends the session.
func (h *handler) signOut(w http.ResponseWriter, r *http.Request, as format) error {
	if err := h.SignIn.End(w, r); err != nil {
		return err
	}
	if as == formatHTML {
		http.Redirect(w, r, "/", http.StatusFound)
		return nil
	}
	return authenticateResponse{}.write(w, as)
}

// readAuthenticate reads a name and a password in any format that the operation is
// read in. The query string is not looked at: a password does not belong there. The
// error says nothing of the content, which has a password in it.
func (h *handler) readAuthenticate(w http.ResponseWriter, r *http.Request, route route) (authenticateRequest, error) {
	bounded := *h
	bounded.MaxBody = min(h.MaxBody, maxCredentials)
	body, err := bounded.body(w, r, route)
	if err != nil {
		return authenticateRequest{}, err
	}
	values, err := authenticateMessage.read(body)
	if err != nil {
		return authenticateRequest{}, unreadableCredentials(body.contentType)
	}
	return authenticateRequest{
		provider: lower(values["provider"]), userName: values["username"], password: values["password"],
		rememberMe: slices.Contains([]string{"true", "on", "1"}, lower(values["rememberme"])),
		returnURL:  values["returnurl"],
	}, nil
}

func unreadableCredentials(contentType string) *errorResponse {
	return &errorResponse{
		status: http.StatusBadRequest, reason: "SerializationException", code: "SerializationException",
		message: fmt.Sprintf("Could not deserialize '%s' request using ServiceStack.Authenticate'\nError: it is not what its type says", shorten(contentType, 100)),
	}
}
