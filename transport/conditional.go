package transport

import (
	"context"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

// Conditions tell whether an answer is still what a caller has (RFC 9110, section 13).
type Conditions interface {
	// Visit begins the answer to an operation that came by GET, in a media type. What is
	// read with the context that it returns is part of the answer. It returns nil for an
	// operation whose answer cannot be told to be the same.
	Visit(ctx context.Context, operation *graphql.OperationContext, variables map[string]any, mediaType string) (context.Context, Visit)
}

// Visit is one answer, and what it is read from.
type Visit interface {
	// Current returns the one of some validators of earlier answers with which the answer
	// would be the same, or "".
	Current(ctx context.Context, validators []string) string
	// Validator returns that of what has been read, or "" where there is none.
	Validator() string
}

// varying are the headers of a request on which answers about usage depend.
const varying = "Authorization, Cookie, Accept, Accept-Encoding"

// Validators returns those of a request that comes again (If-None-Match). "*" asks for
// nothing that is known here, and is left out.
func Validators(r *http.Request) (validators []string) {
	for _, list := range r.Header.Values("If-None-Match") {
		for one := range strings.SplitSeq(list, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/") // compared weakly (section 8.8.3.2)
			if bare, quoted := strings.CutPrefix(one, `"`); quoted && strings.HasSuffix(bare, `"`) {
				validators = append(validators, strings.TrimSuffix(bare, `"`))
			}
		}
	}
	return validators
}

// SetValidator has whoever gets an answer ask again whether it is still the same, before
// using it again. The validator is weak: encodings of an answer share it, and so do answers
// that differ only in the instant at which they were read.
func SetValidator(header http.Header, validator string) {
	header.Set("ETag", `W/"`+validator+`"`)
	header.Set("Cache-Control", "private, no-cache")
	header.Add("Vary", varying)
}

// WriteNotModified answers that nothing has changed.
func WriteNotModified(w http.ResponseWriter, validator string) {
	header := w.Header()
	for _, name := range []string{"Content-Type", "Content-Disposition"} {
		header.Del(name)
	}
	SetValidator(header, validator)
	w.WriteHeader(http.StatusNotModified)
}
