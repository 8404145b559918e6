package main

import (
	"fmt"
	"os"
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
