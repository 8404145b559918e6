package importer

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
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

// asWritten has the tokenizer accept what the grammar of JSON does: what is repeated
// and what is not UTF-8 is a matter of the row, not of its syntax.
var asWritten = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// object walks through a JSON object that is known to be valid.
type object struct{ rest string }

// member returns the next key and value. After the last one the error is io.EOF.
func (o *object) member() (key, value string, err error) {
	o.rest = afterSpace(o.rest[1:]) // after "{" or ","
	if o.rest == "" || o.rest[0] == '}' {
		return "", "", io.EOF
	}
	key, _ = jsonString(o.take())
	o.rest = afterSpace(o.rest[1:]) // the colon
	return key, o.take(), nil
}

// take returns the value at the beginning of the rest, and passes the space after it.
func (o *object) take() string {
	length := valueLength(o.rest)
	value := o.rest[:length]
	o.rest = afterSpace(o.rest[length:])
	return value
}

// afterSpace returns a text without the white space of JSON at its beginning.
func afterSpace[Text string | []byte](text Text) Text {
	for at := range len(text) {
		switch text[at] {
		case ' ', '\t', '\r', '\n':
		default:
			return text[at:]
		}
	}
	return text[len(text):]
}

// valueLength returns the length of the JSON value at the beginning of text.
func valueLength(text string) int {
	depth := 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			at += stringLength(text[at:]) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if depth > 0 {
				continue
			}
			return at + wordLength(text[at:])
		}
		if depth == 0 {
			return at + 1
		}
	}
	return len(text)
}

// stringLength returns the length of the string at the beginning of text, with its quotes.
func stringLength(text string) int {
	for at := 1; ; at++ {
		at += strings.IndexByte(text[at:], '"')
		before := at
		for text[before-1] == '\\' {
			before--
		}
		if (at-before)%2 == 0 {
			return at + 1
		}
	}
}

// wordLength returns the length of the number, or of true, false or null, at the
// beginning of text.
func wordLength(text string) int {
	for at := range len(text) {
		switch text[at] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			return at
		}
	}
	return len(text)
}
