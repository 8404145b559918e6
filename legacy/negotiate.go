package legacy

import (
	"net/http"
	"regexp"
	"strings"
)

// format is a format of answers, by the name it has in paths and in ?format=.
type format string

const (
	formatXML  format = "xml"
	formatJSON format = "json"
	formatJSV  format = "jsv"
	formatCSV  format = "csv"
	formatHTML format = "html"
)

// contentTypes are the media types of the formats, to the byte (facts 10 to 13).
var contentTypes = map[format]string{
	formatXML:  "application/xml",
	formatJSON: "application/json; charset=utf-8",
	formatJSV:  "application/jsv",
	formatCSV:  "text/csv",
	formatHTML: "text/html; charset=utf-8",
}

// isFormat tells whether a name is the name of a format. Case matters.
func isFormat(name string) bool { return contentTypes[format(name)] != "" }

// representation says how an answer is written.
type representation struct {
	format format
	// callback is the JSONP function to call with the answer, if any.
	callback string
}

// negotiate chooses the format (facts 8, 9 and 22): a suffix, then callback and
// format in the query, then the format of a predefined path, then Accept.
func negotiate(r *http.Request, route route, query form) representation {
	callback := query["callback"]
	asked, _, _ := strings.Cut(lower(query["format"]), ".")
	switch {
	case route.suffix == formatJSON:
		return representation{formatJSON, callback}
	case route.suffix != "":
		return representation{format: route.suffix}
	case callback != "":
		return representation{formatJSON, callback}
	case isFormat(asked):
		return representation{format: format(asked)}
	case route.format != "":
		return representation{format: route.format}
	}
	return representation{format: accepted(r.Header)}
}

// accepted chooses by the Accept header: the first media type that names a
// format counts, whatever its q-value. */* gives the format of the request's
// own body. Without a match the answer is JSON; there is never a 406 (fact 9).
func accepted(header http.Header) format {
	for line := range strings.SplitSeq(strings.Join(header.Values("Accept"), ","), ",") {
		switch media := mediaType(line); media {
		case "*/*":
			return ownFormat(header)
		case "text/html", "application/xhtml+xml":
			return formatHTML
		default:
			if own := bodyFormat(media); own.isFormat() {
				return format(own)
			}
		}
	}
	return formatJSON
}

// ownFormat is the format of the request's own body, JSON when that is a form
// or nothing known.
func ownFormat(header http.Header) format {
	if sent, ok := contentType(header); ok {
		if own := plainFormat(mediaType(sent)); own.isFormat() {
			return format(own)
		}
	}
	return formatJSON
}

// mediaType returns the media type of an Accept or Content-Type value, in
// lower case and without its parameters.
func mediaType(value string) string {
	media, _, _ := strings.Cut(value, ";")
	return lower(strings.TrimSpace(media))
}

// callbackName is a dotted path of JavaScript identifiers, of bounded length.
// Anything else could smuggle a script into the answer.
var callbackName = regexp.MustCompile(`^[A-Za-z_$][\w$]{0,63}(\.[A-Za-z_$][\w$]{0,63}){0,7}$`)

// check refuses a callback that is not a function's name.
func (r representation) check() error {
	if r.callback != "" && !callbackName.MatchString(r.callback) {
		return badArgument("callback", "callback is not a function's name; accepted: letters, digits, _, $ and dots")
	}
	return nil
}

// contentType is text/javascript for JSONP (fact 8).
func (r representation) contentType() string {
	if r.callback != "" {
		return "text/javascript"
	}
	return contentTypes[r.format]
}

// prefix and suffix surround the document: a call, for JSONP.
func (r representation) prefix() string {
	if r.callback == "" {
		return ""
	}
	return r.callback + "("
}

func (r representation) suffix() string {
	if r.callback == "" {
		return ""
	}
	return ")"
}
