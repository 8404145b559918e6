package legacy

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"aiusage/auth"
	"aiusage/failure"
	"aiusage/usage"
)

// errorResponse is an error as the old host answered it (facts 15 to 18).
type errorResponse struct {
	status int
	// reason is the reason phrase; empty for the status's standard one.
	reason string
	// code and message fill the ErrorResponse; without a code the body is empty.
	code, message string
	// field and detail fill its one field error, if any.
	field, detail string
	// batchIndex tells which request of a batch failed; nil outside a batch.
	batchIndex *int
	// header is sent with the answer.
	header http.Header
}

func (f *errorResponse) Error() string { return f.message }

// The headers that the old host spelled otherwise than net/http does. Names of
// headers have no case, but some callers compare them as they are. They are set in
// the map itself: Header.Set would spell them anew.
const (
	wwwAuthenticate    = "WWW-Authenticate"
	autoBatchCompleted = "X-AutoBatch-Completed"
)

// errorCodes are the old host's names for the domain's codes: those of .NET's
// exceptions, and of its HTTP statuses where there is none.
var errorCodes = map[usage.Code]string{
	usage.InvalidArgument: "ArgumentException",
	usage.Unauthenticated: "Unauthorized",
	usage.TooManyRequests: "TooManyRequests",
	usage.NotFound:        "NotFound",
	usage.OutOfRange:      "OverflowException",
	usage.Timeout:         "TimeoutException",
	usage.Canceled:        "OperationCanceledException",
	usage.Unavailable:     "ServiceUnavailable",
	usage.Internal:        "Exception",
}

// badArgument is a 400 that names a field (fact 17). In the message of the
// whole the field follows in parentheses, as .NET writes it (fact 15).
func badArgument(field, message string) *errorResponse {
	f := &errorResponse{status: http.StatusBadRequest, reason: "ArgumentException", code: "ArgumentException", message: message}
	if field != "" {
		f.message = fmt.Sprintf("%s (Parameter '%s')", message, field)
		f.field, f.detail = field, message
	}
	return f
}

// unreadable is the 400 for a body that cannot be understood (fact 17).
func unreadable(contentType string, batch bool, reason error) *errorResponse {
	array := ""
	if batch {
		array = "[]"
	}
	return &errorResponse{
		status: http.StatusBadRequest, reason: "SerializationException", code: "SerializationException",
		message: fmt.Sprintf("Could not deserialize '%s' request using Voice.Api.AI.GetAIUsage%s'\nError: %s", shorten(contentType, 100), array, shorten(reason.Error(), 500)),
	}
}

// noSuchOperation is the answer at a predefined path of no operation (fact 22).
func noSuchOperation(name string) *errorResponse {
	return &errorResponse{
		status: http.StatusMethodNotAllowed, reason: "NotImplementedException", code: "NotImplementedException",
		message: fmt.Sprintf("The operation '%s' does not exist for this service", shorten(name, 100)),
	}
}

// methodNotAllowed is the answer to a verb that does not run the operation.
func methodNotAllowed(method string) *errorResponse {
	return &errorResponse{
		status: http.StatusMethodNotAllowed, reason: "NotSupportedException", code: "NotSupportedException",
		message: shorten(method, 100) + " does not run the operation",
		header:  http.Header{"Allow": {"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}},
	}
}

// shorten cuts what a caller sent to a length in bytes that fits a message.
func shorten(text string, length int) string {
	if len(text) > length {
		text = text[:length] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// errorResponseOf turns any error into the answer for it.
func errorResponseOf(err error, as format, login string) *errorResponse {
	if at, ok := errors.AsType[*indexed](err); ok {
		f := *errorResponseOf(at.error, as, login)
		f.batchIndex = &at.index
		return &f
	}
	if f, ok := errors.AsType[*errorResponse](err); ok {
		return f
	}
	coded := usage.AsError(err)
	switch {
	case errors.Is(err, auth.ErrWrongCredentials):
		return &errorResponse{status: http.StatusUnauthorized, reason: "Invalid Username or Password",
			code: "Unauthorized", message: "Invalid Username or Password"}
	case errors.Is(err, auth.ErrInvalidToken):
		return &errorResponse{status: http.StatusUnauthorized, reason: "Unauthorized", code: "Unauthorized", message: coded.In(contractNames).Message,
			header: http.Header{wwwAuthenticate: {`Bearer error="invalid_token"`}}}
	case errors.Is(err, auth.ErrCrossSite):
		return &errorResponse{status: http.StatusForbidden, reason: "Forbidden", code: "Forbidden", message: coded.In(contractNames).Message}
	}
	switch coded.Code {
	case usage.Unauthenticated:
		return notSignedIn(as, login)
	case usage.PermissionDenied:
		return &errorResponse{status: http.StatusForbidden, reason: "Invalid Role"}
	case usage.InvalidArgument:
		return badArgument(contractNames.Arguments[coded.Argument], coded.In(contractNames).String())
	}
	return failed(coded)
}

// notSignedIn asks for credentials with an empty body, or sends a browser to
// the login page (fact 18).
func notSignedIn(as format, login string) *errorResponse {
	if as == formatHTML {
		return &errorResponse{status: http.StatusFound, header: http.Header{"Location": {login}}}
	}
	return &errorResponse{status: http.StatusUnauthorized, header: http.Header{wwwAuthenticate: {`basic realm="/auth/basic"`}}}
}

// failed is the answer when the request was right and the answer is missing.
func failed(err *usage.Error) *errorResponse {
	code, known := errorCodes[err.Code]
	if !known {
		code = errorCodes[usage.Internal]
	}
	f := &errorResponse{status: failure.Status(err.Code), reason: code, code: code, message: err.In(contractNames).String(), header: http.Header{}}
	failure.SetRetryAfter(f.header, err)
	return f
}

// contractNames are the contract's names of the arguments, and the forms of dates
// that this door has besides.
var contractNames = usage.Names{
	Arguments: map[usage.Argument]string{
		usage.ArgAccountID: "AccountId", usage.ArgCustomerID: "CustomerId",
		usage.ArgStartDate: "StartDate", usage.ArgEndDate: "EndDate",
		usage.ArgAIMinutes: "AIMinutes",
	},
	DateForms: dotNetForms,
}
