package gateway

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// An answer by HTTP/1.0, which proxies still speak, ends where its connection does. So that nobody takes
// a part for the whole, such a connection is reset unless the answer is whole: by the system, so that
// it is as well where this process is killed.

type connectionKey struct{}

// withConnection is the ConnContext of a server with tellingCuts.
func withConnection(ctx context.Context, conn net.Conn) context.Context {
	if secured, is := conn.(*tls.Conn); is {
		conn = secured.NetConn()
	}
	return context.WithValue(ctx, connectionKey{}, conn)
}

// tellingCuts has answers by HTTP/1.0 that are cut end otherwise than those that are whole. A handler cuts
// its answer by panicking.
func tellingCuts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, is := r.Context().Value(connectionKey{}).(*net.TCPConn)
		if !is || r.ProtoAtLeast(1, 1) {
			next.ServeHTTP(w, r)
			return
		}
		_ = conn.SetLinger(0)
		whole := false
		defer func() {
			if !whole {
				conn.Close() // without the word of goodbye that TLS has for an end
			}
		}()
		counted := &delimited{ResponseWriter: w, conn: conn}
		next.ServeHTTP(counted, r)
		whole = true
		counted.end()
	})
}

// withLength is the largest answer, in bytes, of which net/http says the length by itself.
const withLength = 2048

// delimited is an answer that ends with its connection, where it is not so small that its length is said.
type delimited struct {
	http.ResponseWriter
	conn    *net.TCPConn
	written int
}

// Write counts what is written.
func (d *delimited) Write(part []byte) (int, error) {
	n, err := d.ResponseWriter.Write(part)
	d.written += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (d *delimited) Unwrap() http.ResponseWriter { return d.ResponseWriter }

// Flush is for those who look for an http.Flusher.
func (d *delimited) Flush() { _ = http.NewResponseController(d.ResponseWriter).Flush() }

// Hijack leaves the end of the connection to who takes it over.
func (d *delimited) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	_ = d.conn.SetLinger(-1)
	return http.NewResponseController(d.ResponseWriter).Hijack()
}

// end has the connection be closed in the ordinary way, once all has been handed to the system.
func (d *delimited) end() {
	if d.written > withLength && http.NewResponseController(d.ResponseWriter).Flush() != nil {
		panic(http.ErrAbortHandler)
	}
	_ = d.conn.SetLinger(-1)
}
