package request

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"aiusage/legacy/contract"
)

// readBody reads the body, of at most so many bytes before and after unpacking gzip, chunked
// or not (fact 4).
func (h *Head) readBody(w http.ResponseWriter, max int64) ([]byte, error) {
	if h.ContentLength == 0 {
		return nil, nil
	}
	var body io.Reader = http.MaxBytesReader(w, h.Body, max)
	switch encoding := contract.Lower(strings.TrimSpace(h.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		unpacked, err := gzip.NewReader(body)
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, h.bodyError(max, err)
		}
		body = unpacked
	default:
		return nil, h.bodyError(max, fmt.Errorf("the Content-Encoding %q is not supported; accepted: gzip", encoding))
	}
	read, err := io.ReadAll(io.LimitReader(body, max+1))
	if err == nil && int64(len(read)) > max {
		err = &http.MaxBytesError{Limit: max}
	}
	if err != nil {
		return nil, h.bodyError(max, err)
	}
	return read, nil
}

// bodyError is the answer to a body that cannot be read to its end. The context
// ends with every such failure of the connection, so the error tells them apart: a
// client that stalls is told, and so is one that has sent half a body and listens.
func (h *Head) bodyError(max int64, err error) error {
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		return &contract.ErrorResponse{
			Status: http.StatusRequestEntityTooLarge, Reason: "RequestEntityTooLarge", Code: "RequestEntityTooLarge",
			Message: fmt.Sprintf("The request body is larger than %d bytes", max),
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &contract.ErrorResponse{
			Status: http.StatusRequestTimeout, Reason: "RequestTimeout", Code: "RequestTimeout",
			Message: "The request body did not arrive in time",
		}
	case h.Context().Err() != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return h.Context().Err()
	}
	return unreadable(h.Header.Get("Content-Type"), false, err)
}
