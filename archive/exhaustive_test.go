//go:build !race

package archive_test

// What tries many cases and only computes takes ten times as long with the race detector.

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"aiusage/usage"
)

// A byte that is another either does not matter, such as the time of a file, or is noticed.
func TestEveryAlteredByteIsNoticedOrDoesNotMatter(t *testing.T) {
	text := written(t)
	noticed := 0
	folder := filepath.Join(t.TempDir(), "x")
	for i := range text {
		if text[i] == 0 && i%8 > 0 {
			continue // one of many zeros
		}
		altered := bytes.Clone(text)
		altered[i] ^= []byte{1, 0x20, 0x80}[i%3]
		if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o700)); err != nil {
			t.Fatal(err)
		}
		manifest, files, err := read(t, altered, folder)
		if err == nil && (!reflect.DeepEqual(manifest, made) || !maps.Equal(files, contents)) {
			t.Fatalf("byte %d is not noticed: %+v, %v", i, manifest, files)
		}
		if err == nil {
			continue
		}
		noticed++
		if coded := usage.AsError(err); coded.Code != usage.InvalidArgument {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if noticed < 2000 {
		t.Errorf("only %d noticed", noticed)
	}
}
