package request

import (
	"net/http"
	"net/url"
	"strings"

	"aiusage/legacy/contract"
)

// Head is what is known of a request before its body is read. It is put together once, and
// handed on to all who read the body or write the answer.
type Head struct {
	*http.Request
	Route Route
	// query are the values of the query string.
	query form
	// accepts are the media types of Accept, in their order.
	accepts []string
	// contentType is that of the body, and kind how the body is written by it. Where isClear
	// is false, several have been sent that are not equal.
	contentType string
	isClear     bool
	kind        contract.Media
	// As says how the answer is to be written.
	As contract.Representation
}

// Of reads all of a request but its body.
func Of(r *http.Request) *Head {
	h := &Head{Request: withPlainBasic(r), Route: ParseRoute(r.URL.Path), query: parseForm(r.URL.RawQuery)}
	for line := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		h.accepts = append(h.accepts, contract.MediaType(line))
	}
	h.contentType, h.isClear = contentType(r.Header)
	h.kind = plainFormat(contract.MediaType(h.contentType))
	h.As = h.negotiate()
	return h
}

// IsPreflight tells whether the request is a CORS preflight.
func (h *Head) IsPreflight() bool {
	return h.Method == http.MethodOptions && h.Header.Get("Origin") != "" &&
		h.Header.Get("Access-Control-Request-Method") != ""
}

// AsksForJSON tells whether the caller itself asked for JSON, rather than getting
// it because it asked for nothing.
func (h *Head) AsksForJSON() bool {
	if contract.Lower(h.query["format"]) == string(contract.JSON) {
		return true
	}
	for _, accepted := range h.accepts {
		if contract.MediaOf(accepted) == contract.Media(contract.JSON) {
			return true
		}
	}
	return false
}

// LoginPage is where a browser that is not signed in is sent, with the path it
// wanted (always on this host: leading slashes are reduced to one).
func (h *Head) LoginPage() string {
	wanted := "/" + strings.TrimLeft(h.URL.EscapedPath(), `/\`)
	if h.URL.RawQuery != "" {
		wanted += "?" + h.URL.RawQuery
	}
	return "/login?redirect=" + url.QueryEscape(wanted)
}

// withPlainBasic returns the request with its Basic credentials in the one form that
// net/http reads: the old host did not mind several blanks before them, or blanks in
// them.
func withPlainBasic(r *http.Request) *http.Request {
	sent := r.Header.Get("Authorization")
	scheme, credentials, _ := strings.Cut(strings.TrimSpace(sent), " ")
	plain := scheme + " " + strings.NewReplacer(" ", "", "\t", "").Replace(credentials)
	if !strings.EqualFold(scheme, "basic") || plain == sent {
		return r
	}
	changed := *r
	changed.Header = r.Header.Clone()
	changed.Header.Set("Authorization", plain)
	return &changed
}
