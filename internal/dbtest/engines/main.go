// Engines starts every database engine that is on this machine, runs a command
// with their data source names in its environment, ends the engines, and exits
// with the command's code. Packages that use dbtest then share the engines that
// can be shared.
//
//	go run ./internal/dbtest/engines -- go test ./...
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"aiusage/internal/dbtest"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(command []string) int {
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		fmt.Fprintln(os.Stderr, "usage: engines -- COMMAND [ARGUMENT…]")
		return 2
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer dbtest.StopAll()

	environment := start(dbtest.Engines())
	child := exec.Command(command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Env = append(os.Environ(), environment...)
	if err := child.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() {
		for s := range signals {
			_ = child.Process.Signal(s)
		}
	}()
	return exitCode(child.Wait())
}

// start starts the engines, tells which there are, and returns the environment
// variables with their data source names.
func start(engines []dbtest.Engine) (environment []string) {
	fmt.Println("Database engines for the tests:")
	var wait sync.WaitGroup
	var lock sync.Mutex
	for _, engine := range engines {
		wait.Go(func() {
			dsn, err := engine.Start()
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				fmt.Printf("  %-9s missing: %s\n", engine.Name, strings.ReplaceAll(err.Error(), "\n", "\n            "))
				return
			}
			fmt.Printf("  %-9s %s\n", engine.Name, dbtest.Version(dsn))
			if !engine.NotShared {
				environment = append(environment, engine.Variable+"="+dsn)
			}
		})
	}
	wait.Wait()
	return environment
}

func exitCode(err error) int {
	var failed *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed) && failed.ExitCode() > 0:
		return failed.ExitCode()
	default:
		return 1
	}
}
