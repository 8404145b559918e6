package importer

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// decompress recognizes gzip and zstd by their first bytes, and says which it is.
func decompress(stored io.Reader) (plain io.Reader, compression string, err error) {
	buffered := bufio.NewReaderSize(stored, 64<<10)
	magic, err := buffered.Peek(4)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	switch {
	case strings.HasPrefix(string(magic), gzipMagic):
		plain, err = newGzip(buffered)
		return plain, "gzip", err
	case string(magic) == zipMagic:
		return nil, "", errors.New("it is a zip archive, which can be read neither from standard input nor in another archive; make a file of it, or save it as CSV if it is a spreadsheet")
	case isZstd(magic):
		plain, err = newZstd(buffered)
		return plain, "zstd", err
	}
	return buffered, "", nil
}

// isZstd tells whether a file begins with a frame, or with a skippable one, as those of pzstd do (RFC 8878, 3.1).
func isZstd(magic []byte) bool {
	return string(magic) == "\x28\xb5\x2f\xfd" || len(magic) == 4 && magic[0]&0xf0 == 0x50 && string(magic[1:]) == "\x2a\x4d\x18"
}

// zstdReader tells damage from an error of what it reads from.
type zstdReader struct {
	decoder *zstd.Decoder
	from    *failing
}

func newZstd(from io.Reader) (io.Reader, error) {
	source := &failing{from: from}
	// With one at a time there is nothing to be closed.
	decoder, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1))
	return &zstdReader{decoder, source}, err
}

func (z *zstdReader) Read(p []byte) (int, error) {
	n, err := z.decoder.Read(p)
	switch {
	case err == nil || err == io.EOF:
	case z.from.failed != nil:
		err = z.from.failed
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("the zstd data ends too early; the file is not complete")
	default:
		err = errors.New("the zstd data is damaged")
	}
	return n, err
}

// failing keeps an error of reading other than the end.
type failing struct {
	from   io.Reader
	failed error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.from.Read(p)
	if err != nil && err != io.EOF {
		f.failed = err
	}
	return n, err
}
