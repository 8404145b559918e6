package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"

	"aiusage/archive"
)

// A backup that is made while the gateway runs and others write has one state: whole
// transactions, all that had ended before it was begun, and none from after its end.
func TestABackupOfARunningGatewayHasOneState(t *testing.T) {
	data, folder := filepath.Join(t.TempDir(), "my data (1)"), t.TempDir()
	g := serve(t, data, "--no-sample")
	written := writePairs(t, data)
	for n := range 2 {
		await(t, func() bool { return written.Load() > int64(50*n+20) })
		least := written.Load()
		backup := filepath.Join(folder, fmt.Sprint(n, ".tar"))
		stdout, stderr, code := invoke(t, "", "database", "backup", backup, "--data", data)
		most := written.Load() + 1 // one may have been under way
		if code != 0 || !strings.Contains(stdout, backup+" has ") {
			t.Fatalf("status %d: %s%s", code, stdout, stderr)
		}
		restored := filepath.Join(folder, "new", fmt.Sprint(n))
		if stdout, stderr, code := invoke(t, "", "database", "restore", backup, "--data", restored); code != 0 {
			t.Fatalf("status %d: %s%s", code, stdout, stderr)
		}
		one, other := sessionsOf(t, restored, "one"), sessionsOf(t, restored, "other")
		if one != other || one < least || one > most {
			t.Errorf("%d sessions of one and %d of the other, want alike and from %d to %d", one, other, least, most)
		}
		if stdout, stderr, code := invoke(t, "", "database", "check", "--data", restored); code != 0 || !strings.HasSuffix(stdout, "\nno problems\n") {
			t.Errorf("status %d: %s%s", code, stdout, stderr)
		}
	}
	stdout, stderr, code := invoke(t, "", "database", "check", "--data", data)
	if want := fmt.Sprintf("only when process %d has ended", g.process.Process.Pid); code != 0 || !strings.Contains(stdout, want) {
		t.Errorf("checking what is in use: status %d: %s%s", code, stdout, stderr)
	}
	if held := deletedFiles(t, g.process.Process.Pid); len(held) > 0 {
		t.Errorf("the gateway keeps files of copies open: %v", held)
	}
	if _, err := os.Stat(filepath.Join(data, "backup")); !os.IsNotExist(err) {
		t.Errorf("something is left of the copies: %v", err)
	}
	if info, err := os.Stat(filepath.Join(folder, "0.tar")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// writePairs writes a session of one account and one of another in each transaction, until the
// test ends, and counts the transactions that have ended.
func writePairs(t *testing.T, data string) *atomic.Int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "connection.json"))
	if err != nil {
		t.Fatal(err)
	}
	var connection struct{ DSN string }
	if err := json.Unmarshal(text, &connection); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", connection.DSN)
	if err != nil {
		t.Fatal(err)
	}
	var written atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-stopped; db.Close() })
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			tx, err := db.Begin()
			for _, account := range []string{"one", "other"} {
				if err == nil {
					_, err = tx.Exec("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES (?, ?, '2026-03-01', 60)",
						fmt.Sprint(account, n), account)
				}
			}
			if err == nil {
				err = tx.Commit()
			}
			if err != nil {
				t.Errorf("writing: %v", err)
				return
			}
			written.Add(1)
		}
	}()
	return &written
}

func await(t *testing.T, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !reached(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited for a minute")
		}
	}
}

// sessionsOf asks for an account's sessions by the command line.
func sessionsOf(t *testing.T, data, account string) int64 {
	t.Helper()
	stdout, stderr, code := invoke(t, "", "report", "--data", data, "--account", account, "--level", "account", "--format", "json")
	var rows []struct{ Sessions int64 }
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || code != 0 || len(rows) != 1 {
		t.Fatalf("status %d, %v: %s%s", code, err, stdout, stderr)
	}
	return rows[0].Sessions
}

// deletedFiles are those that a process has open and nobody can reach any more.
func deletedFiles(t *testing.T, pid int) (names []string) {
	t.Helper()
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Skip("there is no /proc here")
	}
	for _, entry := range entries {
		if target, _ := os.Readlink(filepath.Join(folder, entry.Name())); strings.HasSuffix(target, " (deleted)") {
			names = append(names, target)
		}
	}
	return names
}

// made is a data folder with users and sessions that no gateway runs on, and a backup of it.
func made(t *testing.T) (data, backup string) {
	t.Helper()
	data, backup = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "made.tar")
	steps := [][]string{
		{"import", "--data", data, "-"},
		{"user", "add", "ada", "--role", "SystemAdministrator", "--data", data},
		{"database", "backup", backup, "--data", data},
	}
	for i, stdin := range []string{"session_id,account_id,customer_id,started_at,duration_seconds\ns1,acme,,2026-03-01T10:00:00Z,61\n", "correct horse battery staple\n", ""} {
		if stdout, stderr, code := invoke(t, stdin, steps[i]...); code != 0 {
			t.Fatalf("%v: status %d: %s%s", steps[i], code, stdout, stderr)
		}
	}
	return data, backup
}

// A file that is not what was written is refused, and where the database would be there is
// nothing.
func TestABackupThatIsNotRightIsNotRestored(t *testing.T) {
	data, backup := made(t)
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	half := bytes.Clone(whole)
	half[len(half)/2] ^= 1
	folder := t.TempDir()
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"truncated":         {whole[:len(whole)-4096], "its end is missing"},
		"altered":           {half, "is not what was written"},
		"a dump":            {[]byte("-- MariaDB dump 10.19\n"), "no backup of the embedded database"},
		"a later schema":    {remade(t, whole, func(m *archive.Manifest) { m.Schema = 999 }), "newer than the 25 that this program knows"},
		"an earlier schema": {remade(t, whole, func(m *archive.Manifest) { m.Schema = 3 }), "the schema is at version 25, but the backup says 3"},
		"other rows":        {remade(t, whole, func(m *archive.Manifest) { m.Rows["ai_sessions"] = 2 }), "ai_sessions has 1 rows, but the backup says 2"},
		"another table":     {remade(t, whole, func(m *archive.Manifest) { m.Rows["invoices"] = 1 }), "invoices has 0 rows, but the backup says 1"},
	} {
		file, target := filepath.Join(folder, "bad.tar"), filepath.Join(folder, "target")
		if err := os.WriteFile(file, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, stderr, code := invoke(t, "", "database", "restore", file, "--data", target)
		if code != 1 || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: status %d: %s", name, code, stderr)
		}
		if _, err := os.Stat(target); !os.IsNotExist(err) {
			t.Fatalf("%s: something is left: %v", name, err)
		}
	}
	_, stderr, code := invoke(t, "", "database", "restore", backup, "--data", data)
	if code != 1 || !strings.Contains(stderr, "is not empty") {
		t.Errorf("over a database: status %d: %s", code, stderr)
	}
	_, stderr, code = invoke(t, "", "database", "backup", backup, "--data", data)
	if code != 1 || !strings.Contains(stderr, "is there already") {
		t.Errorf("over a backup: status %d: %s", code, stderr)
	}
	_, stderr, code = invoke(t, "", "database", "backup", backup+"2", "--data", filepath.Join(folder, "none"))
	if code != 1 || !strings.Contains(stderr, "there is no database in") {
		t.Errorf("of nothing: status %d: %s", code, stderr)
	}
}

// remade is an archive with another manifest, and sums that fit it.
func remade(t *testing.T, text []byte, change func(*archive.Manifest)) []byte {
	t.Helper()
	folder := t.TempDir()
	accept := func(archive.Manifest) error { return nil }
	unseen := func(int64, int64) {}
	manifest, err := archive.Read(t.Context(), bytes.NewReader(text), int64(len(text)), folder, accept, unseen)
	if err != nil {
		t.Fatal(err)
	}
	change(&manifest)
	var out bytes.Buffer
	if err := archive.Write(t.Context(), &out, manifest, folder, unseen); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is in a backup is there after a restore, into an empty folder such as a new volume, too.
func TestWhatIsRestoredIsWhatWasThere(t *testing.T) {
	_, backup := made(t)
	target := t.TempDir()
	stdout, stderr, code := invoke(t, "", "database", "restore", backup, "--data", target)
	if code != 0 || !strings.Contains(stdout, "has 1 sessions, 0 names and 1 users, as of 20") {
		t.Fatalf("status %d: %s%s", code, stdout, stderr)
	}
	g := serve(t, target, "--no-sample")
	g.user, g.password = "ada", "correct horse battery staple"
	if got := g.totals(t, "acme"); got.AIMinutes != 2 || got.Sessions != 1 {
		t.Errorf("got %+v", got)
	}
}

// A backup or a restore that is interrupted or killed leaves nothing half, and the next one works.
func TestWhatIsCutOffLeavesNothingHalf(t *testing.T) {
	data, backup := made(t)
	folder := t.TempDir()
	for i, signal := range []os.Signal{os.Interrupt, os.Kill, os.Interrupt, os.Kill} {
		for _, args := range [][]string{
			{"database", "backup", filepath.Join(folder, "b.tar"), "--data", data},
			{"database", "restore", backup, "--data", filepath.Join(folder, "restored")},
		} {
			process := command(args...)
			var said strings.Builder
			process.Stderr = &said
			if err := process.Start(); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(time.Duration(250+i*150)*time.Millisecond, func() { _ = process.Process.Signal(signal) })
			_ = process.Wait()
			const early = -1 // before the program listens to signals
			if code := process.ProcessState.ExitCode(); code != 0 && code != 130 && code != early && signal == os.Interrupt {
				t.Errorf("%v: status %d: %s", args, code, said.String())
			}
		}
		if stdout, stderr, code := invoke(t, "", "database", "check", "--data", data); code != 0 {
			t.Fatalf("status %d: %s%s", code, stdout, stderr)
		}
		for _, left := range []string{filepath.Join(data, "backup"), filepath.Join(folder, "restored", "restoring")} {
			if _, err := os.Stat(left); signal == os.Interrupt && !os.IsNotExist(err) {
				t.Errorf("%s is left: %v", left, err)
			}
		}
		// Whatever has its name is whole.
		file, target := filepath.Join(folder, "b.tar"), filepath.Join(folder, "restored")
		if _, err := os.Stat(file); err == nil {
			if _, stderr, code := invoke(t, "", "database", "restore", file, "--data", filepath.Join(folder, fmt.Sprint("of", i))); code != 0 {
				t.Errorf("a backup that was cut off is there, and is not whole: %s", stderr)
			}
		}
		_, stderr, code := invoke(t, "", "database", "restore", backup, "--data", target)
		if isThere := strings.Contains(stderr, "is not empty: there is databases in it"); code != 0 && !isThere {
			t.Errorf("a restore after one that was cut off: status %d: %s", code, stderr)
		}
		if got := sessionsOf(t, target, "acme"); got != 1 {
			t.Errorf("%d sessions", got)
		}
		if err := os.RemoveAll(target); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
	}
}

var journal = regexp.MustCompile(`^v{32}$`)

// A bit that has changed on the disk is found, wherever Dolt keeps what it is in.
func TestDamagedFilesAreFound(t *testing.T) {
	data, _ := made(t)
	noms := filepath.Join(data, "databases", "aiusage", ".dolt", "noms")
	entries, err := os.ReadDir(noms)
	if err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for _, entry := range entries {
		if !journal.MatchString(entry.Name()) {
			continue
		}
		damaged++
		path := filepath.Join(noms, entry.Name())
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		content[len(content)/2] ^= 1
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if damaged != 1 {
		t.Fatalf("%d files", damaged)
	}
	for range 2 { // and nothing is mended in silence
		stdout, stderr, code := invoke(t, "", "database", "check", "--data", data)
		if code != 1 || !strings.Contains(stderr, "are damaged") || len(stdout) == 0 {
			t.Errorf("status %d: %s%s", code, stdout, stderr)
		}
	}
}
