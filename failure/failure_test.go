package failure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

func TestFrontendsAreToldWhatToDoAboutEveryCode(t *testing.T) {
	manual, err := os.ReadFile("../docs/frontend.md")
	if err != nil {
		t.Fatal(err)
	}
	for code, kind := range kinds {
		if !strings.Contains(string(manual), "\n| `"+kind.graphQL+"` |") {
			t.Errorf("docs/frontend.md does not say what to do about %s (%s)", kind.graphQL, code)
		}
	}
}

func TestEveryCodeAppearsInOneWay(t *testing.T) {
	for code, want := range map[usage.Code]kind{
		usage.InvalidArgument:  {http.StatusBadRequest, "BAD_USER_INPUT"},
		usage.Unauthenticated:  {http.StatusUnauthorized, "UNAUTHENTICATED"},
		usage.PermissionDenied: {http.StatusForbidden, "FORBIDDEN"},
		usage.TooManyRequests:  {http.StatusTooManyRequests, "TOO_MANY_REQUESTS"},
		usage.NotFound:         {http.StatusNotFound, "NOT_FOUND"},
		usage.OutOfRange:       {http.StatusInternalServerError, "OUT_OF_RANGE"},
		usage.Timeout:          {http.StatusGatewayTimeout, "TIMEOUT"},
		usage.Canceled:         {499, "CANCELED"},
		usage.Unavailable:      {http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE"},
		usage.Stale:            {http.StatusServiceUnavailable, "STALE"},
		usage.Internal:         {http.StatusInternalServerError, "INTERNAL_SERVER_ERROR"},
		"NEW_CODE":             {http.StatusInternalServerError, "INTERNAL_SERVER_ERROR"},
	} {
		if got := (kind{Status(code), GraphQLCode(code)}); got != want || IsCallers(code) != (want.status < 500) {
			t.Errorf("%s: got %v, want %v", code, got, want)
		}
	}
}

func TestWhenToTryAgainIsSaidInWholeSeconds(t *testing.T) {
	for _, c := range []struct {
		err  usage.Error
		want string
	}{
		{usage.Error{Code: usage.Unavailable}, "5"},
		{usage.Error{Code: usage.Stale}, "5"},
		{usage.Error{Code: usage.Unavailable, RetryAfter: time.Minute}, "60"},
		{usage.Error{Code: usage.TooManyRequests, RetryAfter: 1001 * time.Millisecond}, "2"},
		{usage.Error{Code: usage.TooManyRequests, RetryAfter: time.Millisecond}, "1"},
		{usage.Error{Code: usage.TooManyRequests}, ""},
		{usage.Error{Code: usage.Timeout}, ""},
	} {
		header := http.Header{}
		SetRetryAfter(header, &c.err)
		if got := header.Get("Retry-After"); got != c.want {
			t.Errorf("%+v: got %q, want %q", &c.err, got, c.want)
		}
	}
}

// What an operator can act on is logged, with its cause, once; what a caller can mend
// is not.
func TestFaultsAreLoggedOnce(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	cause := errors.New("secret")
	panicked := usage.Recovered("secret")
	for _, c := range []struct {
		ctx   context.Context
		err   error
		level string
		told  string
	}{
		{t.Context(), cause, "ERROR", "internal error"},
		{t.Context(), fmt.Errorf("wrapped: %w", cause), "ERROR", "internal error"},
		{t.Context(), &usage.Error{Code: usage.Internal, Message: "secret"}, "ERROR", "internal error"},
		{gone, cause, "WARN", "internal error"},
		{t.Context(), panicked, "ERROR", "internal error"},
		{t.Context(), panicked, "", "internal error"},
		{t.Context(), fmt.Errorf("for another caller: %w", panicked), "", "internal error"},
		{t.Context(), &usage.Error{Code: usage.Unavailable, Message: "away", Cause: cause}, "WARN", "away"},
		{t.Context(), usage.Errorf(usage.Unavailable, "away"), "", "away"},
		{t.Context(), &usage.Error{Code: usage.InvalidArgument, Message: "bad", Cause: cause}, "", "bad"},
		{gone, context.Canceled, "", "the request was canceled"},
	} {
		var records bytes.Buffer
		told := Log(c.ctx, slog.New(slog.NewTextHandler(&records, nil)), c.err, "path", "here")
		if told.Error() != c.told {
			t.Errorf("%v: told %v, want %s", c.err, told, c.told)
		}
		record := records.String()
		if c.level == "" && record != "" || c.level != "" && (strings.Count(record, "\n") != 1 ||
			!strings.Contains(record, "level="+c.level) || !strings.Contains(record, "secret") || !strings.Contains(record, "path=here")) {
			t.Errorf("%v: logged %q, want %s", c.err, record, c.level)
		}
	}
}
