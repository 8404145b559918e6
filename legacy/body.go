package legacy

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
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
			return nil, h.bodyError(r, err)
		}
		body = unpacked
	default:
		return nil, h.bodyError(r, fmt.Errorf("the Content-Encoding %q is not supported; accepted: gzip", encoding))
	}
	read, err := io.ReadAll(io.LimitReader(body, h.MaxBody+1))
	if err == nil && int64(len(read)) > h.MaxBody {
		err = &http.MaxBytesError{Limit: h.MaxBody}
	}
	if err != nil {
		return nil, h.bodyError(r, err)
	}
	return read, nil
}

// bodyError is the answer to a body that cannot be read to its end. The context
// ends with every such failure of the connection, so the error tells them apart: a
// client that stalls is told, and so is one that has sent half a body and listens.
func (h *handler) bodyError(r *http.Request, err error) error {
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		return &errorResponse{
			status: http.StatusRequestEntityTooLarge, reason: "RequestEntityTooLarge", code: "RequestEntityTooLarge",
			message: fmt.Sprintf("The request body is larger than %d bytes", h.MaxBody),
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &errorResponse{
			status: http.StatusRequestTimeout, reason: "RequestTimeout", code: "RequestTimeout",
			message: "The request body did not arrive in time",
		}
	case r.Context().Err() != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return r.Context().Err()
	}
	return unreadable(r.Header.Get("Content-Type"), false, err)
}
