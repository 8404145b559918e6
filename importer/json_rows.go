package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonRows reads the objects of a JSON document: the values at its top, those of
// an array at its top, or those of the array at a path in each object at its top,
// as the pages of an API have them. There may be several documents, one after the
// other.
type jsonRows struct {
	objects
	decoded bool
	decoder *jsontext.Decoder
	from    *documentText
	// base is the offset at which the decoder began to read.
	base int64
	// path are the keys on the way to the rows.
	path []string
	// inside: the next value is in an array of rows, and follows another one there.
	inside, follows bool
	// passed is up to where rows were read without the decoder, 0 if it has read the last one.
	passed int64
}

func newJSONRows(lines *lines, path string, columns []namedColumn, unused *names) (*jsonRows, error) {
	from := &documentText{from: lines.reader, line: 1}
	r := &jsonRows{objects: newObjects(columns, unused), decoded: lines.decoded, decoder: jsontext.NewDecoder(from, asWritten...), from: from}
	if path != "" {
		r.path = strings.Split(path, ".")
		if err := r.enter(); err != nil && err != io.EOF {
			return nil, fmt.Errorf("cannot be read: %w", r.explain(err))
		}
	}
	return r, nil
}

func (r *jsonRows) line() int64 { return r.from.lineAt(r.offset()) }

// offset returns up to where the text was read.
func (r *jsonRows) offset() int64 { return max(r.base+r.decoder.InputOffset(), r.passed) }

// checkColumns implements rowReader. It reads until it has seen all columns.
func (r *jsonRows) checkColumns() error { return r.survey(r.next) }

// next implements rowReader.
func (r *jsonRows) next() (row, error) {
	for {
		r.from.mark = r.offset()
		if found := r.known(); found.lines > 0 {
			return found, nil
		}
		r.resume()
		if r.inside && r.decoder.PeekKind() == jsontext.KindEndArray {
			if err := r.leave(); err != nil {
				return row{}, r.explain(err)
			}
			continue
		}
		if r.inside {
			return r.value()
		}
		if err := r.enter(); err != nil {
			return row{}, r.explain(err)
		}
		if !r.inside {
			return r.value()
		}
	}
}

// value reads the next value as a row.
func (r *jsonRows) value() (row, error) {
	r.follows = r.inside
	if r.decoder.PeekKind() != jsontext.KindBeginObject || r.decoded || r.whole {
		return r.wholeValue()
	}
	if _, err := r.token(); err != nil {
		return row{}, r.explain(err)
	}
	found := row{line: r.from.lineAt(r.offset()), lines: 1}
	if err := r.collect(r.decoder); err != nil {
		return row{}, r.explain(withinValue(err))
	}
	found.lines += r.from.lineAt(r.offset()) - found.line
	r.read(&found)
	r.learn(r.from.between(r.base+r.origin, r.offset()))
	return found, nil
}

// wholeValue reads the next value as a row with its text.
func (r *jsonRows) wholeValue() (row, error) {
	raw, err := r.decoder.ReadValue()
	if err != nil {
		return row{}, r.explain(withinValue(err))
	}
	end := r.from.lineAt(r.offset())
	found := row{line: end - int64(bytes.Count(raw, []byte("\n"))), lines: 1, text: string(raw)}
	switch {
	case raw[0] != '{':
		found.reject("the value is not a JSON object")
	case r.decoded && strings.ContainsRune(found.text, '\uFFFD'):
		found.reject(notInEncoding)
	default:
		object := jsontext.NewDecoder(strings.NewReader(found.text), asWritten...)
		if _, err := object.ReadToken(); err != nil {
			return row{}, r.explain(err)
		}
		if err := r.collect(object); err != nil {
			return row{}, r.explain(err)
		}
		r.read(&found)
	}
	found.text = onOneLine(found.text)
	return found, nil
}

// onOneLine returns a valid JSON value without line ends between its parts.
func onOneLine(text string) string {
	if strings.IndexByte(text, '\n') < 0 {
		return text
	}
	compact := jsontext.Value(text)
	if compact.Compact(append([]jsontext.Options{jsontext.PreserveRawStrings(true)}, asWritten...)...) != nil {
		return text
	}
	return string(compact)
}

// token reads a part of a document that is not at its end.
func (r *jsonRows) token() (jsontext.Token, error) {
	token, err := r.decoder.ReadToken()
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
	first := r.decoder.PeekKind()
	if first == jsontext.KindInvalid {
		_, err := r.decoder.ReadToken() // the end, or what is wrong
		return err
	}
	if len(r.path) == 0 && first != jsontext.KindBeginArray {
		return nil
	}
	for _, key := range r.path {
		if err := r.find(key); err != nil {
			return err
		}
	}
	start, err := r.token()
	if err == nil && start.Kind() != jsontext.KindBeginArray {
		err = fmt.Errorf("there is something other than an array at %q, where the rows should be", strings.Join(r.path, "."))
	}
	r.inside = err == nil
	return err
}

// find goes into the object that comes next, to the value of a key.
func (r *jsonRows) find(key string) error {
	start, err := r.token()
	if err != nil {
		return err
	}
	if start.Kind() != jsontext.KindBeginObject {
		return fmt.Errorf("there is something other than an object on the way to the rows %q", strings.Join(r.path, "."))
	}
	var others []string
	for r.decoder.PeekKind() != jsontext.KindEndObject {
		name, err := r.name()
		if err != nil {
			return err
		}
		if name == key {
			return nil
		}
		others = append(others, name)
		if err := r.skip(name); err != nil {
			return err
		}
	}
	if _, err := r.token(); err != nil {
		return err
	}
	return fmt.Errorf("there is an object without %q, in which the rows should be (--rows %s); it has %s", key, strings.Join(r.path, "."), listNames(others))
}

// name reads the next key of an object.
func (r *jsonRows) name() (string, error) {
	token, err := r.token()
	if err != nil {
		return "", err
	}
	return token.String(), nil
}

// skip passes the value of a key that nothing is read from.
func (r *jsonRows) skip(key string) error {
	r.unused.add(key)
	r.from.mark = r.offset()
	return withinValue(r.decoder.SkipValue())
}

// leave goes out of an array and of the objects that it is in.
func (r *jsonRows) leave() error {
	r.inside, r.follows = false, false
	if _, err := r.token(); err != nil {
		return err
	}
	for at := len(r.path) - 1; at >= 0; at-- {
		for r.decoder.PeekKind() != jsontext.KindEndObject {
			name, err := r.name()
			if err != nil {
				return err
			}
			if name == r.path[at] {
				return fmt.Errorf("the key %q is repeated", name)
			}
			if err := r.skip(name); err != nil {
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
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("the JSON is not valid: %w", syntax.Err)
	}
	return err
}
