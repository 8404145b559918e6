package transport

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"aiusage/usage"
)

// Documents are those that an operator has registered, so that callers may name
// them instead of sending them.
type Documents struct {
	// texts are the documents by identifier: those of the manifest, and "sha256:"
	// with the hash of the text (GraphQL over HTTP, appendix on persisted documents).
	texts map[string]string
	// parsed are the documents by text.
	parsed map[string]*ast.QueryDocument
}

// hashPrefix begins an identifier that is the SHA-256 of the text, in hexadecimal.
const hashPrefix = "sha256:"

// ReadDocuments reads a manifest: what Apollo's tools write
// (apollo-persisted-query-manifest), or an object of texts by identifier, as the
// client preset of GraphQL Code Generator writes it. Each document is validated
// against the schema and held to the limits. Errors are InvalidArgument and name
// the document.
func ReadDocuments(schema graphql.ExecutableSchema, limits Limits, manifest []byte) (*Documents, error) {
	listed, err := parseManifest(manifest)
	if err != nil {
		return nil, err
	}
	limits = limits.withDefaults()
	documents := &Documents{texts: map[string]string{}, parsed: map[string]*ast.QueryDocument{}}
	for _, id := range slices.Sorted(maps.Keys(listed)) {
		text := listed[id]
		own := hashPrefix + hashOf(text)
		if strings.HasPrefix(id, hashPrefix) && id != own {
			return nil, usage.Errorf(usage.InvalidArgument, "the document %s is not the one with that hash; its own is %s", id, own)
		}
		parsed, refused := prepare(types{schema: schema.Schema()}, limits, text)
		for _, operation := range operationsOf(parsed) {
			if _, _, err := limits.check(operation); err != nil {
				refused = append(refused, err)
			}
		}
		if len(refused) > 0 {
			return nil, usage.Errorf(usage.InvalidArgument, "the document %s cannot be used: %s", id, shortened(refused[0].Error()))
		}
		documents.texts[id], documents.texts[own], documents.parsed[text] = text, text, parsed
	}
	return documents, nil
}

// OperationNames returns the names of the operations that are registered.
func (d *Documents) OperationNames() (names []string) {
	if d == nil {
		return nil
	}
	for _, document := range d.parsed {
		for _, operation := range document.Operations {
			names = append(names, operation.Name)
		}
	}
	return names
}

func operationsOf(document *ast.QueryDocument) ast.OperationList {
	if document == nil {
		return nil
	}
	return document.Operations
}

// parseManifest returns the documents of a manifest by identifier.
func parseManifest(manifest []byte) (map[string]string, error) {
	var apollo struct {
		Format     string `json:"format"`
		Version    int    `json:"version"`
		Operations []struct{ ID, Body string }
	}
	if json.Unmarshal(manifest, &apollo) == nil && apollo.Operations != nil {
		if apollo.Format != "apollo-persisted-query-manifest" || apollo.Version != 1 {
			return nil, usage.Errorf(usage.InvalidArgument, "the manifest of persisted documents is %q, version %d; version 1 of apollo-persisted-query-manifest is understood", apollo.Format, apollo.Version)
		}
		listed := map[string]string{}
		for _, operation := range apollo.Operations {
			if text, twice := listed[operation.ID]; twice && text != operation.Body {
				return nil, usage.Errorf(usage.InvalidArgument, "the manifest of persisted documents has two with the id %s", operation.ID)
			}
			listed[operation.ID] = operation.Body
		}
		return listed, nil
	}
	var plain map[string]string
	if err := json.Unmarshal(manifest, &plain); err != nil || plain == nil {
		return nil, usage.Errorf(usage.InvalidArgument, `the manifest of persisted documents is neither an apollo-persisted-query-manifest nor an object such as {"sha256:…": "query …"}`)
	}
	return plain, nil
}

// prepare parses and validates a document, bounds what that costs, and makes it what
// is executed.
func prepare(known types, limits Limits, text string) (*ast.QueryDocument, gqlerror.List) {
	document, err := parse(text, limits.Tokens)
	if err == nil {
		err = checkNames(document)
	}
	if err != nil {
		return nil, gqlerror.List{err}
	}
	if errs := validator.ValidateWithRules(known.schema, document, rulesFor(known)); len(errs) > 0 {
		for _, err := range errs {
			errcode.Set(err, errcode.ValidationFailed)
		}
		return nil, errs
	}
	withoutDefer(document)
	plainLiterals(known.schema, document)
	return document, nil
}

func hashOf(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}

// text returns the document with an identifier. Without any documents, there is none.
func (d *Documents) text(id string) (text string, registered bool) {
	if d == nil {
		return "", false
	}
	text, registered = d.texts[id]
	return text, registered
}

// withoutDefer takes @defer out of a document, so that it is answered whole, which
// the directive allows. gqlgen's answers do not hold up: the first has null for
// each field that is deferred, whatever its type.
func withoutDefer(document *ast.QueryDocument) {
	for _, operation := range document.Operations {
		dropDefer(operation.SelectionSet)
	}
	for _, fragment := range document.Fragments {
		dropDefer(fragment.SelectionSet)
	}
}

func dropDefer(selections ast.SelectionSet) {
	isDefer := func(directive *ast.Directive) bool { return directive.Name == "defer" }
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			dropDefer(selection.SelectionSet)
		case *ast.InlineFragment:
			selection.Directives = slices.DeleteFunc(selection.Directives, isDefer)
			dropDefer(selection.SelectionSet)
		case *ast.FragmentSpread:
			selection.Directives = slices.DeleteFunc(selection.Directives, isDefer)
		}
	}
}
