package legacy

import (
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// readBody reads the body within the size limit, chunked or not, and unpacks
// gzip (fact 4). A body of unknown media is not read: it counts as empty.
func (h *handler) readBody(w http.ResponseWriter, r *http.Request, kind media) ([]byte, error) {
	if kind == mediaNone || r.ContentLength == 0 {
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

// bodyText is a body as UTF-8.
type bodyText struct {
	content string
	// utf16 is whether the body was UTF-16.
	utf16 bool
}

// decodeText removes a byte order mark and turns UTF-16, which must have one,
// into UTF-8 (fact 5). What is not valid Unicode is refused, because replacing
// characters would change a filter.
func decodeText(body []byte) (bodyText, error) {
	switch {
	case strings.HasPrefix(string(body), "\uFEFF"):
		body = body[len("\uFEFF"):]
	case len(body) >= 2 && body[0] == 0xFE && body[1] == 0xFF:
		return decodeUTF16(body[2:], binary.BigEndian)
	case len(body) >= 2 && body[0] == 0xFF && body[1] == 0xFE:
		return decodeUTF16(body[2:], binary.LittleEndian)
	}
	if !utf8.Valid(body) {
		return bodyText{}, errors.New("the body is not valid UTF-8")
	}
	return bodyText{content: string(body)}, nil
}

func decodeUTF16(body []byte, order binary.ByteOrder) (bodyText, error) {
	if len(body)%2 != 0 {
		return bodyText{}, errors.New("the body ends within a UTF-16 character")
	}
	var plain strings.Builder
	plain.Grow(len(body) / 2)
	for i := 0; i < len(body); i += 2 {
		r := rune(order.Uint16(body[i:]))
		if utf16.IsSurrogate(r) {
			if i += 2; i < len(body) {
				r = utf16.DecodeRune(r, rune(order.Uint16(body[i:])))
			}
			if i >= len(body) || r == utf8.RuneError {
				return bodyText{}, errors.New("the body has half a UTF-16 surrogate pair")
			}
		}
		plain.WriteRune(r)
	}
	return bodyText{plain.String(), true}, nil
}
