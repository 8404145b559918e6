// Package compare asks the host that is to be replaced and the gateway the same
// questions, and tells where their answers differ. An operator runs it before
// callers are pointed at the gateway (docs/cutover.md).
package compare

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"aiusage/legacy/request"
)

// maxLine is the longest line of a file of requests, in bytes: a body of the
// greatest size that the gateway takes, and then some.
const maxLine = 4 << 20

// Request is a recorded request: a line of the file, as JSON.
type Request struct {
	Method string `json:"method"`
	// Path is what follows the host's address, with the query string.
	Path string `json:"path"`
	// Headers are sent unless they are empty or belong to a connection.
	Headers map[string]string `json:"headers"`
	// Body is the body as text, or BodyBase64 as bytes.
	Body       string `json:"body"`
	BodyBase64 string `json:"bodyBase64"`

	// Line is where it stands in the file, from 1.
	Line int `json:"-"`
	body []byte
}

// verbs are those that may be replayed. The operation only reads, whatever the verb;
// OPTIONS and the like are nobody's way to ask for usage.
var verbs = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// errSkip says that a request is not replayed: it does not lead to the operation,
// so it may change something, or hold a password.
var errSkip = errors.New("not a request for the operation")

// reader reads requests, one a line.
type reader struct {
	lines *bufio.Scanner
	line  int
}

func newReader(file io.Reader) *reader {
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	return &reader{lines: lines}
}

// next returns the next request, io.EOF after the last, or errSkip for one that is
// not to be replayed. Other errors name the line.
func (r *reader) next() (Request, error) {
	for r.lines.Scan() {
		r.line++
		if strings.TrimSpace(r.lines.Text()) == "" {
			continue
		}
		request, err := parse(r.lines.Bytes())
		if err != nil && !errors.Is(err, errSkip) {
			return Request{}, fmt.Errorf(`line %d: %w; a line of recorded requests is a JSON object such as {"method": "POST", "path": "/ai/usage"}`, r.line, err)
		}
		request.Line = r.line
		return request, err
	}
	if err := r.lines.Err(); err != nil {
		return Request{}, fmt.Errorf("line %d: %w", r.line+1, err)
	}
	return Request{}, io.EOF
}

func parse(line []byte) (request Request, err error) {
	decoder := json.NewDecoder(strings.NewReader(string(line)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return request, err
	}
	if decoder.More() {
		return request, errors.New("there is more than one object on the line")
	}
	if request.Method == "" {
		request.Method = http.MethodGet
	}
	if !strings.HasPrefix(request.Path, "/") {
		return request, fmt.Errorf("the path %q does not begin with /", request.Path)
	}
	if request.Body != "" && request.BodyBase64 != "" {
		return request, errors.New("there are both body and bodyBase64")
	}
	request.body = []byte(request.Body)
	if request.BodyBase64 != "" {
		if request.body, err = base64.StdEncoding.DecodeString(request.BodyBase64); err != nil {
			return request, fmt.Errorf("bodyBase64: %w", err)
		}
	}
	return request, request.check()
}

// check tells whether a request is one for the operation.
func (r Request) check() error {
	asked, err := http.NewRequest(r.Method, "http://host"+r.Path, nil)
	if err != nil {
		return err
	}
	for _, verb := range verbs {
		if r.Method == verb && request.IsOperation(asked.URL.Path) {
			return nil
		}
	}
	return errSkip
}
