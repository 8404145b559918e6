package cli

import (
	"fmt"
	"io"
)

// output is standard output. It remembers the first error, which commands need not look for: what
// nobody can read is no success.
type output struct {
	io.Writer
	err error
}

// Write says of what cannot be written that it is the output.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil {
		err = fmt.Errorf("the output cannot be written: %w", err)
		if o.err == nil {
			o.err = err
		}
	}
	return n, err
}

// unwatched is what an output writes to, of which no error is remembered.
func unwatched(w io.Writer) io.Writer {
	if o, ok := w.(*output); ok {
		return o.Writer
	}
	return w
}
