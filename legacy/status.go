package legacy

import (
	"errors"
	"net/http"
	"strings"

	"aiusage/auth"
)

// statusResponse is the answer of fact 20.
type statusResponse struct {
	ID              string   `json:"id"`
	IsAuthenticated bool     `json:"isAuthenticated"`
	FirstName       string   `json:"firstName"`
	LastName        string   `json:"lastName"`
	Name            string   `json:"name"`
	EmailAddress    string   `json:"emailAddress"`
	Roles           []string `json:"roles"`
	AccountIDs      []string `json:"accountIds"`
	AccountNames    []string `json:"accountNames"`
}

// serveStatus tells who is signed in and which accounts they may see (fact 20).
func (h *handler) serveStatus(w http.ResponseWriter, r *http.Request) error {
	if h.SignIn == nil {
		return &errorResponse{status: http.StatusNotFound, code: "NotFound", message: "There is nothing at this path"}
	}
	principal, err := h.Authenticate(r)
	if errors.Is(err, auth.ErrNoCredentials) && asksForJSON(r) {
		writeJSON(w, struct {
			IsAuthenticated bool `json:"isAuthenticated"`
		}{})
		return nil
	}
	if err != nil {
		return err
	}
	settle := h.afterBasic(r, principal)
	accounts, err := h.SignIn.Accounts(r, principal)
	if err != nil {
		return err
	}
	status := statusResponse{
		ID: principal.Name, IsAuthenticated: true, Name: principal.Name,
		Roles: append([]string{}, principal.Roles...), AccountIDs: []string{}, AccountNames: []string{},
	}
	if strings.Contains(principal.Name, "@") {
		status.EmailAddress = principal.Name
	}
	for _, account := range accounts {
		status.AccountIDs = append(status.AccountIDs, account.AccountID)
		name := account.Name
		if name == "" {
			name = account.AccountID
		}
		status.AccountNames = append(status.AccountNames, name)
	}
	settle(w)
	writeJSON(w, status)
	return nil
}

// asksForJSON tells whether the caller itself asked for JSON, rather than getting
// it because it asked for nothing.
func asksForJSON(r *http.Request) bool {
	if lower(parseForm(r.URL.RawQuery)["format"]) == string(formatJSON) {
		return true
	}
	for line := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if bodyFormat(mediaType(line)) == media(formatJSON) {
			return true
		}
	}
	return false
}
