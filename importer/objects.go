package importer

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// objects takes the values of columns out of JSON objects. A column's name in the
// file is a key, or the keys on the way to it with dots between them.
type objects struct {
	columns []namedColumn
	// parents are the keys of objects that columns are in.
	parents map[string]bool
	// unused are the keys that nothing is read from.
	unused *names
	// all, if not nil, are all keys, whatever is read from them.
	all *names
	// lists are the keys of arrays of objects among them.
	lists []string
	// found tells which columns any object has had so far.
	found []bool

	constants []string
	values    []string // reused
	seen      []bool   // reused
	// free: what is wrong with the current object is in a column in which any text
	// would be good.
	free bool
}

func newObjects(columns []namedColumn, unused *names) objects {
	o := objects{
		columns: columns, parents: map[string]bool{}, unused: unused,
		constants: constantsOf(columns),
		found:     make([]bool, len(columns)), values: make([]string, len(columns)), seen: make([]bool, len(columns)),
	}
	for _, column := range columns {
		for at, c := range column.inFile {
			if c == '.' {
				o.parents[column.inFile[:at]] = true
			}
		}
	}
	return o
}

// read takes the columns' values out of the object in the row's text, which is
// valid JSON. Of a row that cannot be used it takes those that can be used, so
// that only the others need to be corrected.
func (o *objects) read(r *row) {
	copy(o.values, o.constants)
	clear(o.seen)
	o.free = false
	problem := ""
	if !utf8.ValidString(r.text) {
		problem = notUTF8
	}
	problem = either(problem, o.walk(strings.TrimSpace(r.text), ""))
	if o.free {
		r.reject(problem)
		return
	}
	r.values, r.problem = o.values, problem
	if len(r.text) > longLine {
		detach(r.values)
	}
}

// walk takes values out of an object, the keys to which begin with a prefix. It
// returns what is wrong with the first value that cannot be used.
func (o *objects) walk(text, prefix string) (problem string) {
	in := object{rest: text}
	for {
		key, value, err := in.member()
		if err == io.EOF {
			return problem
		}
		if prefix != "" {
			key = prefix + key
		}
		if o.all != nil {
			o.note(key, value)
		}
		column := o.column(key)
		switch {
		case column >= 0:
			problem = either(problem, o.take(column, key, value))
		case value[0] == '{' && o.parents[key]:
			problem = either(problem, o.walk(value, key+"."))
		case !(value[0] == 'n' && o.parents[key]):
			o.unused.add(key)
		}
	}
}

// take takes the value of a column. One that cannot be used is kept with a space
// before it, with which it is refused until it is corrected.
func (o *objects) take(column int, key, value string) (problem string) {
	text, problem := scalar(value, o.columns[column].number)
	if problem != "" {
		problem = o.columns[column].name + " " + problem
	}
	if o.seen[column] {
		text, problem = o.values[column]+" "+text, fmt.Sprintf("the key %q is repeated", key)
	}
	o.seen[column], o.found[column] = true, true
	if problem != "" {
		text = " " + strings.TrimSpace(text)
		o.free = o.free || o.columns[column].free
	}
	o.values[column] = text
	return problem
}

// column returns the position of the column with a name in the file, or -1.
func (o *objects) column(name string) int {
	for i := range o.columns {
		if o.columns[i].inFile == name && name != "" {
			return i
		}
	}
	return -1
}

// note adds a key, and those of the object that it has.
func (o *objects) note(key, value string) {
	o.all.add(key)
	if value[0] == '[' && strings.HasPrefix(strings.TrimLeft(value[1:], " \t\r\n"), "{") && !slices.Contains(o.lists, key) {
		o.lists = append(o.lists, key)
	}
	if value[0] != '{' || o.parents[key] || strings.Count(key, ".") > 3 {
		return // what is in a parent is walked
	}
	in := object{rest: value}
	for {
		inner, value, err := in.member()
		if err == io.EOF {
			return
		}
		o.note(key+"."+inner, value)
	}
}

// survey reads rows until every column was in one of them. The error names the
// first that was in none.
func (o *objects) survey(next func() (row, error)) error {
	o.all = &names{}
	defer func() { o.all = nil }()
	objects := 0
	for o.missing() >= 0 {
		r, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil // the load will say so, when it has loaded what comes before
		}
		if r.values != nil {
			objects++
		}
		if err := r.copyRest(io.Discard); err != nil {
			return err
		}
	}
	at := o.missing()
	if objects == 0 || at < 0 {
		return nil
	}
	hint := missingHint(o.columns[at], inRows, o.all.order)
	if len(o.lists) > 0 {
		hint = fmt.Sprintf("are the rows in %s (--rows %s)? %s", excerpt(o.lists[0]), o.lists[0], hint)
	}
	return fmt.Errorf("has the column %q in no row; %s", o.columns[at].inFile, hint)
}

// missing returns the position of a column that no object has had so far, or -1.
func (o *objects) missing() int {
	for i, found := range o.found {
		if !found && o.columns[i].inFile != "" {
			return i
		}
	}
	return -1
}

// scalar returns the text of a JSON value, and why it cannot be used, if so.
// Null is an absent value. A whole number is its digits, since ids may be
// numbers; other numbers are good only where numbers are meant, since as an id
// 1e3 could not be told from 1000.
func scalar(value string, number bool) (text, problem string) {
	switch value[0] {
	case '"':
		text, ok := jsonString(value)
		if !ok {
			return value, "has half of a surrogate pair"
		}
		return text, ""
	case 'n':
		return "", ""
	case 't', 'f', '{', '[':
		return value, "is " + excerpt(value) + ", neither a string nor a number"
	}
	if !number && strings.ContainsAny(value, ".eE") {
		return value, "is " + excerpt(value) + ", not a whole number"
	}
	return value, ""
}

// either returns the first text, unless that is empty.
func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
