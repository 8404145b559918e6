package faults

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aiusage/cli"
	"aiusage/internal/dbtest"
)

// asCommand has this program be the gateway's command line, so that it can be killed.
const asCommand = "AIUSAGE_FAULTS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "" {
		zerolog.SetGlobalLevel(zerolog.Disabled) // what the proxy would write
		os.Exit(dbtest.Main(m))
	}
	go func() { // it ends with the tests, however these end
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	os.Exit(cli.Run(context.Background(), os.Args[1:], strings.NewReader(""), os.Stdout, os.Stderr, nil))
}

// process is a command line that runs in a process of its own.
type process struct {
	command *exec.Cmd
	output  dbtest.Output
	ended   chan struct{}
}

// start starts a command line on a database.
func start(t *testing.T, dsn string, args ...string) *process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{command: exec.Command(program, args...), ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), asCommand+"=1", "MYSQL_DSN="+dsn, "GORACE=atexit_sleep_ms=0")
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	// Its standard input ends when this process does.
	if _, err := p.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.command.Wait()
		close(p.ended)
	}()
	return p
}

// kill ends the process as a crash does.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// complaints are the lines it has written that nobody should have to read.
func (p *process) complaints() string {
	var unusual strings.Builder
	for line := range strings.Lines(p.output.String()) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") || strings.Contains(line, databasePassword) {
			unusual.WriteString(line)
		}
	}
	return unusual.String()
}

// isOver tells whether the process has ended.
func (p *process) isOver() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// run runs a command line in this process to its end, which has to be good, and returns what it
// has printed.
func run(t *testing.T, stdin string, args ...string) (printed string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := cli.Run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr, nil); status != 0 {
		t.Fatalf("%s: status %d\n%s%s", args[0], status, stdout.String(), stderr.String())
	}
	return stdout.String()
}
