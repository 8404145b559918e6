// Package systemd holds the unit to what systemd and the gateway make of it.
package systemd

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// program is the gateway as it is built for people.
func program(t *testing.T) string {
	t.Helper()
	name, err := filepath.Abs("../../bin/aiusage")
	if err == nil {
		_, err = os.Stat(name)
	}
	missing(t, err, "no bin/aiusage: run make build")
	return name
}

func missing(t *testing.T, err error, what string) {
	t.Helper()
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(what)
	} else if err != nil {
		t.Skip(what)
	}
}

func unit(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("aiusage.service")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const installed = "/usr/bin/aiusage"

// mostExposed is the level that systemd may give the unit, in tenths of its 0 (safe) to 10.
const mostExposed = 20

func TestSystemdTakesTheUnitAndFindsItSafe(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	missing(t, err, "no systemd-analyze on the PATH (Debian: systemd)")
	text := unit(t)
	if !strings.Contains(text, "ExecStart="+installed+" ") {
		t.Fatalf("the unit does not start %s", installed)
	}
	here := filepath.Join(t.TempDir(), "aiusage.service")
	if err := os.WriteFile(here, []byte(strings.ReplaceAll(text, installed, program(t))), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", here}, {"security", "--offline=true", fmt.Sprint("--threshold=", mostExposed), "--no-pager", here}} {
		if output, err := exec.Command(analyze, args...).CombinedOutput(); err != nil {
			t.Errorf("systemd-analyze %v: %v\n%s", args, err, output)
		}
	}
}

// What the unit starts is started, as somebody without rights, with the example of a
// configuration and the DSN in a file.
func TestWhatTheUnitStarts(t *testing.T) {
	command := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindStringSubmatch(unit(t))[1]
	variable := regexp.MustCompile(`(?m)^Environment=MYSQL_DSN_FILE=%d/dsn$`)
	if !variable.MatchString(unit(t)) {
		t.Fatal("the DSN is not where LoadCredential puts it")
	}
	dbtest.ServerInTurn(t, 0, func(t *testing.T, dsn string) {
		store, err := db.Open(dsn, db.Options{})
		if err == nil {
			err = store.Migrate(t.Context(), func(db.Migration) {})
		}
		if err != nil {
			t.Fatal(err)
		}
		store.Close()
		folder, err := os.MkdirTemp("", "aiusage-unit-") // which everybody may look into
		if err == nil {
			err = os.Chmod(folder, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder)
		config, err := os.ReadFile("aiusage.yml")
		if err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile(`(?m)^(metrics-)?listen: .*$`).ReplaceAllString(string(config), "${1}listen: 127.0.0.1:0")
		executable, err := os.ReadFile(program(t)) // whose folder others may not enter
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{"aiusage.yml": []byte(text), "dsn": []byte(dsn + "\n"), "aiusage": executable} {
			if err := os.WriteFile(filepath.Join(folder, name), content, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		arguments := strings.Fields(strings.NewReplacer(installed, filepath.Join(folder, "aiusage"), "/etc/aiusage", folder).Replace(command))
		gateway := exec.Command(arguments[0], arguments[1:]...)
		gateway.Dir = "/"
		gateway.Env = []string{"MYSQL_DSN_FILE=" + filepath.Join(folder, "dsn")}
		if os.Getuid() == 0 {
			const nobody = 65534
			gateway.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		log, err := gateway.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := gateway.Start(); err != nil {
			t.Fatal(err)
		}
		address := ""
		for lines := bufio.NewScanner(log); address == "" && lines.Scan(); {
			if found := regexp.MustCompile(`"msg":"listening","address":"([^"]+)"`).FindStringSubmatch(lines.Text()); found != nil {
				address = found[1]
			} else {
				t.Log(lines.Text())
			}
		}
		if address == "" {
			t.Fatalf("it does not listen: %v", gateway.Wait())
		}
		response, err := http.Get("http://" + address + "/readyz")
		if err != nil || response.StatusCode != 200 {
			t.Errorf("got %v, %v", response, err)
		}
		gateway.Process.Signal(syscall.SIGTERM)
		ended := make(chan error, 1)
		go func() { ended <- gateway.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("ended: %v", err)
			}
		case <-time.After(time.Minute): // the unit's TimeoutStopSec
			gateway.Process.Kill()
			t.Error("it does not end within the time that the unit gives it")
		}
	})
}
