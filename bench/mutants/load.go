package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// goPackage is what `go list` says of a package.
type goPackage struct {
	ImportPath, Dir, Name, Export string
	GoFiles                       []string
	Module                        *struct{ Path string }
}

// target is a package with mutants.
type target struct {
	// room is its path within the module.
	room, dir, name string
	sources         []*source
}

// load reads the packages of some files and folders, given from the module's root,
// and looks for the mutants in them. Where a file is named, its package has mutants
// in it and in other files that are named only.
func load(root string, arguments []string) ([]*target, error) {
	named, folders := map[string]bool{}, []string{}
	for _, argument := range arguments {
		path := filepath.ToSlash(filepath.Clean(argument))
		if strings.HasSuffix(path, ".go") {
			named[path] = true
			path = filepath.ToSlash(filepath.Dir(path))
		}
		if !slices.Contains(folders, "./"+path) {
			folders = append(folders, "./"+path)
		}
	}
	all, err := list(root, folders)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, one := range all {
		exports[one.ImportPath] = one.Export
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var targets []*target
	next := 0
	for _, one := range all {
		room, err := filepath.Rel(root, one.Dir)
		if err != nil || !slices.Contains(folders, "./"+filepath.ToSlash(room)) {
			continue
		}
		t := &target{room: filepath.ToSlash(room), dir: one.Dir, name: one.Name}
		if err := t.read(one, fset, imports, named, &next); err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	for path := range named {
		if !slices.ContainsFunc(targets, func(t *target) bool {
			return slices.ContainsFunc(t.sources, func(s *source) bool { return s.path == path })
		}) {
			return nil, fmt.Errorf("there is no file %s of a package", path)
		}
	}
	return targets, nil
}

// list returns packages and all that they import.
func list(root string, folders []string) (all []goPackage, err error) {
	command := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Name,Export,GoFiles,Module", "--"}, folders...)...)
	command.Dir, command.Stderr = root, os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var one goPackage
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}

// read parses the files of a package and looks for mutants, in all or in those named.
func (t *target) read(p goPackage, fset *token.FileSet, imports types.Importer, named map[string]bool, next *int) error {
	var files []*ast.File
	contents := map[*ast.File][]byte{}
	for _, name := range p.GoFiles {
		path := filepath.Join(p.Dir, name)
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, path, content, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files, contents[file] = append(files, file), content
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
		Defs: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	config := types.Config{Importer: imports}
	if _, err := config.Check(p.ImportPath, fset, files, info); err != nil {
		return err
	}
	some := slices.ContainsFunc(p.GoFiles, func(name string) bool { return named[t.room+"/"+name] })
	for i, file := range files {
		path := t.room + "/" + p.GoFiles[i]
		if some && !named[path] || ast.IsGenerated(file) {
			continue
		}
		s := &source{path: path, content: contents[file], fset: fset, info: info, next: *next}
		s.find(file)
		*next = s.next
		t.sources = append(t.sources, s)
	}
	return nil
}
