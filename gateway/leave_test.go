package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"aiusage/gateway"
	"aiusage/internal/dbtest"
)

// A gateway that is about to end says so to probes, answers as ever, by whichever door, and
// has callers send what comes next by another connection: on one that was kept open, too.
func TestALeavingGatewayAnswersAndIsNotReady(t *testing.T) {
	handler, err := gateway.New(gateway.Config{Store: fill(t, dbtest.One(t)), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	kept, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	answers := bufio.NewReader(kept)
	ask := func(to io.Writer, from *bufio.Reader, path string) string {
		t.Helper()
		request, err := http.NewRequest("GET", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("ada", password)
		request.Header.Set("Accept", "application/json")
		if err := request.Write(to); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(from, request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(response.StatusCode, " ", response.Close)
	}
	paths := map[string]string{"/readyz": "503", "/healthz": "200", "/graphql?query={viewer{name}}": "200", "/ai/usage": "200", "/export/usage.csv": "200", "/nowhere": "404"}
	for path, want := range paths {
		if path == "/readyz" {
			want = "200"
		}
		if got := ask(kept, answers, path); got != want+" false" {
			t.Errorf("%s before: got %s", path, got)
		}
	}
	handler.Leave()
	for path, want := range paths {
		fresh, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(fresh, bufio.NewReader(fresh), path); got != want+" true" {
			t.Errorf("%s: got %s", path, got)
		}
		fresh.Close()
	}
	if got := ask(kept, answers, "/healthz"); got != "200 true" {
		t.Errorf("on a connection that was kept: got %s", got)
	}
	if _, err := answers.ReadByte(); err != io.EOF {
		t.Errorf("the connection that was kept is still open: %v", err)
	}
}
