package answer

import (
	"context"
	"io"
	"iter"
	"strconv"
)

// flushAt is how much of a document is collected before it is sent.
const flushAt = 32 << 10

// stream writes a document as it goes: one buffer for all of it, none per row.
// It is a bufio.Writer whose buffer the encoders append to directly, and which
// looks, each time it is full, whether anybody still wants the rest.
type stream struct {
	ctx context.Context
	w   io.Writer
	buf []byte
	err error
}

func newStream(ctx context.Context, w io.Writer) *stream {
	return &stream{ctx: ctx, w: w, buf: make([]byte, 0, flushAt+4<<10)} // with room for the row that fills it
}

// text, char and number append to the document.
func (s *stream) text(text string) { s.buf = append(s.buf, text...) }
func (s *stream) char(c byte)      { s.buf = append(s.buf, c) }
func (s *stream) number(n int64)   { s.buf = strconv.AppendInt(s.buf, n, 10) }

// rows are the indices of the rows of a list, with a separator between them, and sends what has
// been collected as it goes. They end early when the context has ended or the connection has
// failed.
func (s *stream) rows(count int, separator string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range count {
			if !s.begins(i, separator) || !yield(i) {
				return
			}
		}
	}
}

// begins begins a row, if there is still somebody to read it.
func (s *stream) begins(i int, separator string) bool {
	if len(s.buf) >= flushAt {
		s.flush()
	}
	if i > 0 {
		s.text(separator)
	}
	return s.err == nil
}

// list writes a short list as JSON and JSV have it.
func list[T any](s *stream, items []T, write func(*stream, T)) {
	s.char('[')
	for i, item := range items {
		if i > 0 {
			s.char(',')
		}
		write(s, item)
	}
	s.char(']')
}

// flush sends what has been collected.
func (s *stream) flush() {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err == nil {
		_, s.err = s.w.Write(s.buf)
	}
	s.buf = s.buf[:0]
}

// close sends the rest and tells whether the whole document was written.
func (s *stream) close() error {
	s.flush()
	return s.err
}

// escaped writes a text with some of its bytes replaced.
func (s *stream) escaped(text string, escapes *[256]string) {
	done := 0
	for i := range len(text) {
		if escape := escapes[text[i]]; escape != "" {
			s.text(text[done:i])
			s.text(escape)
			done = i + 1
		}
	}
	s.text(text[done:])
}
