package importer

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Format is how rows are written in a file.
type Format int

// The formats. Auto finds out.
const (
	Auto Format = iota
	CSV
	TSV
	NDJSON
)

var formatNames = [...]string{Auto: "auto", CSV: "csv", TSV: "tsv", NDJSON: "ndjson"}

// String returns the format's name in lower case.
func (f Format) String() string { return formatNames[f] }

// ParseFormat returns the format with a name: auto, csv, tsv or ndjson.
func ParseFormat(name string) (Format, error) {
	for format, known := range formatNames {
		if name == known {
			return Format(format), nil
		}
	}
	return Auto, fmt.Errorf("there is no format %q; the formats are auto, csv, tsv and ndjson", name)
}

// formatByName goes by the extension of a file's name, if it says anything.
func formatByName(name string) Format {
	switch filepath.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz")) {
	case ".csv":
		return CSV
	case ".tsv":
		return TSV
	case ".ndjson", ".jsonl":
		return NDJSON
	}
	return Auto
}

// formatByContent goes by the beginning of a file.
func formatByContent(beginning []byte) Format {
	header, _, _ := bytes.Cut(bytes.TrimLeft(beginning, " \t\r\n"), []byte("\n"))
	switch {
	case bytes.HasPrefix(header, []byte("{")):
		return NDJSON
	case bytes.ContainsRune(header, '\t'):
		return TSV
	}
	return CSV
}

const byteOrderMark = "\xef\xbb\xbf"

// checkText tells from the beginning of a file whether it can be UTF-8 text.
func checkText(beginning []byte) error {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(beginning, []byte(mark)) {
			return errors.New("is UTF-16; save it as UTF-8")
		}
	}
	header, _, _ := bytes.Cut(beginning, []byte("\n"))
	if bytes.IndexByte(header, 0) >= 0 {
		return errors.New("begins with binary data (or UTF-16); CSV, TSV or NDJSON in UTF-8 is expected, plain or gzip")
	}
	return nil
}
