package cli_test

import (
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

func TestServersForReadingAreBesideAnother(t *testing.T) {
	t.Setenv("MYSQL_DSN", "")
	status, _, stderr := run(t, "", "serve", "--listen", "127.0.0.1:0", "--reader-dsn", "u@tcp(127.0.0.1:1)/x")
	if status == 0 || !strings.Contains(stderr, "--reader-dsn names servers beside that of --dsn") {
		t.Errorf("status %d: %s", status, stderr)
	}
	for _, command := range []string{"serve", "doctor"} {
		status, stdout, stderr := run(t, "", command, "--listen", "127.0.0.1:0", "--dsn", "u@tcp(127.0.0.1:1)/x", "--reader-dsn", "u:secret@nonsense")
		if said := stdout + stderr; status == 0 || !strings.Contains(said, "--reader-dsn: ") || strings.Contains(said, "secret") {
			t.Errorf("%s: status %d: %s", command, status, said)
		}
	}
}

// Without the servers for reading, there are answers all the same, so that they are gone is no reason to fail.
func TestDoctorLooksAtServersForReading(t *testing.T) {
	dbtest.ServerInTurn(t, 0, func(t *testing.T, dsn string) {
		if status, _, stderr := run(t, "", "migrate", "--dsn", dsn); status != 0 {
			t.Fatal(stderr)
		}
		for reader, want := range map[string]string{
			dsn:                                      "usage and names can be read there",
			"u@tcp(" + dbtest.FreeAddress(t) + ")/x": "the database cannot be reached",
		} {
			_, stdout, stderr := run(t, "", "doctor", "--listen", "127.0.0.1:0", "--dsn", dsn, "--reader-dsn", reader)
			if !strings.Contains(stdout, "readers: "+want) || strings.Contains(stdout, "problem  readers") {
				t.Errorf("%s%s", stdout, stderr)
			}
		}
	})
}
