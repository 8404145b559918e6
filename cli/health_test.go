package cli

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// asked runs the command health and returns what it prints and its status.
func asked(args ...string) (printed string, status int) {
	var out, errs bytes.Buffer
	status = Run(context.Background(), append([]string{"health"}, args...), strings.NewReader(""), &out, &errs, nil)
	return out.String() + errs.String(), status
}

func TestHealthSaysWhatTheGatewaySays(t *testing.T) {
	gateway := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			io.WriteString(w, "ok\n")
		case "/readyz":
			w.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(w, "waiting for the database\n")
		}
	})
	plain, encrypted := httptest.NewServer(gateway), httptest.NewTLSServer(gateway)
	defer plain.Close()
	defer encrypted.Close()
	// Whoever talks to its own machine uses no proxy.
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")

	address := plain.Listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	for name, c := range map[string]struct {
		args   []string
		status int
		want   []string
	}{
		"it is not ready":            {[]string{"--listen", address}, exitFailure, []string{"waiting for the database\n", "503 Service Unavailable at http://" + address + "/readyz"}},
		"it lives":                   {[]string{"--listen", address, "--live"}, exitOK, []string{"ok\n"}},
		"it listens to all":          {[]string{"--listen", "0.0.0.0:" + port, "--live"}, exitOK, []string{"ok\n"}},
		"it listens to all, by IPv6": {[]string{"--listen", "[::]:" + port, "--live"}, exitOK, []string{"ok\n"}},
		"no host":                    {[]string{"--listen", ":" + port, "--live"}, exitOK, []string{"ok\n"}},
		"it encrypts":                {[]string{"--listen", encrypted.Listener.Addr().String(), "--tls-cert", "its.pem", "--live"}, exitOK, []string{"ok\n"}},
		"it encrypts, unknown here":  {[]string{"--listen", encrypted.Listener.Addr().String(), "--live"}, exitFailure, []string{"400 Bad Request"}},
		"nobody answers":             {[]string{"--listen", "127.0.0.1:1"}, exitFailure, []string{"does not answer", "refused"}},
		"no port":                    {[]string{"--listen", "127.0.0.1"}, exitFailure, []string{"HOST:PORT"}},
		"a port of its own choice":   {[]string{"--listen", "127.0.0.1:0"}, exitFailure, []string{"HOST:PORT"}},
		"no host at all":             {[]string{"--listen", "a b:80"}, exitFailure, []string{"--listen a b:80"}},
		"no time":                    {[]string{"--listen", address, "--timeout=-1s"}, exitFailure, []string{"--timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			printed, status := asked(c.args...)
			for _, want := range c.want {
				if !strings.Contains(printed, want) {
					t.Errorf("got %q, not %q", printed, want)
				}
			}
			if status != c.status {
				t.Errorf("the status is %d, want %d: %s", status, c.status, printed)
			}
		})
	}

	t.Setenv("AIUSAGE_LISTEN", address)
	if printed, status := asked("--live"); status != exitOK {
		t.Errorf("by the variable that serve has: %s", printed)
	}
}

func TestHealthDoesNotWaitForever(t *testing.T) {
	ended := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended }))
	defer hangs.Close()
	defer close(ended)
	if printed, status := asked("--listen", hangs.Listener.Addr().String(), "--timeout", "50ms"); status != exitFailure || !strings.Contains(printed, "does not answer") {
		t.Errorf("got %d, %s", status, printed)
	}
}
