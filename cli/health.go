package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"aiusage/gateway"
	"aiusage/usage"
)

type healthCommand struct {
	Listen  string        `env:"AIUSAGE_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"The address that the gateway answers on, as serve has it (default: 127.0.0.1:8080)."`
	TLSCert string        `name:"tls-cert" env:"AIUSAGE_TLS_CERT" placeholder:"FILE" help:"As serve has it: the gateway is asked by HTTPS."`
	Live    bool          `help:"Ask only whether the process lives, not whether it can answer."`
	Timeout time.Duration `default:"5s" placeholder:"DURATION" help:"How long to wait for it (default: 5s)."`
}

// Help says what it is for.
func (healthCommand) Help() string {
	return `Prints what a running gateway says of itself at /readyz, and ends with status 1 where it is not ready: for containers, which may have no other program that can ask.`
}

// Run asks the gateway. No certificate is verified: it is named for other hosts than this, and
// nothing is told here that anybody could want.
func (c healthCommand) Run(ctx context.Context, p *process) error {
	if c.Timeout <= 0 {
		return usage.Errorf(usage.InvalidArgument, "--timeout is a duration such as 5s")
	}
	url, err := c.url()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return usage.Errorf(usage.InvalidArgument, "--listen %s: %v", c.Listen, err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("the gateway does not answer: %v", err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("the gateway breaks off its answer: %w", err)
	}
	fmt.Fprintln(p.stdout, strings.TrimSpace(string(said)))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway answers %s at %s", answer.Status, url)
	}
	return nil
}

// url is where the gateway is asked, from this machine.
func (c healthCommand) url() (string, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil || port == "" || port == "0" {
		return "", usage.Errorf(usage.InvalidArgument, "--listen %q has to be HOST:PORT, with the port that the gateway has taken", c.Listen)
	}
	if host == "" {
		host = "localhost"
	}
	scheme, path := "http", gateway.ReadyPath
	if c.TLSCert != "" {
		scheme = "https"
	}
	if c.Live {
		path = gateway.HealthPath
	}
	return scheme + "://" + reachable(net.JoinHostPort(host, port)) + path, nil
}
