package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/observe"
)

// request is what a caller wants executed.
type request struct {
	graphql.RawParams
	// DocumentID names a registered document, in place of Query.
	DocumentID string
}

// refusal says why a request is not even GraphQL over HTTP.
type refusal struct {
	status  int
	message string
	// allow lists the methods to use instead, where the method is at fault.
	allow string
}

func (f *refusal) write(ctx context.Context, w http.ResponseWriter) {
	if f.allow != "" {
		w.Header().Set("Allow", f.allow)
	}
	if f.status == http.StatusRequestEntityTooLarge {
		observe.From(ctx).Limited("body")
	}
	writeErrors(ctx, w, f.status, gqlerror.List{codedError(badRequestCode, f.message)})
}

func badRequest(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, message: message}
}

// readRequest reads what is to be executed from an HTTP request of either method: one request,
// or the requests of a batch. HEAD is GET, and net/http leaves the answer out.
func readRequest(r *http.Request) (one *request, batch []json.RawMessage, refused *refusal) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		one, refused = requestFromQuery(r)
		return one, nil, refused
	case http.MethodPost:
		return requestsFromBody(r)
	}
	return nil, nil, &refusal{http.StatusMethodNotAllowed, "send GraphQL by POST or GET", "GET, HEAD, POST"}
}

// requestFromQuery reads the query string of a GET, whose variables and
// extensions are JSON. What cannot be read whole is refused, since a filter that is
// lost with the rest of it would answer for everybody. Parameters of other names are ignored.
func requestFromQuery(r *http.Request) (*request, *refusal) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest("the query string cannot be read: it is name=value, separated by &, with %XX for what is not a letter or a digit")
	}
	texts, objects := []string{"query", "operationName", "documentId"}, []string{"variables", "extensions"}
	for _, name := range slices.Concat(texts, objects) {
		switch {
		case len(values[name]) > 1:
			return nil, badRequest(fmt.Sprintf("%s is given %d times; give it once", name, len(values[name])))
		case !utf8.ValidString(values.Get(name)):
			return nil, badRequest(name + " is not valid UTF-8")
		}
	}
	document := map[string]json.RawMessage{}
	for _, name := range texts {
		if values.Has(name) {
			document[name], _ = json.Marshal(values.Get(name)) // a text can be marshaled
		}
	}
	for _, name := range objects {
		if text := values.Get(name); text != "" {
			if !json.Valid([]byte(text)) {
				return nil, badRequest(name + " is not JSON")
			}
			document[name] = json.RawMessage(text)
		}
	}
	return requestFromDocument(document)
}

// requestsFromBody reads the JSON body of a POST.
func requestsFromBody(r *http.Request) (one *request, batch []json.RawMessage, refused *refusal) {
	body, refused := readBody(r)
	if refused != nil {
		return nil, nil, refused
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		batch, refused = batchOf(body)
		return nil, batch, refused
	}
	document, refused := objectOf(body)
	if refused != nil {
		return nil, nil, refused
	}
	one, refused = requestFromDocument(document)
	return one, nil, refused
}

// readBody reads the body of a POST, which is to be JSON.
func readBody(r *http.Request) ([]byte, *refusal) {
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != applicationJSON {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, message: "the Content-Type of a POST is application/json"}
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, message: "the charset of JSON is utf-8"}
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, message: "an encoded body is not read here; send it plain"}
	}
	body, err := io.ReadAll(r.Body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, message: "the body is too large"}
	}
	if err != nil {
		return nil, badRequest("the body could not be read")
	}
	if !utf8.Valid(body) {
		return nil, badRequest("the body is not valid UTF-8")
	}
	return body, nil
}

// objectOf reads the JSON object of a request, or says what is there instead.
func objectOf(body []byte) (map[string]json.RawMessage, *refusal) {
	const example = `{"query": "{ viewer { name } }"}`
	var document map[string]json.RawMessage
	err := json.Unmarshal(body, &document)
	syntax, invalid := errors.AsType[*json.SyntaxError](err)
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, badRequest("the body is empty; send an object such as " + example)
	case bytes.HasPrefix(body, []byte("\ufeff")):
		return nil, badRequest("the body begins with a byte order mark (U+FEFF), which JSON has not; send it without")
	case invalid:
		return nil, badRequest(fmt.Sprintf("the body is not JSON: %v (after %d bytes)", syntax, syntax.Offset))
	case document == nil:
		return nil, badRequest("the body is " + jsonKind(body) + ", not an object such as " + example)
	}
	return document, nil
}

// jsonKind says what kind of value a text of valid JSON is.
func jsonKind(text []byte) string {
	switch text = bytes.TrimSpace(text); text[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 'n':
		return "null"
	case 't', 'f':
		return "a truth value"
	}
	return "a number"
}

// member is one that the specification names.
type member struct {
	name, kind string
	target     any
}

// wrong says that a value is of another kind.
func (m member) wrong(value json.RawMessage) string {
	text := m.name + " is " + jsonKind(value) + ", not " + m.kind
	if m.kind == "an object" && jsonKind(value) == "a string" {
		text += "; it may have been encoded twice"
	}
	return text
}

// requestFromDocument checks the types of the members that the specification
// names. Others are ignored.
func requestFromDocument(document map[string]json.RawMessage) (*request, *refusal) {
	asked := &request{}
	for _, member := range []member{
		{"query", "a string", &asked.Query},
		{"operationName", "a string", &asked.OperationName},
		{"documentId", "a string", &asked.DocumentID},
		{"variables", "an object", &asked.Variables},
		{"extensions", "an object", &asked.Extensions},
	} {
		if value, given := document[member.name]; given {
			decoder := json.NewDecoder(strings.NewReader(string(value)))
			decoder.UseNumber() // a float64 would round large integers
			if err := decoder.Decode(member.target); err != nil {
				return nil, badRequest(member.wrong(value))
			}
		}
	}
	switch {
	case asked.Query != "" && asked.DocumentID != "":
		return nil, badRequest("send either a query or a documentId")
	case asked.Query == "" && asked.DocumentID == "" && asked.Extensions["persistedQuery"] == nil:
		return nil, badRequest("the query is missing")
	}
	return asked, nil
}
