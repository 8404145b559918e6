package importer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// names is a set of the names of columns that keeps their order.
type names struct {
	order []string
	known map[string]bool
}

// maxNames bounds the set: objects may have data for keys.
const maxNames = 1000

func (n *names) add(name string) {
	if n.known[name] || len(n.order) == maxNames {
		return
	}
	if n.known == nil {
		n.known = map[string]bool{}
	}
	n.known[strings.Clone(name)] = true
	n.order = append(n.order, strings.Clone(name))
}

// shownNames is how many names a message lists.
const shownNames = 30

// listNames quotes names for a message.
func listNames(all []string) string {
	shown := all[:min(len(all), shownNames)]
	quoted := make([]string, len(shown), shownNames+1)
	for i, name := range shown {
		quoted[i] = excerpt(strings.TrimSpace(name))
	}
	if len(all) > shownNames {
		quoted = append(quoted, "…")
	}
	return strings.Join(quoted, ", ")
}

// didYouMean suggests the names that missing columns may have in the file, as flags for a shell, each
// name once and none that is another column's. It is empty where none is alike.
func didYouMean(missing, columns []namedColumn, found []string) string {
	var free []string
	for _, name := range found {
		name = strings.TrimSpace(name)
		if !slices.ContainsFunc(columns, func(c namedColumn) bool { return c.inFile == name }) && isName(name) {
			free = append(free, name)
		}
	}
	var flags []string
	for _, column := range missing {
		name := closest(column.inFile, free)
		if name == "" && column.inFile != column.name {
			name = closest(column.name, free)
		}
		if name == "" {
			continue
		}
		free = slices.DeleteFunc(free, func(other string) bool { return other == name })
		flags = append(flags, "--map "+shellWord(column.name+"="+name))
	}
	if len(flags) == 0 {
		return ""
	}
	return "did you mean " + strings.Join(flags, " ") + "? "
}

// isName tells whether a name can be shown at a terminal and typed there. What has delimiters in it is
// mostly a header that was not split.
func isName(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsAny(name, delimiters) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// shellWord writes a text as one word for a shell, in quotes where it needs them.
func shellWord(text string) string {
	isPlain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-.=:/@%+", r)
	}
	if !strings.ContainsFunc(text, func(r rune) bool { return !isPlain(r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// closest returns the name that is most like the wanted one: the same but for
// case and separators, ending with it (metadata.customer.id), or with few
// letters that differ.
func closest(wanted string, found []string) string {
	wanted = bare(wanted)
	best, most := "", len(wanted)/3+1 // fewer letters may differ
	for _, name := range found {
		is := bare(name)
		distance := levenshtein.ComputeDistance(wanted, is)
		if distance > 0 && len(wanted) > 2 && strings.HasSuffix(is, wanted) {
			distance = 1
		}
		if distance < most {
			best, most = strings.TrimSpace(name), distance
		}
	}
	return best
}

// bare is a name without what conventions of naming differ in.
func bare(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}
