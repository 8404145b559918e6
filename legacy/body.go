package legacy

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// readBody reads the body within the size limit, chunked or not, and unpacks
// gzip (fact 4).
func (h *handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	var body io.Reader = http.MaxBytesReader(w, r.Body, h.MaxBody)
	switch encoding := lower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		unpacked, err := gzip.NewReader(body)
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, h.bodyFault(r, err)
		}
		body = unpacked
	default:
		return nil, h.bodyFault(r, fmt.Errorf("the Content-Encoding %q is not supported; accepted: gzip", encoding))
	}
	read, err := io.ReadAll(io.LimitReader(body, h.MaxBody+1))
	if err == nil && int64(len(read)) > h.MaxBody {
		err = &http.MaxBytesError{Limit: h.MaxBody}
	}
	if err != nil {
		return nil, h.bodyFault(r, err)
	}
	return read, nil
}

// bodyFault is the answer to a body that cannot be read to its end.
func (h *handler) bodyFault(r *http.Request, err error) error {
	if r.Context().Err() != nil {
		return r.Context().Err()
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &fault{
			status: http.StatusRequestEntityTooLarge, reason: "RequestEntityTooLarge", code: "RequestEntityTooLarge",
			message: fmt.Sprintf("The request body is larger than %d bytes", h.MaxBody),
		}
	}
	return unreadable(r.Header.Get("Content-Type"), false, err)
}
