package importer

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"
)

// zipMagic is how a zip archive with files in it begins.
const zipMagic = "PK\x03\x04"

// emptyZipMagic is how one without files begins.
const emptyZipMagic = "PK\x05\x06"

// isZip tells whether a file is a zip archive. What cannot be opened is none, and
// opening it says why.
func isZip(file string) bool {
	opened, err := os.Open(file)
	if err != nil {
		return false
	}
	defer opened.Close()
	magic := make([]byte, len(zipMagic))
	_, err = io.ReadFull(opened, magic)
	return err == nil && (string(magic) == zipMagic || string(magic) == emptyZipMagic)
}

// sourcesInZip returns the files in an archive, in its order, without those that
// systems put there for themselves.
func sourcesInZip(file string) ([]source, error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w", file, zipDamage(err))
	}
	defer archive.Close()
	if err := spreadsheetInZip(&archive.Reader); err != nil {
		return nil, fmt.Errorf("%s %w", file, err)
	}
	var sources []source
	for at, entry := range archive.File {
		if strings.HasSuffix(entry.Name, "/") || strings.HasPrefix(entry.Name, "__MACOSX/") || strings.HasPrefix(path.Base(entry.Name), ".") {
			continue
		}
		name := entry.Name
		if quoted := strconv.Quote(name); quoted != `"`+name+`"` {
			name = quoted // it may hold anything, and is shown at a terminal
		}
		const encrypted = 1
		if entry.Flags&encrypted != 0 {
			return nil, fmt.Errorf("%s cannot be opened: %s in it is encrypted", file, name)
		}
		sources = append(sources, source{
			name: file + "/" + name, path: file, entry: at + 1, size: int64(entry.UncompressedSize64),
		})
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("%s is a zip archive without a file in it", file)
	}
	return sources, nil
}

// openEntry opens a file in an archive by its number, counting from one.
func openEntry(file string, number int) (io.ReadCloser, error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return nil, zipDamage(err)
	}
	if number > len(archive.File) {
		archive.Close()
		return nil, errors.New("the archive was changed")
	}
	archive.RegisterDecompressor(zip.Deflate, flate.NewReader) // faster than the library's own
	entry, err := archive.File[number-1].Open()
	if err != nil {
		archive.Close()
		return nil, zipDamage(err)
	}
	return &zipEntry{entry, closers{entry, archive}}, nil
}

// zipEntry is a file in an archive, which is closed with it.
type zipEntry struct {
	io.Reader
	closers
}

func (z *zipEntry) Read(p []byte) (int, error) {
	n, err := z.Reader.Read(p)
	return n, zipDamage(err)
}

// zipDamage returns an error of an archive in words for people.
func zipDamage(err error) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case err == nil || err == io.EOF:
		return err
	case err == zip.ErrAlgorithm:
		return errors.New("the zip archive is compressed in a way that is not read; deflate is")
	case corrupt || err == zip.ErrFormat || err == zip.ErrChecksum || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the zip archive is damaged or not complete")
	}
	return reasonOf(err)
}
