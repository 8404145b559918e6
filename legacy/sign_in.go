package legacy

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

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
	// CheckChange refuses what comes from another site.
	CheckChange(r *http.Request) error
	// Accounts returns the accounts that a principal may see.
	Accounts(r *http.Request, principal auth.Principal) ([]usage.Account, error)
}

// The ways to use /auth/{provider}.
const (
	credentialsProvider = "credentials"
	logoutProvider      = "logout"
)

// maxCredentials is the largest body with a name and a password, in bytes.
const maxCredentials = 16 << 10

// authenticateRequest is what is sent to sign in.
type authenticateRequest struct {
	provider, userName, password, returnURL string
	rememberMe                              bool
}

// serveAuthenticate signs in, signs out, or tells who is signed in (fact 19). The
// answer is JSON, except for a browser that wants a page: it is sent to one.
func (h *handler) serveAuthenticate(w http.ResponseWriter, r *http.Request, route route, as format) error {
	if h.SignIn == nil {
		return noSuchProvider(route.provider)
	}
	if r.Method != http.MethodPost {
		return h.authenticateWithoutBody(w, r, route.provider, as)
	}
	if err := h.SignIn.CheckChange(r); err != nil {
		return err
	}
	request, err := h.readAuthenticate(w, r)
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
		writeJSON(w, authenticateResponse{
			UserID: principal.Name, UserName: principal.Name, DisplayName: principal.Name, Roles: principal.Roles,
		})
		return nil
	case credentialsProvider:
		return &fault{status: http.StatusMethodNotAllowed, reason: "NotSupportedException", code: "NotSupportedException",
			message: "Sign in with POST", header: http.Header{"Allow": {"POST"}}}
	}
	return noSuchProvider(provider)
}

func noSuchProvider(name string) *fault {
	return &fault{status: http.StatusNotFound, reason: "NotFound", code: "NotFound",
		message: fmt.Sprintf("There is no way to sign in called '%s'", shorten(name, 100))}
}

// signIn begins a session.
func (h *handler) signIn(w http.ResponseWriter, r *http.Request, request authenticateRequest, as format) error {
	for _, field := range []struct{ name, words, value string }{
		{"UserName", "User Name", request.userName}, {"Password", "Password", request.password},
	} {
		if field.value == "" {
			message := fmt.Sprintf("'%s' must not be empty.", field.words)
			return &fault{status: http.StatusBadRequest, reason: "NotEmpty", code: "NotEmpty",
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
	writeJSON(w, authenticateResponse{
		UserID: user.Name, SessionID: id, UserName: user.Name, DisplayName: user.Name, Roles: user.Roles,
	})
	return nil
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
	writeJSON(w, authenticateResponse{})
	return nil
}

// authenticateResponse is the old host's answer to signing in. It leaves out what
// it has no value for.
type authenticateResponse struct {
	UserID         string   `json:"userId,omitempty"`
	SessionID      string   `json:"sessionId,omitempty"`
	UserName       string   `json:"userName,omitempty"`
	DisplayName    string   `json:"displayName,omitempty"`
	Roles          []string `json:"roles,omitempty"`
	ResponseStatus struct{} `json:"responseStatus"`
}

// readAuthenticate reads a JSON object or a form, in any letter case. The query
// string is not looked at: a password does not belong there.
func (h *handler) readAuthenticate(w http.ResponseWriter, r *http.Request) (authenticateRequest, error) {
	kind := mediaType(r.Header.Get("Content-Type"))
	bounded := *h
	bounded.MaxBody = min(h.MaxBody, maxCredentials)
	body, err := bounded.readBody(w, r, bodyFormat(kind))
	if err != nil {
		return authenticateRequest{}, err
	}
	text, err := decodeText(body, bodyFormat(kind))
	if err != nil {
		return authenticateRequest{}, unreadableCredentials(kind, err)
	}
	values := form{}
	switch {
	case strings.HasSuffix(kind, "/json"):
		if values, err = jsonCredentials(text.content); err != nil {
			return authenticateRequest{}, unreadableCredentials(kind, err)
		}
	case kind == "application/x-www-form-urlencoded":
		values = parseForm(text.content)
	}
	return authenticateRequest{
		provider: lower(values["provider"]), userName: values["username"], password: values["password"],
		rememberMe: lower(values["rememberme"]) == "true" || values["rememberme"] == "on" || values["rememberme"] == "1",
		returnURL:  values["returnurl"],
	}, nil
}

// jsonCredentials reads the texts and truth values of a JSON object. The error
// says nothing of the content, which has a password in it.
func jsonCredentials(text string) (form, error) {
	var members map[string]any
	if text != "" && json.Unmarshal([]byte(text), &members) != nil {
		return nil, errors.New("the body is not a JSON object")
	}
	values := form{}
	for name, value := range members {
		switch value := value.(type) {
		case string:
			values[lower(name)] = value
		case bool:
			values[lower(name)] = fmt.Sprint(value)
		}
	}
	return values, nil
}

func unreadableCredentials(contentType string, reason error) *fault {
	return &fault{
		status: http.StatusBadRequest, reason: "SerializationException", code: "SerializationException",
		message: fmt.Sprintf("Could not deserialize '%s' request using ServiceStack.Authenticate'\nError: %s", shorten(contentType, 100), reason),
	}
}

// writeJSON writes a small document as the old host did, without escaping what
// need not be.
func writeJSON(w http.ResponseWriter, document any) {
	var body strings.Builder
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		panic(err) // strings and truth values
	}
	w.Header().Set("Content-Type", contentTypes[formatJSON])
	w.Write([]byte(strings.TrimSuffix(body.String(), "\n")))
}
