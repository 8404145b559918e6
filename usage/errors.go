package usage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Code classifies an error by what its receiver can do about it.
type Code string

// The codes. Every error a caller may see carries one of them; anything else
// is reported as Internal and its text stays in the log.
const (
	// InvalidArgument: the caller sent something that cannot be used; correct it and send again.
	InvalidArgument Code = "INVALID_ARGUMENT"
	// Unauthenticated: no credentials, or wrong ones.
	Unauthenticated Code = "UNAUTHENTICATED"
	// PermissionDenied: known, but not allowed.
	PermissionDenied Code = "PERMISSION_DENIED"
	// TooManyRequests: allowed, but not so often; try again after Error.RetryAfter.
	TooManyRequests Code = "TOO_MANY_REQUESTS"
	// NotFound: what was named does not exist.
	NotFound Code = "NOT_FOUND"
	// OutOfRange: the answer exists but does not fit the type the contract gives it.
	OutOfRange Code = "OUT_OF_RANGE"
	// Timeout: the answer took longer than the gateway waits; narrow the range or try later.
	Timeout Code = "TIMEOUT"
	// Canceled: the caller went away before the answer was ready.
	Canceled Code = "CANCELED"
	// Unavailable: the database cannot be reached just now; try again.
	Unavailable Code = "UNAVAILABLE"
	// Stale: the database server is further behind another one than answers may be; try again.
	Stale Code = "STALE"
	// Internal: a fault of the gateway. The log has the cause under the request's id.
	Internal Code = "INTERNAL"
)

// Error is what a caller is told, as data: each door puts it into words with its
// own names (In).
type Error struct {
	Code Code
	// Argument is the argument at fault, or empty when no single one is.
	Argument Argument
	// Message is one sentence: what was wrong and where. With Values it is the format
	// of a Text, in which the names of arguments are values and not words.
	Message string
	Values  []any
	// Accepted lists what would be accepted instead, one example each: texts, Texts,
	// Periods and AnyDate.
	Accepted []any
	// RetryAfter is how long to wait before trying again; 0 when that is not known.
	RetryAfter time.Duration
	// Cause is for the log. It is never shown to a caller.
	Cause error
}

// Error gives the message followed by what would be accepted, with the names of
// GraphQL.
func (e *Error) Error() string { return e.In(Names{}).String() }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an error with a code and a message for the caller. Where a value is
// an Argument, a Period or a Text, each door fills in the message anew.
func Errorf(code Code, format string, values ...any) *Error {
	if dependsOnDoor(values) {
		return &Error{Code: code, Message: format, Values: values}
	}
	return &Error{Code: code, Message: fmt.Sprintf(format, values...)}
}

// Invalid makes an InvalidArgument error about an argument, as Errorf does.
func Invalid(argument Argument, format string, values ...any) *Error {
	err := Errorf(InvalidArgument, format, values...)
	err.Argument = argument
	return err
}

// Accepting says what would be accepted, as Error.Accepted has it, and returns the error.
func (e *Error) Accepting(forms ...any) *Error {
	e.Accepted = forms
	return e
}

// AsError returns err as an error for the caller. Whatever carries no code of
// its own becomes Timeout or Canceled when its context ended, and otherwise
// "internal error", with err as its cause. So does one with the code Internal,
// whatever it says.
func AsError(err error) *Error {
	if coded, ok := errors.AsType[*Error](err); ok && coded.Code != Internal {
		return coded
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: Timeout, Message: "the answer took too long", Cause: err}
	case errors.Is(err, context.Canceled):
		return &Error{Code: Canceled, Message: "the request was canceled", Cause: err}
	}
	return &Error{Code: Internal, Message: "internal error", Cause: err}
}
