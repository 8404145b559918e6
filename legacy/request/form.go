package request

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"aiusage/legacy/contract"
)

// form holds the values of a query string or a form by lower-case name. Empty
// values are ignored, repeated names joined with commas (fact 3).
type form map[string]string

func (f form) add(name, value string) {
	name = contract.Lower(strings.TrimSpace(name))
	joined := f[name]
	join(&joined, value)
	if joined != "" {
		f[name] = joined
	}
}

// parseForm reads name=value pairs as the old host did: nothing in them is an
// error, a percent sign that begins no escape stands for itself, and only &
// separates. So no value is ever dropped for its spelling.
func parseForm(text string) form {
	values := form{}
	for pair := range strings.SplitSeq(text, "&") {
		if pair != "" {
			name, value, _ := strings.Cut(pair, "=")
			values.add(unescape(name), unescape(value))
		}
	}
	return values
}

// readForm reads a form in a body. One that names no field is an empty request, as
// unknown names are ignored (fact 3); but where it plainly is something else, as what
// curl sends when nobody tells it the content type, taking it for empty would answer
// with everybody's usage (fact 4).
func (m message) readForm(text string) (form, error) {
	values := parseForm(text)
	for name := range values {
		if m.field(name) != "" {
			return values, nil
		}
	}
	if plain := strings.TrimSpace(unescape(text)); plain != "" && strings.ContainsRune("{[<", rune(plain[0])) {
		return nil, errors.New("the body is not a form, as its Content-Type says; is it application/json or application/xml?")
	}
	return values, nil
}

// unescape decodes + and %XX, and leaves a broken escape as it is.
func unescape(text string) string {
	if !strings.ContainsAny(text, "+%") {
		return text
	}
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '+':
			plain.WriteByte(' ')
		case c == '%' && i+2 < len(text) && contract.IsHex(text[i+1]) && contract.IsHex(text[i+2]):
			plain.WriteByte(fromHex(text[i+1])<<4 | fromHex(text[i+2]))
			i += 2
		default:
			plain.WriteByte(c)
		}
	}
	return plain.String()
}

func fromHex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

// readMultipart reads a multipart/form-data body. Files are ignored, unless
// one has the name of a field: then it is a filter that would be lost.
func (m message) readMultipart(body []byte, contentType string) (form, error) {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || parameters["boundary"] == "" {
		return nil, errors.New("the multipart boundary is missing")
	}
	values := form{}
	reader := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		if part.FormName() == "" {
			return nil, errors.New("a part has no name")
		}
		if part.FileName() != "" {
			if m.field(part.FormName()) != "" {
				return nil, fmt.Errorf("the field %q is a file", part.FormName())
			}
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		values.add(part.FormName(), string(value))
	}
}
