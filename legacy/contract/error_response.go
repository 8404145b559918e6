package contract

import (
	"fmt"
	"net/http"
	"strings"
)

// ErrorResponse is an error as the old host answered it (facts 15 to 18).
type ErrorResponse struct {
	Status int
	// Reason is the reason phrase; empty for the status's standard one.
	Reason string
	// Code and Message fill the ErrorResponse; without a code the body is empty.
	Code, Message string
	// Field and Detail fill its one field error, if any.
	Field, Detail string
	// BatchIndex tells which request of a batch failed; nil outside a batch.
	BatchIndex *int
	// Header is sent with the answer.
	Header http.Header
}

func (f *ErrorResponse) Error() string { return f.Message }

// The headers that the old host spelled otherwise than net/http does. Names of
// headers have no case, but some callers compare them as they are. They are set in
// the map itself: Header.Set would spell them anew.
const (
	WWWAuthenticate    = "WWW-Authenticate"
	AutoBatchCompleted = "X-AutoBatch-Completed"
)

// BadArgument is a 400 that names a field (fact 17). In the message of the
// whole the field follows in parentheses, as .NET writes it (fact 15).
func BadArgument(field, message string) *ErrorResponse {
	f := &ErrorResponse{Status: http.StatusBadRequest, Reason: "ArgumentException", Code: "ArgumentException", Message: message}
	if field != "" {
		f.Message = fmt.Sprintf("%s (Parameter '%s')", message, field)
		f.Field, f.Detail = field, message
	}
	return f
}

// Shorten cuts what a caller sent to a length in bytes that fits a message.
func Shorten(text string, length int) string {
	if len(text) > length {
		text = text[:length] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// NothingHere is the answer at a path below this door that leads nowhere.
func NothingHere() *ErrorResponse {
	return &ErrorResponse{Status: http.StatusNotFound, Code: "NotFound", Message: "There is nothing at this path"}
}
