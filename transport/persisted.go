package transport

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/usage"
)

// The codes of requests whose document is not known, or not registered. Apollo's clients know
// the first, and its message, and then send the document.
const (
	notPersisted      = "PERSISTED_QUERY_NOT_FOUND"
	persistedRequired = "PERSISTED_DOCUMENT_REQUIRED"
)

// persisted finds the documents that requests name: those registered by an
// operator, and those that callers have sent before (Apollo's automatic
// persisted queries).
type persisted struct {
	reader     *reader
	registered *Documents
	// only refuses documents that are not registered.
	only bool
	// sent are documents by the SHA-256 of their text.
	sent *cache[string]

	hits, misses atomic.Int64
}

// sentMemory is the most bytes of documents that callers have sent.
const sentMemory = 8 << 20

func newPersisted(reader *reader, registered *Documents, only bool) *persisted {
	return &persisted{reader: reader, registered: registered, only: only, sent: newCache(sentMemory, func(hash, text string) int {
		return len(hash) + len(text)
	})}
}

// open prepares an operation to be executed. What it returns with errors can be
// given to the executor's DispatchError.
func (p *persisted) open(ctx context.Context, executor graphql.GraphExecutor, asked *request) (operation *graphql.OperationContext, errs gqlerror.List) {
	operation = &graphql.OperationContext{}
	err := usage.Safely(func() error {
		remember, refused := p.find(ctx, asked)
		if refused != nil {
			errs = gqlerror.List{refused}
			return nil
		}
		if operation, errs = p.reader.open(ctx, executor, &asked.RawParams); errs == nil {
			remember()
		}
		return nil
	})
	if err != nil {
		errs = gqlerror.List{gqlerror.Wrap(err)}
	}
	return operation, errs
}

// find puts the document that a request names into its query, and refuses one
// that may not be executed. remember keeps the document for later requests; it is
// to be called once it is known to be valid, so that invalid ones use no memory.
func (p *persisted) find(ctx context.Context, asked *request) (remember func(), refused *gqlerror.Error) {
	hash, refused := automaticHash(asked.Extensions)
	if refused != nil {
		return nil, refused
	}
	remember = func() {}
	switch {
	case asked.DocumentID != "":
		asked.Query, refused = p.registeredText(asked.DocumentID)
	case hash != "" && asked.Query == "":
		asked.Query, refused = p.sentText(ctx, hash)
	case hash != "" && hashOf(asked.Query) != hash:
		refused = codedError(badRequestCode, "the document does not have the SHA-256 in extensions.persistedQuery")
	case hash != "":
		text := asked.Query
		remember = func() { p.sent.Add(ctx, hash, text) }
	}
	if refused != nil {
		return nil, refused
	}
	if p.only && !p.isRegistered(asked.Query) {
		return nil, codedError(persistedRequired, "only registered documents are executed here; send the documentId of one")
	}
	return remember, nil
}

func (p *persisted) isRegistered(text string) bool {
	_, registered := p.registered.text(hashPrefix + hashOf(text))
	return registered
}

func (p *persisted) registeredText(id string) (string, *gqlerror.Error) {
	text, registered := p.registered.text(id)
	if !registered {
		p.misses.Add(1)
		return "", codedError(notPersisted, "no document is registered with this documentId")
	}
	p.hits.Add(1)
	return text, nil
}

// sentText finds a document by its hash, or by the identifier of a manifest,
// which Apollo's client sends in the same place.
func (p *persisted) sentText(ctx context.Context, hash string) (string, *gqlerror.Error) {
	text, known := p.registered.text(hash)
	if !known {
		text, known = p.registered.text(hashPrefix + hash)
	}
	if !known && !p.only {
		text, known = p.sent.Get(ctx, hash)
	}
	if !known {
		p.misses.Add(1)
		return "", codedError(notPersisted, "PersistedQueryNotFound")
	}
	p.hits.Add(1)
	return text, nil
}

// automaticHash returns the hash in extensions.persistedQuery, or "" without one.
func automaticHash(extensions map[string]any) (string, *gqlerror.Error) {
	given, present := extensions["persistedQuery"]
	if !present || given == nil {
		return "", nil
	}
	members, _ := given.(map[string]any)
	hash, _ := members["sha256Hash"].(string)
	if hash == "" || fmt.Sprint(members["version"]) != "1" {
		return "", codedError(badRequestCode, `extensions.persistedQuery is {"version": 1, "sha256Hash": "…"}`)
	}
	return strings.ToLower(hash), nil
}

func codedError(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}
