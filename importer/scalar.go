package importer

import (
	"encoding/binary"
	"math/bits"
)

// scalarAt is the string, number, true, false or null at the beginning of a text.
type scalarAt struct {
	// length is 0 if what is there is none. Whether a number or a word ends there is for
	// the reader of what follows to see.
	length int
	// plain: it is a string without escapes, so its text is what is between its quotes.
	plain bool
	// ascii: it is known to be ASCII.
	ascii bool
}

func newScalarAt(text []byte) scalarAt {
	if len(text) == 0 {
		return scalarAt{}
	}
	switch text[0] {
	case '"':
		between, ascii := plainLength(text[1:])
		if end := 1 + between; end < len(text) && text[end] == '"' {
			return scalarAt{end + 1, true, ascii}
		}
		return scalarAt{length: quotedLength(text)}
	case 't':
		return scalarAt{length: prefixLength(text, "true"), ascii: true}
	case 'f':
		return scalarAt{length: prefixLength(text, "false"), ascii: true}
	case 'n':
		return scalarAt{length: prefixLength(text, "null"), ascii: true}
	}
	return scalarAt{length: numberLength(text), ascii: true}
}

func prefixLength(text []byte, word string) int {
	if len(text) >= len(word) && string(text[:len(word)]) == word {
		return len(word)
	}
	return 0
}

// quotedLength returns the length of the string at the beginning of a text, which
// begins with a quote.
func quotedLength(text []byte) int {
	for at := 1; at < len(text); at++ {
		c := text[at]
		if standsForItself[c] {
			continue
		}
		if c == '"' {
			return at + 1
		}
		escape := escapeLength(text[at:])
		if escape == 0 {
			return 0
		}
		at += escape - 1
	}
	return 0
}

// plainLength returns how many bytes at the beginning of a text stand for themselves in a
// string, and whether they are ASCII. It looks at eight at a time.
func plainLength(text []byte) (length int, ascii bool) {
	var all uint64
	at := 0
	for ; len(text)-at >= 8; at += 8 {
		eight := binary.LittleEndian.Uint64(text[at:])
		if others := notPlain(eight); others != 0 {
			before := bits.TrailingZeros64(others) &^ 7 // in bits
			all |= eight & (1<<before - 1)
			return at + before/8, all&(each*0x80) == 0
		}
		all |= eight
	}
	for ; at < len(text) && standsForItself[text[at]]; at++ {
		all |= uint64(text[at])
	}
	return at, all&(each*0x80) == 0
}

// each has 1 in each of eight bytes.
const each = 0x0101010101010101

// notPlain has the highest bit of the lowest byte that does not stand for itself set, and
// of no byte below it. (Those above it may have borrowed of it in the subtractions.)
func notPlain(eight uint64) uint64 {
	quote, backslash := eight^each*'"', eight^each*'\\'
	return ((eight-each*' ')&^eight | (quote-each)&^quote | (backslash-each)&^backslash) & (each * 0x80)
}

// standsForItself tells which bytes do in a string: all but quotes, backslashes and
// control characters.
var standsForItself = func() (table [256]bool) {
	for c := range table {
		table[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return table
}()

// escapeLength returns the length of the escape at the beginning of a text, 0 if there
// is none.
func escapeLength(text []byte) int {
	if len(text) < 2 || text[0] != '\\' {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		const length = len(`\u0000`)
		for at := 2; at < length; at++ {
			if at == len(text) || !isHex(text[at]) {
				return 0
			}
		}
		return length
	}
	return 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// numberLength returns the length of the number at the beginning of a text.
func numberLength(text []byte) int {
	at := 0
	if text[0] == '-' {
		at++
	}
	whole := digitCount(text[at:])
	if whole == 0 || whole > 1 && text[at] == '0' {
		return 0
	}
	at += whole
	if at < len(text) && text[at] == '.' {
		fraction := digitCount(text[at+1:])
		if fraction == 0 {
			return 0
		}
		at += 1 + fraction
	}
	if at < len(text) && text[at]|0x20 == 'e' {
		at++
		if at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		exponent := digitCount(text[at:])
		if exponent == 0 {
			return 0
		}
		at += exponent
	}
	return at
}

func digitCount(text []byte) int {
	for at, c := range text {
		if c < '0' || c > '9' {
			return at
		}
	}
	return len(text)
}
