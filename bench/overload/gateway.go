package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is the gateway without the embedded database.
type program struct{ folder, file string }

// build builds it.
func build(ctx context.Context) (program, error) {
	folder, err := os.MkdirTemp("", "aiusage-overload-")
	if err != nil {
		return program{}, err
	}
	p := program{folder, filepath.Join(folder, "aiusage-gateway")}
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", p.file, "aiusage")
	command.Stderr = os.Stderr
	return p, command.Run()
}

// gateway is one that runs.
type gateway struct {
	command *exec.Cmd
	url     string
	client  *http.Client
}

// start starts a gateway, and waits until it answers.
func (p program) start(ctx context.Context, dsn string, flags, env []string) (*gateway, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	g := &gateway{url: "http://" + port, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 10}}}
	g.command = exec.Command(p.file, append([]string{"serve", "--listen", port, "--log-format", "json"}, flags...)...)
	g.command.Env = append(append(os.Environ(), "MYSQL_DSN="+dsn), env...)
	if err := g.command.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if response, err := g.client.Get(g.url + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return g, nil
			}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			g.end()
			return nil, ctx.Err()
		}
	}
	g.end()
	return nil, errors.New("the gateway does not get ready")
}

// freePort returns an address that is free just now.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// end ends the gateway.
func (g *gateway) end() {
	_ = g.command.Process.Signal(syscall.SIGTERM)
	_ = g.command.Wait()
	g.client.CloseIdleConnections()
}

// memory returns the most memory that the gateway has had, in bytes; 0 where that is not told.
func (g *gateway) memory() int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.command.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	kilobytes, _ := strconv.ParseInt(number, 10, 64)
	return kilobytes << 10
}

// ask asks something and reads the answer to its end.
func (g *gateway) ask(ctx context.Context, key string, one request) error {
	asked, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+one.path, strings.NewReader(one.body))
	if err != nil {
		return err
	}
	asked.Header.Set("Authorization", "Bearer "+key)
	asked.Header.Set("Content-Type", "application/json")
	asked.Header.Set("Accept-Encoding", "identity") // compressing is the same for all
	response, err := g.client.Do(asked)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	start := make([]byte, 200)
	n, err := io.ReadFull(response.Body, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || strings.HasPrefix(string(start[:n]), `{"errors"`) {
		return fmt.Errorf("%s: %s: %s", one.path, response.Status, start[:n])
	}
	return nil
}

// timed asks something and returns how long that took.
func (g *gateway) timed(ctx context.Context, key string, one request) (time.Duration, error) {
	began := time.Now()
	err := g.ask(ctx, key, one)
	return time.Since(began), err
}
