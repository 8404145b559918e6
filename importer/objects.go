package importer

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
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
	// whole: of a row that cannot be used the text is wanted, not its values.
	whole bool

	constants []string
	values    []string // reused
	seen      []bool   // reused
	// What was collected of the current object: the texts of values, one after the
	// other, where each is, and keys that nothing is read from. Reused.
	texts   []byte
	members []member
	others  []string
	// invalid: it is not UTF-8.
	invalid bool
	// keys are those of the object before, in its order: most objects of a file have
	// the same ones.
	keys []knownKey
	// layouts are how objects before were written.
	layouts layouts
	// special: the current object is not one to learn a layout from.
	special bool
	// origin is where it begins in what the tokenizer reads.
	origin int64
	// free: what is wrong with the current object is in a column in which any text
	// would be good.
	free bool
}

// knownKey is a key as it is written, and what it is: that of a column, or -1 and its text.
type knownKey struct {
	written []byte
	column  int
	key     string
}

// member is the value of a column in an object.
type member struct {
	column int
	// at is where it was in the object, if that is not known already.
	at int
	// start and end are where it is among the texts, which have only what it stands for if
	// it is plain.
	start, end int
	plain      bool
}

func newObjects(columns []namedColumn, unused *names) objects {
	o := objects{
		columns: columns, parents: map[string]bool{}, unused: unused,
		constants: constantsOf(columns), layouts: layouts{room: layoutRoom},
		found: make([]bool, len(columns)), values: make([]string, len(columns)), seen: make([]bool, len(columns)),
	}
	for _, column := range columns {
		o.whole = o.whole || column.free
		for at, c := range column.inFile {
			if c == '.' {
				o.parents[column.inFile[:at]] = true
			}
		}
	}
	return o
}

// collect reads an object, the first token of which has been read, to its end. An
// error is that of the decoder: nothing of the object counts then.
func (o *objects) collect(from *jsontext.Decoder) error {
	o.begin()
	o.origin = from.InputOffset() - 1
	return o.collectMembers(from, "")
}

// begin forgets what was collected.
func (o *objects) begin() {
	o.texts, o.members, o.others, o.invalid, o.special = o.texts[:0], o.members[:0], o.others[:0], false, false
}

// keep collects the value of a column.
func (o *objects) keep(m member, value []byte) {
	m.start = len(o.texts)
	o.texts = append(o.texts, value...)
	m.end = len(o.texts)
	o.members = append(o.members, m)
}

// collectMembers reads the members of an object, the keys to which begin with a prefix.
func (o *objects) collectMembers(from *jsontext.Decoder, prefix string) error {
	for at := 0; from.PeekKind() != jsontext.KindEndObject; at++ {
		name, err := from.ReadValue()
		if err != nil {
			return err
		}
		o.check(name)
		column, key := o.keyAt(at, name, prefix)
		if key != "" && o.parents[key] && from.PeekKind() == jsontext.KindBeginObject && column < 0 {
			if _, err := from.ReadToken(); err != nil {
				return err
			}
			if o.all != nil {
				o.all.add(key)
			}
			if err := o.collectMembers(from, key+"."); err != nil {
				return err
			}
			continue
		}
		value, err := from.ReadValue()
		if err != nil {
			return err
		}
		o.check(value)
		if o.all != nil {
			o.note(key, string(value))
		}
		o.special = o.special || o.parents[key]
		switch {
		case column >= 0:
			o.special = o.special || value[0] == '{' || value[0] == '['
			o.keep(member{column: column, at: int(from.InputOffset()-o.origin) - len(value)}, value)
		case !(value[0] == 'n' && o.parents[key]) && !o.unused.known[key]:
			o.others = append(o.others, key)
		}
	}
	_, err := from.ReadToken() // the end of the object
	return err
}

// check notes whether a text is UTF-8.
func (o *objects) check(text []byte) { o.invalid = o.invalid || !utf8.Valid(text) }

// keyAt returns the column that a key is the name of, or -1 and the key. The key is
// a JSON string, and the member is the one with this number in its object.
func (o *objects) keyAt(at int, written []byte, prefix string) (column int, key string) {
	if prefix != "" {
		key, _ = jsonString(string(written))
		key = prefix + key
		return o.column(key), key
	}
	if at < len(o.keys) && bytes.Equal(o.keys[at].written, written) {
		return o.keys[at].column, o.keys[at].key
	}
	key, _ = jsonString(string(written))
	known := knownKey{bytes.Clone(written), o.column(key), key}
	if at < len(o.keys) {
		o.keys[at] = known
	} else if at < maxKnownKeys {
		o.keys = append(o.keys, known)
	}
	return known.column, key
}

// maxKnownKeys bounds the keys that are kept: objects may have data for keys.
const maxKnownKeys = 200

// read makes the values of a row of what was collected. Of a row that cannot be used
// it takes those that can be used, so that only the others need to be corrected.
func (o *objects) read(r *row) {
	copy(o.values, o.constants)
	clear(o.seen)
	o.free = false
	for _, key := range o.others {
		o.unused.add(key)
	}
	problem := ""
	if o.invalid {
		problem = notUTF8
	}
	texts := string(o.texts)
	for i := range o.members {
		m := &o.members[i]
		if m.plain {
			o.values[m.column] = texts[m.start:m.end]
			continue
		}
		problem = either(problem, o.take(m.column, texts[m.start:m.end]))
	}
	if o.free {
		r.reject(problem)
		return
	}
	r.values, r.problem = o.values, problem
}

// take takes the value of a column. One that cannot be used is kept with a space
// before it, with which it is refused until it is corrected.
func (o *objects) take(column int, value string) (problem string) {
	text, problem := scalar(value, o.columns[column].number)
	if problem != "" {
		problem = o.columns[column].name + " " + problem
	}
	if o.seen[column] {
		text, problem = o.values[column]+" "+text, fmt.Sprintf("the key %q is repeated", o.columns[column].inFile)
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
	for o.lacks() {
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
	missing := o.missing()
	if objects == 0 || len(missing) == 0 {
		return nil
	}
	hint := missingHint(missing, o.columns, inRows, o.all.order)
	if len(o.lists) > 0 {
		hint = fmt.Sprintf("are the rows in %s (--rows %s)? %s", excerpt(o.lists[0]), shellWord(o.lists[0]), hint)
	}
	return fmt.Errorf("has the %s in no row; %s", wanted(missing), hint)
}

// isMissing tells whether no object has had the column at a position so far.
func (o *objects) isMissing(at int) bool { return !o.found[at] && o.columns[at].inFile != "" }

// lacks tells whether a column is missing.
func (o *objects) lacks() bool {
	for at := range o.found {
		if o.isMissing(at) {
			return true
		}
	}
	return false
}

// missing returns the columns that are.
func (o *objects) missing() (missing []namedColumn) {
	for at := range o.found {
		if o.isMissing(at) {
			missing = append(missing, o.columns[at])
		}
	}
	return missing
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
	if !number && !isDigits(strings.TrimPrefix(value, "-")) {
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
