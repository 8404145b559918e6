package importer

import (
	"regexp"
	"slices"
)

// Reason is why rows were rejected, whatever the values in them.
type Reason struct {
	// Count is how many rows were rejected for it.
	Count int64
	// File and Line are where the first one stood, Problem what was wrong there.
	File    string
	Line    int64
	Problem string
}

// reasons counts why rows are rejected.
type reasons struct {
	byKind map[string]*Reason
}

// maxReasons bounds them, should the texts differ in more than their values.
const maxReasons = 200

// values are what differs between rows that were rejected for the same reason.
var valuesInReason = regexp.MustCompile(`"(?:[^"\\]|\\.)*"…?|\d[\d:.TZ+-]*`)

func (r *reasons) add(file string, line int64, problem string) {
	kind := valuesInReason.ReplaceAllString(problem, "*")
	known := r.byKind[kind]
	switch {
	case known != nil:
		known.Count++
	case len(r.byKind) < maxReasons:
		if r.byKind == nil {
			r.byKind = map[string]*Reason{}
		}
		r.byKind[kind] = &Reason{1, file, line, problem}
	}
}

// list returns the reasons, the most frequent first, those that came first before others.
func (r *reasons) list() []Reason {
	var all []Reason
	for _, reason := range r.byKind {
		all = append(all, *reason)
	}
	slices.SortFunc(all, func(a, b Reason) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		if a.File != b.File {
			return slices.Compare([]string{a.File}, []string{b.File})
		}
		return int(a.Line - b.Line)
	})
	return all
}
