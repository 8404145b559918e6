package importer

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// rejects writes rejected rows as CSV, with the columns file, line, reason,
// those of the table, and raw. The table's columns have the values as they
// were read, by their own names, so that the corrected file can be imported as
// it stands, without Options.Columns. A row that could not be split has its
// first line in raw instead. Bytes that are not UTF-8 are written as they are.
type rejects struct {
	open    func() (io.WriteCloser, error) // nil: keep nothing
	columns []column
	to      io.WriteCloser // nil until the first row
	buffer  *bufio.Writer
}

// add writes one row.
func (r *rejects) add(file string, rejected row) error {
	if r.open == nil {
		return rejected.copyRest(io.Discard)
	}
	if r.to == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	for _, value := range []string{file, strconv.FormatInt(rejected.line, 10), rejected.problem} {
		r.write(value)
		r.buffer.WriteByte(',')
	}
	for i := range r.columns {
		if rejected.values != nil {
			r.write(rejected.values[i])
		}
		r.buffer.WriteByte(',')
	}
	if rejected.values == nil {
		if err := r.writeRaw(rejected); err != nil {
			return err
		}
	}
	// A bufio.Writer keeps its first error and returns it here at the latest.
	return r.buffer.WriteByte('\n')
}

func (r *rejects) begin() error {
	to, err := r.open()
	if err != nil {
		return err
	}
	r.to, r.buffer = to, bufio.NewWriterSize(to, 64<<10)
	r.buffer.WriteString("file,line,reason,")
	for _, column := range r.columns {
		r.buffer.WriteString(column.name + ",")
	}
	r.buffer.WriteString("raw\n")
	return nil
}

// write writes a value, quoted where needed.
func (r *rejects) write(value string) {
	if strings.ContainsAny(value, "\",\r\n") || strings.TrimSpace(value) != value {
		value = `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
	}
	r.buffer.WriteString(value)
}

// writeRaw writes the first line of a row, however long it is.
func (r *rejects) writeRaw(rejected row) error {
	raw := doubling{r.buffer}
	r.buffer.WriteByte('"')
	if _, err := raw.Write([]byte(rejected.text)); err != nil {
		return err
	}
	if err := rejected.copyRest(raw); err != nil {
		return err
	}
	return r.buffer.WriteByte('"')
}

// close ends the file, if there is one.
func (r *rejects) close() error {
	if r.to == nil {
		return nil
	}
	return firstError(r.buffer.Flush(), r.to.Close())
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
