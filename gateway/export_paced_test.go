package gateway

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Who takes nothing is waited for as long as for one part, however long the whole may take.
func TestAReaderWhoTakesNothingIsWaitedForOnce(t *testing.T) {
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &paced{ctx: r.Context(), w: w, patience: 10 * time.Millisecond}
		part := make([]byte, 1<<20)
		for {
			if _, err := out.Write(part); err != nil {
				if !out.broken || !out.began {
					t.Errorf("the reader is not blamed for %v", err)
				}
				ended <- err
				panic(http.ErrAbortHandler)
			}
		}
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it is waited for still")
	}
}
