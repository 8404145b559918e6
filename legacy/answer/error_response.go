package answer

import (
	"errors"
	"net/http"

	"aiusage/auth"
	"aiusage/failure"
	"aiusage/legacy/contract"
	"aiusage/usage"
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
	usage.Stale:           "ServiceUnavailable",
	usage.Internal:        "Exception",
}

// indexed is an error with the index of the request of a batch that caused it.
type indexed struct {
	error
	index int
}

func (e *indexed) Unwrap() error { return e.error }

// InBatch returns an error of a request of a batch, of which the answer names the index.
func InBatch(err error, index int) error { return &indexed{err, index} }

// ErrorResponseOf turns any error into the answer for it.
func ErrorResponseOf(err error, as contract.Format, login string) *contract.ErrorResponse {
	if at, ok := errors.AsType[*indexed](err); ok {
		f := *ErrorResponseOf(at.error, as, login)
		f.BatchIndex = &at.index
		return &f
	}
	if f, ok := errors.AsType[*contract.ErrorResponse](err); ok {
		return f
	}
	coded := usage.AsError(err)
	switch {
	case errors.Is(err, auth.ErrWrongCredentials):
		return &contract.ErrorResponse{Status: http.StatusUnauthorized, Reason: "Invalid Username or Password",
			Code: "Unauthorized", Message: "Invalid Username or Password"}
	case errors.Is(err, auth.ErrInvalidToken):
		return &contract.ErrorResponse{Status: http.StatusUnauthorized, Reason: "Unauthorized", Code: "Unauthorized", Message: coded.In(contract.Names).Message,
			Header: http.Header{contract.WWWAuthenticate: {`Bearer error="invalid_token"`}}}
	case errors.Is(err, auth.ErrCrossSite):
		return &contract.ErrorResponse{Status: http.StatusForbidden, Reason: "Forbidden", Code: "Forbidden", Message: coded.In(contract.Names).Message}
	}
	switch coded.Code {
	case usage.Unauthenticated:
		return notSignedIn(as, login)
	case usage.PermissionDenied:
		return &contract.ErrorResponse{Status: http.StatusForbidden, Reason: "Invalid Role"}
	case usage.InvalidArgument:
		return contract.BadArgument(contract.Names.Arguments[coded.Argument], coded.In(contract.Names).String())
	}
	return failed(coded)
}

// notSignedIn asks for credentials with an empty body, or sends a browser to
// the login page (fact 18).
func notSignedIn(as contract.Format, login string) *contract.ErrorResponse {
	if as == contract.HTML {
		return &contract.ErrorResponse{Status: http.StatusFound, Header: http.Header{"Location": {login}}}
	}
	return &contract.ErrorResponse{Status: http.StatusUnauthorized, Header: http.Header{contract.WWWAuthenticate: {`basic realm="/auth/basic"`}}}
}

// failed is the answer when the request was right and the answer is missing.
func failed(err *usage.Error) *contract.ErrorResponse {
	code, known := errorCodes[err.Code]
	if !known {
		code = errorCodes[usage.Internal]
	}
	f := &contract.ErrorResponse{Status: failure.Status(err.Code), Reason: code, Code: code, Message: err.In(contract.Names).String(), Header: http.Header{}}
	failure.SetRetryAfter(f.Header, err)
	return f
}
