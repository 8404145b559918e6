package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"aiusage/importer"
)

// printSummary prints the counts of a load, and what was found on the way.
func printSummary(w io.Writer, kind string, s importer.Summary, duplicates string) {
	moved := ""
	if s.Moved > 0 {
		moved = fmt.Sprintf(", of which %d moved to another account or customer", s.Moved)
	}
	fmt.Fprintf(w, "%s: %d read, %d inserted, %d updated%s, %d unchanged, %d rejected\n",
		text.FormatTitle.Apply(kind), s.Read, s.Inserted, s.Updated, moved, s.Unchanged, s.Rejected)
	if duplicates != "" {
		fmt.Fprintf(w, "Likely duplicates: %d, listed in %s\n", s.Duplicates, duplicates)
	}
	for _, note := range s.Notes {
		fmt.Fprintln(w, note)
	}
	if len(s.Unused) > 0 {
		fmt.Fprintf(w, "Columns not used: %s\n", listColumns(s.Unused))
	}
}

// listColumns lists names of columns, quoted where they would not be seen as one.
func listColumns(names []string) string {
	const maxNames = 30
	shown := make([]string, 0, maxNames+1)
	for _, name := range names[:min(len(names), maxNames)] {
		if strings.ContainsAny(name, ", ") || strconv.Quote(name) != `"`+name+`"` {
			name = strconv.Quote(name)
		}
		shown = append(shown, name)
	}
	if more := len(names) - maxNames; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, ", ")
}

// tellReason says why nearly all rows were rejected, if it is one reason: then it
// is the import that wants correcting, not the rows.
func tellReason(w io.Writer, s importer.Summary) {
	if len(s.Reasons) == 0 {
		return
	}
	reason := s.Reasons[0]
	if reason.Count*10 < s.Read*9 {
		return
	}
	fmt.Fprintf(w, "%d of %d rows were rejected for one reason, the first in %s, line %d: %s\n",
		reason.Count, s.Read, reason.File, reason.Line, reason.Problem)
}
