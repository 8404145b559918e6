package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// switches is the code that a package with mutants is given: which of them is on,
// and, where tests are looked at, which of them a test has come by.
const switches = `package %s

import (
	mutantAtomic "sync/atomic"
	mutantOS "os"
	mutantStrconv "strconv"
)

var mutantOn = func() int {
	n, err := mutantStrconv.Atoi(mutantOS.Getenv(%q))
	if err != nil {
		return -1
	}
	return n
}()

var mutantLog = func() *mutantOS.File {
	file, err := mutantOS.OpenFile(mutantOS.Getenv(%q), mutantOS.O_APPEND|mutantOS.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	return file
}()

var mutantSeen [%d]mutantAtomic.Bool

func mutantIs(n int) bool {
	if mutantLog != nil && !mutantSeen[n].Swap(true) {
		_, _ = mutantLog.WriteString(mutantStrconv.Itoa(n) + "\n")
	}
	return mutantOn == n
}

func mutantPick[T any](n int, other, value T) T {
	if mutantIs(n) {
		return other
	}
	return value
}

func mutantZero[T any](n int, value T) T {
	var zero T
	return mutantPick(n, zero, value)
}

func mutantFirst[T any](n int, other T) func(T, error) (T, error) {
	return func(value T, err error) (T, error) { return mutantPick(n, other, value), err }
}

func mutantNone[T any](n int, condition func(T) bool) func(T) bool {
	return func(value T) bool { return !mutantIs(n) && condition(value) }
}
`

const (
	onVariable  = "MUTANT_ON"
	logVariable = "MUTANT_LOG"
)

// overlay writes all packages with their mutants to a folder, for the compiler to
// read instead of the files of the tree. It leaves out mutants that do not compile
// and returns their numbers.
func overlay(root, folder string, targets []*target, count int) (path string, left map[int]bool, err error) {
	left = map[int]bool{}
	path = filepath.Join(folder, "overlay.json")
	for {
		if err := writeOverlay(path, folder, targets, count, left); err != nil {
			return "", nil, err
		}
		command := exec.Command("go", "build", "-overlay="+path, "-gcflags=-e")
		for _, t := range targets {
			command.Args = append(command.Args, "./"+t.room)
		}
		command.Dir = root
		output, err := command.CombinedOutput()
		if err == nil {
			return path, left, nil
		}
		if !leaveOut(string(output), targets, left) {
			return "", nil, fmt.Errorf("the mutants do not compile: %w\n%s", err, output)
		}
	}
}

func writeOverlay(path, folder string, targets []*target, count int, left map[int]bool) error {
	replaced := struct{ Replace map[string]string }{map[string]string{}}
	write := func(original string, content []byte) error {
		name := filepath.Join(folder, fmt.Sprintf("%d.go", len(replaced.Replace)))
		replaced.Replace[original] = name
		return os.WriteFile(name, content, 0o600)
	}
	for _, t := range targets {
		helper := fmt.Sprintf(switches, t.name, onVariable, logVariable, count)
		if err := write(filepath.Join(t.dir, "mutant_switches.go"), []byte(helper)); err != nil {
			return err
		}
		for _, s := range t.sources {
			if err := write(filepath.Join(t.dir, filepath.Base(s.path)), s.written(left)); err != nil {
				return err
			}
		}
	}
	content, err := json.Marshal(replaced)
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}

var compileError = regexp.MustCompile(`(?m)^(?:\./)?(\S+\.go):(\d+):`)

// leaveOut leaves out the mutants on lines that do not compile.
func leaveOut(output string, targets []*target, left map[int]bool) (some bool) {
	for _, found := range compileError.FindAllStringSubmatch(output, -1) {
		line, _ := strconv.Atoi(found[2])
		for _, t := range targets {
			for _, s := range t.sources {
				if s.path != filepath.ToSlash(found[1]) {
					continue
				}
				for _, m := range s.mutants {
					if m.line == line && !left[m.number] {
						left[m.number], some = true, true
					}
				}
			}
		}
	}
	return some
}

// sortedWraps returns wraps with outer ones before those that are in them.
func sortedWraps(wraps []wrap) []wrap {
	sorted := slices.Clone(wraps)
	slices.SortStableFunc(sorted, func(a, b wrap) int { return (b.to - b.from) - (a.to - a.from) })
	return sorted
}
