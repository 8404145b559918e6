package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// memory is what a file remembers of the runs of tests without a fault, which take the
// longest where there are many. It is safe for concurrent use.
type memory struct {
	path string
	lock sync.Mutex
	// Suites have their tests by name, and are known by the contents of what was compiled of
	// them: where a test or a package below has changed, all are run again.
	Suites map[string]map[string]remembered
}

// remembered is how a test ran, and which mutants it came by.
type remembered struct {
	Took    time.Duration
	Reached []int
}

// recall reads what a file remembers, which is nothing where there is none. Without a path
// nothing is remembered.
func recall(path string) (*memory, error) {
	m := &memory{path: path, Suites: map[string]map[string]remembered{}}
	if path == "" {
		return m, nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	return m, json.Unmarshal(content, m)
}

// of returns how a test of a suite ran, if that is remembered.
func (m *memory) of(suite *suite, name string) (remembered, bool) {
	m.lock.Lock()
	defer m.lock.Unlock()
	known, ok := m.Suites[suite.contents][name]
	return known, ok
}

// keep remembers how a test of a suite ran.
func (m *memory) keep(suite *suite, name string, ran remembered) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.Suites[suite.contents] == nil {
		m.Suites[suite.contents] = map[string]remembered{}
	}
	m.Suites[suite.contents][name] = ran
}

// write writes the file, with those of some suites only: others have been compiled anew since.
func (m *memory) write(suites []*suite) error {
	if m.path == "" {
		return nil
	}
	kept := &memory{Suites: map[string]map[string]remembered{}}
	for _, s := range suites {
		if tests := m.Suites[s.contents]; tests != nil {
			kept.Suites[s.contents] = tests
		}
	}
	content, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return os.WriteFile(m.path, content, 0o600)
}

// contentsOf stands for the contents of a program, and for which engines its tests find.
func contentsOf(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for _, variable := range slices.Sorted(slices.Values(os.Environ())) {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AIUSAGE_TEST_") && value != "" {
			content = append(content, name...)
		}
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}
