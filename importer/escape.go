package importer

import "strings"

// unescape decodes the backslash escapes of a TSV value, in the way MySQL's
// SELECT … INTO OUTFILE and PostgreSQL's COPY write them. The value \N stands
// for NULL and becomes empty. Other escapes are not ok: the two databases give
// some of them different meanings, and programs that do not escape at all
// would see their backslashes vanish.
func unescape(value string) (decoded string, ok bool) {
	at := strings.IndexByte(value, '\\')
	if at < 0 {
		return value, true
	}
	if value == `\N` {
		return "", true
	}
	var text strings.Builder
	for ; at >= 0; at = strings.IndexByte(value, '\\') {
		if at+1 == len(value) {
			return "", false
		}
		meaning := strings.IndexByte(`tnr0\`, value[at+1])
		if meaning < 0 {
			return "", false
		}
		text.WriteString(value[:at])
		text.WriteByte("\t\n\r\x00\\"[meaning])
		value = value[at+2:]
	}
	text.WriteString(value)
	return text.String(), true
}
