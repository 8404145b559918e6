package importer

import (
	"fmt"
	"strings"
	"unicode"

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

// didYouMean suggests the name that a missing column may have in the file. It is
// empty where none is alike.
func didYouMean(column namedColumn, found []string) string {
	name := closest(column.inFile, found)
	if name == "" && column.inFile != column.name {
		name = closest(column.name, found)
	}
	if name == "" {
		return ""
	}
	return fmt.Sprintf("did you mean --map %s=%s? ", column.name, name)
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
