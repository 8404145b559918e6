package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"time"

	"aiusage/usage"
)

// Format is how rows are written.
type Format string

// The formats: CSV as RFC 4180 has it with a header, an array of JSON objects, and a
// JSON object per line.
const (
	CSV    Format = "csv"
	JSON   Format = "json"
	NDJSON Format = "ndjson"
)

// column is a column of an export.
type column struct {
	// name is that of the schema's field, or made of those on the way to it.
	name string
	// value is a string (absent when empty), a number, a truth value or an instant.
	value func(*Row) any
	// wanted tells whether it was asked for; nil means always.
	wanted func(Request) bool
}

// columns are all there are, in their order.
var columns = []column{
	{"accountId", func(r *Row) any { return r.AccountID }, nil},
	{"accountName", func(r *Row) any { return r.AccountName }, Request.names},
	{"customerId", func(r *Row) any { return r.CustomerID }, Request.customers},
	{"customerName", func(r *Row) any { return r.CustomerName }, func(r Request) bool { return r.Names && r.customers() }},
	{"from", func(r *Row) any { return r.From }, Request.series},
	{"to", func(r *Row) any { return r.To }, Request.series},
	{"partial", func(r *Row) any { return r.Partial }, Request.series},
	{"aiMinutes", func(r *Row) any { return r.Minutes }, nil},
	{"aiSeconds", func(r *Row) any { return r.Seconds }, nil},
	{"sessions", func(r *Row) any { return r.Sessions }, nil},
	{"previousAiMinutes", func(r *Row) any { return r.Previous.Minutes }, Request.previous},
	{"previousAiSeconds", func(r *Row) any { return r.Previous.Seconds }, Request.previous},
	{"previousSessions", func(r *Row) any { return r.Previous.Sessions }, Request.previous},
}

func (r Request) customers() bool { return r.Level == usage.ByCustomer }
func (r Request) names() bool     { return r.Names }
func (r Request) series() bool    { return r.Series != "" }
func (r Request) previous() bool  { return r.Previous }

// columnsOf returns the columns that a request has.
func columnsOf(request Request) []column {
	var wanted []column
	for _, column := range columns {
		if column.wanted == nil || column.wanted(request) {
			wanted = append(wanted, column)
		}
	}
	return wanted
}

// Columns returns the names of the columns that a request has, in their order.
func (r Request) Columns() []string {
	var names []string
	for _, column := range columnsOf(r) {
		names = append(names, column.name)
	}
	return names
}

// chosen returns columns by their names, in the order of these, or those that a request has
// where there are no names.
func chosen(request Request, names []string) ([]column, error) {
	all := columnsOf(request)
	if names == nil {
		return all, nil
	}
	wanted := make([]column, len(names))
	for i, name := range names {
		at := slices.IndexFunc(all, func(c column) bool { return c.name == name })
		if at < 0 {
			return nil, fmt.Errorf("there is no column %q", name)
		}
		wanted[i] = all[at]
	}
	return wanted, nil
}

// Options tune how rows are written.
type Options struct {
	// Columns are those to write, of Request.Columns; nil means all of them.
	Columns []string
	// Spreadsheet defuses the texts of CSV that a spreadsheet would take for a formula.
	Spreadsheet bool
}

// Write writes the rows of a request. It returns the error that rows end with, if
// they do; what has been written then is the beginning of an export, and of JSON no
// valid document.
func Write(w io.Writer, format Format, request Request, rows iter.Seq2[Row, error], options Options) error {
	columns, err := chosen(request, options.Columns)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	var to encoder
	switch format {
	case CSV:
		to = &csvEncoder{csv.NewWriter(out), columns, make([]string, len(columns)), options.Spreadsheet}
	case JSON:
		to = &jsonEncoder{out: out, columns: keysOf(columns), begin: "[\n  ", between: ",\n  ", end: "\n]\n", empty: "[]\n"}
	case NDJSON:
		to = &jsonEncoder{out: out, columns: keysOf(columns), between: "\n", end: "\n"}
	default:
		return fmt.Errorf("there is no format %q", format)
	}
	if err := to.start(); err != nil {
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := to.row(&row); err != nil {
			return err
		}
	}
	if err := to.finish(); err != nil {
		return err
	}
	return out.Flush()
}

// encoder writes rows in a format.
type encoder interface {
	start() error
	row(*Row) error
	finish() error
}

type csvEncoder struct {
	out         *csv.Writer
	columns     []column
	record      []string // reused
	spreadsheet bool
}

func (e *csvEncoder) start() error {
	for i, column := range e.columns {
		e.record[i] = column.name
	}
	return e.out.Write(e.record)
}

func (e *csvEncoder) row(row *Row) error {
	for i, column := range e.columns {
		switch value := column.value(row).(type) {
		case string:
			if e.spreadsheet {
				value = defused(value)
			}
			e.record[i] = value
		case int64:
			e.record[i] = strconv.FormatInt(value, 10)
		case bool:
			e.record[i] = strconv.FormatBool(value)
		case time.Time:
			e.record[i] = value.Format(time.RFC3339Nano)
		}
	}
	return e.out.Write(e.record)
}

func (e *csvEncoder) finish() error {
	e.out.Flush()
	return e.out.Error()
}

// jsonColumn is a column with its name as a key of an object.
type jsonColumn struct {
	column
	key string
}

func keysOf(columns []column) []jsonColumn {
	keys := make([]jsonColumn, len(columns))
	for i, column := range columns {
		keys[i] = jsonColumn{column, strconv.Quote(column.name) + ":"} // letters only
	}
	return keys
}

// jsonEncoder writes objects, with something before, between and after them.
type jsonEncoder struct {
	out     *bufio.Writer
	columns []jsonColumn
	// empty is written instead where there is no row.
	begin, between, end, empty string
	written                    bool
	object                     bytes.Buffer // reused
}

func (e *jsonEncoder) start() error { return nil }

func (e *jsonEncoder) row(row *Row) error {
	e.object.Reset()
	before := e.begin
	if e.written {
		before = e.between
	}
	e.written = true
	e.object.WriteString(before)
	for i, column := range e.columns {
		e.object.WriteByte("{,"[min(i, 1)])
		e.object.WriteString(column.key)
		if err := e.value(column.value(row)); err != nil {
			return err
		}
	}
	e.object.WriteByte('}')
	_, err := e.out.Write(e.object.Bytes())
	return err
}

func (e *jsonEncoder) finish() error {
	end := e.end
	if !e.written {
		end = e.empty
	}
	_, err := e.out.WriteString(end)
	return err
}

// value writes a value. An absent text is null, as it is in GraphQL.
func (e *jsonEncoder) value(value any) error {
	switch value := value.(type) {
	case string:
		if value == "" {
			e.object.WriteString("null")
			return nil
		}
		text := json.NewEncoder(&e.object)
		text.SetEscapeHTML(false)
		err := text.Encode(value)
		e.object.Truncate(e.object.Len() - len("\n"))
		return err
	case int64:
		e.object.Write(strconv.AppendInt(e.object.AvailableBuffer(), value, 10))
	case bool:
		e.object.Write(strconv.AppendBool(e.object.AvailableBuffer(), value))
	case time.Time:
		e.object.WriteString(`"` + value.Format(time.RFC3339Nano) + `"`)
	default:
		return fmt.Errorf("a value of type %T cannot be exported", value)
	}
	return nil
}
