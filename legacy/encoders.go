package legacy

import "aiusage/usage"

// encoders write the answer to one request, and the answers to a batch.
var encoders = map[format]struct {
	one   func(*stream, *usage.Report)
	batch func(*stream, []*usage.Report)
}{
	formatXML:  {xmlAnswer, xmlBatch},
	formatJSON: {jsonAnswer, jsonBatch},
	formatJSV:  {jsvAnswer, jsvBatch},
	formatCSV:  {csvAnswer, csvBatch},
	formatHTML: {htmlAnswer, htmlBatch},
}
