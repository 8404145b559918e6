// Package debian holds the Debian package to what somebody does who installs it.
package debian

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// missing ends a test where what it needs is missing: CI has all of it.
func missing(t *testing.T, isMissing bool, what string) {
	t.Helper()
	if isMissing && os.Getenv("CI") == "true" {
		t.Fatal(what)
	} else if isMissing {
		t.Skip(what)
	}
}

// built is the newest package that make deb has built for this machine.
func built(t *testing.T) string {
	t.Helper()
	names, err := filepath.Glob("../../dist/aiusage_*_" + runtime.GOARCH + ".deb")
	if err != nil {
		t.Fatal(err)
	}
	missing(t, len(names) == 0, "no package in dist/: run make deb")
	newest, of := "", int64(0)
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.ModTime().UnixNano() > of {
			newest, of = name, info.ModTime().UnixNano()
		}
	}
	return newest
}

// What is in the package belongs to root, nobody else can write to it, and all of it is as old as
// the commit, so that it is the same whoever has built it and when.
func TestWhatIsInThePackage(t *testing.T) {
	_, err := exec.LookPath("dpkg-deb")
	missing(t, err != nil, "no dpkg-deb on the PATH (Debian: dpkg)")
	output, err := exec.Command("dpkg-deb", "--contents", built(t)).Output()
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^(\S+) (\S+) +\d+ (\S+ \S+) \./(\S*)$`)
	files, times := map[string]string{}, map[string]bool{}
	for text := range strings.Lines(string(output)) {
		parts := line.FindStringSubmatch(strings.TrimRight(text, "\n"))
		if parts == nil || parts[2] != "root/root" {
			t.Fatalf("got %s", text)
		}
		times[parts[3]] = true
		if !strings.HasPrefix(parts[1], "d") {
			files[parts[4]] = parts[1]
		}
	}
	want := map[string]string{
		"usr/bin/aiusage": "-rwxr-xr-x", "usr/lib/systemd/system/aiusage.service": "-rw-r--r--", "etc/aiusage/aiusage.yml": "-rw-r--r--",
		"usr/share/bash-completion/completions/aiusage": "-rw-r--r--", "usr/share/doc/aiusage/prometheus.yml": "-rw-r--r--",
		"usr/share/doc/aiusage/prometheus-rules.yml": "-rw-r--r--", "usr/share/doc/aiusage/grafana-dashboard.json": "-rw-r--r--",
		"usr/share/doc/aiusage/copyright": "-rw-r--r--", "usr/share/doc/aiusage/CHANGELOG.md": "-rw-r--r--",
	}
	for name, mode := range want {
		if files[name] != mode {
			t.Errorf("%s is %q, want %s", name, files[name], mode)
		}
	}
	if len(files) != len(want) || len(times) != 1 {
		t.Errorf("the package has %v, of %v", files, times)
	}
}

// The path from the package to the first report and the first alert, and away again, on a root of its own.
func TestThePathOfANewcomer(t *testing.T) {
	for _, program := range []string{"dpkg", "unshare", "curl", "prometheus"} {
		_, err := exec.LookPath(program)
		missing(t, err != nil, "no "+program+" on the PATH")
	}
	missing(t, os.Getuid() != 0, "only root can mount a root of its own")
	name := built(t)
	dbtest.ServerInTurn(t, 0, func(t *testing.T, dsn string) {
		output, err := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "testdata/install.sh", name, dsn).CombinedOutput()
		t.Logf("%s", output)
		if err != nil || !strings.HasSuffix(string(output), "--- done\n") {
			t.Errorf("it ended with %v", err)
		}
	})
}
