package importer

import (
	"bytes"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// ndjson reads a JSON object per line.
type ndjson struct {
	*lines
	objects
	decoder *jsontext.Decoder
	current bytes.Buffer // what the decoder reads; reused
}

func newNDJSON(lines *lines, columns []namedColumn, unused *names) *ndjson {
	n := &ndjson{lines: lines, objects: newObjects(columns, unused)}
	n.decoder = jsontext.NewDecoder(&n.current, asWritten...)
	return n
}

func (n *ndjson) line() int64 { return n.number }

// next implements rowReader.
func (n *ndjson) next() (row, error) {
	for {
		text, whole, err := n.lines.next()
		switch {
		case err != nil:
			return row{}, err
		case !whole:
			return tooLong(n.lines, text), nil
		case len(afterSpace(text)) == 0:
			continue
		}
		r := row{line: n.number, lines: 1}
		unlike, problem := n.object(text)
		if n.decoded {
			problem = either(n.broken(string(text)), problem)
		}
		if problem != "" {
			r.reject(problem)
		} else {
			n.read(&r)
			n.learn(unlike)
		}
		if r.values == nil {
			r.text = string(withoutEnd(text))
		}
		return r, nil
	}
}

// checkColumns implements rowReader. It reads until it has seen all columns.
func (n *ndjson) checkColumns() error { return n.survey(n.next) }

// object collects the object of a line, and returns it if it is not written like one
// before. It tells why the line is none, or returns "".
func (n *ndjson) object(text []byte) (unlike []byte, problem string) {
	if n.all == nil && n.known(afterSpace(text)) {
		return nil, ""
	}
	// The decoder reads a buffer without copying it.
	n.current = *bytes.NewBuffer(text)
	n.decoder.Reset(&n.current, asWritten...)
	start, err := n.decoder.ReadToken()
	isObject := err == nil && start.Kind() == jsontext.KindBeginObject
	if isObject {
		if err = n.collect(n.decoder); err == nil {
			end := n.decoder.InputOffset()
			if _, err = n.decoder.ReadToken(); err == io.EOF {
				return text[n.origin:end], ""
			}
		}
	}
	switch {
	case !jsontext.Value(text).IsValid(asWritten...):
		if !utf8.Valid(text) {
			return nil, notUTF8
		}
		return nil, "the line is not valid JSON"
	case !isObject:
		return nil, "the line is not a JSON object"
	}
	return nil, "the line is not valid JSON"
}

// known collects the object of a line if it is written like one before.
func (n *ndjson) known(text []byte) bool {
	length := n.collectKnown(text)
	return length > 0 && len(afterSpace(text[length:])) == 0
}
