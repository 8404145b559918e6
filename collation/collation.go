// Package collation compares names as people do who look for them: by the root collation of
// Unicode (CLDR), which suits every language somewhat, and on every database engine alike.
package collation

import (
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/search"
)

// Pattern is a text to find in others, wherever in them it is, in upper or lower case, with
// or without accents. It is safe for concurrent use.
type Pattern struct {
	text    string
	letters *search.Pattern
}

// matcher finds texts whatever their case, accents and width.
var matcher = search.New(language.Und, search.Loose)

// NewPattern returns the pattern of a text. An empty text is in every other.
func NewPattern(text string) *Pattern {
	return &Pattern{text, matcher.CompileString(text)}
}

// In tells whether the pattern is in a text. A pattern of accents alone is in texts that
// have just these.
func (p *Pattern) In(text string) bool {
	if strings.Contains(text, p.text) {
		return true
	}
	begin, _ := p.letters.IndexString(text)
	return begin >= 0
}

// Keys makes keys whose order by bytes is that of texts as people sort them: accents and case
// tell only texts apart that are the same without, and numbers are sorted by what they are
// ("Shop 2" comes before "Shop 10"). It is not safe for concurrent use.
type Keys struct {
	collator *collate.Collator
	buffer   collate.Buffer
}

// NewKeys returns a maker of keys.
func NewKeys() *Keys { return &Keys{collator: collate.New(language.Und, collate.Numeric)} }

// Of returns the key of a text.
func (k *Keys) Of(text string) string {
	defer k.buffer.Reset()
	return string(k.collator.KeyFromString(&k.buffer, text))
}
