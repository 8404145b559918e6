package importer

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// rejects writes rejected rows as CSV, with the columns file, line, reason,
// those of the table, and raw. The table's columns have the values by their own
// names, so that the corrected file can be imported as it stands. A row that
// could not be split has its first line in raw instead. Bytes that are not UTF-8
// are written as they are.
type rejects struct {
	open    func() (io.WriteCloser, error) // nil: keep nothing
	columns []column
	mu      sync.Mutex
	sheet   *sheet // nil until the first row
}

// add writes one row.
func (r *rejects) add(file string, rejected row) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return rejected.copyRest(io.Discard)
	}
	if r.sheet == nil {
		var err error
		if r.sheet, err = newSheet(r.open, "file,line,reason,"+columnNames(r.columns)+",raw"); err != nil {
			return err
		}
	}
	for _, value := range []string{file, strconv.FormatInt(rejected.line, 10), rejected.problem} {
		r.sheet.write(value)
		r.sheet.WriteByte(',')
	}
	for i := range r.columns {
		if rejected.values != nil {
			r.sheet.write(rejected.values[i])
		}
		r.sheet.WriteByte(',')
	}
	if rejected.values == nil {
		if err := r.writeRaw(rejected); err != nil {
			return err
		}
	}
	// A bufio.Writer keeps its first error and returns it here at the latest.
	return r.sheet.WriteByte('\n')
}

// isOfRejects tells whether a header is that of a file of rejected rows.
func isOfRejects(header []string) bool {
	return len(header) > 4 && slices.Equal(header[:3], []string{"file", "line", "reason"}) && header[len(header)-1] == "raw"
}

func columnNames(columns []column) string {
	var all []string
	for _, column := range columns {
		all = append(all, column.name)
	}
	return strings.Join(all, ",")
}

// writeRaw writes the first line of a row, however long it is.
func (r *rejects) writeRaw(rejected row) error {
	raw := doubling{r.sheet.Writer}
	r.sheet.WriteByte('"')
	if _, err := raw.Write([]byte(rejected.text)); err != nil {
		return err
	}
	if err := rejected.copyRest(raw); err != nil {
		return err
	}
	return r.sheet.WriteByte('"')
}

// close ends the file, if there is one.
func (r *rejects) close() error { return r.sheet.close() }

// duplicates writes likely duplicates as CSV. The file is made whether there are
// any or not, so that one of an earlier load is not taken for this one's.
type duplicates struct {
	open    func() (io.WriteCloser, error) // nil: nobody asked
	columns []column
	sheet   *sheet
}

func (d *duplicates) begin() (err error) {
	if d.open != nil {
		d.sheet, err = newSheet(d.open, "file,line,like,"+columnNames(d.columns))
	}
	return err
}

// add writes one row and the key of the row that it is like.
func (d *duplicates) add(at origin, values []string, like string) error {
	for i, value := range slices.Concat([]string{at.file, strconv.FormatInt(at.line, 10), like}, values[:len(d.columns)]) {
		if i > 0 {
			d.sheet.WriteByte(',')
		}
		d.sheet.write(value)
	}
	return d.sheet.WriteByte('\n')
}

func (d *duplicates) close() error { return d.sheet.close() }

// sheet is a CSV file that is being written.
type sheet struct {
	*bufio.Writer
	to io.WriteCloser
}

func newSheet(open func() (io.WriteCloser, error), header string) (*sheet, error) {
	to, err := open()
	if err != nil {
		return nil, err
	}
	s := &sheet{bufio.NewWriterSize(to, 64<<10), to}
	s.WriteString(header + "\n")
	return s, nil
}

// write writes a value, quoted where needed.
func (s *sheet) write(value string) {
	if strings.ContainsAny(value, "\",\r\n") || strings.TrimSpace(value) != value {
		value = `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
	}
	s.WriteString(value)
}

func (s *sheet) close() error {
	if s == nil {
		return nil
	}
	return firstError(s.Flush(), s.to.Close())
}

// doubling writes every quote twice.
type doubling struct{ to *bufio.Writer }

func (d doubling) Write(text []byte) (int, error) {
	for _, c := range text {
		if c == '"' {
			d.to.WriteByte(c)
		}
		if err := d.to.WriteByte(c); err != nil {
			return 0, err
		}
	}
	return len(text), nil
}
