package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	shell   = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	own     = regexp.MustCompile(`(?m)^(?:[A-Z_]+=\S+ )*(?:aiusage|bin/aiusage|go run \.) (.*)$`)
	word    = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)
	inline  = regexp.MustCompile("`aiusage ([a-z][^`A-Z…]*)`")
	comment = regexp.MustCompile(`\s+#\s.*$|\s+[|>].*$`)
)

// Every command of the gateway in the pages is one: the command, its flags and their values.
func TestCommandsInPagesAreUnderstood(t *testing.T) {
	commands := 0
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md", "../docs/*/*/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			written := inline.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\n", " "), -1)
			for _, block := range shell.FindAllStringSubmatch(string(text), -1) {
				written = append(written, own.FindAllStringSubmatch(strings.ReplaceAll(block[1], "\\\n", " "), -1)...)
			}
			for _, found := range written {
				var args []string
				for _, one := range word.FindAllString(comment.ReplaceAllString(found[1], ""), -1) {
					args = append(args, strings.Trim(one, `'"`))
				}
				commands++
				if err := understood(args); err != nil && !isMention(err) {
					t.Errorf("%s: %s: %v", page, found[0], err)
				}
			}
		}
	}
	if commands < 40 {
		t.Errorf("only %d commands", commands)
	}
}

// understood parses a command without running it.
func understood(args []string) error {
	var flags commandLine
	status := -1
	parser, err := newParser(&flags, new(strings.Builder), new(strings.Builder), true, &status)
	if err != nil {
		return err
	}
	_, err = parse(parser, args)
	return err
}

// isMention tells whether a command is understood but for what the text need not say, or what is
// not on this machine.
func isMention(err error) bool {
	return strings.Contains(err.Error(), "no such file") || strings.Contains(err.Error(), "missing flags")
}
