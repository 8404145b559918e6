package importer

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// maxLine is the length of the longest line that is read, with its end.
	maxLine = 1 << 20
	// maxRecord and maxRecordLines bound a row that spans lines, so that a
	// quote which is never closed does not swallow the file.
	maxRecord      = 64 << 10
	maxRecordLines = 100
)

// lines reads the physical lines of a file.
type lines struct {
	reader *bufio.Reader
	// number is the 1-based number of the line returned last.
	number int64
	// decoded: the text was in another encoding. A character that this does not have
	// has become U+FFFD.
	decoded bool
	// failed is an error that the next call of next is to return.
	failed error
}

func newLines(r io.Reader) *lines { return &lines{reader: bufio.NewReaderSize(r, maxLine)} }

// next returns the next line with its end, valid until the next call. Of a
// line longer than maxLine it returns the beginning, and whole is false; rest
// must be called then. At the end of the file the error is io.EOF.
func (l *lines) next() (text []byte, whole bool, err error) {
	if l.failed != nil {
		return nil, true, l.failed
	}
	text, err = l.reader.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		l.number++
		return text, false, nil
	case err == nil || err == io.EOF && len(text) > 0:
		l.number++
		return text, true, nil
	}
	return nil, true, err
}

// rest copies the rest of a line of which next returned the beginning. The
// error is that of the writer; one of the file is returned by next.
func (l *lines) rest(to io.Writer) error {
	for {
		text, err := l.reader.ReadSlice('\n')
		if err == nil {
			text = withoutEnd(text)
		}
		if _, failed := to.Write(text); failed != nil {
			return failed
		}
		if err != bufio.ErrBufferFull {
			l.failed = err
			return nil
		}
	}
}

// ahead returns whole lines that follow the one returned last, as many as a
// row may span, without passing them. They are valid until the next call.
func (l *lines) ahead() []byte {
	window, err := l.reader.Peek(maxRecord)
	limit := 0
	for range maxRecordLines - 1 {
		end := bytes.IndexByte(window[limit:], '\n')
		if end < 0 {
			if err == io.EOF {
				limit = len(window)
			}
			break
		}
		limit += end + 1
	}
	return window[:limit]
}

// pass skips a number of bytes that ahead has returned.
func (l *lines) pass(length int) {
	text, _ := l.reader.Peek(length) // these cannot fail: the text is in the buffer
	l.number += lineCount(text)
	_, _ = l.reader.Discard(length)
}

// lineCount returns the number of lines in a text, the last of which may have no end.
func lineCount(text []byte) int64 {
	count := int64(bytes.Count(text, []byte("\n")))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		count++
	}
	return count
}

// withoutEnd returns a line without its LF or CRLF. A lone CR before the end
// of the file is removed as well.
func withoutEnd[Text string | []byte](line Text) Text {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// broken is what is wrong with a row whose characters cannot all be read, "" if
// nothing is.
func (l *lines) broken(text string) string {
	switch {
	case l.decoded && strings.ContainsRune(text, utf8.RuneError):
		return notInEncoding
	case !utf8.ValidString(text):
		return notUTF8
	}
	return ""
}

// What can be wrong with the characters of a row.
const (
	notUTF8       = "the row is not valid UTF-8 (--encoding reads others)"
	notInEncoding = "the row has a character that cannot be read in the file's encoding"
)
