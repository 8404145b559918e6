package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aiusage/cli"
)

// What is about the embedded database alone does nothing where there is none, or another one is
// meant.
func TestBackupsAreOfTheEmbeddedDatabaseAlone(t *testing.T) {
	untouched := &cli.EmbeddedDatabase{
		Start: func(context.Context, string) (*cli.RunningDatabase, error) { return nil, errors.New("started") },
	}
	folder := t.TempDir()
	backup := filepath.Join(folder, "backup.tar")
	if err := os.WriteFile(backup, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"backup", folder}, {"restore", backup}, {"check"}} {
		for says, c := range map[string]struct {
			dsn      string
			embedded *cli.EmbeddedDatabase
		}{
			"use the build with a database inside": {"", nil},
			"names a server":                       {"user@tcp(127.0.0.1:3306)/x", untouched},
		} {
			t.Setenv("MYSQL_DSN", c.dsn)
			var stdout, stderr bytes.Buffer
			status := cli.Run(t.Context(), append([]string{"database"}, args...), strings.NewReader(""), &stdout, &stderr, c.embedded)
			if status != 1 || !strings.Contains(stderr.String(), says) {
				t.Errorf("%v: got %d: %s%s", args, status, stdout.String(), stderr.String())
			}
		}
	}
	t.Setenv("MYSQL_DSN", "")
	var out bytes.Buffer
	if status := cli.Run(t.Context(), []string{"database", "restore", os.DevNull}, strings.NewReader(""), &out, &out, untouched); status != 1 || !strings.Contains(out.String(), "is no file") {
		t.Errorf("restoring no file: got %d: %s", status, out.String())
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}
