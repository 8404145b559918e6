package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encoding is how the characters of files without a byte order mark are stored.
type Encoding struct {
	encoding.Encoding
	name string
}

// ParseEncoding returns the encoding with a name that the web knows, such as
// latin1, windows-1252 or utf-16le. As on the web, latin1 is windows-1252, which
// has the characters that files called so have.
func ParseEncoding(name string) (*Encoding, error) {
	found, err := htmlindex.Get(name)
	if err != nil {
		return nil, fmt.Errorf("there is no encoding %q; among those there are: utf-8, latin1, windows-1252, iso-8859-15, utf-16le, shift_jis", name)
	}
	canonical, err := htmlindex.Name(found)
	if err != nil || canonical == "replacement" || canonical == "x-user-defined" {
		return nil, fmt.Errorf("the encoding %q cannot be read", name)
	}
	return &Encoding{found, canonical}, nil
}

const (
	byteOrderMark = "\xef\xbb\xbf"
	utf8Name      = "utf-8"
)

// decode makes UTF-8 of a text. A byte order mark says more than the given
// encoding, which may be nil. used is the name of an encoding other than UTF-8.
func decode(text io.Reader, given *Encoding) (decoded io.Reader, used string) {
	buffered := bufio.NewReaderSize(text, 64<<10)
	mark, _ := buffered.Peek(3) // an error is that of whoever reads on
	switch {
	case string(mark) == byteOrderMark:
		_, _ = buffered.Discard(len(byteOrderMark)) // is in the buffer
		return buffered, ""
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
		return transform.NewReader(buffered, utf16.NewDecoder()), "utf-16"
	case given != nil && given.name != utf8Name:
		return transform.NewReader(buffered, given.NewDecoder()), given.name
	}
	return buffered, ""
}

// checkText tells from the beginning of a file whether it can be text.
func checkText(beginning []byte) error {
	header, _, _ := bytes.Cut(beginning, []byte("\n"))
	if bytes.IndexByte(header, 0) >= 0 {
		return errors.New("begins with binary data; CSV, TSV or NDJSON is expected, plain or compressed (UTF-16 without a byte order mark is read with --encoding utf-16le or utf-16be)")
	}
	return nil
}
