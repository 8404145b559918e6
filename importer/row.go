package importer

import (
	"io"
	"strings"
)

// row is one row of a file, read but not yet understood.
type row struct {
	// line is the number of its first line, lines how many it spans.
	line, lines int64
	// text is its first line, without the line's end.
	text string
	// values holds the values of the table's columns, as they are written in
	// the file; a column that is absent has an empty one. It is nil when the
	// row could not be split, and is valid until the next row is read.
	values []string
	// problem says why the row cannot be used, if that is known already.
	problem string
	// rest copies what follows text on a line that is too long to be read; it
	// must then be called before the next row is read.
	rest func(io.Writer) error
	// shorten is set when the row spans lines. It makes the row end after its
	// first line, so that reading goes on with the second one.
	shorten func()
}

// rowReader reads the rows of a file. At the end of the file, next returns
// io.EOF. Any other error means that the file cannot be read further.
type rowReader interface {
	next() (row, error)
	// line returns the number of the line read last.
	line() int64
	// checkColumns finds out whether the columns are in the file, as far as its
	// header has not told. It may read rows, which next does not return then. Its
	// error completes a sentence that begins with the file's name.
	checkColumns() error
}

// reject makes the row one that could not be split into values. If it spans
// lines, that is because of a quote that should not be there, most likely, so
// only its first line is rejected.
func (r *row) reject(problem string) {
	r.values, r.problem = nil, problem
	if r.shorten != nil {
		r.shorten()
		r.lines, r.shorten = 1, nil
	}
}

// tooLong makes a row of a line of which only the beginning was read.
func tooLong(lines *lines, beginning []byte) row {
	return row{
		line: lines.number, lines: 1, text: string(beginning),
		problem: "the line is longer than 1 MiB", rest: lines.rest,
	}
}

// longLine is the length from which the values of a row are detached from it.
const longLine = 1 << 10

// detach gives values a memory of their own, so that a batch of short values
// does not keep the long lines in memory that they were cut from.
func detach(values []string) {
	for i := range values {
		values[i] = strings.Clone(values[i])
	}
}

// copyRest copies what follows text on the row's line.
func (r *row) copyRest(to io.Writer) error {
	if r.rest == nil {
		return nil
	}
	return r.rest(to)
}
