package gateway

import (
	"net/http"
	"sync/atomic"
)

// departure is the way of a gateway to its end. Once it has begun, /readyz says so, so that
// whoever shares out requests among several gateways sends this one no more; those that come
// nevertheless are answered as ever.
type departure struct{ begun atomic.Bool }

// Leave begins the gateway's departure. Whoever serves it ends that some time later.
func (g *Gateway) Leave() { g.departure.begun.Store(true) }

// within has each answer tell its caller to send the next request by another connection, so
// that none is sent by this one in the moment in which it is closed. HTTP/2 has its own word
// for that.
func (d *departure) within(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && d.begun.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
