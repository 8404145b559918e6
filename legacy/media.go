package legacy

import (
	"fmt"
	"net/http"
	"strings"
)

// media is how a request body is written: a format under its own name, or one of
// these.
type media string

const (
	mediaNone      media = ""
	mediaForm      media = "form"
	mediaMultipart media = "multipart"
)

// isFormat tells whether answers can be written alike.
func (m media) isFormat() bool { return isFormat(string(m)) }

// bodyFormat returns how what has a media type is written, by the names that the
// contract gives (fact 2), or mediaNone when it is unknown.
func bodyFormat(mediaType string) media {
	switch mediaType {
	case "application/xml", "text/xml":
		return media(formatXML)
	case "application/json", "text/json":
		return media(formatJSON)
	case "application/jsv", "text/jsv":
		return media(formatJSV)
	case "text/csv":
		return media(formatCSV)
	case "application/x-www-form-urlencoded":
		return mediaForm
	case "multipart/form-data":
		return mediaMultipart
	}
	return mediaNone
}

// plainFormat is bodyFormat for a request's body, of which a media type may also
// say plainly what it is: by a suffix such as +json (RFC 6839), or as one that was
// never registered (fact 4).
func plainFormat(mediaType string) media {
	if known := bodyFormat(mediaType); known != mediaNone {
		return known
	}
	kind, name, _ := strings.Cut(mediaType, "/")
	switch suffix := name[strings.LastIndexByte(name, '+')+1:]; {
	case suffix != name && (suffix == "xml" || suffix == "json"):
		return media(suffix)
	case kind == "application" || kind == "text":
		if name = strings.TrimPrefix(name, "x-"); isFormat(name) && format(name) != formatHTML {
			return media(name)
		}
	}
	return mediaNone
}

// contentType returns the Content-Type of a request. Where there are several, as
// lines or merged into one by a proxy, they must be equal; otherwise nobody knows
// which was meant, and ok is false.
func contentType(header http.Header) (value string, ok bool) {
	for _, line := range header.Values("Content-Type") {
		for _, one := range splitList(line) {
			switch one = strings.TrimSpace(one); {
			case one == "" || one == value:
			case value == "":
				value = one
			case mediaType(one) != mediaType(value) || plainFormat(mediaType(one)) == mediaMultipart:
				return line, false
			}
		}
	}
	return value, true
}

// splitList splits a header's value at the commas outside of quoted strings.
func splitList(value string) (parts []string) {
	quoted, from := false, 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '"':
			quoted = !quoted
		case '\\':
			if quoted {
				i++
			}
		case ',':
			if !quoted {
				parts, from = append(parts, value[from:i]), i+1
			}
		}
	}
	return append(parts, value[from:])
}

// requestBody is a body as it was sent, unpacked.
type requestBody struct {
	content []byte
	kind    media
	// contentType is what an error message names, and has the boundary of a
	// multipart body.
	contentType string
}

// body reads the body. One that is not empty and of which nobody knows how it is
// written is refused: to take it for an empty request, as the old host did, would
// be to answer a question about one account with everybody's usage (fact 4).
// A predefined path names the format of a body that does not say.
func (h *handler) body(w http.ResponseWriter, r *http.Request, route route) (requestBody, error) {
	content, err := h.readBody(w, r)
	if err != nil || len(content) == 0 {
		return requestBody{}, err
	}
	sent, ok := contentType(r.Header)
	body := requestBody{content, plainFormat(mediaType(sent)), sent}
	if body.kind == mediaNone && ok && route.format != "" && route.format != formatHTML {
		body.kind, body.contentType = media(route.format), mediaType(contentTypes[route.format])
	}
	if !ok || body.kind == mediaNone {
		return requestBody{}, unsupported(sent)
	}
	return body, nil
}

// unsupported is the 415 for a body of which nobody knows how it is written.
func unsupported(contentType string) *errorResponse {
	message := "The request has a body without a Content-Type"
	if contentType != "" {
		message = fmt.Sprintf("A body of the Content-Type '%s' cannot be read", shorten(contentType, 100))
	}
	return &errorResponse{
		status: http.StatusUnsupportedMediaType, reason: "UnsupportedMediaType", code: "UnsupportedMediaType",
		message: message + "; accepted: application/json, application/xml, application/jsv, text/csv, application/x-www-form-urlencoded, multipart/form-data",
	}
}
