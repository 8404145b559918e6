package importer

import (
	"encoding/json"
	"io"
	"strings"
)

// jsonString decodes a valid JSON string. It is not ok if the string has half
// of a surrogate pair, which stands for no character.
func jsonString(quoted string) (text string, ok bool) {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], true
	}
	return escapedString(quoted)
}

// escapedString is jsonString for one that has escapes.
func escapedString(quoted string) (text string, ok bool) {
	if json.Unmarshal([]byte(quoted), &text) != nil {
		return quoted, false
	}
	// The decoder puts U+FFFD for the half of a pair; it may also have been written.
	const replacement = "\uFFFD"
	written := strings.Count(quoted, replacement) + strings.Count(strings.ToLower(quoted), `\ufffd`)
	return text, strings.Count(text, replacement) <= written
}

// object walks through a JSON object that is known to be valid.
type object struct{ rest string }

// member returns the next key and value. After the last one the error is io.EOF.
func (o *object) member() (key, value string, err error) {
	o.rest = strings.TrimLeft(o.rest[1:], " \t\r\n") // after "{" or ","
	if o.rest == "" || o.rest[0] == '}' {
		return "", "", io.EOF
	}
	key, _ = jsonString(o.take())
	o.rest = o.rest[1:] // the colon
	return key, o.take(), nil
}

// take returns the value at the beginning of the rest, without the space around it.
func (o *object) take() string {
	o.rest = strings.TrimLeft(o.rest, " \t\r\n")
	length := valueLength(o.rest)
	value := o.rest[:length]
	o.rest = strings.TrimLeft(o.rest[length:], " \t\r\n")
	return value
}

// valueLength returns the length of the JSON value at the beginning of text.
func valueLength(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if depth > 0 {
				continue
			}
			return i + strings.IndexAny(text[i:], ",}] \t\r\n")
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(text)
}
