package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// Write writes an archive of the files in a folder. progress is told how many of their bytes
// are written, of how many.
func Write(ctx context.Context, to io.Writer, manifest Manifest, folder string, progress func(done, total int64)) error {
	manifest.Format = format
	w := &writer{tar: tar.NewWriter(to), at: manifest.MadeAt}
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := w.add(manifestName, int64(len(text)), strings.NewReader(string(text))); err != nil {
		return err
	}
	files, total, err := filesIn(folder)
	if err != nil {
		return err
	}
	done := int64(0)
	told := func(n int) error {
		done += int64(n)
		progress(done, total)
		return ctx.Err()
	}
	for _, name := range files {
		if err := w.addFile(folder, name, told); err != nil {
			return err
		}
	}
	sums := w.sums.String()
	if err := w.add(sumsName, int64(len(sums)), strings.NewReader(sums)); err != nil {
		return err
	}
	return w.tar.Close()
}

// filesIn lists the files below a folder, with slashes in their names, and their size.
func filesIn(folder string) (names []string, total int64, err error) {
	err = fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		names, total = append(names, name), total+info.Size()
		return nil
	})
	return names, total, err
}

// writer adds entries to an archive.
type writer struct {
	tar  *tar.Writer
	at   time.Time
	sums strings.Builder
}

// addFile adds a file of a folder.
func (w *writer) addFile(folder, name string, told func(n int) error) error {
	file, err := os.DirFS(folder).Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return w.add(path.Join(filesFolder, name), info.Size(), observed{file, told})
}

// add adds an entry, and notes its sum.
func (w *writer) add(name string, size int64, content io.Reader) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: w.at.Truncate(time.Second)}
	if err := w.tar.WriteHeader(header); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w.tar, sum), content); err != nil {
		return err
	}
	w.sums.WriteString(sumLine(sum.Sum(nil), name))
	return nil
}

// sumLine is a line of SHA256SUMS.
func sumLine(sum []byte, name string) string { return fmt.Sprintf("%x  %s\n", sum, name) }

// observed tells of each part that is read, and ends where that fails.
type observed struct {
	io.Reader
	told func(n int) error
}

func (o observed) Read(p []byte) (int, error) {
	n, err := o.Reader.Read(p)
	if told := o.told(n); told != nil {
		return n, told
	}
	return n, err
}
