package gateway

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// part is more than connections hold, so that a slow reader has it be cut in the middle.
var part = bytes.Repeat([]byte("a10,c12270,2026-10-04\n"), 1<<20)

// read asks by HTTP/1.0, has something happen after the first bytes, and reads to the end.
func read(t *testing.T, conn net.Conn, then func()) ([]byte, error) {
	t.Helper()
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(conn, "GET / HTTP/1.0\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	first := make([]byte, 3)
	if _, err := io.ReadFull(response.Body, first); err != nil {
		t.Fatal(err)
	}
	then()
	rest, err := io.ReadAll(response.Body)
	return append(first, rest...), err
}

// By HTTP/1.0 only how a connection ends tells a whole answer from a part of it.
func TestAnAnswerThatIsCutNeverLooksWhole(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string // nothing where it is cut
	}{
		"small": {func(w http.ResponseWriter, _ *http.Request) { w.Write(part[:44]) }, string(part[:44])},
		"large": {func(w http.ResponseWriter, _ *http.Request) { w.Write(part) }, string(part)},
		"with a length": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(part)))
			w.Write(part)
		}, string(part)},
		"in parts": {func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				w.Write(part[:4400])
				w.(http.Flusher).Flush()
			}
		}, string(part[:3*4400])},
		"taken over": {func(w http.ResponseWriter, _ *http.Request) {
			conn, buffered, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(buffered, "HTTP/1.0 200 I see\r\n\r\n%s", part)
			buffered.Flush()
		}, string(part)},
		"cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Write(part)
			panic(http.ErrAbortHandler)
		}, ""},
		"cut when all has been taken": {func(w http.ResponseWriter, _ *http.Request) {
			w.Write(part[:44_000])
			w.(http.Flusher).Flush()
			time.Sleep(100 * time.Millisecond)
			panic(http.ErrAbortHandler)
		}, ""},
	} {
		for _, secured := range []bool{false, true} {
			server := httptest.NewUnstartedServer(nil)
			server.Config = newServer(c.handler, slog.New(slog.DiscardHandler))
			dial := func() (net.Conn, error) { return net.Dial("tcp", server.Listener.Addr().String()) }
			if secured {
				server.StartTLS()
				dial = func() (net.Conn, error) {
					return tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
				}
			} else {
				server.Start()
			}
			conn, err := dial()
			if err != nil {
				t.Fatal(err)
			}
			got, err := read(t, conn, func() { time.Sleep(20 * time.Millisecond) })
			if c.want == "" && err == nil || c.want != "" && (err != nil || string(got) != c.want) {
				t.Errorf("%s (TLS: %v): %d bytes, want %d, %v", name, secured, len(got), len(c.want), err)
			}
			server.Close()
		}
	}
}

// Nothing is left in this process when the connection may end in the ordinary way. What is small keeps the length that
// net/http says of it.
func TestAnAnswerIsHandedOverBeforeItIsWhole(t *testing.T) {
	for length, want := range map[int]bool{0: false, withLength: false, withLength + 1: true} {
		recorder := httptest.NewRecorder()
		whole := &delimited{ResponseWriter: recorder, conn: &net.TCPConn{}}
		whole.Write(part[:length])
		if whole.end(); recorder.Flushed != want {
			t.Errorf("of %d bytes: flushed %v", length, recorder.Flushed)
		}
	}
}

// What is still being taken when the server ends, or its process is killed, is cut as well.
func TestAnAnswerIsCutWhereTheServerEnds(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	})
	if os.Getenv("AIUSAGE_TEST_SERVES") != "" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("at", listener.Addr())
		t.Fatal(newServer(handler, slog.New(slog.DiscardHandler)).Serve(listener))
	}

	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(handler, slog.New(slog.DiscardHandler))
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, conn, func() { server.Config.Close() }); err == nil {
		t.Errorf("%d bytes look whole", len(got))
	}

	killed := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	killed.Env = append(os.Environ(), "AIUSAGE_TEST_SERVES=1")
	stdout, err := killed.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	defer killed.Wait()
	defer killed.Process.Kill()
	var address string
	for lines := bufio.NewScanner(stdout); address == "" && lines.Scan(); {
		address, _ = strings.CutPrefix(lines.Text(), "at ")
	}
	conn, err = net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, conn, func() { killed.Process.Kill() }); err == nil {
		t.Errorf("%d bytes look whole", len(got))
	}
}
