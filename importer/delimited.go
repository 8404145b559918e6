package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// delimited reads CSV and TSV.
//
// Most lines have no quote in them and are simply cut at the delimiters. Where
// a quoted value is not closed on its line, the lines after it are looked at
// without being passed; if the value is not closed properly there either, only
// the one line is rejected.
type delimited struct {
	*lines
	delimiter byte
	// escapes: values have backslash escapes (TSV).
	escapes bool
	// width is the number of columns in the header.
	width int
	// positions of the table's columns among them, -1 for none.
	positions []int
	// constants are the values of columns that are not among them.
	constants []string

	// pending is the length of the lines after the first of the current row,
	// which are passed when the next row is asked for.
	pending int

	fields []string // of the current row; reused
	spans  []span   // where they are, in a row with quotes; reused
	broken string   // what is wrong with its characters
	buffer []byte   // a row that spans lines; reused
	values []string // reused
}

// span is the place of a value in the text of a row.
type span struct {
	start, end int
	quoted     bool
	// doubled: it contains quotes, each written twice.
	doubled bool
}

// newDelimited reads the header.
func newDelimited(lines *lines, delimiter byte, columns []namedColumn, unused *names) (*delimited, error) {
	d := &delimited{lines: lines, delimiter: delimiter, escapes: delimiter == '\t', values: make([]string, len(columns)), constants: constantsOf(columns)}
	header, err := d.record()
	switch {
	case err == io.EOF:
		return nil, errors.New("is empty; its first line must name the columns")
	case err != nil:
		return nil, fmt.Errorf("has a header that cannot be read: %w", reasonOf(err))
	case header.problem != "":
		return nil, fmt.Errorf("has a header that cannot be read: %s", header.problem)
	case d.broken != "":
		return nil, errors.New("has a header that is not UTF-8; save it as UTF-8, or name its encoding with --encoding")
	case strings.ContainsRune(header.text, '\r'):
		return nil, errors.New("has lines that end in CR alone; save it with LF or CRLF line ends")
	}
	d.width = len(d.fields)
	if d.positions, err = locate(columns, d.fields); err != nil {
		return nil, fmt.Errorf("has a header that does not fit: %w", err)
	}
	d.noteUnused(unused)
	return d, nil
}

// noteUnused adds the names in the header that no column is read from. What a
// file of rejected rows says about them is for people.
func (d *delimited) noteUnused(unused *names) {
	rejected := isOfRejects(d.fields)
	for at, name := range d.fields {
		if slices.Contains(d.positions, at) || rejected && (at < 3 || at == len(d.fields)-1) {
			continue
		}
		if name = strings.TrimSpace(name); name == "" {
			name = fmt.Sprintf("number %d", at+1)
		}
		unused.add(name)
	}
}

func (d *delimited) line() int64 { return d.number }

// checkColumns implements rowReader: the header has told.
func (d *delimited) checkColumns() error { return nil }

// next implements rowReader.
func (d *delimited) next() (row, error) {
	r, err := d.record()
	if err != nil || r.problem != "" {
		return r, err
	}
	if len(d.fields) != d.width {
		r.reject(fmt.Sprintf("the row has %d values, the header has %d", len(d.fields), d.width))
		return r, nil
	}
	for i, position := range d.positions {
		d.values[i] = d.constants[i]
		if position >= 0 {
			d.values[i] = d.fields[position]
		}
	}
	r.values = d.values
	if d.broken != "" {
		if d.lines.decoded {
			r.reject(d.broken) // in UTF-8, what took the character's place is good
			return r, nil
		}
		r.problem = d.broken
	}
	if len(r.text) > longLine || r.lines > 1 {
		detach(r.values)
	}
	return r, nil
}

// record reads the next row that is not blank into fields. Of a row that spans
// lines only the first is passed yet, so that it can still be shortened.
func (d *delimited) record() (row, error) {
	d.pass(d.pending)
	d.pending = 0
	for {
		text, whole, err := d.lines.next()
		switch {
		case err != nil:
			return row{}, err
		case !whole:
			return tooLong(d.lines, text), nil
		case len(bytes.TrimLeft(withoutEnd(text), " ")) == 0:
			continue
		}
		r := row{line: d.number, lines: 1}
		if bytes.IndexByte(text, '"') >= 0 {
			return d.quoted(r, text), nil
		}
		r.text = string(withoutEnd(text))
		d.broken = d.lines.broken(r.text)
		if problem := d.cut(r.text); problem != "" {
			r.reject(problem)
		}
		return r, nil
	}
}

// cut splits a line without quotes. It returns what is wrong with it, if anything.
func (d *delimited) cut(line string) (problem string) {
	d.fields = d.fields[:0]
	for {
		field, rest, more := line, "", false
		if at := strings.IndexByte(line, d.delimiter); at >= 0 {
			field, rest, more = line[:at], line[at+1:], true
		}
		if d.escapes {
			var ok bool
			if field, ok = unescape(field); !ok {
				return badEscape
			}
		}
		d.fields = append(d.fields, field)
		if !more {
			return ""
		}
		line = rest
	}
}

// quoted splits a row with quotes, of which first is the first line.
func (d *delimited) quoted(r row, first []byte) row {
	r.text = string(withoutEnd(first))
	text := first
	end, problem := d.scan(text)
	if problem == notClosed {
		d.buffer = append(d.buffer[:0], first...)
		d.buffer = append(d.buffer, d.ahead()...)
		text = d.buffer
		end, problem = d.scan(text)
	}
	whole := r.text
	if end > len(first) {
		whole = string(text[:end])
	}
	if problem == "" {
		problem = d.slice(whole)
	}
	if problem != "" {
		r.reject(problem)
		return r
	}
	d.broken = d.lines.broken(whole)
	if d.pending = max(end-len(first), 0); d.pending > 0 {
		r.lines = lineCount(text[:end])
		r.shorten = func() { d.pending = 0 }
	}
	return r
}

// What can be wrong with a row that has quotes or escapes.
const (
	notClosed      = "a quoted value is not closed within 100 lines or 64 KiB"
	strayQuote     = "a value that does not begin with a quote contains one"
	textAfterQuote = "a quoted value is followed by text"
	badEscape      = `a backslash is not part of \t, \n, \r, \0, \N or \\`
)

// scan finds the values of the row at the beginning of text, and its end.
func (d *delimited) scan(text []byte) (end int, problem string) {
	d.spans = d.spans[:0]
	for at := 0; ; at++ {
		value := span{start: at, end: at}
		if at < len(text) && text[at] == '"' {
			if !value.findClosingQuote(text) {
				return 0, notClosed
			}
			at = value.end + 1
		} else {
			value.end += d.plainLength(text[at:])
			at = value.end
			if !d.escapes && bytes.IndexByte(text[value.start:at], '"') >= 0 {
				return 0, strayQuote
			}
		}
		d.spans = append(d.spans, value)
		if length := lineEnd(text[at:]); length >= 0 {
			return at + length, ""
		}
		if text[at] != d.delimiter {
			return 0, textAfterQuote
		}
	}
}

// findClosingQuote makes s, which starts at a quote, span the text up to the
// closing one. It returns false if there is none.
func (s *span) findClosingQuote(text []byte) bool {
	s.start++
	s.quoted = true
	for at := s.start; ; at += 2 {
		next := bytes.IndexByte(text[at:], '"')
		if next < 0 {
			return false
		}
		at += next
		if at+1 == len(text) || text[at+1] != '"' {
			s.end = at
			return true
		}
		s.doubled = true
	}
}

// plainLength returns the length of the value without quotes at the beginning of text.
func (d *delimited) plainLength(text []byte) int {
	end := bytes.IndexByte(text, d.delimiter)
	if end >= 0 && bytes.IndexByte(text[:end], '\n') < 0 {
		return end
	}
	if end = bytes.IndexByte(text, '\n'); end < 0 {
		end = len(text)
	}
	if end > 0 && text[end-1] == '\r' {
		end--
	}
	return end
}

// lineEnd returns the length of the line end (or end of the text) at the
// beginning of rest, -1 if there is none.
func lineEnd(rest []byte) int {
	switch {
	case len(rest) == 0:
		return 0
	case rest[0] == '\n', rest[0] == '\r' && len(rest) == 1:
		return 1
	case rest[0] == '\r' && rest[1] == '\n':
		return 2
	}
	return -1
}

// slice cuts the values that scan found out of the row. It returns what is
// wrong with them, if anything.
func (d *delimited) slice(text string) (problem string) {
	d.fields = d.fields[:0]
	for _, s := range d.spans {
		field, ok := text[s.start:s.end], true
		switch {
		case s.doubled:
			field = strings.ReplaceAll(field, `""`, `"`)
		case d.escapes && !s.quoted:
			field, ok = unescape(field)
		}
		if !ok {
			return badEscape
		}
		d.fields = append(d.fields, field)
	}
	return ""
}
