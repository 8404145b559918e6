package legacy

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// readJSV reads one JSV object, {AccountId:acc-1,StartDate:2026-03-01}. White
// space is part of a value. Names are treated as in JSON (fact 3).
func (m message) readJSV(body string) (form, error) {
	values := form{}
	rest, ok := strings.CutPrefix(strings.TrimSpace(body), "{")
	if !ok {
		return nil, errors.New("expected {")
	}
	if rest == "}" {
		return values, nil
	}
	for {
		name, value, tail, err := jsvPair(rest)
		if err != nil {
			return nil, err
		}
		if m.field(name) != "" {
			text, err := jsvString(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			values.add(name, text)
		}
		switch {
		case tail == "}":
			return values, nil
		case !strings.HasPrefix(tail, ","):
			return nil, errors.New("expected , or } at the end of a value")
		}
		rest = tail[1:]
	}
}

// jsvString returns the text of a raw value.
func jsvString(value string) (string, error) {
	switch {
	case strings.HasPrefix(value, "{"), strings.HasPrefix(value, "["):
		return "", errors.New("expected a text")
	case strings.HasPrefix(value, `"`):
		return strings.ReplaceAll(value[1:len(value)-1], `""`, `"`), nil
	}
	return value, nil
}

// jsvPair reads a name, a colon and a raw value.
func jsvPair(text string) (name, value, tail string, err error) {
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
		quoted, rest, err := jsvQuoted(text)
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
		return jsvQuoted(text)
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		return jsvNested(text)
	}
	end := strings.IndexAny(text, ",}")
	if end < 0 {
		return "", "", io.ErrUnexpectedEOF
	}
	return text[:end], text[end:], nil
}

// jsvQuoted reads a quoted text, in which a doubled quote stands for one.
func jsvQuoted(text string) (quoted, tail string, err error) {
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

// jsvNested reads a balanced object or list, outside of quotes.
func jsvNested(text string) (nested, tail string, err error) {
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
