package request

import (
	"fmt"
	"net/http"
	"slices"

	"aiusage/legacy/contract"
)

// maxCredentials is the largest body with a name and a password, in bytes.
const maxCredentials = 16 << 10

// Credentials are what is sent to sign in.
type Credentials struct {
	Provider, UserName, Password, ReturnURL string
	RememberMe                              bool
}

// Credentials reads a name and a password in any format that the operation is
// read in, from a body of at most max bytes. The query string is not looked at: a password
// does not belong there. The error says nothing of the content, which has a password in it.
func (h *Head) Credentials(w http.ResponseWriter, max int64) (Credentials, error) {
	body, err := h.body(w, min(max, maxCredentials))
	if err != nil {
		return Credentials{}, err
	}
	values, err := authenticateMessage.read(body)
	if err != nil {
		return Credentials{}, unreadableCredentials(body.contentType)
	}
	return Credentials{
		Provider: contract.Lower(values["provider"]), UserName: values["username"], Password: values["password"],
		RememberMe: slices.Contains([]string{"true", "on", "1"}, contract.Lower(values["rememberme"])),
		ReturnURL:  values["returnurl"],
	}, nil
}

func unreadableCredentials(contentType string) *contract.ErrorResponse {
	return &contract.ErrorResponse{
		Status: http.StatusBadRequest, Reason: "SerializationException", Code: "SerializationException",
		Message: fmt.Sprintf("Could not deserialize '%s' request using ServiceStack.Authenticate'\nError: it is not what its type says", contract.Shorten(contentType, 100)),
	}
}
