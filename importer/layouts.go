package importer

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// layouts are the ways in which the objects of a file are written: the texts around
// their values. Nearly all objects are written like one before, and of those only the
// values have to be looked at: around them they have, byte for byte, what a valid
// object has.
//
// The texts make a tree: those that objects begin with, and after each those that have
// come after the value that follows it. From its root to an end it has the texts of one
// object that was read.
type layouts struct {
	beginnings []*layout
	// room is for how many bytes more of it there is memory.
	room int
}

// layout is a text from the end of a value, or the beginning of an object, to the
// beginning of the next value or the end of the object.
type layout struct {
	text string
	// column is that of the value after the text, -1 for none.
	column int
	// end: the object ends with the text.
	end  bool
	next []*layout
}

const (
	// layoutRoom bounds what is kept: objects may have data for keys.
	layoutRoom = 256 << 10
	// layoutCost is what a text needs beside its bytes, and looking for one.
	layoutCost = 100
	// maxBranches is how many texts may follow a value, as one is found by trying them.
	maxBranches = 8
)

// collectKnown collects the object at the beginning of a text if it is written like one
// before, and returns its length. It returns 0 for any other, valid or not.
func (o *objects) collectKnown(text []byte) (length int) {
	o.begin()
	rest, choices, ascii := text, o.layouts.beginnings, true
	for {
		found := follow(choices, rest)
		if found == nil {
			return 0
		}
		rest = rest[len(found.text):]
		if found.end {
			length = len(text) - len(rest)
			o.invalid = !ascii && !utf8.Valid(text[:length])
			return length
		}
		value := newScalarAt(rest)
		switch {
		case value.length == 0:
			return 0
		case found.column < 0:
		case value.plain:
			o.keep(member{column: found.column, plain: true}, rest[1:value.length-1])
		default:
			o.keep(member{column: found.column}, rest[:value.length])
		}
		ascii = ascii && value.ascii
		rest, choices = rest[value.length:], found.next
	}
}

// follow returns the text that comes next, nil if it is none of the known ones.
func follow(choices []*layout, rest []byte) *layout {
	for _, choice := range choices {
		if len(rest) >= len(choice.text) && string(rest[:len(choice.text)]) == choice.text {
			return choice
		}
	}
	return nil
}

// learn keeps how a valid object is written that was collected token by token, if any was. One
// that has an object or array for the value of a column, a column twice, or a value where others
// have an object with columns in it, is left to the tokenizer, and so is one that is not UTF-8.
func (o *objects) learn(object []byte) {
	if len(object) == 0 || o.special || o.invalid || o.repeated() {
		return
	}
	l := &o.layouts
	if l.room -= layoutCost; l.room <= 0 {
		return
	}
	text, members := string(object), o.members
	for choices, begin := &l.beginnings, 0; ; {
		start, end := nextScalar(text, begin)
		next := &layout{text: text[begin:start], column: -1, end: start == len(text)}
		if len(members) > 0 && members[0].at == start {
			next.column, members = members[0].column, members[1:]
		}
		if next = l.add(choices, next); next == nil || next.end {
			return
		}
		choices, begin = &next.next, end
	}
}

// repeated tells whether a column has more than one value.
func (o *objects) repeated() bool {
	for at, m := range o.members {
		if slices.ContainsFunc(o.members[:at], func(before member) bool { return before.column == m.column }) {
			return true
		}
	}
	return false
}

// add adds a text to those that may come next, unless it is there. It returns nil if
// there is no room. Longer ones come first, since they may begin with a shorter one.
func (l *layouts) add(choices *[]*layout, added *layout) *layout {
	for _, choice := range *choices {
		if choice.text == added.text {
			return choice
		}
	}
	if len(*choices) == maxBranches {
		return nil
	}
	if l.room -= len(added.text) + layoutCost; l.room <= 0 {
		return nil
	}
	added.text = strings.Clone(added.text)
	at, _ := slices.BinarySearchFunc(*choices, len(added.text), func(choice *layout, length int) int { return length - len(choice.text) })
	*choices = slices.Insert(*choices, at, added)
	return added
}

// nextScalar returns where the next value that is no object or array begins and ends in
// the rest of a valid JSON text. If there is none, both are the text's length.
func nextScalar(text string, at int) (start, end int) {
	for at < len(text) {
		switch text[at] {
		case '{', '}', '[', ']', ',', ':', ' ', '\t', '\r', '\n':
			at++
		case '"':
			end := at + stringLength(text[at:])
			if !strings.HasPrefix(afterSpace(text[end:]), ":") {
				return at, end
			}
			at = end // a key
		default:
			return at, at + wordLength(text[at:])
		}
	}
	return at, at
}
