package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// source is a file to be loaded, or standard input.
type source struct {
	// name is shown to people.
	name string
	// path is what to open, empty for stdin.
	path string
	// entry is the number of the file in the archive that path names, counting from
	// one, 0 when path is no archive.
	entry int
	stdin io.Reader
	// size is 0 when it is not known.
	size int64
	// stream: it can be read only once, and reading it may wait forever (a
	// pipe, a terminal).
	stream bool
	// spooled: it is a temporary copy.
	spooled bool
}

// findSources checks that all files are there.
func findSources(files []string, stdin io.Reader) ([]source, error) {
	if len(files) == 0 {
		return nil, errors.New(`there is no file to import; "-" stands for standard input`)
	}
	var sources []source
	hasStdin := false
	for _, file := range files {
		if file == "-" {
			if hasStdin || stdin == nil {
				return nil, errors.New(`standard input ("-") can be imported once only`)
			}
			hasStdin = true
			sources = append(sources, source{name: "standard input", stdin: stdin, size: sizeOf(stdin), stream: true})
			continue
		}
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return nil, fmt.Errorf("there is no file %s", file)
		case err != nil:
			return nil, fmt.Errorf("%s cannot be opened: %w", file, reasonOf(err))
		case info.IsDir():
			return nil, fmt.Errorf("%s is a directory; name the files in it", file)
		}
		if info.Mode().IsRegular() && isZip(file) {
			inside, err := sourcesInZip(file)
			if err != nil {
				return nil, err
			}
			sources = append(sources, inside...)
			continue
		}
		one := source{name: file, path: file, stream: true}
		if info.Mode().IsRegular() {
			one.size, one.stream = info.Size(), false
		}
		sources = append(sources, one)
	}
	return sources, nil
}

// sizeOf returns how much there is to read of a file that is standard input, and 0 for
// what has no size, such as a pipe.
func sizeOf(stdin io.Reader) int64 {
	file, isFile := stdin.(*os.File)
	if !isFile {
		return 0
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	at, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	return max(0, info.Size()-at)
}

// totalSize returns the size of all sources, 0 if that of one is not known.
func totalSize(sources []source) int64 {
	var total int64
	for _, s := range sources {
		if s.stream && s.size == 0 {
			return 0
		}
		total += s.size
	}
	return total
}

// open opens the source as it is stored. Reads end with the context, and add
// to read.
func (s source) open(ctx context.Context, read *atomic.Int64) (io.ReadCloser, error) {
	file := io.NopCloser(s.stdin)
	if s.path != "" {
		opened, err := s.openFile()
		if err != nil {
			return nil, fmt.Errorf("%s cannot be opened: %w", s.name, reasonOf(err))
		}
		file = opened
	}
	var from io.Reader = file
	if s.stream {
		from = newPump(ctx, file, 0)
	}
	return struct {
		io.Reader
		io.Closer
	}{&meter{ctx, from, read}, file}, nil
}

func (s source) openFile() (io.ReadCloser, error) {
	if s.entry > 0 {
		return openEntry(s.path, s.entry)
	}
	return os.Open(s.path)
}

// spool copies a stream into a temporary file, so that it can be read twice.
// The file has to be removed.
func (s source) spool(ctx context.Context) (source, error) {
	var read atomic.Int64
	from, err := s.open(ctx, &read)
	if err != nil {
		return s, err
	}
	defer from.Close()
	to, err := os.CreateTemp("", "import-*")
	if err != nil {
		return s, fmt.Errorf("%s cannot be kept in a temporary file: %w", s.name, err)
	}
	size, err := io.Copy(to, from)
	if err = firstError(err, to.Close()); err != nil {
		_ = os.Remove(to.Name())
		return s, fmt.Errorf("%s cannot be copied to a temporary file: %w", s.name, err)
	}
	return source{name: s.name, path: to.Name(), size: size, spooled: true}, nil
}

// reasonOf returns an error of the operating system without the file's name,
// which its message has already.
func reasonOf(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	return err
}

// meter counts what is read, and stops with a context.
type meter struct {
	ctx  context.Context
	from io.Reader
	read *atomic.Int64
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.from.Read(p)
	m.read.Add(int64(n))
	return n, err
}
