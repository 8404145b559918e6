package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"aiusage/archive"
	"aiusage/usage"
)

var made = archive.Manifest{
	Format: 1, Gateway: "1.2.3", Engine: "Dolt", Schema: 25,
	MadeAt: time.Date(2026, 3, 1, 12, 30, 45, 0, time.UTC), Rows: map[string]int64{"ai_sessions": 7},
}

var contents = map[string]string{"manifest": "root", "0123.darc": strings.Repeat("rows ", 300), "old/empty": ""}

// written is an archive of contents.
func written(t *testing.T) []byte {
	t.Helper()
	folder := t.TempDir()
	for name, content := range contents {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	var last, total int64
	if err := archive.Write(t.Context(), &out, made, folder, func(done, of int64) { last, total = done, of }); err != nil {
		t.Fatal(err)
	}
	if last != 1504 || total != 1504 {
		t.Errorf("progress ended at %d of %d", last, total)
	}
	return out.Bytes()
}

func accept(archive.Manifest) error { return nil }

func unseen(int64, int64) {}

// read unpacks an archive into a folder, and returns what is there then.
func read(t *testing.T, text []byte, folder string) (archive.Manifest, map[string]string, error) {
	t.Helper()
	manifest, err := archive.Read(t.Context(), bytes.NewReader(text), int64(len(text)), folder, accept, unseen)
	files := map[string]string{}
	walkErr := fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, name))
		files[name] = string(content)
		return err
	})
	if walkErr != nil {
		t.Fatal(walkErr)
	}
	return manifest, files, err
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	manifest, files, err := read(t, written(t), t.TempDir())
	if err != nil || !reflect.DeepEqual(manifest, made) || !maps.Equal(files, contents) {
		t.Errorf("got %+v, %v, %v", manifest, files, err)
	}
}

// Whoever has no gateway at hand can unpack and check an archive.
func TestItIsReadByTarAndSha256sum(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.tar"), written(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"tar", "xf", "a.tar"}, {"sha256sum", "--check", "--strict", "SHA256SUMS"}} {
		command := exec.Command(args[0], args[1:]...)
		command.Dir = folder
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v: %v: %s", args, err, output)
		}
	}
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	text := written(t)
	end := bytes.LastIndexByte(text, '\n') // of the sums; zeros follow
	folder := filepath.Join(t.TempDir(), "x")
	for length := 0; length <= end; length += 5 {
		if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o700)); err != nil {
			t.Fatal(err)
		}
		_, _, err := read(t, text[:length], folder)
		if err == nil || usage.AsError(err).Code != usage.InvalidArgument {
			t.Fatalf("%d of %d bytes: %v", length, len(text), err)
		}
	}
}

// entry is one of an archive that somebody else has made.
type entry struct {
	header  tar.Header
	content string
}

// forged is an archive with a manifest that is right, some entries, and sums that fit them.
func forged(t *testing.T, entries ...entry) []byte {
	t.Helper()
	manifest := `{"format": 1}`
	entries = append([]entry{{tar.Header{Name: "manifest.json"}, manifest}}, entries...)
	var sums strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(e.content)), e.header.Name)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range append(entries, entry{tar.Header{Name: "SHA256SUMS"}, sums.String()}) {
		e.header.Size, e.header.Mode = int64(len(e.content)), 0o600
		if err := w.WriteHeader(&e.header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestNothingIsWrittenOutsideTheFolder(t *testing.T) {
	outside := filepath.Join(os.TempDir(), "aiusage-outside")
	for name, e := range map[string]entry{
		"up":                      {tar.Header{Name: "database/../../evil"}, "x"},
		"up and down":             {tar.Header{Name: "database/a/../b"}, "x"},
		"absolute":                {tar.Header{Name: outside}, "x"},
		"absolute below":          {tar.Header{Name: "database/" + outside}, "x"},
		"beside":                  {tar.Header{Name: "evil"}, "x"},
		"the folder itself":       {tar.Header{Name: "database/"}, ""},
		"nothing":                 {tar.Header{Name: "database/."}, "x"},
		"a link":                  {tar.Header{Name: "database/a", Typeflag: tar.TypeSymlink, Linkname: outside}, ""},
		"a hard link":             {tar.Header{Name: "database/a", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}, ""},
		"a pipe":                  {tar.Header{Name: "database/a", Typeflag: tar.TypeFifo}, ""},
		"a manifest in the midst": {tar.Header{Name: "manifest.json"}, "{}"},
	} {
		parent := t.TempDir()
		folder := filepath.Join(parent, "within")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		_, files, err := read(t, forged(t, e), folder)
		if err == nil || usage.AsError(err).Code != usage.InvalidArgument || len(files) > 0 {
			t.Errorf("%s: %v, %v", name, files, err)
		}
		if beside, err := os.ReadDir(parent); err != nil || len(beside) != 1 {
			t.Errorf("%s: %v, %v", name, beside, err)
		}
		if _, err := os.Lstat(outside); err == nil {
			t.Fatalf("%s: %s was written", name, outside)
		}
	}
	if _, files, err := read(t, forged(t, entry{tar.Header{Name: "database/a"}, "x"}), t.TempDir()); err != nil || files["a"] != "x" {
		t.Errorf("an honest one: %v, %v", files, err) // or the refusals above would show nothing
	}
}

func TestWhatIsInItTwiceIsRefused(t *testing.T) {
	twice := entry{tar.Header{Name: "database/a"}, "x"}
	if _, _, err := read(t, forged(t, twice, twice), t.TempDir()); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("got %v", err)
	}
}

// A file with gaps may seem to be of any size.
func TestNoMoreIsWrittenThanIsRead(t *testing.T) {
	gaps := entry{tar.Header{Name: "database/a", Format: tar.FormatPAX}, "x"}
	text := forged(t, gaps)
	// GNU's second form of gaps, with a map that puts one byte behind 64 MB of nothing.
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	manifest := `{"format": 1}`
	_ = w.WriteHeader(&tar.Header{Name: "manifest.json", Size: int64(len(manifest)), Mode: 0o600})
	_, _ = io.WriteString(w, manifest)
	header := pax("GNU.sparse.major=0", "GNU.sparse.minor=1", "GNU.sparse.name=database/a", "GNU.sparse.size=67108865",
		"GNU.sparse.numblocks=1", "GNU.sparse.map=67108864,1")
	_ = w.Flush()
	sparse := append(out.Bytes(), header...)
	sparse = append(sparse, text[len(text)-1024-512*4:]...) // "database/a" itself, the sums and the end
	_, files, err := read(t, sparse, t.TempDir())
	if err == nil || usage.AsError(err).Code != usage.InvalidArgument || len(files["a"]) > 0 {
		t.Errorf("got %d bytes, %v", len(files["a"]), err)
	}
	if err != nil && !strings.Contains(err.Error(), "larger than all of it") {
		t.Errorf("got %v", err)
	}
}

// pax is an entry that says more of the one behind it.
func pax(records ...string) []byte {
	var body strings.Builder
	for _, record := range records {
		length := len(record) + 2
		for len(fmt.Sprint(length))+len(record)+2 != length {
			length = len(fmt.Sprint(length)) + len(record) + 2
		}
		fmt.Fprintf(&body, "%d %s\n", length, record)
	}
	block := make([]byte, 512, 1024)
	copy(block, "pax")
	copy(block[100:], "0000600\x00")
	copy(block[124:], fmt.Sprintf("%011o\x00", body.Len()))
	copy(block[148:], "        ")
	block[156] = tar.TypeXHeader
	copy(block[257:], "ustar\x0000")
	sum := 0
	for _, b := range block {
		sum += int(b)
	}
	copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(block, append([]byte(body.String()), make([]byte, 512-body.Len()%512)...)...)
}

func TestForeignFilesAreSaidToBeForeign(t *testing.T) {
	var other bytes.Buffer
	w := tar.NewWriter(&other)
	_ = w.WriteHeader(&tar.Header{Name: "folder/", Typeflag: tar.TypeDir, Mode: 0o700})
	_ = w.Close()
	for name, text := range map[string]string{
		"an empty file":        "",
		"a text":               "INSERT INTO ai_sessions VALUES",
		"a long text":          strings.Repeat("INSERT INTO ai_sessions VALUES\n", 100),
		"a compressed file":    "\x1f\x8b\x08\x00\x00",
		"zeros":                string(make([]byte, 2048)),
		"an archive of others": other.String(),
		"a manifest of others": string(bytes.Replace(forged(t), []byte(`{"format": 1}`), []byte(`{"packed": 1}`), 1)),
	} {
		if _, _, err := read(t, []byte(text), t.TempDir()); err == nil || !strings.Contains(err.Error(), "no backup of the embedded database") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestALaterFormIsSaidToBeOne(t *testing.T) {
	later := bytes.Replace(forged(t), []byte(`{"format": 1}`), []byte(`{"format": 2}`), 1)
	if _, _, err := read(t, later, t.TempDir()); err == nil || !strings.Contains(err.Error(), "a form (2) that this program does not know") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNotAcceptedIsNotUnpacked(t *testing.T) {
	folder, text := t.TempDir(), written(t)
	refusal := errors.New("no")
	_, err := archive.Read(t.Context(), bytes.NewReader(text), int64(len(text)), folder, func(got archive.Manifest) error {
		if !reflect.DeepEqual(got, made) {
			t.Errorf("it is asked about %+v", got)
		}
		return refusal
	}, unseen)
	if entries, _ := os.ReadDir(folder); !errors.Is(err, refusal) || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestBothCanBeInterrupted(t *testing.T) {
	text := written(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := archive.Read(ctx, bytes.NewReader(text), int64(len(text)), t.TempDir(), accept, unseen); !errors.Is(err, context.Canceled) {
		t.Errorf("reading: %v", err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := archive.Write(ctx, io.Discard, made, folder, unseen); !errors.Is(err, context.Canceled) {
		t.Errorf("writing: %v", err)
	}
}

func TestAFileIsThereWholeOrNotAtAll(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "backup.tar")
	failure := errors.New("no room")
	err := archive.Create(path, func(to io.Writer) error {
		_, _ = io.WriteString(to, "half")
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("it is there before it is whole: %v", err)
		}
		return failure
	})
	if entries, _ := os.ReadDir(folder); !errors.Is(err, failure) || len(entries) > 0 {
		t.Errorf("after a failure: %v, %v", entries, err)
	}
	whole := func(to io.Writer) error { _, err := io.WriteString(to, "whole"); return err }
	if err := archive.Create(path, whole); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if content, _ := os.ReadFile(path); err != nil || info.Mode() != 0o600 || string(content) != "whole" {
		t.Errorf("%v, %q, %v", info.Mode(), content, err)
	}
	if err := archive.Create(path, whole); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("over another: %v", err)
	}
	// Somebody else may have written it meanwhile.
	late := filepath.Join(folder, "late.tar")
	err = archive.Create(late, func(io.Writer) error { return os.WriteFile(late, []byte("theirs"), 0o600) })
	if content, _ := os.ReadFile(late); err == nil || string(content) != "theirs" {
		t.Errorf("%q, %v", content, err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 2 {
		t.Errorf("left: %v", entries)
	}
}
