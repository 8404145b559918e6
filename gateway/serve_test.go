package gateway_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"aiusage/gateway"
)

func TestARequestUnderWayIsFinishedAtTheEnd(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	entered, release := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		io.WriteString(w, "whole")
	})
	served := make(chan error, 1)
	go func() { served <- gateway.Serve(ctx, listener, handler, slog.New(slog.DiscardHandler)) }()
	body := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			body <- err.Error()
			return
		}
		defer response.Body.Close()
		content, _ := io.ReadAll(response.Body)
		body <- string(content)
	}()
	<-entered
	cancel()
	close(release)
	if got := <-body; got != "whole" {
		t.Errorf("got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("the end: %v", err)
	}
}
