package contract

import (
	"errors"
	"io"
	"strings"
)

// JSVString returns the text of a raw value.
func JSVString(value string) (string, error) {
	switch {
	case strings.HasPrefix(value, "{"), strings.HasPrefix(value, "["):
		return "", errors.New("expected a text")
	case strings.HasPrefix(value, `"`):
		return strings.ReplaceAll(value[1:len(value)-1], `""`, `"`), nil
	}
	return value, nil
}

// JSVPair reads a name, a colon and a raw value.
func JSVPair(text string) (name, value, tail string, err error) {
	name, rest, err := jsvName(text)
	if err != nil {
		return "", "", "", err
	}
	value, tail, err = jsvValue(rest)
	return name, value, tail, err
}

// jsvName reads a name, which may be quoted, and the colon after it.
func jsvName(text string) (name, rest string, err error) {
	if strings.HasPrefix(text, `"`) {
		quoted, rest, err := JSVQuoted(text)
		if err != nil || !strings.HasPrefix(rest, ":") {
			return "", "", errors.New("expected a name and a colon")
		}
		return strings.ReplaceAll(quoted[1:len(quoted)-1], `""`, `"`), rest[1:], nil
	}
	end := strings.IndexAny(text, ":,{}[]\"")
	if end < 1 || text[end] != ':' {
		return "", "", errors.New("expected a name and a colon")
	}
	return text[:end], text[end+1:], nil
}

// jsvValue reads a raw value: quoted, nested, or up to the next comma or brace.
func jsvValue(text string) (value, tail string, err error) {
	switch {
	case strings.HasPrefix(text, `"`):
		return JSVQuoted(text)
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		return JSVNested(text)
	}
	end := strings.IndexAny(text, ",}")
	if end < 0 {
		return "", "", io.ErrUnexpectedEOF
	}
	return text[:end], text[end:], nil
}

// JSVQuoted reads a quoted text, in which a doubled quote stands for one.
func JSVQuoted(text string) (quoted, tail string, err error) {
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			i++
			continue
		}
		return text[:i+1], text[i+1:], nil
	}
	return "", "", io.ErrUnexpectedEOF
}

// JSVNested reads a balanced object or list, outside of quotes.
func JSVNested(text string) (nested, tail string, err error) {
	depth, quoted := 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return text[:i+1], text[i+1:], nil
			}
		}
	}
	return "", "", io.ErrUnexpectedEOF
}
