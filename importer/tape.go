package importer

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// tape keeps what is read from a stream until it is rewound, in memory while
// that is little and in a temporary file when it becomes more.
type tape struct {
	from   io.Reader
	memory bytes.Buffer
	file   *os.File
}

// tapeMemory is how much is kept in memory.
const tapeMemory = 4 << 20

func (t *tape) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	if failed := t.keep(p[:n]); failed != nil {
		return 0, failed
	}
	return n, err
}

func (t *tape) keep(text []byte) (err error) {
	if t.file == nil && t.memory.Len()+len(text) <= tapeMemory {
		t.memory.Write(text)
		return nil
	}
	if t.file == nil {
		if t.file, err = os.CreateTemp("", "import-*"); err != nil {
			return fmt.Errorf("the input cannot be kept in a temporary file: %w", err)
		}
	}
	_, err = t.file.Write(text)
	return err
}

// rewind returns a reader of all that was read and of what follows. The tape must
// not be read afterwards.
func (t *tape) rewind() (io.Reader, error) {
	if t.file == nil {
		return io.MultiReader(&t.memory, t.from), nil
	}
	if _, err := t.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.MultiReader(&t.memory, t.file, t.from), nil
}

// Close removes the temporary file, if there is one.
func (t *tape) Close() error {
	if t.file == nil {
		return nil
	}
	return firstError(t.file.Close(), os.Remove(t.file.Name()))
}

// closers are closed one after the other.
type closers []io.Closer

func (c closers) Close() error {
	var err error
	for _, closer := range c {
		err = firstError(err, closer.Close())
	}
	return err
}
