package export

import (
	"strings"
	"unicode"
)

// defused puts an apostrophe before a text that spreadsheets would compute, as
// OWASP advises against CSV injection. A number or a telephone number, which is made of a
// sign, digits, blanks and dots, is left as it is.
//
// Where the separator of a spreadsheet's country is a semicolon, quotes and commas do not
// hold a text together: what follows a semicolon or a line break in it begins a cell, too.
func defused(text string) string {
	if text == "" || !strings.ContainsAny(text, "=+-@＝＋－＠") && !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	var safe strings.Builder
	for rest := text; rest != ""; {
		cell := rest
		if end := strings.IndexAny(rest, ";\r\n"); end >= 0 {
			cell = rest[:end+1]
		}
		rest = rest[len(cell):]
		// The last character of all cells but the last is a separator, which is harmless
		// behind something.
		if isComputed(strings.TrimRight(cell, ";")) {
			safe.WriteByte('\'')
		}
		safe.WriteString(cell)
	}
	return safe.String()
}

// isComputed tells whether a spreadsheet might compute a cell with a text, or take off what
// it begins with and then compute it.
func isComputed(cell string) bool {
	if cell == "" {
		return false
	}
	if first := []rune(cell)[0]; unicode.IsControl(first) {
		return true
	}
	cell = strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || unicode.Is(unicode.Cf, r) })
	if cell == "" || !strings.ContainsRune("=+-@＝＋－＠", []rune(cell)[0]) {
		return false
	}
	isNumber := (cell[0] == '+' || cell[0] == '-') && strings.Trim(cell[1:], "0123456789 .") == ""
	return !isNumber
}
