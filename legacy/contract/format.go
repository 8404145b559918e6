package contract

import "strings"

// Format is a format of answers, by the name it has in paths and in ?format=.
type Format string

// The formats.
const (
	XML  Format = "xml"
	JSON Format = "json"
	JSV  Format = "jsv"
	CSV  Format = "csv"
	HTML Format = "html"
)

// ContentTypes are the media types of the formats, to the byte (facts 10 to 13).
var ContentTypes = map[Format]string{
	XML:  "application/xml",
	JSON: "application/json; charset=utf-8",
	JSV:  "application/jsv",
	CSV:  "text/csv",
	HTML: "text/html; charset=utf-8",
}

// IsFormat tells whether a name is the name of a format. Case matters.
func IsFormat(name string) bool { return ContentTypes[Format(name)] != "" }

// Representation says how an answer is written.
type Representation struct {
	Format Format
	// Callback is the JSONP function to call with the answer, if any.
	Callback string
}

// MediaType returns the media type of an Accept or Content-Type value, in
// lower case and without its parameters.
func MediaType(value string) string {
	media, _, _ := strings.Cut(value, ";")
	return Lower(strings.TrimSpace(media))
}

// ContentType is text/javascript for JSONP (fact 8).
func (r Representation) ContentType() string {
	if r.Callback != "" {
		return "text/javascript"
	}
	return ContentTypes[r.Format]
}

// Prefix and Suffix surround the document: a call, for JSONP.
func (r Representation) Prefix() string {
	if r.Callback == "" {
		return ""
	}
	return r.Callback + "("
}

func (r Representation) Suffix() string {
	if r.Callback == "" {
		return ""
	}
	return ")"
}

// Media is how a request body is written: a format under its own name, or one of
// these.
type Media string

// What has no format, and the media that are no formats of answers.
const (
	NoMedia   Media = ""
	Form      Media = "form"
	Multipart Media = "multipart"
)

// IsFormat tells whether answers can be written alike.
func (m Media) IsFormat() bool { return IsFormat(string(m)) }

// MediaOf returns how what has a media type is written, by the names that the
// contract gives (fact 2), or NoMedia when it is unknown.
func MediaOf(mediaType string) Media {
	switch mediaType {
	case "application/xml", "text/xml":
		return Media(XML)
	case "application/json", "text/json":
		return Media(JSON)
	case "application/jsv", "text/jsv":
		return Media(JSV)
	case "text/csv":
		return Media(CSV)
	case "application/x-www-form-urlencoded":
		return Form
	case "multipart/form-data":
		return Multipart
	}
	return NoMedia
}
