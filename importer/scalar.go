package importer

// scalarLength returns the length of the string, number, true, false or null at the
// beginning of a text, 0 if what is there is none. Whether a number or a word ends there
// is for the reader of what follows to see.
func scalarLength(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch text[0] {
	case '"':
		return quotedLength(text)
	case 't':
		return prefixLength(text, "true")
	case 'f':
		return prefixLength(text, "false")
	case 'n':
		return prefixLength(text, "null")
	}
	return numberLength(text)
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
