package request

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"aiusage/legacy/contract"
)

// The encodings of bodies, as XML declarations name them.
const (
	encodingUTF8    = "utf-8"
	encodingUTF16   = "utf-16" // either byte order
	encodingUTF16LE = "utf-16le"
	encodingUTF16BE = "utf-16be"
)

// bodyText is a body as UTF-8.
type bodyText struct {
	content string
	// encoding is what the body was in: never encodingUTF16.
	encoding string
	// marked is whether it began with a byte order mark.
	marked bool
}

// decodeText removes a byte order mark and turns UTF-16 into UTF-8. UTF-16 has a
// byte order mark, or in XML a declaration (fact 5). What is not valid Unicode is
// refused, because replacing characters would change a filter.
func decodeText(body []byte, kind contract.Media) (bodyText, error) {
	switch starts := func(with string) bool { return strings.HasPrefix(string(body[:min(len(body), 4)]), with) }; {
	case starts("\uFEFF"):
		return decodeUTF8(body[3:], true)
	case starts("\xFE\xFF"):
		return decodeUTF16(body[2:], encodingUTF16BE, true)
	case starts("\xFF\xFE"):
		return decodeUTF16(body[2:], encodingUTF16LE, true)
	case kind == contract.Media(contract.XML) && starts("\x00<\x00?"):
		return decodeUTF16(body, encodingUTF16BE, false)
	case kind == contract.Media(contract.XML) && starts("<\x00?\x00"):
		return decodeUTF16(body, encodingUTF16LE, false)
	}
	return decodeUTF8(body, false)
}

func decodeUTF8(body []byte, marked bool) (bodyText, error) {
	if !utf8.Valid(body) {
		return bodyText{}, errors.New("the body is not valid UTF-8")
	}
	return bodyText{string(body), encodingUTF8, marked}, nil
}

func decodeUTF16(body []byte, encoding string, marked bool) (bodyText, error) {
	if len(body)%2 != 0 {
		return bodyText{}, errors.New("the body ends within a UTF-16 character")
	}
	var order binary.ByteOrder = binary.LittleEndian
	if encoding == encodingUTF16BE {
		order = binary.BigEndian
	}
	var plain strings.Builder
	plain.Grow(len(body) / 2)
	for i := 0; i < len(body); i += 2 {
		r := rune(order.Uint16(body[i:]))
		if utf16.IsSurrogate(r) {
			if i += 2; i < len(body) {
				r = utf16.DecodeRune(r, rune(order.Uint16(body[i:])))
			}
			if i >= len(body) || r == utf8.RuneError {
				return bodyText{}, contract.ErrHalfPair
			}
		}
		plain.WriteRune(r)
	}
	return bodyText{plain.String(), encoding, marked}, nil
}
