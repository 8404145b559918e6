package legacy

import (
	"bufio"
	"context"
	"io"
	"strconv"
)

// checkEvery is the number of rows after which a stream looks whether anybody
// still wants them.
const checkEvery = 1024

// stream writes a document as it goes: one buffer for all of it, none per row.
type stream struct {
	*bufio.Writer
	ctx  context.Context
	rows int
	err  error
}

func newStream(ctx context.Context, w io.Writer) *stream {
	return &stream{Writer: bufio.NewWriterSize(w, 32<<10), ctx: ctx}
}

// more counts a row and tells whether to go on: not when the context has ended
// or the connection has failed.
func (s *stream) more() bool {
	s.rows++
	if s.rows%checkEvery != 0 {
		return s.err == nil
	}
	if s.err = s.ctx.Err(); s.err == nil {
		_, s.err = s.Write(nil) // reports an earlier failure
	}
	return s.err == nil
}

// number writes an integer.
func (s *stream) number(n int64) { s.Write(strconv.AppendInt(s.AvailableBuffer(), n, 10)) }

// close flushes what is left and reports whether the whole document was written.
func (s *stream) close() error {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil {
		return s.err
	}
	return s.Flush()
}
