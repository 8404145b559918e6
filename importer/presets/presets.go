// Package presets has the layouts in which platforms export their calls, as rules
// of how they are imported, and reads such rules from people's own files.
//
// A preset is a folder here: preset.yml has the rules and names the public
// documentation they come from, sample is a file in that layout, and rows.csv is
// what is imported of it. A file of one's own is a preset.yml anywhere.
package presets

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"aiusage/handwritten"
	"aiusage/importer"
)

//go:embed */preset.yml
var builtIn embed.FS

// Preset is how the files of one layout are read.
type Preset struct {
	// Name is that of the folder here, or the path of one's own file.
	Name string
	// Title says in a few words whose layout it is, About what to know of it.
	Title, About string
	// Source is where the layout is documented, Seen the day it was looked up (YYYY-MM-DD).
	Source, Seen string
	// The rest is what the options of an import are called. Empty values say nothing.
	Format, Rows, Encoding, TimeZone, StartedFormat string
	// Map and Set are Options.Columns and Options.Constants.
	Map, Set map[string]string
	// Needs are columns that no layout can tell, such as whose account a call is
	// billed to: the column, and what to do about it.
	Needs map[string]string
}

// Names returns the names of the presets here, in order.
func Names() []string {
	folders, err := fs.ReadDir(builtIn, ".")
	if err != nil {
		panic(err) // it is part of the program
	}
	var names []string
	for _, folder := range folders {
		names = append(names, folder.Name())
	}
	return names
}

// Find returns the preset with a name, or the one in a file: whatever has a
// separator of folders in it or ends in .yml or .yaml is the path of a file.
func Find(name string) (*Preset, error) {
	if strings.ContainsAny(name, `/\`) || path.Ext(name) == ".yml" || path.Ext(name) == ".yaml" {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no file %s", name)
		}
		if err != nil {
			return nil, fmt.Errorf("the preset cannot be read: %w", err)
		}
		return parse(name, text)
	}
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("there is no preset %q; %sthe presets are %s; a file of your own is named by its path, such as ./%s.yml",
			name, handwritten.Suggestion(name, Names()), strings.Join(Names(), ", "), name)
	}
	text, err := builtIn.ReadFile(name + "/preset.yml")
	if err != nil {
		return nil, err
	}
	return parse(name, text)
}

// Columns merges the preset's columns with those that the caller names and sets,
// which count for more. A column that is mapped is set no longer, and the other
// way round; nor is the duration read where the end is, and the other way round.
// The error names a column that the layout needs and nobody has given.
func (p *Preset) Columns(mapped, set map[string]string) (columns, constants map[string]string, err error) {
	columns, constants = maps.Clone(p.Map), maps.Clone(p.Set)
	given := map[string]string{}
	maps.Copy(given, mapped)
	maps.Copy(given, set)
	for column := range given {
		delete(columns, column)
		delete(constants, column)
		if other := instead[column]; other != "" && given[other] == "" {
			delete(columns, other)
			delete(constants, other)
		}
	}
	maps.Copy(columns, mapped)
	maps.Copy(constants, set)
	for _, column := range importer.SessionColumns() {
		need, open := p.Needs[column]
		if _, known := given[column]; open && !known {
			return nil, nil, fmt.Errorf("the preset %s does not say what the %s is: %s", p.Name, column, need)
		}
	}
	return columns, constants, nil
}

// instead are the columns of which a file has one or the other.
var instead = map[string]string{"duration_seconds": "ended_at", "ended_at": "duration_seconds"}
