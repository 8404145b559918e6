package answer

import (
	"context"
	"io"

	"aiusage/legacy/contract"
	"aiusage/usage"
)

// Document is the answer to one request or to a batch of them, in a format.
type Document func(*stream)

// encoders write the answer to one request, and the answers to a batch.
var encoders = map[contract.Format]struct {
	one   func(*stream, *usage.Report)
	batch func(*stream, []*usage.Report)
}{
	contract.XML:  {xmlAnswer, xmlBatch},
	contract.JSON: {jsonAnswer, jsonBatch},
	contract.JSV:  {jsvAnswer, jsvBatch},
	contract.CSV:  {csvAnswer, csvBatch},
	contract.HTML: {htmlAnswer, htmlBatch},
}

// One returns the answer to one request. Its report must be writable.
func One(as contract.Format, report *usage.Report) Document {
	return func(s *stream) { encoders[as].one(s, report) }
}

// Batch returns the answers to a batch.
func Batch(as contract.Format, reports []*usage.Report) Document {
	return func(s *stream) { encoders[as].batch(s, reports) }
}

// Write writes the document, for JSONP within a call. It stops at the end of ctx and at the
// first error, of which it tells.
func (d Document) Write(ctx context.Context, w io.Writer, as contract.Representation) error {
	s := newStream(ctx, w)
	s.text(as.Prefix())
	d(s)
	s.text(as.Suffix())
	return s.close()
}
