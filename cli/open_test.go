package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aiusage/cli"
)

// Where there is no database, commands that need what is in one say so, whether or not there is a
// folder, and change nothing; serve and import make one.
func TestCommandsMakeNoDatabaseOfAFolderWithoutOne(t *testing.T) {
	t.Setenv("MYSQL_DSN", "")
	folder := t.TempDir()
	empty, other := filepath.Join(folder, "empty"), filepath.Join(folder, "other")
	for _, made := range []string{empty, other} {
		if err := os.Mkdir(made, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(other, "notes"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	invoked := func(has bool, args ...string) (status int, printed string, started bool) {
		embedded := &cli.EmbeddedDatabase{
			Has: func(string) bool { return has },
			Start: func(context.Context, string) (*cli.RunningDatabase, error) {
				started = true
				return nil, errors.New("away")
			},
		}
		var out bytes.Buffer
		status = cli.Run(t.Context(), args, strings.NewReader("correct horse\n"), &out, &out, embedded)
		return status, out.String(), started
	}
	needing := [][]string{
		{"report"}, {"rollup", "status"}, {"rollup", "fold"}, {"rollup", "verify"}, {"rollup", "rebuild"}, {"rollup", "retire"},
		{"retention", "--keep-days", "1", "--yes"}, {"user", "list"}, {"user", "passwd", "ada"}, {"user", "access", "ada"}, {"user", "remove", "ada"},
		{"key", "create", "x", "--role", "SystemAdministrator"}, {"key", "list"}, {"key", "revoke", "x"},
		{"migrate", "status"}, {"migrate", "down", "--yes"},
	}
	for _, data := range []string{filepath.Join(folder, "none"), empty, other} {
		for _, args := range needing {
			status, printed, started := invoked(false, append(slices.Clone(args), "--data", data)...)
			if status != 1 || started || !strings.Contains(printed, "there is no database in "+data+": name its folder with --data, or make one with serve or import") {
				t.Errorf("%v in %s: %d %s, started %t", args, data, status, printed, started)
			}
		}
	}
	_, printed, started := invoked(false, "doctor", "--listen", "127.0.0.1:0", "--data", empty)
	if started || !strings.Contains(printed, "note     data folder: there is no database in "+empty+" yet") || strings.Contains(printed, "chmod") {
		t.Errorf("doctor, started %t: %s", started, printed)
	}
	if _, printed, started := invoked(false, "doctor", "--listen", "127.0.0.1:0", "--data", other); started || !strings.Contains(printed, "run 'chmod 700 "+other+"'") {
		t.Errorf("doctor of a folder that serve refuses, started %t: %s", started, printed)
	}
	for _, data := range []string{empty, other} {
		if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s is changed: %v %v", data, info, err)
		}
	}
	for has, all := range map[bool][][]string{true: needing, false: {{"serve", "--listen", "127.0.0.1:0"}, {"user", "add", "ada"}}} {
		for _, args := range all {
			if _, printed, started := invoked(has, append(slices.Clone(args), "--data", empty)...); !started || strings.Contains(printed, "no database in") {
				t.Errorf("%v: %s", args, printed)
			}
		}
	}
}
