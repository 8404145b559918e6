package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"aiusage/usage"
)

// maxText is the size of the largest manifest and list of sums that are read.
const maxText = 16 << 20

// Read unpacks an archive of size bytes into an empty folder, and returns its manifest, which
// accept may refuse before anything is unpacked. What was written is good only if there is no
// error. progress is told how many bytes of the archive are read.
func Read(ctx context.Context, from io.Reader, size int64, folder string, accept func(Manifest) error, progress func(done, total int64)) (Manifest, error) {
	done := int64(0)
	source := observed{from, func(n int) error {
		done += int64(n)
		progress(done, size)
		return ctx.Err()
	}}
	r := &reader{tar: tar.NewReader(source), left: size, folder: folder}
	manifest, err := r.manifest()
	if err != nil {
		return manifest, err
	}
	if err := accept(manifest); err != nil {
		return manifest, err
	}
	if err := r.files(); err != nil {
		return manifest, err
	}
	if n, err := io.Copy(io.Discard, source); err != nil || n > 0 {
		return manifest, errors.Join(err, errDamaged("there is something behind its end"))
	}
	return manifest, nil
}

// reader takes entries out of an archive.
type reader struct {
	tar *tar.Reader
	// left is how many bytes the entries that are still to come may have.
	left   int64
	folder string
	sums   strings.Builder
}

// next goes to the next entry. An archive has nothing but files, and no more bytes in them than
// it has itself, as one with gaps in its files would seem to have.
func (r *reader) next() (*tar.Header, error) {
	header, err := r.tar.Next()
	if err != nil {
		return nil, err
	}
	if header.Typeflag != tar.TypeReg {
		return nil, errDamaged(fmt.Sprintf("%q is no file", header.Name))
	}
	if r.left -= header.Size; r.left < 0 {
		return nil, errDamaged(fmt.Sprintf("%q is larger than all of it", header.Name))
	}
	return header, nil
}

// manifest reads the first entry.
func (r *reader) manifest() (manifest Manifest, err error) {
	header, err := r.next()
	if _, damaged := errors.AsType[*usage.Error](readError(err)); damaged || err == nil && header.Name != manifestName {
		return manifest, errForeign()
	}
	if err != nil {
		return manifest, err
	}
	text, err := r.text(header)
	if err != nil {
		return manifest, err
	}
	if err := json.Unmarshal(text, &manifest); err != nil || manifest.Format == 0 {
		return manifest, errForeign()
	}
	if manifest.Format != format {
		return manifest, usage.Errorf(usage.InvalidArgument,
			"this backup has a form (%d) that this program does not know: it was made by version %s, so restore it with that one or a later one", manifest.Format, manifest.Gateway)
	}
	sum := sha256.Sum256(text)
	r.sums.WriteString(sumLine(sum[:], manifestName))
	return manifest, nil
}

// files unpacks what follows, and compares the sums of all.
func (r *reader) files() error {
	for {
		header, err := r.next()
		if errors.Is(err, io.EOF) {
			return errDamaged("its end is missing")
		}
		if err != nil {
			return readError(err)
		}
		if header.Name == sumsName {
			sums, err := r.text(header)
			if err == nil && !bytes.Equal(sums, []byte(r.sums.String())) {
				err = errDamaged("what is in it is not what was written")
			}
			if err != nil {
				return err
			}
			return r.end()
		}
		if err := r.unpack(header); err != nil {
			return readError(err)
		}
	}
}

// end makes sure that nothing follows.
func (r *reader) end() error {
	header, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return readError(err)
	}
	return errDamaged(fmt.Sprintf("%q follows its end", header.Name))
}

// unpack writes one file, into the folder and nowhere else.
func (r *reader) unpack(header *tar.Header) (err error) {
	name, within := strings.CutPrefix(header.Name, filesFolder+"/")
	if !within || path.Clean(name) != name || !fs.ValidPath(name) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return errDamaged(fmt.Sprintf("%q is no name of a file in it", header.Name))
	}
	target := filepath.Join(r.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return errDamaged(fmt.Sprintf("%q is in it twice", header.Name))
	}
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, sum), r.tar)
	r.sums.WriteString(sumLine(sum.Sum(nil), header.Name))
	return errors.Join(err, file.Close())
}

// text reads an entry that is kept in memory.
func (r *reader) text(header *tar.Header) ([]byte, error) {
	if header.Size > maxText {
		return nil, errDamaged(fmt.Sprintf("%q is too large", header.Name))
	}
	text, err := io.ReadAll(r.tar)
	return text, readError(err)
}

// readError makes an error of what an archive cannot be read for.
func readError(err error) error {
	switch {
	case err == nil:
		return nil
	case isCut(err):
		return errDamaged("its end is missing")
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong):
		return errDamaged("a header in it cannot be read")
	}
	return err
}

// isCut tells whether there is less to read than there should be.
func isCut(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
