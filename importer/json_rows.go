package importer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// jsonRows reads the objects of a JSON document: the values at its top, those of
// an array at its top, or those of the array at a path in each object at its top,
// as the pages of an API have them. There may be several documents, one after the
// other.
type jsonRows struct {
	objects
	decoded bool
	decoder *json.Decoder
	from    *lineCounter
	// path are the keys on the way to the rows.
	path []string
	// inside: the next value is in an array of rows.
	inside bool
}

func newJSONRows(lines *lines, path string, columns []namedColumn, unused *names) (*jsonRows, error) {
	from := &lineCounter{from: lines.reader, line: 1}
	r := &jsonRows{objects: newObjects(columns, unused), decoded: lines.decoded, decoder: json.NewDecoder(from), from: from}
	if path != "" {
		r.path = strings.Split(path, ".")
		if err := r.enter(); err != nil && err != io.EOF {
			return nil, fmt.Errorf("cannot be read: %w", r.explain(err))
		}
	}
	return r, nil
}

func (r *jsonRows) line() int64 { return r.from.lineAt(r.decoder.InputOffset()) }

// checkColumns implements rowReader. It reads until it has seen all columns.
func (r *jsonRows) checkColumns() error { return r.survey(r.next) }

// next implements rowReader.
func (r *jsonRows) next() (row, error) {
	for {
		if r.inside && !r.decoder.More() {
			if err := r.leave(); err != nil {
				return row{}, r.explain(err)
			}
			continue
		}
		if !r.inside {
			if err := r.enter(); err != nil {
				return row{}, r.explain(err)
			}
		}
		if !r.inside || r.decoder.More() {
			return r.value()
		}
	}
}

// value reads the next value as a row.
func (r *jsonRows) value() (row, error) {
	var raw json.RawMessage
	if err := r.decode(&raw); err != nil {
		return row{}, r.explain(err)
	}
	end := r.from.lineAt(r.decoder.InputOffset())
	found := row{line: end - int64(bytes.Count(raw, []byte("\n"))), lines: 1, text: onOneLine(raw)}
	switch {
	case raw[0] != '{':
		found.reject("the value is not a JSON object")
	case r.decoded && strings.ContainsRune(found.text, '\uFFFD'):
		found.reject(notInEncoding)
	default:
		r.read(&found)
	}
	return found, nil
}

// onOneLine returns a valid JSON value without line ends between its parts.
func onOneLine(raw json.RawMessage) string {
	if bytes.IndexByte(raw, '\n') < 0 {
		return string(raw)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return string(raw)
	}
	return compact.String()
}

// decode reads one value of bounded length.
func (r *jsonRows) decode(into *json.RawMessage) error {
	r.from.mark = r.from.read
	return withinValue(r.decoder.Decode(into))
}

// token reads a part of a document that is not at its end.
func (r *jsonRows) token() (json.Token, error) {
	token, err := r.decoder.Token()
	return token, withinValue(err)
}

// withinValue makes an error of the end of a file that comes too early.
func withinValue(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// enter goes to the next rows: into an array at the top, or at the path of an
// object there. It stays at the top where the rows are there. At the end of the
// file the error is io.EOF.
func (r *jsonRows) enter() error {
	r.from.mark = r.from.read
	if !r.decoder.More() {
		_, err := r.decoder.Token() // the end, or what is wrong
		return err
	}
	first, err := r.peek()
	if err != nil {
		return err
	}
	if len(r.path) == 0 && first != '[' {
		return nil
	}
	for _, key := range r.path {
		if err := r.find(key); err != nil {
			return err
		}
	}
	start, err := r.token()
	if err == nil && start != json.Delim('[') {
		err = fmt.Errorf("there is something other than an array at %q, where the rows should be", strings.Join(r.path, "."))
	}
	r.inside = err == nil
	return err
}

// peek returns the first character of the next value, which More has made sure of.
func (r *jsonRows) peek() (byte, error) {
	buffered := bufio.NewReaderSize(r.decoder.Buffered(), 16)
	for {
		c, err := buffered.ReadByte()
		if err != nil || strings.IndexByte(" \t\r\n", c) < 0 {
			return c, err
		}
	}
}

// find goes into the object that comes next, to the value of a key.
func (r *jsonRows) find(key string) error {
	start, err := r.token()
	if err != nil {
		return err
	}
	if start != json.Delim('{') {
		return fmt.Errorf("there is something other than an object on the way to the rows %q", strings.Join(r.path, "."))
	}
	var others []string
	for r.decoder.More() {
		name, err := r.token()
		if err != nil {
			return err
		}
		if name == key {
			return nil
		}
		others = append(others, fmt.Sprint(name))
		if err := r.skip(fmt.Sprint(name)); err != nil {
			return err
		}
	}
	if _, err := r.token(); err != nil {
		return err
	}
	return fmt.Errorf("there is an object without %q, in which the rows should be (--rows %s); it has %s", key, strings.Join(r.path, "."), listNames(others))
}

// skip passes the value of a key that nothing is read from.
func (r *jsonRows) skip(key string) error {
	r.unused.add(key)
	var raw json.RawMessage
	return r.decode(&raw)
}

// leave goes out of an array and of the objects that it is in.
func (r *jsonRows) leave() error {
	r.inside = false
	if _, err := r.token(); err != nil {
		return err
	}
	for at := len(r.path) - 1; at >= 0; at-- {
		for r.decoder.More() {
			name, err := r.token()
			if err != nil {
				return err
			}
			if name == r.path[at] {
				return fmt.Errorf("the key %q is repeated", name)
			}
			if err := r.skip(fmt.Sprint(name)); err != nil {
				return err
			}
		}
		if _, err := r.token(); err != nil {
			return err
		}
	}
	return nil
}

// explain returns an error of the decoder in words for people.
func (r *jsonRows) explain(err error) error {
	switch {
	case r.from.failed != nil:
		return r.from.failed
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON ends too early; the file is not complete")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("the JSON is not valid: %w", syntax)
	}
	return err
}

// lineCounter tells on which line an offset is, counting from one.
type lineCounter struct {
	from io.Reader
	// read is how much was, mark how much when the current value began.
	read, mark int64
	// line is the line of the last offset asked for, ends the ends of those after it.
	line   int64
	ends   []int64
	failed error
}

// maxValue is the longest value of a document that is read.
const maxValue = 64 << 20

func (c *lineCounter) Read(p []byte) (int, error) {
	if c.read-c.mark > maxValue {
		c.failed = errors.New("a value is longer than 64 MiB")
		return 0, c.failed
	}
	n, err := c.from.Read(p)
	for at := 0; at < n; at++ {
		next := bytes.IndexByte(p[at:n], '\n')
		if next < 0 {
			break
		}
		at += next
		c.ends = append(c.ends, c.read+int64(at))
	}
	c.read += int64(n)
	if err != nil && err != io.EOF {
		c.failed = err
	}
	return n, err
}

func (c *lineCounter) lineAt(offset int64) int64 {
	passed := 0
	for passed < len(c.ends) && c.ends[passed] < offset {
		passed++
	}
	c.line += int64(passed)
	c.ends = c.ends[passed:]
	return c.line
}
