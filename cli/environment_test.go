package cli

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// model is the command line as it is parsed.
func model(t *testing.T) *kong.Kong {
	t.Helper()
	var flags commandLine
	status := -1
	parser, err := newParser(&flags, io.Discard, io.Discard, true, &status)
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// variables are all that set a flag of any command, each with its flag.
func variables(t *testing.T) map[string]*kong.Flag {
	t.Helper()
	found := map[string]*kong.Flag{}
	for _, flag := range configurable(model(t).Model.Node) {
		for _, variable := range flag.Envs {
			found[variable] = flag
		}
	}
	if len(found) < 40 {
		t.Fatalf("there are only %d variables", len(found))
	}
	return found
}

// other is a value that a flag does not have by itself, as a file has it.
func other(flag *kong.Flag) string {
	if options := flag.EnumSlice(); flag.Enum != "" {
		return options[slices.IndexFunc(options, func(option string) bool { return option != flag.Default })]
	}
	switch flag.Target.Interface().(type) {
	case bool:
		return "true"
	case string, []string:
		return "/other"
	}
	switch flag.Target.Kind() {
	case reflect.Int:
		return "7"
	case reflect.Int64:
		if flag.Default == "134217728" {
			return "7"
		}
		return "7s"
	}
	panic("what does --" + flag.Name + " take?")
}

// ran runs a command in this process.
func ran(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = Run(t.Context(), args, strings.NewReader(""), &out, &errs, nil)
	return status, out.String(), errs.String()
}

// A variable that is set but empty is as one that is not set, whichever it is: what is built in, the
// file and flags say the value as before.
func TestVariablesThatAreEmptySetNothing(t *testing.T) {
	known := variables(t)
	var text string
	var flags []string
	for _, variable := range slices.Sorted(maps.Keys(known)) {
		flag := known[variable]
		text += flag.Name + ": " + other(flag) + "\n"
		if !slices.Contains([]string{"old-credentials", "new-credentials"}, flag.Name) { // which serve does not have
			flags = append(flags, "--"+flag.Name+"="+other(flag))
		}
		t.Setenv(variable, "") // so that it is put back as it was
	}
	file := filepath.Join(t.TempDir(), "ours.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for source, args := range map[string][]string{
		"default": {"config", "print"}, file: {"config", "print", "--config", file}, "--": append([]string{"config", "print"}, flags...),
	} {
		for variable := range known {
			os.Unsetenv(variable)
		}
		status, stdout, stderr := ran(t, args...)
		if values := strings.Count(stdout, " # "); values < 30 || strings.Count(stdout, " # "+source) != values {
			t.Fatalf("not all is from %s:\n%s", source, stdout)
		}
		for variable := range known {
			os.Setenv(variable, "")
		}
		if emptyStatus, emptyOut, emptyErr := ran(t, args...); emptyStatus != status || emptyOut != stdout || emptyErr != stderr {
			t.Errorf("got %d\n%s%s\nwant %d\n%s%s", emptyStatus, emptyOut, emptyErr, status, stdout, stderr)
		}
	}
}

// That holds for every command that a variable says something to.
func TestVariablesThatAreEmptySetNothingForAnyCommand(t *testing.T) {
	for variable := range variables(t) {
		t.Setenv(variable, "")
	}
	if status, _, stderr := ran(t, "version"); status != exitOK {
		t.Fatalf("%d %s", status, stderr)
	}
	for variable := range variables(t) {
		if value, set := os.LookupEnv(variable); set {
			t.Errorf("%s is %q, which a command would take", variable, value)
		}
	}
}

// Beside the variable that names the file with a secret, an empty one is none.
func TestAnEmptyVariableBesideTheFileOfASecret(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(secret, []byte("ada@tcp(localhost:3306)/usage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MYSQL_DSN", "")
	t.Setenv("MYSQL_DSN_FILE", secret)
	if status, stdout, stderr := ran(t, "config", "print"); status != exitOK || !strings.Contains(stdout, "dsn: ada@tcp(localhost:3306)/usage # MYSQL_DSN_FILE") {
		t.Errorf("%d %s%s", status, stdout, stderr)
	}
	t.Setenv("MYSQL_DSN", "bob@tcp(localhost:3306)/usage")
	t.Setenv("MYSQL_DSN_FILE", "")
	if status, stdout, stderr := ran(t, "config", "print"); status != exitOK || !strings.Contains(stdout, "dsn: bob@tcp(localhost:3306)/usage # MYSQL_DSN") {
		t.Errorf("%d %s%s", status, stdout, stderr)
	}
}

// An address without a port is refused before anything is done: the system would take any port,
// and without a host that of all addresses.
func TestAddressesWithoutAPortAreRefused(t *testing.T) {
	for _, address := range []string{"", ":", "127.0.0.1", "127.0.0.1:", "[::1]", "localhost", " "} {
		all := [][]string{{"serve", "--listen", address}}
		if address == "" {
			all = append(all, []string{"doctor", "--listen", ""}, []string{"config", "print", "--listen="})
		} else {
			all = append(all, []string{"serve", "--metrics-listen", address}) // an empty one is none
		}
		for _, args := range all {
			status, stdout, stderr := ran(t, args...)
			if status != exitFailure || !strings.Contains(stdout+stderr, "has to be HOST:PORT") || strings.Contains(stdout, "is free") {
				t.Errorf("%q: %d %s%s", args, status, stdout, stderr)
			}
		}
	}
	for _, address := range []string{":8080", "127.0.0.1:0", "[::1]:8080", "localhost:http"} {
		if status, stdout, stderr := ran(t, "config", "print", "--listen", address, "--metrics-listen", ""); status != exitOK || strings.Contains(stdout, "metrics-listen") {
			t.Errorf("%s: %d %s%s", address, status, stdout, stderr)
		}
	}
}
