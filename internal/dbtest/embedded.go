package dbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// embeddedVariable names the gateway's program with the embedded database.
const embeddedVariable = "AIUSAGE_TEST_EMBEDDED"

// newEmbedded prepares an embedded database in a process of its own.
func newEmbedded() (*Server, error) {
	program := os.Getenv(embeddedVariable)
	if program == "" {
		root, err := repositoryRoot()
		if err != nil {
			return nil, err
		}
		program = filepath.Join(root, "bin", "aiusage")
	}
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("no program with the embedded database: %w: run `make build`, or set %s", err, embeddedVariable)
	}
	folder, err := newFolder(dataParent())
	if err != nil {
		return nil, err
	}
	return &Server{
		folder:    folder,
		command:   exec.Command(program, "database", "--data", filepath.Join(folder, "data")),
		printsDSN: true,
	}, nil
}

// repositoryRoot is the folder of the module that these tests belong to.
func repositoryRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	module := regexp.MustCompile(`(?m)^module aiusage\r?$`)
	for {
		text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && module.Match(text) {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("the tests do not run inside the repository of the gateway")
		}
		folder = parent
	}
}
