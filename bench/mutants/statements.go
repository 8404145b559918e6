package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"
)

var (
	isStatement = regexp.MustCompile(`\b(SELECT|WHERE|HAVING|UPDATE|AND|NOT|BETWEEN)\b|^[\w. ]+ (=|<|>|<=|>=) \?`)
	// conjunct is a condition after another, without arguments: those would not fit
	// any more.
	conjunct = regexp.MustCompile(`\s+AND\s+[\w.@]+ (=|<>|<|>|<=|>=|IS NOT|IS|<=>) ('[^']*'|[\w.@]+)`)
	locking  = regexp.MustCompile(`\s+(FOR UPDATE|SKIP LOCKED|DISTINCT|IGNORE)\b`)
	compared = regexp.MustCompile(` (<|>|<=|>=) (\?|[\w.@]+)`)
	excluded = regexp.MustCompile(`\bNOT `)
)

var otherEnd = map[string]string{"<": "<=", "<=": "<", ">": ">=", ">=": ">"}

// statementText puts the mutants of a piece of SQL: without a condition or a lock,
// and with other ends of its comparisons.
func (s *source) statementText(n *ast.BasicLit) {
	t, ok := s.info.TypeOf(n).(*types.Basic)
	if n.Kind != token.STRING || !ok || t.Kind() != types.String && t.Kind() != types.UntypedString {
		return
	}
	text, err := strconv.Unquote(n.Value)
	if err != nil || !isStatement.MatchString(text) {
		return
	}
	replace := func(from, to int, by string) {
		piece := strings.TrimSpace(blanks.ReplaceAllString(text[from:to], " "))
		s.add(n, "SQL `"+piece+"` is `"+strings.TrimSpace(by)+"`",
			"mutantPick(#, "+strings.ReplaceAll(strconv.Quote(text[:from]+by+text[to:]), "#", `\x23`)+", ", ")")
	}
	for _, pattern := range []*regexp.Regexp{conjunct, locking, excluded} {
		for _, at := range pattern.FindAllStringIndex(text, -1) {
			replace(at[0], at[1], " ")
		}
	}
	for _, at := range compared.FindAllStringSubmatchIndex(text, -1) {
		operator := text[at[2]:at[3]]
		replace(at[0], at[1], " "+otherEnd[operator]+text[at[3]:at[1]])
	}
}
