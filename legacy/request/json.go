package request

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// readJSON reads an object, or for a batch an array of objects. Names are
// case-insensitive, unknown ones ignored, repeated ones joined (fact 3).
// Anything but the expected JSON is an error (fact 7).
func (m message) readJSON(body string, batch bool) ([]form, error) {
	if err := checkSurrogates(body); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(body))
	requests, err := m.jsonRequests(decoder, batch)
	if err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is something after the JSON")
	}
	return requests, nil
}

func (m message) jsonRequests(decoder *json.Decoder, batch bool) ([]form, error) {
	if !batch {
		request, err := m.jsonRequest(decoder)
		return []form{request}, err
	}
	if err := expect(decoder, '['); err != nil {
		return nil, err
	}
	var requests []form
	for decoder.More() {
		if len(requests) == maxBatch {
			return nil, errBatch
		}
		request, err := m.jsonRequest(decoder)
		if err != nil {
			return nil, err
		}
		requests = append(requests, request)
	}
	return requests, expect(decoder, ']')
}

// jsonRequest reads one object.
func (m message) jsonRequest(decoder *json.Decoder) (form, error) {
	if err := expect(decoder, '{'); err != nil {
		return nil, err
	}
	values := form{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, err
		}
		name := token.(string)
		if m.field(name) == "" {
			continue
		}
		value, err := jsonText(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		values.add(name, value)
	}
	return values, expect(decoder, '}')
}

// expect reads one delimiter.
func expect(decoder *json.Decoder, want json.Delim) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("expected %v", want)
	}
	return nil
}

// jsonText returns a value as the old host bound it to a string: a string's
// text, a number or boolean as it is written, null as absent.
func jsonText(raw json.RawMessage) (string, error) {
	switch raw[0] {
	case '"':
		var value string
		err := json.Unmarshal(raw, &value)
		return value, err
	case '{', '[':
		return "", errors.New("expected a string")
	case 'n':
		return "", nil
	}
	return string(raw), nil
}

// checkSurrogates refuses \u escapes of half a surrogate pair, which
// encoding/json would silently replace.
func checkSurrogates(body string) error {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++
		first, ok := unicodeEscape(body, i-1)
		if !ok || !utf16.IsSurrogate(first) {
			continue
		}
		second, ok := unicodeEscape(body, i+5)
		if !ok || utf16.DecodeRune(first, second) == '\uFFFD' {
			return errors.New(`a \u escape is half a surrogate pair`)
		}
		i += 10
	}
	return nil
}

// unicodeEscape reads \uXXXX at an index.
func unicodeEscape(body string, at int) (rune, bool) {
	if at+6 > len(body) || body[at] != '\\' || body[at+1] != 'u' {
		return 0, false
	}
	value, err := strconv.ParseUint(body[at+2:at+6], 16, 16)
	return rune(value), err == nil
}
