package legacy

import (
	"errors"
	"net/http"
	"strings"

	"aiusage/usage"
)

// fieldOf returns the field that a name stands for, in any case (fact 3), or
// nil when the operation has no such field. White space around a name does not
// matter: JSV and CSV keep it, and a filter must not get lost for a space.
func fieldOf(request *usage.Request, name string) *string {
	switch lower(strings.TrimSpace(name)) {
	case "accountid":
		return &request.AccountID
	case "customerid":
		return &request.CustomerID
	case "startdate":
		return &request.StartDate
	case "enddate":
		return &request.EndDate
	}
	return nil
}

// maxJoined is more than any value that could be accepted. Values are not
// joined beyond it: the field is already sure to be refused, and a body of
// nothing but repetitions would take time quadratic in its size.
const maxJoined = 1 << 10

// join adds a value to those that a repeated name already has (fact 3).
func join(field *string, value string) {
	switch {
	case value == "" || len(*field) > maxJoined:
	case *field == "":
		*field = value
	default:
		*field += "," + value
	}
}

// media is how a request body is written.
type media string

const (
	mediaNone      media = ""
	mediaForm      media = "form"
	mediaMultipart media = "multipart"
)

// isFormat tells whether answers can be written alike.
func (m media) isFormat() bool { return isFormat(string(m)) }

// bodyFormat returns how a body of a media type is written: the formats under
// their own names, a form, or mediaNone when it is unknown (fact 2).
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

// readRequest puts a request together from its body and its query string. At
// /ai/usage the query beats a body and a form beats the query (fact 2); at the
// predefined paths a body makes the query count for nothing (fact 22).
func (h *handler) readRequest(w http.ResponseWriter, r *http.Request, route route, query form) (usage.Request, error) {
	var request usage.Request
	kind := h.bodyMedia(r, route)
	body, err := h.readBody(w, r, kind)
	if err != nil {
		return request, err
	}
	if route.kind == predefined && len(body) > 0 {
		query = nil
	}
	switch kind {
	case mediaForm, mediaMultipart:
		values, err := readForm(body, kind, r.Header.Get("Content-Type"))
		if err != nil {
			return request, unreadable(r.Header.Get("Content-Type"), false, err)
		}
		query.apply(&request)
		values.apply(&request)
	default:
		if request, err = bind(body, kind); err != nil {
			return request, unreadable(shownType(r, kind), false, err)
		}
		query.apply(&request)
	}
	return request, translateDates(&request)
}

// bodyMedia is how the body is written, by its Content-Type. A predefined path
// names the format of a body that does not say.
func (h *handler) bodyMedia(r *http.Request, route route) media {
	kind := bodyFormat(mediaType(r.Header.Get("Content-Type")))
	if kind == mediaNone && route.kind == predefined && route.format != formatHTML {
		kind = media(route.format)
	}
	return kind
}

// shownType is the content type that an error message names.
func shownType(r *http.Request, kind media) string {
	if bodyFormat(mediaType(r.Header.Get("Content-Type"))) == mediaNone && kind.isFormat() {
		return mediaType(contentTypes[format(kind)])
	}
	return r.Header.Get("Content-Type")
}

func readForm(body []byte, kind media, contentType string) (form, error) {
	switch {
	case len(body) == 0:
		return nil, nil
	case kind == mediaMultipart:
		return parseMultipart(body, contentType)
	}
	text, err := decodeText(body, kind)
	return parseForm(text.content), err
}

// bind reads one request. A body of no bytes is an empty request (fact 4).
func bind(body []byte, kind media) (usage.Request, error) {
	if len(body) == 0 {
		return usage.Request{}, nil
	}
	var requests []usage.Request
	text, err := decodeText(body, kind)
	if err == nil {
		switch kind {
		case media(formatXML):
			requests, err = readXML(text, false)
		case media(formatJSON):
			requests, err = readJSON(text.content, false)
		case media(formatJSV):
			requests, err = readJSV(text.content)
		case media(formatCSV):
			requests, err = readCSV(text.content)
		}
	}
	if err != nil || len(requests) == 0 {
		return usage.Request{}, err
	}
	return requests[0], nil
}

// bindBatch reads the requests of a batch: JSON or XML (fact 23).
func bindBatch(body []byte, kind media) ([]usage.Request, error) {
	if len(body) == 0 {
		return nil, nil
	}
	text, err := decodeText(body, kind)
	if err != nil {
		return nil, err
	}
	switch kind {
	case media(formatXML):
		return readXML(text, true)
	case media(formatJSON):
		return readJSON(text.content, true)
	}
	return nil, errors.New("a batch is JSON or XML")
}
