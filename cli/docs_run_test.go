package cli_test

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

// runElsewhere are the commands of the pages that are not run here, by what they begin with, and
// where they are.
var runElsewhere = map[string]string{
	"make ":                              "make test is what runs this, and it builds what make run starts",
	"docker ":                            "there is nothing that runs containers",
	"export MYSQL_PASSWORD":              "it is for docker",
	"apt install":                        "packaging/debian installs the package",
	"install -":                          "packaging/debian has the same files installed",
	"systemctl ":                         "packaging/systemd starts what the unit starts",
	"MYSQL_DSN_FILE=/etc/aiusage/":       "packaging/debian runs it, with that file",
	"go run ./bench":                     "it takes minutes",
	"cd docs/typescript":                 "make typescript",
	"npm ci":                             "make typescript",
	"AIUSAGE_USER=admin AIUSAGE_PASSWOR": "make typescript checks the program",
	"AIUSAGE_PERSISTED=1 npm start":      "make typescript checks the program",
	"aiusage migrate --own-tables":       "clusters: only a replica takes it",
	"aiusage database ":                  "embedded/e2e: it takes a program with a database inside",
	"mariadb":                            "db/backup_test.go, with the page's own commands",
	"mysql":                              "db/backup_test.go, with the page's own commands",
}

var (
	fence    = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	itsFile  = regexp.MustCompile("(?ms)A file `([a-z.]+)`:\n\n```[a-z]+\n(.*?)^```$")
	unquoted = regexp.MustCompile(`\s#\s.*$`)
)

// commandsIn are the commands of a page as they are written, each with the lines it goes on in.
func commandsIn(text string) (commands []string) {
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		command := ""
		for line := range strings.Lines(block[1]) {
			command += unquoted.ReplaceAllString(strings.TrimSuffix(line, "\n"), "")
			if begun, isOpen := strings.CutSuffix(command, `\`); isOpen {
				command = begun
				continue
			}
			if strings.Count(command, "'")%2 == 1 { // a text in quotes goes on
				command += "\n"
				continue
			}
			commands = append(commands, strings.TrimSpace(command))
			command = ""
		}
	}
	return commands
}

// Whoever pastes the commands of a page into a shell gets what the page promises: each runs here, on
// a gateway with some usage, or is named above.
func TestCommandsInPagesRun(t *testing.T) {
	for _, program := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(program); err != nil && os.Getenv("CI") == "true" {
			t.Fatal(err)
		} else if err != nil {
			t.Skip(err)
		}
	}
	var pages []string
	for _, pattern := range []string{"../README.md", "../docs/*.md", "../docs/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	dbtest.ServerInTurn(t, 0, func(t *testing.T, dsn string) {
		reader := newReader(t, dsn)
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			reader.follow(t, strings.TrimPrefix(page, "../"), string(text))
		}
		if reader.ran < 25 {
			t.Errorf("only %d commands were run", reader.ran)
		}
		for begins := range runElsewhere {
			if !reader.elsewhere[begins] {
				t.Errorf("no page has a command that begins with %q any more", begins)
			}
		}
	})
}

// reader does what pages say, beside a gateway that runs.
type reader struct {
	folder string
	// instead are the values of this test, by the pages' examples.
	instead *strings.Replacer
	// elsewhere are the entries of runElsewhere that were met.
	elsewhere map[string]bool
	ran       int
}

// password is that of all users, and question a document with an identifier.
const (
	password = "correct horse battery"
	question = "query ($startDate: String) { aiUsage(startDate: $startDate) { totals { aiMinutes } } }"
)

// newReader starts a gateway on a database with usage of this month and the last.
func newReader(t *testing.T, dsn string) *reader {
	t.Setenv("MYSQL_DSN", dsn)
	r := &reader{folder: t.TempDir(), elsewhere: map[string]bool{}}
	var sessions strings.Builder
	sessions.WriteString("session_id,account_id,customer_id,started_at,duration_seconds\n")
	for day := range 40 {
		fmt.Fprintf(&sessions, "s-%d,acc-1,cus-%d,%s,90\n", day, day%3, time.Now().UTC().AddDate(0, 0, -day).Format("2006-01-02T00:00:00Z"))
	}
	hash := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(question)))
	manifest, err := json.Marshal(map[string]string{hash: question})
	if err != nil {
		t.Fatal(err)
	}
	recorded := `{"log":{"entries":[{"request":{"method":"GET","url":"https://old.example.com/ai/usage?accountId=acc-1","headers":[{"name":"Accept","value":"application/xml"}]}}]}}`
	for name, text := range map[string]string{
		"sessions.csv": sessions.String(), "calls.ndjson": `{"session_id":"c-1","account_id":"acc-1","customer_id":"cus-1","started_at":"2026-03-01T00:00:00Z","duration_seconds":1}`,
		"persisted.json": string(manifest), "recorded.har": recorded,
		"requests.ndjson": `{"method":"GET","path":"/ai/usage?accountId=acc-1&startDate=2026-03-01&endDate=2026-03-02","headers":{"Accept":"application/xml"}}` + "\n",
	} {
		r.write(t, name, text)
	}
	r.write(t, "sessions.csv.gz", packed(t, sessions.String()))
	for _, args := range [][]string{{"migrate"}, {"import", filepath.Join(r.folder, "sessions.csv")}} {
		if status, _, stderr := run(t, "", args...); status != 0 {
			t.Fatal(stderr)
		}
	}
	if status, _, stderr := run(t, password+"\n", "user", "add", "admin", "--role", "SystemAdministrator"); status != 0 {
		t.Fatal(stderr)
	}
	status, key, stderr := run(t, "", "key", "create", "pages", "--role", "SystemAdministrator")
	if status != 0 {
		t.Fatal(stderr)
	}
	r.instead = strings.NewReplacer(
		"aiu_…", strings.TrimSpace(key), "ada:…", "admin:"+password, "-u admin", "-u 'admin:"+password+"'", "sha256:…", hash,
		"http://127.0.0.1:8080", r.serve(t), "https://old.example.com", r.serve(t),
		"user:password@tcp(db.example.com:3306)/voice?tls=true", dsn, "user:password@tcp(db1:3306,db2:3306,db3:3306)/voice", dsn,
		"docs/typescript/src/generated/persisted-documents.json", "persisted.json",
		"go run . ", "aiusage ", "bin/aiusage ", "aiusage ", "curl ", "curl --silent --show-error --fail-with-body ",
	)
	return r
}

// serve runs a gateway until the test is over, and returns its address.
func (r *reader) serve(t *testing.T) (url string) {
	ctx, stop := context.WithCancel(context.Background())
	var stdout, stderr screen
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--persisted-documents", filepath.Join(r.folder, "persisted.json")},
			strings.NewReader(""), &stdout, &stderr, nil)
	}()
	t.Cleanup(func() { stop(); <-ended })
	return await(t, func() string {
		if found := graphQLAddress.FindStringSubmatch(stdout.String()); found != nil {
			return strings.TrimSuffix(found[1], "/graphql")
		}
		return ""
	})
}

func (r *reader) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var to strings.Builder
	packer := gzip.NewWriter(&to)
	if _, err := packer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := packer.Close(); err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// follow does what a page says, from its first command to the last.
func (r *reader) follow(t *testing.T, page, text string) {
	for _, file := range itsFile.FindAllStringSubmatch(text, -1) {
		r.write(t, file[1], file[2])
	}
	run(t, "", "user", "remove", "ada") // whom another page has made
	exported := ""
	for _, written := range commandsIn(text) {
		if begins := elsewhere(written); begins != "" {
			r.elsewhere[begins] = true
			continue
		}
		command := r.instead.Replace(written)
		if strings.HasPrefix(command, "export ") {
			exported += command + "\n"
			continue
		}
		r.ran++
		t.Run(page+"/"+written, func(t *testing.T) { r.run(t, exported, command) })
	}
}

func elsewhere(command string) (begins string) {
	for begins := range runElsewhere {
		if strings.HasPrefix(command, begins) {
			return begins
		}
	}
	return ""
}

// run runs a command as a shell does. What runs until somebody ends it is ended once it has
// said what it has to say.
func (r *reader) run(t *testing.T, exported, command string) {
	endless := ""
	switch {
	case strings.Contains(command, "aiusage serve"):
		endless = "The AI usage gateway is running"
		command = strings.Replace(command, " --listen 0.0.0.0:8080", "", 1) + " --listen 127.0.0.1:0"
	case strings.Contains(command, " -N "):
		endless = `"aiMinutes"`
	}
	if endless != "" {
		command = "exec env " + command // so that it is the process that is ended
	}
	var stdout, stderr screen
	shell := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", exported+command)
	shell.Dir, shell.Stdin, shell.Stdout, shell.Stderr = r.folder, strings.NewReader(password+"\n"), &stdout, &stderr
	if endless == "" {
		if err := shell.Run(); err != nil {
			t.Errorf("%v\n%s\n%s\n%s", err, command, stdout.String(), stderr.String())
		}
	} else {
		if err := shell.Start(); err != nil {
			t.Fatal(err)
		}
		awaitThat(t, func() bool { return strings.Contains(stdout.String(), endless) })
		shell.Process.Signal(os.Interrupt)
		shell.Wait()
	}
	if strings.Contains(stdout.String(), `"errors"`) {
		t.Errorf("%s\n%s", command, stdout.String())
	}
}
