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
	// buffer is what from has in its own, nil where that has to be asked for.
	buffer []byte
	// start is where what is in the buffer begins, given up to where the decoder has been
	// given it, mark where the current value begins.
	start, given, mark int64
	// line is the line of the last offset asked for. Lines are counted up to counted, and
	// ends are those of lines between the two.
	line, counted int64
	ends          []int64
	failed        error
}

const (
	// maxValue is the longest value of a document that is read.
	maxValue = 64 << 20
	// maxKept is how much of a value stays in the buffer, so that it can be looked at.
	maxKept = maxLine / 2
	// maxGiven is how much of a value that is not long a decoder is given at once.
	maxGiven = 4 << 10
)

// Read gives the decoder what follows.
func (t *documentText) Read(p []byte) (int, error) {
	if t.given-t.mark > maxValue {
		t.failed = errors.New("a value is longer than 64 MiB")
		return 0, t.failed
	}
	if t.given-t.start > maxKept {
		t.drop(t.given)
	}
	kept := int(t.given - t.start)
	err := t.fill(kept + 1)
	text := t.buffered()
	if len(text) <= kept {
		if err != io.EOF {
			t.failed = err
		}
		return 0, err
	}
	// As much again of a long value, as the decoder goes over all that it has of it each time.
	give := max(maxGiven, int(t.given-t.mark))
	n := copy(p, text[kept:min(len(text), kept+give)])
	t.given += int64(n)
	return n, nil
}

// drop takes what is before an offset out of the buffer.
func (t *documentText) drop(before int64) {
	for text := t.between(t.counted, before); ; {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			break
		}
		t.ends = append(t.ends, before-int64(len(text)-end))
		text = text[end+1:]
	}
	t.counted = max(t.counted, before)
	_, _ = t.from.Discard(int(before - t.start)) // is there
	t.start, t.buffer = before, nil
}

// fill has a number of bytes in the buffer, if there are as many.
func (t *documentText) fill(count int) error {
	t.buffer = nil
	_, err := t.from.Peek(count)
	return err
}

// buffered returns what is in the buffer.
func (t *documentText) buffered() []byte {
	if t.buffer == nil {
		t.buffer, _ = t.from.Peek(t.from.Buffered()) // is there
	}
	return t.buffer
}

// ahead returns what is in the buffer from an offset on. Where that is little, the
// buffer is filled, and what is before is dropped.
func (t *documentText) ahead(offset int64) []byte {
	if text := t.buffered()[offset-t.start:]; len(text) >= maxGiven {
		return text
	}
	t.drop(offset)
	_ = t.fill(maxGiven) // is left to whoever gets as far
	return t.buffered()
}

// between returns what is between two offsets, nothing if not all of it is in the buffer.
func (t *documentText) between(from, to int64) []byte {
	if from < t.start || from > to {
		return nil
	}
	return t.buffered()[from-t.start : to-t.start]
}

// lineAt returns the line that an offset is on, not before the last one asked for.
func (t *documentText) lineAt(offset int64) int64 {
	for len(t.ends) > 0 && t.ends[0] < offset {
		t.line, t.ends = t.line+1, t.ends[1:]
	}
	t.line += int64(bytes.Count(t.between(t.counted, offset), []byte("\n")))
	t.counted = max(t.counted, offset)
	return t.line
}
