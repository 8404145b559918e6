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

func TestADryRunMakesNoDatabase(t *testing.T) {
	t.Setenv("MYSQL_DSN", "")
	data := filepath.Join(t.TempDir(), "data")
	has := false
	embedded := &cli.EmbeddedDatabase{
		Has:   func(string) bool { return has },
		Start: func(context.Context, string) (*cli.RunningDatabase, error) { return nil, errors.New("started") },
	}
	var stdout, stderr bytes.Buffer
	status := cli.Run(t.Context(), []string{"import", "--dry-run", "--data", data, "-"}, strings.NewReader(twoSessions), &stdout, &stderr, embedded)
	if status != 0 || !strings.Contains(stdout.String(), "Sessions: 2 read, 2 inserted") || !strings.Contains(stdout.String(), "There is no database yet.") {
		t.Errorf("got %d: %s%s", status, stdout.String(), stderr.String())
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a folder of data: %v", err)
	}
	has = true
	stderr.Reset()
	status = cli.Run(t.Context(), []string{"import", "--dry-run", "--data", data, "-"}, strings.NewReader(twoSessions), &stdout, &stderr, embedded)
	if status != 1 || !strings.Contains(stderr.String(), "started") {
		t.Errorf("got %d: %s", status, stderr.String())
	}
}
