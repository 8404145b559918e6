package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// written is a file with a text, for --config and for secrets.
func written(t *testing.T, text string) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "ours.yml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// printed is the configuration as the command prints it, with the lines as they are.
func printed(t *testing.T, args ...string) (values map[string]any, text string) {
	t.Helper()
	status, stdout, stderr := run(t, "", append([]string{"config", "print"}, args...)...)
	if status != 0 || stderr != "" {
		t.Fatalf("%v: %d %s", args, status, stderr)
	}
	if err := yaml.Unmarshal([]byte(stdout), &values); err != nil {
		t.Fatal(err)
	}
	return values, stdout
}

// Flags win over the environment, that over the file, and that over what is built in, whatever
// kind of value it is; and what is printed says which of them it was.
func TestWhereAValueIsFrom(t *testing.T) {
	for _, c := range []struct {
		flag, variable                  string
		inFile, inEnv, onLine           string // as they are written
		isBuiltIn, isFile, isEnv, isOwn any
	}{
		{"max-depth", "AIUSAGE_MAX_DEPTH", "21", "22", "23", uint64(20), uint64(21), uint64(22), uint64(23)},
		{"listen", "AIUSAGE_LISTEN", "'a:1'", "b:2", "c:3", "127.0.0.1:8080", "a:1", "b:2", "c:3"},
		{"drain", "AIUSAGE_DRAIN", "61s", "2m", "3m", "0s", "1m1s", "2m0s", "3m0s"},
		{"no-sample", "AIUSAGE_NO_SAMPLE", "true", "false", "true", false, true, false, true},
		{"log-level", "AIUSAGE_LOG_LEVEL", "warn", "error", "debug", "info", "warn", "error", "debug"},
		{"trusted-proxy", "AIUSAGE_TRUSTED_PROXIES", "[10.0.0.0/8, '::1']", "192.0.2.1", "192.0.2.2,192.0.2.3", nil,
			[]any{"10.0.0.0/8", "::1"}, []any{"192.0.2.1"}, []any{"192.0.2.2", "192.0.2.3"}},
		{"dsn", "MYSQL_DSN", "a@tcp(f)/d", "a@tcp(e)/d", "a@tcp(l)/d", nil, "a@tcp(f:3306)/d", "a@tcp(e:3306)/d", "a@tcp(l:3306)/d"},
	} {
		t.Run(c.flag, func(t *testing.T) {
			expect := func(want any, source string, args ...string) {
				t.Helper()
				values, text := printed(t, args...)
				if got := values[c.flag]; !same(got, want) {
					t.Errorf("got %v of %s, want %v", got, source, want)
				}
				if want != nil && !strings.Contains(text, source) {
					t.Errorf("%s is not named:\n%s", source, text)
				}
			}
			file := written(t, "# ours\n"+c.flag+": "+c.inFile+"\n")
			expect(c.isBuiltIn, "# default")
			expect(c.isFile, "# "+file+", line 2", "--config", file)
			t.Run("by the variable", func(t *testing.T) {
				t.Setenv("AIUSAGE_CONFIG", file)
				expect(c.isFile, "# "+file+", line 2")
			})
			t.Setenv(c.variable, c.inEnv)
			expect(c.isEnv, "# "+c.variable, "--config", file)
			expect(c.isOwn, "# --"+c.flag, "--config", file, "--"+c.flag+"="+c.onLine)
		})
	}
}

func same(a, b any) bool {
	list, ok := a.([]any)
	if other, alike := b.([]any); ok && alike {
		return slices.Equal(list, other)
	}
	return !ok && a == b
}

// What is printed is a file that says the same, where there is no secret in it.
func TestWhatIsPrintedIsAFile(t *testing.T) {
	first, text := printed(t, "--listen", "0.0.0.0:80", "--trusted-proxy", "10.0.0.0/8,::1", "--no-sample", "--audit", "stdout", "--jwt-issuer", "https://id.example", "--jwt-audience", "us")
	second, _ := printed(t, "--config", written(t, text))
	if len(first) != len(second) || len(first) < 25 {
		t.Errorf("%d keys, then %d", len(first), len(second))
	}
	for key, value := range first {
		if !same(value, second[key]) {
			t.Errorf("%s: %v, then %v", key, value, second[key])
		}
	}
}

// All that is wrong with a file is said at once, with its place, at every command.
func TestAFileThatIsWrongSaysWhere(t *testing.T) {
	file := written(t, "listn: x\nmax-depth: many\nlog-level: loud\nlisten: [a, b]\nquery-timeout:\ndrain: 5\nno-sample: perhaps\nconfig: other.yml\ndata: {a: b}\n")
	for _, command := range [][]string{{"serve"}, {"report"}, {"config", "print"}} {
		status, stdout, stderr := run(t, "", append(command, "--config", file)...)
		if status != 2 || stdout != "" {
			t.Errorf("%v: %d %s", command, status, stdout)
		}
		for _, want := range []string{
			"line 1, column 1: there is no key \"listn\"; did you mean listen?", "line 2, column 12: max-depth: ",
			"line 3, column 12: log-level is one of debug, info, warn, error, not \"loud\"", "line 4, column 9: listen takes one value",
			"line 5, column 15: query-timeout has no value", "line 6, column 8: drain: ", "line 7, column 12: no-sample: ",
			"line 8, column 1: there is no key \"config\"", "line 9, column 7: data is expected to be a text",
		} {
			if !strings.Contains(stderr, "aiusage: "+file+", "+want) {
				t.Errorf("%v: %q is not said:\n%s", command, want, stderr)
			}
		}
	}
	// What is wrong apart from the file is not hidden by it.
	for _, command := range []string{"serve", "doctor", "config print"} {
		status, stdout, stderr := run(t, "", append(strings.Fields(command), "--config", written(t, "listn: x\nmetrics-listen: nowhere\n"), "--connections=1", "--time-zone=Mars/Olympus")...)
		if status != 2 || stdout != "" {
			t.Errorf("%s: %d %s", command, status, stdout)
		}
		for _, want := range []string{"no key \"listn\"", "--metrics-listen", "--connections is 1", "Mars/Olympus"} {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: %q is not said:\n%s", command, want, stderr)
			}
		}
	}
	for text, want := range map[string]string{
		"listen: a\nlisten: b": "already defined", "listen": "keys with values", "- listen": "keys with values", "a: b\n---\nc: d": "2 YAML documents", "listen: [": "line 1",
	} {
		if status, _, stderr := run(t, "", "serve", "--config", written(t, text)); status != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%q: %d %s", text, status, stderr)
		}
	}
	if status, _, stderr := run(t, "", "serve", "--config", "/nowhere.yml"); status != 2 || !strings.Contains(stderr, "--config cannot be read: open /nowhere.yml") {
		t.Errorf("%d %s", status, stderr)
	}
	for _, text := range []string{"", "# nothing\n", "---\n"} {
		printed(t, "--config", written(t, text))
	}
	if values, _ := printed(t, "--config", written(t, "\uFEFFlisten: a:1\r\nmax-depth: 30\r\n")); values["listen"] != "a:1" || values["max-depth"] != uint64(30) {
		t.Errorf("written on Windows: %v", values)
	}
	t.Setenv("AIUSAGE_CONFIG", "") // names no file
	printed(t)
}

// A secret may be in a file that a variable names, and is never printed.
func TestSecretsAreReadFromFilesAndNotPrinted(t *testing.T) {
	const dsn = "ada:hunter2@tcp(localhost:3306)/usage"
	file := written(t, dsn+"\n")
	config := written(t, "dsn: 'eve:hunter2@tcp(elsewhere:3306)/usage'\nold-credentials: ada:hunter2\n")
	t.Run("a file", func(t *testing.T) {
		t.Setenv("MYSQL_DSN_FILE", file)
		values, text := printed(t, "--config", config)
		if values["dsn"] != "ada:(hidden)@tcp(localhost:3306)/usage" || !strings.Contains(text, "# MYSQL_DSN_FILE") || strings.Contains(text, "hunter2") {
			t.Errorf("got %s", text)
		}
		if values, _ := printed(t, "--dsn", "bob@tcp(h:1)/d"); values["dsn"] != "bob@tcp(h:1)/d" {
			t.Errorf("got %v", values)
		}
		t.Setenv("MYSQL_DSN", dsn)
		if status, _, stderr := run(t, "", "report"); status != 2 || !strings.Contains(stderr, "MYSQL_DSN and MYSQL_DSN_FILE are both set") || strings.Contains(stderr, "hunter2") {
			t.Errorf("both: %d %s", status, stderr)
		}
	})
	t.Run("a file written on Windows", func(t *testing.T) {
		for _, variable := range []string{"MYSQL_DSN_FILE", "AIUSAGE_READER_DSN_FILE"} {
			t.Setenv(variable, written(t, "\uFEFF"+dsn+"\r\n"))
		}
		if _, text := printed(t); strings.Count(text, "dsn: ada:(hidden)@tcp(localhost:3306)/usage # ") != 2 {
			t.Errorf("got %s", text)
		}
	})
	for text, want := range map[string]string{"\n": "is empty", "\uFEFF\r\n": "is empty", strings.Repeat("x", 4097): "longer than 4096 bytes", "": "is empty"} {
		t.Setenv("MYSQL_DSN_FILE", written(t, text))
		if status, _, stderr := run(t, "", "report"); status != 2 || !strings.Contains(stderr, "MYSQL_DSN_FILE: ") || !strings.Contains(stderr, want) {
			t.Errorf("%.5q: %d %s", text, status, stderr)
		}
	}
	t.Setenv("MYSQL_DSN_FILE", "/nowhere")
	if status, _, stderr := run(t, "", "report"); status != 2 || !strings.Contains(stderr, "open /nowhere") {
		t.Errorf("%d %s", status, stderr)
	}
	t.Setenv("MYSQL_DSN_FILE", "") // names no file
	if values, _ := printed(t, "--config", config); values["dsn"] != "eve:(hidden)@tcp(elsewhere:3306)/usage" {
		t.Errorf("got %v", values["dsn"])
	}
	for _, secret := range []string{"ada:hunter2@tcp(h:1)/d?nonsense=%zz", "hunter2", "ada:hunter2@@tcp(h"} {
		if _, stdout, stderr := run(t, "", "config", "print", "--dsn", secret); strings.Contains(stdout+stderr, "hunter2") {
			t.Errorf("%s is printed:\n%s%s", secret, stdout, stderr)
		}
	}
	if _, text, _ := run(t, "", "config", "print", "--jwt-keys", "https://ada:hunter2@id.example/keys"); strings.Contains(text, "hunter2") || !strings.Contains(text, "id.example") {
		t.Errorf("got %s", text)
	}
}

// What serve would refuse is said after what is printed.
func TestAConfigurationThatIsRefusedIsPrintedAllTheSame(t *testing.T) {
	status, stdout, stderr := run(t, "", "config", "print", "--connections", "1", "--max-depth", "0")
	if status != 1 || !strings.Contains(stdout, "connections: 1 # --connections") || strings.Count(stderr, "aiusage: ") != 2 {
		t.Errorf("%d %s%s", status, stdout, stderr)
	}
}
