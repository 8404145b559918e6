package cli

import (
	"context"
	"log/slog"
	"net"

	"aiusage/gateway"
)

// front is what callers meet: it answers at the gateway's address from the start on, first that
// the gateway is starting, and then by it.
type front struct {
	*gateway.Starting
	url string
	// answering ends when requests are no longer answered.
	answering context.Context
	stop      func()
	ended     chan error
}

// answer begins to answer on a listener, until ctx has ended and, after that, --drain is over.
// Where there is no listener, nothing is answered.
func (c serveCommand) answer(ctx context.Context, listener net.Listener, certificate *gateway.CertificateFiles, log *slog.Logger) *front {
	f := &front{Starting: gateway.NewStarting("its database"), ended: make(chan error, 1)}
	f.answering, f.stop = c.untilDrained(ctx, f.Leave, log)
	if listener == nil {
		f.ended <- nil
		return f
	}
	f.url = c.scheme() + "://" + reachable(listener.Addr().String())
	go func() {
		if certificate != nil {
			f.ended <- gateway.ServeTLS(f.answering, listener, f, certificate, log)
			return
		}
		f.ended <- gateway.Serve(f.answering, listener, f, log)
	}()
	return f
}

// wait returns when nothing is answered any more.
func (f *front) wait() error {
	err := <-f.ended
	f.ended <- err // for whoever waits next
	return err
}

// close ends answering.
func (f *front) close() {
	f.stop()
	f.wait()
}
