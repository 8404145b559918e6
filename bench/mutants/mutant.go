package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"
)

// mutant is one fault that could be in the code.
type mutant struct {
	// number switches the mutant on, in the environment of a test.
	number int
	// file is the path from the module's root, and line where the fault is.
	file string
	line int
	// function is where it is, as "Store.Fold", and fault what is wrong, with the
	// code that it is about. Both, with the file, are the mutant's name, which
	// stays the same when lines move.
	function, fault string
	// again counts those that have the same name before this one.
	again int
}

func (m mutant) String() string {
	name := m.file + " " + m.function + ": " + m.fault
	if m.again > 0 {
		name += fmt.Sprintf(" #%d", m.again+1)
	}
	return name
}

// wrap is code around a piece of a file that puts a mutant in it. It has no line
// breaks, so that lines keep their numbers.
type wrap struct {
	from, to      int // offsets
	before, after string
	number        int
}

// source is a file while its mutants are looked for.
type source struct {
	path     string
	content  []byte
	fset     *token.FileSet
	info     *types.Info
	function string
	mutants  []mutant
	wraps    []wrap
	// next is the number of the next mutant.
	next int
}

// add puts a mutant around a node. In before and after, "#" is its number.
func (s *source) add(node ast.Node, fault, before, after string) {
	at := s.fset.Position(node.Pos())
	number := fmt.Sprint(s.next)
	s.mutants = append(s.mutants, mutant{number: s.next, file: s.path, line: at.Line, function: s.function, fault: fault})
	s.wraps = append(s.wraps, wrap{
		from: at.Offset, to: s.fset.Position(node.End()).Offset, number: s.next,
		before: strings.ReplaceAll(before, "#", number), after: strings.ReplaceAll(after, "#", number),
	})
	s.next++
}

// text is the code of a node.
func (s *source) text(node ast.Node) string {
	return string(s.content[s.fset.Position(node.Pos()).Offset:s.fset.Position(node.End()).Offset])
}

var blanks = regexp.MustCompile(`\s+`)

// short is the code of a node for a mutant's name.
func (s *source) short(node ast.Node) string {
	text := []rune(blanks.ReplaceAllString(s.text(node), " "))
	if len(text) > 90 {
		text = append(text[:89], '…')
	}
	return "`" + string(text) + "`"
}

// repeatable is the code of a node that can stand twice in a line, or "".
func (s *source) repeatable(node ast.Node) string {
	if text := s.text(node); !strings.ContainsAny(text, "\n`#") && !strings.Contains(text, "//") {
		return text
	}
	return ""
}

// find looks for all mutants of a file.
func (s *source) find(file *ast.File) {
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			s.function = functionName(d)
			if d.Body != nil {
				s.body(d.Type, d.Body)
				s.walk(d.Body)
			}
		case *ast.GenDecl:
			s.function = "declarations"
			if d.Tok == token.VAR {
				s.walk(d)
			}
		}
	}
	names := map[string]int{}
	for i := range s.mutants {
		m := &s.mutants[i]
		name := m.String()
		m.again = names[name]
		names[name]++
	}
}

// functionName is "Fold" or "Store.Fold".
func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	receiver := d.Recv.List[0].Type
	for {
		switch t := receiver.(type) {
		case *ast.StarExpr:
			receiver = t.X
		case *ast.IndexExpr:
			receiver = t.X
		case *ast.IndexListExpr:
			receiver = t.X
		case *ast.Ident:
			return t.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}

// body lets a function compile from which a last return may be missing.
func (s *source) body(signature *ast.FuncType, body *ast.BlockStmt) {
	if signature.Results != nil {
		end := s.fset.Position(body.Rbrace).Offset
		s.wraps = append(s.wraps, wrap{from: end, to: end, before: `; panic("mutated") `, number: -1})
	}
}

// written returns the file with all its mutants in it. Of two wraps of which one
// is in the other, the outer one begins first and ends last.
func (s *source) written(without map[int]bool) []byte {
	opening, closing := map[int]string{}, map[int]string{}
	for _, w := range sortedWraps(s.wraps) { // outer ones first
		if !without[w.number] {
			opening[w.from] += w.before
			closing[w.to] = w.after + closing[w.to]
		}
	}
	var out strings.Builder
	for offset := 0; offset <= len(s.content); offset++ {
		out.WriteString(closing[offset] + opening[offset])
		if offset < len(s.content) {
			out.WriteByte(s.content[offset])
		}
	}
	return []byte(out.String())
}
