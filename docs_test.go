package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// pages are the project's own pages, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		content, err := os.ReadFile(path)
		found[path] = string(content)
		return err
	})
	if err != nil || len(found) < 30 {
		t.Fatalf("%d pages, %v", len(found), err)
	}
	return found
}

var (
	fence   = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	link    = regexp.MustCompile(`\]\(<?([^)\s>]+)>?\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
)

// anchors are the fragments that the headings of a page have on the web.
func anchors(page string) (all []string) {
	for _, found := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, found[1]))
	}
	return all
}

// Every link within the project leads somewhere, down to the heading.
func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	links := 0
	for path, page := range all {
		for _, found := range link.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
			target, err := url.Parse(found[1])
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if target.IsAbs() {
				continue
			}
			links++
			file := path
			if target.Path != "" {
				file = filepath.Join(filepath.Dir(path), target.Path)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %s is not there", path, found[1])
			} else if target.Fragment != "" && !slices.Contains(anchors(all[file]), target.Fragment) {
				t.Errorf("%s: %s has no heading %q, but %q", path, file, target.Fragment, anchors(all[file]))
			}
		}
	}
	if links < 100 {
		t.Errorf("only %d links", links)
	}
}

// Every page can be found from the list of pages.
func TestEveryPageIsListed(t *testing.T) {
	all := pages(t)
	reached := map[string]bool{}
	var follow func(path string)
	follow = func(path string) {
		if reached[path] || all[path] == "" {
			return
		}
		reached[path] = true
		for _, found := range link.FindAllStringSubmatch(all[path], -1) {
			target, _, _ := strings.Cut(found[1], "#")
			file := filepath.Join(filepath.Dir(path), target)
			follow(file)
			if within, _ := filepath.Glob(filepath.Join(file, "*.md")); filepath.Ext(file) == "" { // a folder
				for _, page := range within {
					follow(page)
				}
			}
		}
	}
	follow("README.md")
	for path := range all {
		if strings.HasPrefix(path, "docs/") && !reached[path] {
			t.Errorf("%s cannot be found from README.md", path)
		}
	}
}

// The README is for somebody who has a minute.
func TestTheReadmeIsShort(t *testing.T) {
	if words := len(strings.Fields(pages(t)["README.md"])); words >= 900 {
		t.Errorf("the README has %d words", words)
	}
}

// Every document of GraphQL in the pages is one that the gateway takes.
func TestDocumentsInPagesAreValid(t *testing.T) {
	text, err := os.ReadFile("schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, schemaErr := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	if schemaErr != nil {
		t.Fatal(schemaErr)
	}
	documents := 0
	for path, page := range pages(t) {
		for i, found := range fence.FindAllStringSubmatch(page, -1) {
			if found[1] != "graphql" || strings.Contains(found[2], "…") {
				continue
			}
			documents++
			if _, errs := gqlparser.LoadQueryWithRules(schema, found[2], rules.NewDefaultRules()); len(errs) > 0 {
				t.Errorf("%s: %v", path, fmt.Sprint(i, ": ", errs))
			}
		}
	}
	if documents < 8 {
		t.Errorf("only %d documents", documents)
	}
}
