package session

import (
	"errors"
	"net/http"
	"strings"

	"aiusage/auth"
	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/legacy/request"
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

// ServeStatus tells who is signed in and which accounts they may see (fact 20).
func (h Handler) ServeStatus(w http.ResponseWriter, asked *request.Head) error {
	if h.SignIn == nil {
		return contract.NothingHere()
	}
	principal, err := h.Authenticate(asked.Request)
	if errors.Is(err, auth.ErrNoCredentials) && asked.AsksForJSON() {
		answer.WriteJSON(w, struct {
			IsAuthenticated bool `json:"isAuthenticated"`
		}{})
		return nil
	}
	if err != nil {
		return err
	}
	settle := h.AfterBasic(asked, principal)
	accounts, err := h.SignIn.Accounts(asked.Request, principal)
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
	answer.WriteJSON(w, status)
	return nil
}
