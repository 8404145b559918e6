package answer

import (
	"fmt"

	"aiusage/usage"
)

// jsonAnswer writes the document of fact 11: camelCase, in declaration order.
func jsonAnswer(s *stream, report *usage.Report) {
	s.text(`{"accountUsage":[`)
	for i := range s.rows(len(report.Accounts), ",") {
		row := &report.Accounts[i]
		s.text(`{"accountId":`)
		s.jsonString(row.AccountID)
		s.text(`,"aiMinutes":`)
		s.number(row.Minutes)
		s.char('}')
	}
	s.text(`],"customerUsage":[`)
	for i := range s.rows(len(report.Customers), ",") {
		row := &report.Customers[i]
		s.text(`{"accountId":`)
		s.jsonString(row.AccountID)
		s.text(`,"customerId":`)
		s.jsonString(row.CustomerID)
		s.text(`,"aiMinutes":`)
		s.number(row.Minutes)
		s.char('}')
	}
	s.text("]}")
}

// jsonBatch writes the answers to a batch (fact 23).
func jsonBatch(s *stream, reports []*usage.Report) { list(s, reports, jsonAnswer) }

// jsonEscapes are the old serializer's: the short escapes, four upper-case hex
// digits for other control characters, and nothing else. <, >, & and letters
// beyond ASCII stay as they are.
var jsonEscapes = func() (escapes [256]string) {
	for c := range 0x20 {
		escapes[c] = fmt.Sprintf(`\u%04X`, c)
	}
	escapes[0x7F] = `\u007F`
	escapes['\b'], escapes['\t'], escapes['\n'] = `\b`, `\t`, `\n`
	escapes['\f'], escapes['\r'] = `\f`, `\r`
	escapes['"'], escapes['\\'] = `\"`, `\\`
	return escapes
}()

// jsonString writes a quoted string. The control characters U+0080 to U+009F,
// which the old serializer escapes too, are two bytes in UTF-8: 0xC2, then the
// character's own number.
func (s *stream) jsonString(text string) {
	s.char('"')
	done := 0
	for i := 0; i < len(text); i++ {
		c, size := text[i], 1
		escape := jsonEscapes[c]
		if c == 0xC2 && i+1 < len(text) && text[i+1] < 0xA0 {
			escape, size = c1Escapes[text[i+1]&0x1F], 2
		}
		if escape != "" {
			s.text(text[done:i])
			s.text(escape)
			done = i + size
			i = done - 1
		}
	}
	s.text(text[done:])
	s.char('"')
}

// c1Escapes are the escapes of U+0080 to U+009F.
var c1Escapes = func() (escapes [0x20]string) {
	for c := range escapes {
		escapes[c] = fmt.Sprintf(`\u%04X`, 0x80+c)
	}
	return escapes
}()
