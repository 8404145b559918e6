package transport

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// overHTTP carries GraphQL over HTTP, as the draft specification of that name
// (https://graphql.github.io/graphql-over-http/draft/) has it. gqlgen's own
// transports answer 422 where it wants 200 or 400, send "data": null with
// requests that were never executed, ignore quality values in Accept, take
// whatever follows the JSON document and repeat an unreadable body.
type overHTTP struct{ persisted *persisted }

var _ graphql.Transport = overHTTP{}

// Supports takes every request: this is the only transport.
func (overHTTP) Supports(*http.Request) bool { return true }

// Do answers one request.
func (o overHTTP) Do(w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor) {
	mediaType := negotiate(r.Header.Values("Accept"))
	w.Header().Set("Content-Type", mediaType+"; charset=utf-8")
	w.Header().Add("Vary", "Accept")
	started := graphql.Now()
	asked, refused := readRequest(r)
	if refused != nil {
		refused.write(w)
		return
	}
	asked.Headers = r.Header
	asked.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}

	operation, errs := o.persisted.open(r.Context(), executor, asked)
	if errs != nil {
		// The status of a request that was understood as HTTP but not as GraphQL
		// is the one thing in which the two media types differ.
		status := http.StatusOK
		if mediaType == graphQLResponse {
			status = http.StatusBadRequest
		}
		answer := executor.DispatchError(graphql.WithOperationContext(r.Context(), operation), firstErrors(errs))
		writeErrors(w, status, answer.Errors)
		return
	}
	if r.Method == http.MethodGet && kindOf(operation) != ast.Query {
		(&refusal{http.StatusMethodNotAllowed, "GET can only query; send this operation by POST", http.MethodPost}).write(w)
		return
	}
	respond, ctx := executor.DispatchOperation(r.Context(), operation)
	answer := respond(ctx)
	compressing(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeAnswer(w, answer)
	})).ServeHTTP(w, r)
}

// kindOf returns whether an operation is a query, mutation or subscription.
func kindOf(operation *graphql.OperationContext) ast.Operation {
	return operation.Doc.Operations.ForName(operation.OperationName).Operation
}

// writeAnswer writes what an operation resolved to. The data are JSON already;
// encoding/json would check and copy every byte of them once more.
func writeAnswer(w io.Writer, answer *graphql.Response) {
	io.WriteString(w, "{")
	if len(answer.Errors) > 0 {
		io.WriteString(w, `"errors":`)
		writeJSON(w, answer.Errors)
		io.WriteString(w, ",")
	}
	io.WriteString(w, `"data":`)
	w.Write(answer.Data)
	if len(answer.Extensions) > 0 {
		io.WriteString(w, `,"extensions":`)
		writeJSON(w, answer.Extensions)
	}
	io.WriteString(w, "}")
}

// writeJSON writes a document that can be marshaled.
func writeJSON(w io.Writer, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		panic(err) // errors and extensions hold nothing but JSON values
	}
	w.Write(body) // fails only when the caller has gone
}

// writeErrors answers a request that was not executed: without any data, not
// even null.
func writeErrors(w http.ResponseWriter, status int, errs gqlerror.List) {
	w.WriteHeader(status)
	writeJSON(w, map[string]any{"errors": errs})
}

// refusal says why a request is not even GraphQL over HTTP.
type refusal struct {
	status  int
	message string
	// allow lists the methods to use instead, where the method is at fault.
	allow string
}

func (f *refusal) write(w http.ResponseWriter) {
	if f.allow != "" {
		w.Header().Set("Allow", f.allow)
	}
	writeErrors(w, f.status, gqlerror.List{{
		Message: f.message, Extensions: map[string]any{"code": "BAD_REQUEST"},
	}})
}

func badRequest(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, message: message}
}

// readRequest reads what is to be executed from an HTTP request of either method.
func readRequest(r *http.Request) (*request, *refusal) {
	switch r.Method {
	case http.MethodGet:
		return requestFromQuery(r)
	case http.MethodPost:
		return requestFromBody(r)
	}
	return nil, &refusal{http.StatusMethodNotAllowed, "send GraphQL by POST or GET", "GET, POST"}
}

// requestFromQuery reads the query string of a GET, whose variables and
// extensions are JSON.
func requestFromQuery(r *http.Request) (*request, *refusal) {
	values := r.URL.Query()
	document := map[string]json.RawMessage{}
	for _, name := range []string{"query", "operationName", "documentId"} {
		if values.Has(name) {
			text, err := json.Marshal(values.Get(name))
			if err != nil {
				return nil, badRequest(name + " is not text")
			}
			document[name] = text
		}
	}
	for _, name := range []string{"variables", "extensions"} {
		if text := values.Get(name); text != "" {
			if !json.Valid([]byte(text)) {
				return nil, badRequest(name + " is not JSON")
			}
			document[name] = json.RawMessage(text)
		}
	}
	return requestFromDocument(document)
}

// requestFromBody reads the JSON body of a POST.
func requestFromBody(r *http.Request) (*request, *refusal) {
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
	var document map[string]json.RawMessage
	if err := json.Unmarshal(body, &document); err != nil || document == nil {
		return nil, badRequest("the body is not a JSON object")
	}
	return requestFromDocument(document)
}

// requestFromDocument checks the types of the members that the specification
// names. Others are ignored.
func requestFromDocument(document map[string]json.RawMessage) (*request, *refusal) {
	asked := &request{}
	for _, member := range []struct {
		name, kind string
		target     any
	}{
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
				return nil, badRequest(member.name + " is not " + member.kind)
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

// The media types of answers. The newer one says by its status whether the
// request was executed.
const (
	applicationJSON = "application/json"
	graphQLResponse = "application/graphql-response+json"
)

// negotiate returns the media type of an answer: the one that Accept prefers,
// the first of those it likes equally, and application/json where it asks for
// neither or does not care.
func negotiate(accept []string) string {
	type choice struct {
		mediaType string
		quality   float64
	}
	var choices []choice
	for _, part := range strings.Split(strings.Join(accept, ","), ",") {
		mediaType, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		switch mediaType {
		case "*/*", "application/*":
			mediaType = applicationJSON
		case applicationJSON, graphQLResponse:
		default:
			continue
		}
		if quality := qualityOf(parameters["q"]); quality > 0 {
			choices = append(choices, choice{mediaType, quality})
		}
	}
	if len(choices) == 0 {
		return applicationJSON
	}
	best := slices.MaxFunc(choices, func(a, b choice) int {
		switch {
		case a.quality < b.quality:
			return -1
		case a.quality > b.quality:
			return 1
		}
		return 0
	})
	return best.mediaType
}

// qualityOf reads a quality value of Accept (RFC 9110, section 12.4.2), which
// is 1 when absent and 0 when it cannot be read.
func qualityOf(text string) float64 {
	if text == "" {
		return 1
	}
	quality, err := json.Number(text).Float64()
	if err != nil || quality < 0 || quality > 1 {
		return 0
	}
	return quality
}
