package importer

import (
	"bytes"
	"io"
	"strings"
)

// known reads the next row of an array if it is an object that is written like one
// before, and in the buffer as a whole. The decoder does not see it. Of any other row
// nothing is read, and its lines are 0.
func (r *jsonRows) known() (found row) {
	if !r.follows || r.all != nil || r.decoded || r.whole {
		return row{}
	}
	begin := r.offset()
	text := r.from.ahead(begin)
	after, isNext := bytes.CutPrefix(afterSpace(text), []byte(","))
	if !isNext {
		return row{}
	}
	object := afterSpace(after)
	length := r.collectKnown(object)
	if length == 0 {
		return row{}
	}
	start := begin + int64(len(text)-len(object))
	r.passed = start + int64(length)
	found = row{line: r.from.lineAt(start), lines: 1}
	found.lines += r.from.lineAt(r.passed) - found.line
	r.read(&found)
	return found
}

// resume has the decoder go on after rows that it has not seen, as if it had read the
// array up to there: it reads the beginning of one like it first.
func (r *jsonRows) resume() {
	if r.passed == 0 {
		return
	}
	beginning := strings.Repeat(`{"":`, len(r.path)) + `[""`
	r.from.drop(r.passed)
	r.from.given, r.base = r.passed, r.passed-int64(len(beginning))
	r.decoder.Reset(io.MultiReader(strings.NewReader(beginning), r.from), asWritten...)
	for range 2*len(r.path) + 2 {
		_, _ = r.decoder.ReadToken() // is there
	}
	r.passed = 0
}
