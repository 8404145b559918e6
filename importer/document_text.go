package importer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// documentText is the text of a JSON document on its way to a decoder. It tells on which
// line an offset is, counting from one, and what follows can be looked at and passed
// without the decoder. All offsets are from the beginning of the document.
type documentText struct {
	from *bufio.Reader
	// start is where what is in the buffer begins, given up to where the decoder has been
	// given it, read how much was seen, mark how much when the current value began.
	start, given, read, mark int64
	// line is the line of the last offset asked for, ends the ends of those after it.
	line   int64
	ends   []int64
	failed error
}

const (
	// maxValue is the longest value of a document that is read.
	maxValue = 64 << 20
	// maxKept is how much of a value stays in the buffer, so that it can be looked at.
	maxKept = maxLine / 2
	// maxGiven is how much a decoder is given at once.
	maxGiven = 4 << 10
)

// Read gives the decoder what follows.
func (t *documentText) Read(p []byte) (int, error) {
	if t.read-t.mark > maxValue {
		t.failed = errors.New("a value is longer than 64 MiB")
		return 0, t.failed
	}
	if t.given-t.start > maxKept {
		t.drop(t.given)
	}
	kept := int(t.given - t.start)
	_, err := t.from.Peek(kept + 1)
	text, _ := t.from.Peek(min(t.from.Buffered(), kept+maxGiven)) // is there
	if len(text) <= kept {
		if err != io.EOF {
			t.failed = err
		}
		return 0, err
	}
	n := copy(p, text[kept:])
	t.given += int64(n)
	t.see(t.given)
	return n, nil
}

// drop takes what is before an offset out of the buffer.
func (t *documentText) drop(before int64) {
	_, _ = t.from.Discard(int(before - t.start)) // is there
	t.start = before
}

// ahead returns what is in the buffer from an offset on, if that is little after filling
// it. What is before is dropped.
func (t *documentText) ahead(offset int64) []byte {
	t.drop(offset)
	_, _ = t.from.Peek(maxGiven)              // an error is left to whoever gets as far
	text, _ := t.from.Peek(t.from.Buffered()) // is there
	return text
}

// between returns what is between two offsets, nothing if not all of it is in the buffer.
func (t *documentText) between(from, to int64) []byte {
	if from < t.start {
		return nil
	}
	text, _ := t.from.Peek(int(to - t.start)) // is there
	return text[from-t.start:]
}

// see finds the ends of lines up to an offset in the buffer.
func (t *documentText) see(to int64) {
	if to <= t.read {
		return
	}
	text, _ := t.from.Peek(int(to - t.start)) // is there
	for at := int(t.read - t.start); ; at++ {
		next := bytes.IndexByte(text[at:], '\n')
		if next < 0 {
			break
		}
		at += next
		t.ends = append(t.ends, t.start+int64(at))
	}
	t.read = to
}

// lineAt returns the line that an offset is on, not before the last one asked for.
func (t *documentText) lineAt(offset int64) int64 {
	passed := 0
	for passed < len(t.ends) && t.ends[passed] < offset {
		passed++
	}
	t.line += int64(passed)
	t.ends = t.ends[passed:]
	return t.line
}
