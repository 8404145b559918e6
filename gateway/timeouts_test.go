package gateway

import (
	"log/slog"
	"net/http"
	"testing"
	"time"
)

// Slow headers and slow bodies hold a connection for a bounded time.
func TestConnectionsHaveTimeouts(t *testing.T) {
	server := newServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	for what, timeout := range map[string]time.Duration{
		"headers": server.ReadHeaderTimeout, "a request": server.ReadTimeout, "an answer": server.WriteTimeout, "nothing": server.IdleTimeout,
	} {
		if timeout <= 0 || timeout > 10*time.Minute {
			t.Errorf("for %s: %v", what, timeout)
		}
	}
	if server.ReadHeaderTimeout > 10*time.Second || server.MaxHeaderBytes > 64<<10 {
		t.Errorf("headers: %v, %d bytes", server.ReadHeaderTimeout, server.MaxHeaderBytes)
	}
}

// NewServer is for tests from outside.
var NewServer = newServer
