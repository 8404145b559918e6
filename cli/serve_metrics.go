package cli

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"aiusage/gateway"
)

// listenForMetrics takes the address for metrics, if there is to be one.
func (c serveCommand) listenForMetrics() (net.Listener, error) {
	if c.MetricsListen == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", c.MetricsListen)
	if err != nil {
		return nil, listenError(c.MetricsListen, "--metrics-listen", err)
	}
	return listener, nil
}

// serveMetrics answers on the address for metrics, if there is one, until ctx ends.
// end waits for that.
func serveMetrics(ctx context.Context, listener net.Listener, metrics http.Handler, log *slog.Logger) (end func()) {
	if listener == nil {
		return func() {}
	}
	log.Info("listening for metrics", "address", listener.Addr().String())
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := gateway.Serve(ctx, listener, metrics, log); err != nil {
			log.Error("the metrics cannot be asked for any more", "error", err)
		}
	}()
	return func() {
		stop()
		<-ended
	}
}
