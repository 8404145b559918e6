package mcp

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"aiusage/observe"
)

// nobody is told nothing.
type nobody struct{}

func (nobody) Began(context.Context, observe.Seen) {}
func (nobody) Ended(context.Context, observe.Seen) {}

// A request without a result was refused, unless its caller has left before there could be one.
func TestWhatIsRefusedIsNoted(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		body   string
		answer func(http.ResponseWriter, *http.Request)
		want   []string
	}{
		{"no result", t.Context(), `{"jsonrpc":"2.0","id":1,"method":"ping"}`, func(http.ResponseWriter, *http.Request) {}, []string{"BAD_REQUEST"}},
		{"a caller who has left", gone, `{"jsonrpc":"2.0","id":1,"method":"ping"}`, func(http.ResponseWriter, *http.Request) {}, nil},
		{"a notification", t.Context(), `{"jsonrpc":"2.0","method":"notifications/initialized"}`, func(http.ResponseWriter, *http.Request) {}, nil},
		{"a notification that is refused", t.Context(), `{"jsonrpc":"2.0","method":"notifications/initialized"}`,
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }, []string{"BAD_REQUEST"}},
	} {
		record := observe.NewRecord(nobody{}, observe.Seen{})
		request := httptest.NewRequestWithContext(observe.NewContext(c.ctx, record), "POST", "/mcp", strings.NewReader(c.body))
		request.Header.Set("Content-Type", "application/json")
		messages(http.HandlerFunc(c.answer)).ServeHTTP(httptest.NewRecorder(), request)
		if got := record.Seen().Codes; !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
