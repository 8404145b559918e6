package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// readSurvivors reads the list of mutants that are known to survive, with their
// reasons: a reason is a line that begins with "#", and holds for the mutants in
// the lines below it.
func readSurvivors(path string) (reasons map[string]string, err error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	reasons = map[string]string{}
	reason, isReason := "", false
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "#"); ok {
			if text = strings.TrimSpace(text); isReason {
				text = reason + " " + text
			}
			reason, isReason = text, true
			continue
		}
		isReason = false
		if line == "" {
			reason = ""
			continue
		}
		if reason == "" {
			return nil, fmt.Errorf("%s:%d: %s has no reason above it", path, i+1, line)
		}
		if reasons[line] != "" {
			return nil, fmt.Errorf("%s:%d: %s is there twice", path, i+1, line)
		}
		reasons[line] = reason
	}
	return reasons, nil
}

// stale returns the lines of the list that name no mutant any more: of the files that
// were looked at, and of those that are gone.
func stale(root string, reasons map[string]string, targets []*target) (lines []string) {
	looked, mutants := map[string]bool{}, map[string]bool{}
	for _, t := range targets {
		for _, s := range t.sources {
			looked[s.path] = true
			for _, m := range s.mutants {
				mutants[m.String()] = true
			}
		}
	}
	for _, line := range slices.Sorted(maps.Keys(reasons)) {
		path, _, _ := strings.Cut(line, " ")
		_, err := os.Stat(filepath.Join(root, path))
		if !mutants[line] && (looked[path] || os.IsNotExist(err)) {
			lines = append(lines, line)
		}
	}
	return lines
}
