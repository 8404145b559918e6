// Package failure says what becomes of an error at the doors, alike for all of them:
// its HTTP status, its code in GraphQL, when to try again, and what the log has of it.
// What callers read is in package usage.
package failure

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"aiusage/usage"
)

// kind is how a code of the domain appears at the doors.
type kind struct {
	// status is that of an HTTP answer that failed as a whole.
	status int
	// graphQL is the value of extensions.code. It follows Apollo Server's names where
	// that has one, because frontend libraries match on them.
	graphQL string
}

// kinds is the one table from codes to HTTP statuses and GraphQL codes.
var kinds = map[usage.Code]kind{
	usage.InvalidArgument:  {http.StatusBadRequest, "BAD_USER_INPUT"},
	usage.Unauthenticated:  {http.StatusUnauthorized, "UNAUTHENTICATED"},
	usage.PermissionDenied: {http.StatusForbidden, "FORBIDDEN"},
	usage.TooManyRequests:  {http.StatusTooManyRequests, "TOO_MANY_REQUESTS"},
	usage.NotFound:         {http.StatusNotFound, "NOT_FOUND"},
	usage.OutOfRange:       {http.StatusInternalServerError, "OUT_OF_RANGE"},
	usage.Timeout:          {http.StatusGatewayTimeout, "TIMEOUT"},
	usage.Canceled:         {499, "CANCELED"}, // nginx's number for a client that closed the request
	usage.Unavailable:      {http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE"},
	usage.Stale:            {http.StatusServiceUnavailable, "STALE"},
	usage.Internal:         {http.StatusInternalServerError, "INTERNAL_SERVER_ERROR"},
}

// kindOf returns how a code appears. One that is not in the table is a fault of the
// gateway and appears as Internal.
func kindOf(code usage.Code) kind {
	if known, ok := kinds[code]; ok {
		return known
	}
	return kinds[usage.Internal]
}

// Status returns the HTTP status of an answer that failed as a whole.
func Status(code usage.Code) int { return kindOf(code).status }

// GraphQLCode returns the value of extensions.code.
func GraphQLCode(code usage.Code) string { return kindOf(code).graphQL }

// IsCallers tells whether it is for the caller to do something about a code, and not
// for the operator.
func IsCallers(code usage.Code) bool { return Status(code) < http.StatusInternalServerError }

// databaseAway is how long a caller should wait when the database is away or behind, unless
// the error says.
const databaseAway = 5 * time.Second

// SetRetryAfter sets the header that says, in whole seconds, when to try again, where
// that is known.
func SetRetryAfter(header http.Header, err *usage.Error) {
	wait := err.RetryAfter
	if wait <= 0 && (err.Code == usage.Unavailable || err.Code == usage.Stale) {
		wait = databaseAway
	}
	if wait > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}
