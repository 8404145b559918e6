// Package handwritten is for what people write by hand: it reads YAML files as a tree, so that
// each error has its line and column, and tells which name was meant, most likely.
package handwritten

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Entry is a key of a file and its value.
type Entry struct {
	Key   string
	file  string
	key   *token.Token
	value ast.Node
}

// Read returns the entries of a file, which is one YAML document of keys with values. An empty
// one has none. Errors begin with the file's name.
func Read(name string, text []byte) ([]Entry, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF")) // as editors of Windows write it
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		if syntax, ok := errors.AsType[yaml.Error](err); ok {
			return nil, at(name, syntax.GetToken(), "%s", syntax.GetMessage())
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case len(file.Docs) == 0 || len(file.Docs) == 1 && file.Docs[0].Body == nil:
		return nil, nil
	case len(file.Docs) > 1:
		return nil, fmt.Errorf("%s: there are %d YAML documents, and one is read", name, len(file.Docs))
	}
	if _, onlyComments := file.Docs[0].Body.(*ast.CommentGroupNode); onlyComments {
		return nil, nil
	}
	return entries(name, file.Docs[0].Body)
}

// Entries returns what is below an entry whose value is keys with values.
func (e Entry) Entries() ([]Entry, error) { return entries(e.file, e.value) }

func entries(name string, node ast.Node) ([]Entry, error) {
	var values []*ast.MappingValueNode
	switch node := node.(type) {
	case *ast.MappingNode:
		values = node.Values
	case *ast.MappingValueNode: // of one entry
		values = []*ast.MappingValueNode{node}
	default:
		return nil, at(name, node.GetToken(), "keys with values are expected here, such as key: value")
	}
	all := make([]Entry, len(values))
	for i, value := range values {
		key := value.Key.GetToken()
		all[i] = Entry{key.Value, name, key, value.Value}
	}
	return all, nil
}

// Text returns the value of an entry, as it is written: 007 is a text as well.
func (e Entry) Text() (string, error) { return e.text(e.value) }

func (e Entry) text(value ast.Node) (string, error) {
	switch node := value.(type) {
	case *ast.NullNode:
		return "", nil
	case *ast.LiteralNode:
		return strings.TrimSpace(node.Value.Value), nil
	case *ast.StringNode:
		return node.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node.GetToken().Value, nil
	}
	return "", at(e.file, value.GetToken(), "%s is expected to be a text", e.Key)
}

// Texts returns the values of an entry that is a list, or the only one.
func (e Entry) Texts() (texts []string, err error) {
	list, ok := e.value.(*ast.SequenceNode)
	if !ok {
		text, err := e.Text()
		return []string{text}, err
	}
	for _, value := range list.Values {
		text, err := e.text(value)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// IsList tells whether the value is a list.
func (e Entry) IsList() bool { return e.value.Type() == ast.SequenceType }

// Errorf makes an error at the value of an entry.
func (e Entry) Errorf(form string, args ...any) error {
	return at(e.file, e.value.GetToken(), form, args...)
}

// Unknown is the error that there is no such key, or whatever else an entry's key names.
func (e Entry) Unknown(what string, known []string) error {
	return at(e.file, e.key, "there is no %s %q; %sthe %ss are %s", what, e.Key, Suggestion(e.Key, known), what, strings.Join(known, ", "))
}

// Place is where the entry is, as "FILE, line 3".
func (e Entry) Place() string { return fmt.Sprintf("%s, line %d", e.file, e.key.Position.Line) }

// at makes an error at a place of a file.
func at(name string, place *token.Token, form string, args ...any) error {
	return fmt.Errorf("%s, line %d, column %d: "+form, append([]any{name, place.Position.Line, place.Position.Column}, args...)...)
}

// Suggestion names the known one that was meant, most likely; it is empty where none is alike.
func Suggestion(name string, known []string) string {
	if best := Nearest(name, known); best != "" {
		return fmt.Sprintf("did you mean %s? ", best)
	}
	return ""
}

// Nearest returns the known name that is most like one that was written, where one is: a third
// of its letters and one more may differ. Otherwise it is empty.
func Nearest(name string, known []string) string {
	best, least := "", len(name)/3+2
	for _, candidate := range known {
		if distance := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(candidate)); distance < least {
			best, least = candidate, distance
		}
	}
	return best
}
