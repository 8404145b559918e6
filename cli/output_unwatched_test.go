package cli

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"aiusage/gateway"
	"aiusage/observe"
	"aiusage/observe/metrics"
)

// A terminal is known as one where its errors are remembered, too.
func TestATerminalIsKnown(t *testing.T) {
	terminal, err := os.Open("/dev/ptmx")
	if err != nil {
		t.Skip(err)
	}
	defer terminal.Close()
	if !isTerminal(terminal) || !isTerminal(&output{Writer: terminal}) || isTerminal(&output{Writer: &bytes.Buffer{}}) {
		t.Error("it is not known which is a terminal")
	}
}

// An audit that cannot be written is said by itself while the gateway runs, whose end is a success
// all the same.
func TestAnAuditThatCannotBeWrittenIsNoFailureOfTheGateway(t *testing.T) {
	out := &output{Writer: broken{}}
	settings := gateway.Config{Metrics: metrics.New()}
	end, err := observeFlags{Audit: auditStdout}.openAudit(t.Context(), &process{stdout: out, stderr: &bytes.Buffer{}, log: newLog(&bytes.Buffer{}, "info", "text")}, &settings)
	if err != nil {
		t.Fatal(err)
	}
	settings.Audit.Ended(observe.Seen{Door: "graphql", Principal: "ada"})
	end()
	if out.err != nil {
		t.Errorf("the end of the gateway would say %v", out.err)
	}
}

// broken is what nothing can be written to.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }
