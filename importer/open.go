package importer

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
)

// reading is how the rows of a source are found, and what is found out about it.
type reading struct {
	name     string
	format   Format
	encoding *Encoding
	// packed: it is decompressed while it is read.
	packed bool
	// ahead makes the text ahead where that takes time, unless it is nil.
	ahead *ahead
	// path is where the rows of a JSON document are.
	path    string
	columns []namedColumn
	// unused are the columns that nothing is read from, notes what was found out.
	unused, notes *names
	files         *understood
}

// rows makes a reader of the rows in an opened source. Errors complete a
// sentence that begins with the file's name.
func (r reading) rows(stored io.Reader) (rowReader, error) {
	plain, compression, err := decompress(stored)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", reasonOf(err))
	}
	begun := bufio.NewReaderSize(plain, 64<<10)
	// An error is left to whoever reads on.
	if magic, _ := begun.Peek(len(compoundFile)); string(magic) == compoundFile {
		return nil, errOldOffice
	}
	text, encoding := decode(begun, r.encoding)
	if encoding != "" {
		r.note("is read as " + encoding)
	}
	if r.ahead != nil && (r.packed || compression != "" || encoding != "") {
		text = r.ahead.of(text)
	}
	lines := newLines(text)
	lines.decoded = encoding != ""
	const enough = 4 << 10
	// An error is left to the first reader that gets as far as where it is.
	beginning, _ := lines.reader.Peek(enough)
	if err := checkText(beginning); err != nil {
		return nil, err
	}
	if r.format == Auto {
		r.format = formatByContent(beginning)
	}
	if r.path != "" {
		if r.format != JSON && r.format != NDJSON {
			return nil, fmt.Errorf("is %s, not JSON, in which --rows %s could be", strings.ToUpper(r.format.String()), r.path)
		}
		r.format = JSON
	}
	file := File{Name: r.name, Format: r.format, Encoding: cmp.Or(encoding, utf8Name), Compression: compression}
	defer func() { r.files.add(file) }()
	if r.format == JSON {
		return newJSONRows(lines, r.path, r.columns, r.unused)
	}
	if r.format == NDJSON {
		return newNDJSON(lines, r.columns, r.unused), nil
	}
	file.Delimiter = '\t'
	if r.format == CSV {
		if file.Delimiter, err = r.delimiter(lines); err != nil {
			return nil, err
		}
	}
	return newDelimited(lines, file.Delimiter, r.columns, r.unused)
}

// note keeps what was found out for the summary.
func (r reading) note(text string) { r.notes.add(r.name + " " + text) }

// delimiters are what may stand between values, the most likely first.
const delimiters = ",;\t|"

// delimiter finds what stands between the values of a CSV file: what its first
// line says (sep=;, as Excel has it), or what the names of the columns in its
// header are found with.
func (r reading) delimiter(lines *lines) (byte, error) {
	beginning, _ := lines.reader.Peek(max(lines.reader.Buffered(), 1))
	header := bytes.TrimLeft(beginning, " \r\n")
	header, _, _ = bytes.Cut(header, []byte("\n"))
	header = withoutEnd(header)
	if said, found := bytes.CutPrefix(header, []byte("sep=")); found && len(said) == 1 && strings.IndexByte(delimiters, said[0]) >= 0 {
		for blank := true; blank; {
			text, _, err := lines.next()
			if err != nil {
				return 0, reasonOf(err)
			}
			blank = len(bytes.TrimSpace(text)) == 0
		}
		return said[0], nil
	}
	best, most := byte(','), -1
	for _, candidate := range []byte(delimiters) {
		if score := r.fits(string(header), candidate); score > most {
			best, most = candidate, score
		}
	}
	if best != ',' {
		r.note(fmt.Sprintf("has %s between its values", delimiterName(best)))
	}
	return best, nil
}

// fits tells how well a delimiter fits to a header: by the columns that are found
// with it, and then by the number of names.
func (r reading) fits(header string, delimiter byte) int {
	found := strings.Split(header, string(rune(delimiter)))
	score := min(len(found), 1000)
	for _, name := range found {
		name = strings.TrimSpace(strings.Trim(strings.TrimSpace(name), `"`))
		for _, column := range r.columns {
			if name != "" && (name == column.inFile || name == column.name) {
				score += 10_000
			}
		}
	}
	return score
}

func delimiterName(delimiter byte) string {
	if delimiter == '\t' {
		return "tabs"
	}
	return fmt.Sprintf("%q", delimiter)
}
