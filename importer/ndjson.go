package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ndjson reads a JSON object per line.
type ndjson struct {
	*lines
	columns []namedColumn
	values  []string // reused
	seen    []bool   // reused
}

func newNDJSON(lines *lines, columns []namedColumn) *ndjson {
	return &ndjson{lines, columns, make([]string, len(columns)), make([]bool, len(columns))}
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
		if problem := n.checkObject(text); problem != "" {
			r.reject(problem)
			return r, nil
		}
		n.read(&r)
		return r, nil
	}
}

// checkObject tells why a line is not a JSON object, or returns "".
func (n *ndjson) checkObject(text []byte) string {
	switch {
	case !utf8.Valid(text):
		return "the line is not valid UTF-8"
	case !json.Valid(text):
		return "the line is not valid JSON"
	case bytes.TrimLeft(text, " \t")[0] != '{':
		return "the line is not a JSON object"
	}
	return ""
}

// read takes the columns' values out of the object in the row's text.
func (n *ndjson) read(r *row) {
	clear(n.values)
	clear(n.seen)
	in := object{rest: strings.TrimSpace(r.text)}
	for {
		key, value, err := in.member()
		if err == io.EOF {
			break
		}
		column := n.column(key)
		if column < 0 {
			continue
		}
		if n.seen[column] {
			r.reject(fmt.Sprintf("the key %q is repeated", key))
			return
		}
		n.seen[column] = true
		text, problem := scalar(value)
		if problem != "" {
			// Not kept as a value: imported again as CSV, the text could pass.
			r.reject(n.columns[column].name + " " + problem)
			return
		}
		n.values[column] = text
	}
	r.values = n.values
	if len(r.text) > longLine {
		detach(r.values)
	}
}

// column returns the position of the column with a name in the file, or -1.
func (n *ndjson) column(name string) int {
	for i := range n.columns {
		if n.columns[i].inFile == name && name != "" {
			return i
		}
	}
	return -1
}

// scalar returns the text of a JSON value, and why it cannot be used, if so.
// Null is an absent value. A whole number is its digits, since ids may be
// numbers; other numbers are not, since 1e3 could not be told from 1000.
func scalar(value string) (text, problem string) {
	switch value[0] {
	case '"':
		text, ok := jsonString(value)
		if !ok {
			return "", "has half of a surrogate pair"
		}
		return text, ""
	case 'n':
		return "", ""
	case 't', 'f', '{', '[':
		return "", "is " + excerpt(value) + ", neither a string nor a number"
	}
	if strings.ContainsAny(value, ".eE") {
		return "", "is " + excerpt(value) + ", not a whole number"
	}
	return value, ""
}

// jsonString decodes a valid JSON string. It is not ok if the string has half
// of a surrogate pair, which stands for no character.
func jsonString(quoted string) (text string, ok bool) {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], true
	}
	return escapedString(quoted)
}

// escapedString is jsonString for one that has escapes.
func escapedString(quoted string) (text string, ok bool) {
	if json.Unmarshal([]byte(quoted), &text) != nil {
		return quoted, false
	}
	// The decoder puts U+FFFD for the half of a pair; it may also have been written.
	const replacement = "\uFFFD"
	written := strings.Count(quoted, replacement) + strings.Count(strings.ToLower(quoted), `\ufffd`)
	return text, strings.Count(text, replacement) <= written
}

// object walks through a JSON object that is known to be valid.
type object struct{ rest string }

// member returns the next key and value. After the last one the error is io.EOF.
func (o *object) member() (key, value string, err error) {
	o.rest = strings.TrimLeft(o.rest[1:], " \t\r\n") // after "{" or ","
	if o.rest == "" || o.rest[0] == '}' {
		return "", "", io.EOF
	}
	key, _ = jsonString(o.take())
	o.rest = o.rest[1:] // the colon
	return key, o.take(), nil
}

// take returns the value at the beginning of the rest, without the space around it.
func (o *object) take() string {
	o.rest = strings.TrimLeft(o.rest, " \t\r\n")
	length := valueLength(o.rest)
	value := o.rest[:length]
	o.rest = strings.TrimLeft(o.rest[length:], " \t\r\n")
	return value
}

// valueLength returns the length of the JSON value at the beginning of text.
func valueLength(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if depth > 0 {
				continue
			}
			return i + strings.IndexAny(text[i:], ",}] \t\r\n")
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(text)
}
