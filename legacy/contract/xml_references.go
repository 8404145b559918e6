package contract

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// References such as &#x1B; and &#xD83D;&#xDE00; are written and read by .NET, but
// not by encoding/xml: the first is no character of XML 1.0, and the second a pair
// of which it knows neither half (fact 5). They are hidden from it as texts that it
// takes, and shown again in the values that it gives back.

// hidden begins a hidden UTF-16 unit; four hexadecimal digits follow. It is a
// noncharacter, and where a document has it as itself it is hidden, too.
const hidden = "\uFDD0"

func hide(unit uint64) string { return fmt.Sprintf(hidden+"%04X", unit) }

// HideReferences hides the references in a document that encoding/xml does not
// take. In comments and CDATA sections there are none.
func HideReferences(document string) string {
	document = strings.ReplaceAll(document, hidden, hide(0xFDD0))
	if !strings.Contains(document, "&#") {
		return document
	}
	var plain strings.Builder
	for {
		at := strings.IndexAny(document, "<&")
		if at < 0 {
			plain.WriteString(document)
			return plain.String()
		}
		plain.WriteString(document[:at])
		document = document[at:]
		length, instead := 1, document[:1]
		switch {
		case strings.HasPrefix(document, "<!--"):
			length, instead = through(document, "-->", 4)
		case strings.HasPrefix(document, "<![CDATA["):
			length, instead = through(document, "]]>", 9)
		case strings.HasPrefix(document, "&#"):
			length, instead = hideReference(document)
		}
		plain.WriteString(instead)
		document = document[length:]
	}
}

// through returns a section that begins a document and is to stay as it is.
func through(document, end string, after int) (length int, section string) {
	length = len(document)
	if at := strings.Index(document[after:], end); at >= 0 {
		length = after + at + len(end)
	}
	return length, document[:length]
}

// hideReference returns what is to stand for the reference that begins a document.
func hideReference(document string) (length int, instead string) {
	begin, base := 2, 10
	if strings.HasPrefix(document, "&#x") {
		begin, base = 3, 16
	}
	end := begin
	for end < len(document) && IsHex(document[end]) {
		end++
	}
	unit, err := strconv.ParseUint(document[begin:end], base, 16)
	if err != nil || IsXMLChar(rune(unit)) && unit != 0xFDD0 || !strings.HasPrefix(document[end:], ";") {
		return end, document[:end] // encoding/xml knows, or refuses
	}
	return end + 1, hide(unit)
}

// ShowReferences returns a value with what was hidden in it. Half a surrogate pair
// is an error.
func ShowReferences(value string) (string, error) {
	if !strings.Contains(value, hidden) {
		return value, nil
	}
	var shown strings.Builder
	parts := strings.Split(value, hidden)
	shown.WriteString(parts[0])
	for i := 1; i < len(parts); i++ {
		unit, rest := unhide(parts[i])
		if utf16.IsSurrogate(unit) {
			if rest != "" || i+1 == len(parts) {
				return "", ErrHalfPair
			}
			i++
			var second rune
			second, rest = unhide(parts[i])
			if unit = utf16.DecodeRune(unit, second); unit == '\uFFFD' {
				return "", ErrHalfPair
			}
		}
		shown.WriteRune(unit)
		shown.WriteString(rest)
	}
	return shown.String(), nil
}

// unhide reads the digits that follow hidden.
func unhide(text string) (unit rune, rest string) {
	n, _ := strconv.ParseUint(text[:4], 16, 16) // hide wrote them
	return rune(n), text[4:]
}

// IsHex tells whether a byte is a hexadecimal digit.
func IsHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// IsXMLChar tells whether a character is a Char of XML 1.0, section 2.2.
func IsXMLChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xD7FF ||
		0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= 0x10FFFF
}

// ErrHalfPair refuses what UTF-8 cannot hold.
var ErrHalfPair = errors.New("the body has half a UTF-16 surrogate pair")
