package importer

import (
	"bytes"
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
	JSON
)

var formatNames = [...]string{Auto: "auto", CSV: "csv", TSV: "tsv", NDJSON: "ndjson", JSON: "json"}

// String returns the format's name in lower case.
func (f Format) String() string { return formatNames[f] }

// ParseFormat returns the format with a name: auto, csv, tsv, ndjson or json.
func ParseFormat(name string) (Format, error) {
	for format, known := range formatNames {
		if name == known {
			return Format(format), nil
		}
	}
	return Auto, fmt.Errorf("there is no format %q; the formats are auto, csv, tsv, ndjson and json", name)
}

// formatByName goes by the extension of a file's name, if it says anything.
func formatByName(name string) Format {
	name = strings.ToLower(name)
	for _, compression := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, compression)
	}
	switch filepath.Ext(name) {
	case ".csv":
		return CSV
	case ".tsv":
		return TSV
	case ".ndjson", ".jsonl":
		return NDJSON
	}
	return Auto
}

// formatByContent goes by the beginning of a file. One whose first line is the
// beginning of an object only is a document, not an object per line.
func formatByContent(beginning []byte) Format {
	first, _, _ := bytes.Cut(bytes.TrimLeft(beginning, " \t\r\n"), []byte("\n"))
	first = bytes.TrimRight(first, " \t\r")
	switch {
	case bytes.HasPrefix(first, []byte("[")):
		return JSON
	case bytes.HasPrefix(first, []byte("{")) && bytes.IndexByte([]byte("{[,:"), first[len(first)-1]) >= 0 && len(first) < len(beginning):
		return JSON
	case bytes.HasPrefix(first, []byte("{")):
		return NDJSON
	}
	return CSV
}
