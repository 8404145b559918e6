package presets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"aiusage/importer"
)

// parse reads a preset. Errors begin with its name and say the line and column.
func parse(name string, text []byte) (*Preset, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		if syntax, ok := errors.AsType[yaml.Error](err); ok {
			return nil, at(name, syntax.GetToken(), "%s", syntax.GetMessage())
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &Preset{Name: name, Map: map[string]string{}, Set: map[string]string{}, Needs: map[string]string{}}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s: a preset is one YAML document with the keys %s", name, strings.Join(keysOf(p), ", "))
	}
	entries, err := mapping(name, file.Docs[0].Body)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if err := p.read(entry); err != nil {
			return nil, err
		}
	}
	if len(p.Map)+len(p.Set) == 0 {
		return nil, fmt.Errorf("%s: without map or set, a preset says nothing about the columns", name)
	}
	return p, nil
}

// fields are the keys of a preset that hold a text, and tables those that hold one
// for each column.
func (p *Preset) fields() map[string]*string {
	return map[string]*string{
		"title": &p.Title, "about": &p.About, "source": &p.Source, "seen": &p.Seen,
		"format": &p.Format, "rows": &p.Rows, "encoding": &p.Encoding,
		"time_zone": &p.TimeZone, "started_format": &p.StartedFormat,
	}
}

func (p *Preset) tables() map[string]map[string]string {
	return map[string]map[string]string{"map": p.Map, "set": p.Set, "needs": p.Needs}
}

func keysOf(p *Preset) []string {
	var keys []string
	for key := range p.fields() {
		keys = append(keys, key)
	}
	for key := range p.tables() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// read reads one key at the top.
func (p *Preset) read(entry entry) error {
	if field := p.fields()[entry.key]; field != nil {
		text, err := scalar(p.Name, entry)
		if err != nil {
			return err
		}
		*field = text
		return p.check(entry, text)
	}
	table, known := p.tables()[entry.key]
	if !known {
		return at(p.Name, entry.token, "there is no key %q; %sthe keys are %s", entry.key, suggestion(entry.key, keysOf(p)), strings.Join(keysOf(p), ", "))
	}
	columns, err := mapping(p.Name, entry.value)
	if err != nil {
		return err
	}
	for _, column := range columns {
		if !slices.Contains(importer.SessionColumns(), column.key) {
			return at(p.Name, column.token, "there is no column %q; %sthe columns are %s", column.key,
				suggestion(column.key, importer.SessionColumns()), strings.Join(importer.SessionColumns(), ", "))
		}
		if table[column.key], err = scalar(p.Name, column); err != nil {
			return err
		}
	}
	return nil
}

// check looks at values that are not any text, so that the error has their place.
func (p *Preset) check(entry entry, text string) (err error) {
	switch entry.key {
	case "format":
		_, err = importer.ParseFormat(text)
	case "encoding":
		_, err = importer.ParseEncoding(text)
	case "started_format":
		_, err = importer.ParseStartFormat(text)
	case "time_zone":
		_, err = time.LoadLocation(text)
	case "seen":
		_, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		return at(p.Name, entry.value.GetToken(), "%s: %v", entry.key, err)
	}
	return nil
}

// entry is a key and its value.
type entry struct {
	key   string
	token *token.Token
	value ast.Node
}

// mapping returns the entries of a node that is to be a mapping.
func mapping(name string, node ast.Node) ([]entry, error) {
	var values []*ast.MappingValueNode
	switch node := node.(type) {
	case *ast.MappingNode:
		values = node.Values
	case *ast.MappingValueNode: // of one entry
		values = []*ast.MappingValueNode{node}
	default:
		return nil, at(name, node.GetToken(), "keys with values are expected here, such as session_id: id")
	}
	entries := make([]entry, len(values))
	for i, value := range values {
		key := value.Key.GetToken()
		entries[i] = entry{key.Value, key, value.Value}
	}
	return entries, nil
}

// scalar returns the value of an entry that is to be a text.
func scalar(name string, of entry) (string, error) {
	switch node := of.value.(type) {
	case *ast.NullNode:
		return "", nil
	case *ast.LiteralNode:
		return strings.TrimSpace(node.Value.Value), nil
	case *ast.StringNode:
		return node.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node.GetToken().Value, nil // as it is written: 007 is an id
	}
	return "", at(name, of.value.GetToken(), "%s is expected to be a text", of.key)
}

// at makes an error at a place of a file.
func at(name string, place *token.Token, form string, args ...any) error {
	return fmt.Errorf("%s, line %d, column %d: "+form, append([]any{name, place.Position.Line, place.Position.Column}, args...)...)
}

// suggestion names the one that was meant, most likely; it is empty where none is alike.
func suggestion(name string, known []string) string {
	best, least := "", len(name)/3+2
	for _, candidate := range known {
		if distance := levenshtein.ComputeDistance(strings.ToLower(name), candidate); distance < least {
			best, least = candidate, distance
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %s? ", best)
}
