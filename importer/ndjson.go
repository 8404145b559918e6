package importer

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// ndjson reads a JSON object per line.
type ndjson struct {
	*lines
	objects
}

func newNDJSON(lines *lines, columns []namedColumn, unused *names) *ndjson {
	return &ndjson{lines, newObjects(columns, unused)}
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
		case len(bytes.Trim(text, " \t\r\n")) == 0:
			continue
		}
		r := row{line: n.number, lines: 1, text: string(withoutEnd(text))}
		problem := checkObject(text)
		if n.decoded {
			problem = either(n.broken(r.text), problem)
		}
		if problem != "" {
			r.reject(problem)
			return r, nil
		}
		n.read(&r)
		return r, nil
	}
}

// checkColumns implements rowReader. It reads until it has seen all columns.
func (n *ndjson) checkColumns() error { return n.survey(n.next) }

// checkObject tells why a line is not a JSON object, or returns "".
func checkObject(text []byte) string {
	switch {
	case !json.Valid(text):
		if !utf8.Valid(text) {
			return notUTF8
		}
		return "the line is not valid JSON"
	case bytes.TrimLeft(text, " \t")[0] != '{':
		return "the line is not a JSON object"
	}
	return ""
}
