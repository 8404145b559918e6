package request

import (
	"fmt"
	"net/http"
	"strings"

	"aiusage/legacy/contract"
)

// plainFormat is MediaOf for a request's body, of which a media type may also
// say plainly what it is: by a suffix such as +json (RFC 6839), or as one that was
// never registered (fact 4).
func plainFormat(mediaType string) contract.Media {
	if known := contract.MediaOf(mediaType); known != contract.NoMedia {
		return known
	}
	kind, name, _ := strings.Cut(mediaType, "/")
	switch suffix := name[strings.LastIndexByte(name, '+')+1:]; {
	case suffix != name && (suffix == "xml" || suffix == "json"):
		return contract.Media(suffix)
	case kind == "application" || kind == "text":
		if name = strings.TrimPrefix(name, "x-"); contract.IsFormat(name) && contract.Format(name) != contract.HTML {
			return contract.Media(name)
		}
	}
	return contract.NoMedia
}

// ContentType returns the Content-Type of a request. Where there are several, as
// lines or merged into one by a proxy, they must be equal; otherwise nobody knows
// which was meant, and ok is false.
func contentType(header http.Header) (value string, ok bool) {
	for _, line := range header.Values("Content-Type") {
		for _, one := range splitList(line) {
			switch one = strings.TrimSpace(one); {
			case one == "" || one == value:
			case value == "":
				value = one
			case contract.MediaType(one) != contract.MediaType(value) || plainFormat(contract.MediaType(one)) == contract.Multipart:
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
	kind    contract.Media
	// ContentType is what an error message names, and has the boundary of a
	// multipart body.
	contentType string
}

// body reads the body. One that is not empty and of which nobody knows how it is
// written is refused: to take it for an empty request, as the old host did, would
// be to answer a question about one account with everybody's usage (fact 4).
// A predefined path names the format of a body that does not say.
func (h *Head) body(w http.ResponseWriter, max int64) (requestBody, error) {
	content, err := h.readBody(w, max)
	if err != nil || len(content) == 0 {
		return requestBody{}, err
	}
	body := requestBody{content, h.kind, h.contentType}
	if body.kind == contract.NoMedia && h.isClear && h.Route.format != "" && h.Route.format != contract.HTML {
		body.kind, body.contentType = contract.Media(h.Route.format), contract.MediaType(contract.ContentTypes[h.Route.format])
	}
	if !h.isClear || body.kind == contract.NoMedia {
		return requestBody{}, unsupported(h.contentType)
	}
	return body, nil
}

// unsupported is the 415 for a body of which nobody knows how it is written.
func unsupported(contentType string) *contract.ErrorResponse {
	message := "The request has a body without a Content-Type"
	if contentType != "" {
		message = fmt.Sprintf("A body of the Content-Type '%s' cannot be read", contract.Shorten(contentType, 100))
	}
	return &contract.ErrorResponse{
		Status: http.StatusUnsupportedMediaType, Reason: "UnsupportedMediaType", Code: "UnsupportedMediaType",
		Message: message + "; accepted: application/json, application/xml, application/jsv, text/csv, application/x-www-form-urlencoded, multipart/form-data",
	}
}

// unreadable is the 400 for a body that cannot be understood (fact 17).
func unreadable(contentType string, batch bool, reason error) *contract.ErrorResponse {
	array := ""
	if batch {
		array = "[]"
	}
	return &contract.ErrorResponse{
		Status: http.StatusBadRequest, Reason: "SerializationException", Code: "SerializationException",
		Message: fmt.Sprintf("Could not deserialize '%s' request using Voice.Api.AI.GetAIUsage%s'\nError: %s", contract.Shorten(contentType, 100), array, contract.Shorten(reason.Error(), 500)),
	}
}
