package transport

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

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
		parsed, refused := prepare(schema.Schema(), limits, text)
		if refused != nil {
			return nil, usage.Errorf(usage.InvalidArgument, "the document %s cannot be used: %s", id, shortened(refused.Error()))
		}
		documents.texts[id], documents.texts[own], documents.parsed[text] = text, text, parsed
	}
	return documents, nil
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

// prepare parses and validates a document and holds it to the limits.
func prepare(schema *ast.Schema, limits Limits, text string) (*ast.QueryDocument, error) {
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
	if err != nil {
		return nil, err
	}
	if len(document.Operations) == 0 {
		return nil, gqlerror.Errorf("no operation provided")
	}
	if err := checkNames(document); err != nil {
		return nil, err
	}
	if errs := validator.ValidateWithRules(schema, document, rules.NewDefaultRules()); len(errs) > 0 {
		return nil, errs[0]
	}
	for _, operation := range document.Operations {
		if err := limits.check(operation); err != nil {
			return nil, err
		}
	}
	withoutDefer(document)
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

// documentCache has the registered documents, and others that were used lately.
// It is a graphql.Cache.
type documentCache struct {
	registered *Documents
	*cache[*ast.QueryDocument]
}

// documentMemory is the most bytes of parsed documents that are kept.
const documentMemory = 32 << 20

// newDocumentCache estimates the memory of documents: a token of one or two
// characters becomes a node of some hundred bytes; what is longer is mostly text.
func newDocumentCache(registered *Documents) documentCache {
	return documentCache{registered, newCache(documentMemory, func(text string, _ *ast.QueryDocument) int {
		return len(text) + 100*min(len(text), 4000)
	})}
}

// Get returns the parsed and validated document of a text.
func (c documentCache) Get(ctx context.Context, text string) (*ast.QueryDocument, bool) {
	if c.registered != nil {
		if document, registered := c.registered.parsed[text]; registered {
			return document, true
		}
	}
	return c.cache.Get(ctx, text)
}

// Add keeps a document that was found valid. gqlgen executes it as it leaves it.
func (c documentCache) Add(ctx context.Context, text string, document *ast.QueryDocument) {
	withoutDefer(document)
	c.cache.Add(ctx, text, document)
}
