package importer

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// gzipMagic is how each member of gzip data begins.
const gzipMagic = "\x1f\x8b"

// gzipReader reads the members of gzip data, one after the other. As for gzip(1), zeros up
// to the end of the file are padding, and anything else after a member is an error.
type gzipReader struct {
	decoder *gzip.Reader
	from    *bufio.Reader
}

func newGzip(from *bufio.Reader) (io.Reader, error) {
	decoder, err := gzip.NewReader(from)
	if err != nil {
		return nil, gzipDamage(err)
	}
	decoder.Multistream(false)
	return &gzipReader{decoder, from}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.decoder.Read(p)
		if err == io.EOF {
			err = g.nextMember()
		}
		if n > 0 || err != nil {
			return n, gzipDamage(err)
		}
	}
}

// nextMember begins to read what follows a member. At the end of the file the error is io.EOF.
func (g *gzipReader) nextMember() error {
	magic, err := g.from.Peek(len(gzipMagic))
	switch {
	case len(magic) == 0 || err != nil && err != io.EOF:
		return err
	case string(magic) == gzipMagic:
		err = g.decoder.Reset(g.from)
		g.decoder.Multistream(false)
		return err
	case string(magic) == gzipMagic[:1]:
		return io.ErrUnexpectedEOF
	}
	return g.padding()
}

// errNotGzip tells of what stands behind gzip data.
var errNotGzip = errors.New("the gzip data is followed by something that is none")

// padding passes zeros up to the end of the file.
func (g *gzipReader) padding() error {
	for {
		c, err := g.from.ReadByte()
		switch {
		case err != nil:
			return err
		case c != 0:
			return errNotGzip
		}
	}
}

// gzipDamage returns an error of gzip data in words for people.
func gzipDamage(err error) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case err == io.ErrUnexpectedEOF: // files themselves end with io.EOF
		return errors.New("the gzip data ends too early; the file is not complete")
	case corrupt || err == gzip.ErrHeader || err == gzip.ErrChecksum:
		return errors.New("the gzip data is damaged")
	}
	return err
}
