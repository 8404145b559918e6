package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"aiusage/transport"
)

// The timeouts of connections. A slow reader of a large answer may take long;
// a slow sender of headers may not.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = time.Minute
	writeTimeout      = 10 * time.Minute
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 15 * time.Second
	maxHeaderBytes    = 64 << 10
)

// Serve answers requests on the listener until ctx ends, then lets requests
// under way finish for a while. It closes the listener and returns nil after an
// orderly end.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := newServer(handler, log)
	return serve(ctx, server, log, func() error { return server.Serve(listener) })
}

// ServeTLS is Serve over encrypted connections.
func ServeTLS(ctx context.Context, listener net.Listener, handler http.Handler, certificate *CertificateFiles, log *slog.Logger) error {
	server := newServer(handler, log)
	server.TLSConfig = certificate.config()
	return serve(ctx, server, log, func() error { return server.ServeTLS(listener, "", "") })
}

func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           tellingCuts(handler),
		ConnContext:       withConnection,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// serve runs a server until ctx ends.
func serve(ctx context.Context, server *http.Server, log *slog.Logger, run func() error) error {
	streams := transport.NewLifetime()
	server.BaseContext = func(net.Listener) context.Context {
		return transport.WithLifetime(context.Background(), streams)
	}
	server.RegisterOnShutdown(streams.End)
	failed := make(chan error, 1)
	go func() { failed <- run() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	graceful, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	defer streams.Wait(graceful)
	if err := server.Shutdown(graceful); errors.Is(err, context.DeadlineExceeded) {
		log.Warn("requests still under way were cut off", "after", shutdownTimeout)
		return server.Close()
	} else if err != nil {
		return err
	}
	return nil
}
