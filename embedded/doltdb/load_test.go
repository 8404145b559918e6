package doltdb_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aiusage/embedded/doltdb"
)

// A restore that is interrupted, at whatever it does, says so and leaves nothing: Dolt, which
// removes the database that it had begun, does not end the process.
func TestARestoreThatIsInterruptedEndsInOrder(t *testing.T) {
	const moments = 60
	data := t.TempDir()
	db := start(t, data)
	execute(t, db.DSN, "CREATE TABLE kept (n INT PRIMARY KEY)", "INSERT INTO kept VALUES (7)")
	stop(t, db)

	err := doltdb.Copy(t.Context(), data, func(copied, _ string) error {
		var begun, restored time.Time
		target := filepath.Join(t.TempDir(), "target")
		source := func(string) (string, error) {
			begun = time.Now()
			return copied, nil
		}
		look := func(context.Context, string) error {
			restored = time.Now()
			return nil
		}
		if err := doltdb.Load(t.Context(), target, source, look); err != nil {
			return err
		}
		whole := restored.Sub(begun)
		for i := range moments {
			ctx, cancel := context.WithCancel(t.Context())
			target := filepath.Join(t.TempDir(), "target")
			err := doltdb.Load(ctx, target, func(string) (string, error) {
				time.AfterFunc(whole*time.Duration(i)/moments, cancel)
				return copied, nil
			}, look)
			cancel()
			if err == nil {
				continue // it was quicker than the first
			}
			if _, statErr := os.Stat(target); !errors.Is(err, context.Canceled) || !errors.Is(statErr, fs.ErrNotExist) {
				t.Errorf("interrupted at %d of %d: %v; what is left: %v", i, moments, err, statErr)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
