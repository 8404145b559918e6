package gateway

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

func smallSpools(memory, file int) *spools {
	s := newSpools()
	s.memory, s.file = memory, file
	return s
}

// What goes in comes out, whatever the sizes of parts, and however much there is room for.
func TestASpoolGivesWhatItTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSpool(smallSpools(rapid.IntRange(0, 100).Draw(t, "memory"), rapid.IntRange(0, 300).Draw(t, "file")))
		defer s.leave()
		content := rapid.SliceOfN(rapid.Byte(), 0, 1000).Draw(t, "content")
		parts := rapid.SliceOfN(rapid.IntRange(1, 50), 1, 20).Draw(t, "parts")
		fault := errors.New("the end")
		go func() {
			left := content
			for i := 0; len(left) > 0; i++ {
				n := min(len(left), parts[i%len(parts)])
				if written, err := s.Write(left[:n]); written != n || err != nil {
					fault = errors.Join(err, errors.New("a part was not taken"))
					break
				}
				left = left[n:]
			}
			s.end(fault)
		}()
		var got bytes.Buffer
		buffer := make([]byte, rapid.IntRange(1, 60).Draw(t, "buffer"))
		for {
			n, err := s.Read(buffer)
			got.Write(buffer[:n])
			if err != nil {
				if err.Error() != "the end" {
					t.Fatal(err)
				}
				break
			}
		}
		if !bytes.Equal(got.Bytes(), content) {
			t.Fatalf("got %d bytes of %d, or others", got.Len(), len(content))
		}
	})
}

// While there is room the writer does not wait, and then it waits until something is taken.
func TestAWriterWaitsForRoomOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpool(smallSpools(10, 100))
		part := make([]byte, 10)
		for range 11 { // one part in memory, ten in the file
			if _, err := s.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		ended := make(chan error, 1)
		go func() {
			_, err := s.Write(part)
			ended <- err
		}()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("what there is no room for was taken: %v", err)
		default:
		}
		if _, err := io.ReadFull(s, make([]byte, 110)); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.end(nil)
		if rest, err := io.ReadAll(s); len(rest) != 10 || err != nil {
			t.Errorf("got %d bytes, %v", len(rest), err)
		}
		s.leave()
	})
}

// Once nobody takes anything, nothing is kept, and what was held for it is free again.
func TestNothingIsKeptForWhoHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bounds := smallSpools(1, 100)
		s := newSpool(bounds)
		ended := make(chan error, 1)
		go func() {
			for {
				if _, err := s.Write(make([]byte, 10)); err != nil {
					ended <- err
					return
				}
			}
		}()
		synctest.Wait()
		if held := bounds.files.State().Held; held != 1 {
			t.Errorf("%d files are open", held)
		}
		s.leave()
		if err := <-ended; !errors.Is(err, errLeft) {
			t.Errorf("got %v", err)
		}
		if held := bounds.files.State().Held; held != 0 {
			t.Errorf("%d files are open", held)
		}
	})
}

// Where there are too many files, or none can be made, the writer waits for the reader as if
// there were no file.
func TestSpoolsDoWithoutFiles(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T, *spools){
		"too many": func(t *testing.T, bounds *spools) {
			if _, held := bounds.files.TryAcquire("others", spoolFiles); !held {
				t.Fatal("the files are in use")
			}
		},
		"no folder": func(t *testing.T, _ *spools) {
			t.Setenv("TMPDIR", t.TempDir()+"/none")
			t.Setenv("TMP", t.TempDir()+"/none")
		},
	} {
		t.Run(name, func(t *testing.T) {
			bounds := smallSpools(10, 1000)
			prepare(t, bounds)
			s := newSpool(bounds)
			defer s.leave()
			content := make([]byte, 500)
			for i := range content {
				content[i] = byte(rand.Uint32())
			}
			go func() {
				_, err := io.Copy(s, onlyReader{bytes.NewReader(content)})
				s.end(err)
			}()
			got, err := io.ReadAll(s)
			if err != nil || !bytes.Equal(got, content) || s.file != nil {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
			if held := bounds.files.State().Held; name == "no folder" && held != 0 {
				t.Errorf("%d files are counted", held)
			}
		})
	}
}

// onlyReader gives parts of ten bytes.
type onlyReader struct{ io.Reader }

func (r onlyReader) Read(part []byte) (int, error) { return r.Reader.Read(part[:min(len(part), 10)]) }
