package answer

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// How long, and how much, a refused request's body is read so that its sender
// gets to see the answer.
const (
	maxDrained  = 256 << 10
	drainFor    = 500 * time.Millisecond
	writeWithin = 10 * time.Second
)

// statusRecorder is implemented by a ResponseWriter of the gateway's that wants
// to know the status of an answer written past it, for metrics and logs.
type statusRecorder interface{ RecordStatus(status int) }

// writeStatus answers with a status, a reason phrase and a body (fact 15).
//
// net/http writes only the standard reason phrases, so for any other the
// connection is taken over, answered and closed. Where that is impossible
// (HTTP/2 has no reason phrases) the answer is written as usual.
func writeStatus(w http.ResponseWriter, r *http.Request, status int, reason string, body []byte) {
	if reason == "" || r.ProtoMajor != 1 || !takeOver(w, r, status, reason, body) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		w.Write(body) // dropped by net/http for HEAD
	}
}

// takeOver hijacks the connection and answers on it. It returns false, having
// written nothing, when the connection cannot be taken over.
func takeOver(w http.ResponseWriter, r *http.Request, status int, reason string, body []byte) bool {
	control := http.NewResponseController(w)
	if r.Header.Get("Expect") == "" && control.SetReadDeadline(time.Now().Add(drainFor)) == nil {
		io.CopyN(io.Discard, r.Body, maxDrained)
	}
	connection, buffered, err := control.Hijack()
	if err != nil {
		control.SetReadDeadline(time.Time{})
		return false
	}
	defer connection.Close()
	recordStatus(w, status)
	connection.SetDeadline(time.Now().Add(writeWithin))
	if err := writeRaw(buffered.Writer, w.Header(), r, status, reason, body); err == nil {
		linger(connection)
	}
	return true
}

// writeRaw writes a complete HTTP/1 response that ends the connection, with
// the headers that outer handlers have set.
func writeRaw(w *bufio.Writer, header http.Header, r *http.Request, status int, reason string, body []byte) error {
	header = header.Clone()
	header.Del("Transfer-Encoding")
	header.Set("Connection", "close")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if header.Get("Date") == "" {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	fmt.Fprintf(w, "HTTP/1.%d %d %s\r\n", r.ProtoMinor, status, reason)
	header.Write(w)
	w.WriteString("\r\n")
	if r.Method != http.MethodHead {
		w.Write(body)
	}
	return w.Flush()
}

// linger ends our half of the connection and gives the client a moment to read
// the answer and close its own: closing at once while it still sends would
// reset the connection, and the answer would be lost.
func linger(connection net.Conn) {
	half, ok := connection.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	connection.SetReadDeadline(time.Now().Add(drainFor))
	io.CopyN(io.Discard, connection, maxDrained)
}

// recordStatus tells every wrapper around the connection's own ResponseWriter.
func recordStatus(w http.ResponseWriter, status int) {
	for w != nil {
		if recorder, ok := w.(statusRecorder); ok {
			recorder.RecordStatus(status)
		}
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = wrapper.Unwrap()
	}
}
