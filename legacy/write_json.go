package legacy

import (
	"fmt"

	"aiusage/usage"
)

// jsonAnswer writes the document of fact 11: camelCase, in declaration order.
func jsonAnswer(s *stream, report *usage.Report) {
	s.WriteString(`{"accountUsage":[`)
	for i := range report.Accounts {
		if !s.more() {
			return
		}
		s.separate(i)
		row := &report.Accounts[i]
		s.WriteString(`{"accountId":`)
		s.jsonString(row.AccountID)
		s.WriteString(`,"aiMinutes":`)
		s.number(row.Minutes)
		s.WriteByte('}')
	}
	s.WriteString(`],"customerUsage":[`)
	for i := range report.Customers {
		if !s.more() {
			return
		}
		s.separate(i)
		row := &report.Customers[i]
		s.WriteString(`{"accountId":`)
		s.jsonString(row.AccountID)
		s.WriteString(`,"customerId":`)
		s.jsonString(row.CustomerID)
		s.WriteString(`,"aiMinutes":`)
		s.number(row.Minutes)
		s.WriteByte('}')
	}
	s.WriteString("]}")
}

// jsonBatch writes the answers to a batch (fact 23).
func jsonBatch(s *stream, reports []*usage.Report) {
	s.WriteByte('[')
	for i, report := range reports {
		s.separate(i)
		jsonAnswer(s, report)
	}
	s.WriteByte(']')
}

// separate writes a comma before every item but the first.
func (s *stream) separate(index int) {
	if index > 0 {
		s.WriteByte(',')
	}
}

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
	s.WriteByte('"')
	done := 0
	for i := 0; i < len(text); i++ {
		c, size := text[i], 1
		escape := jsonEscapes[c]
		if c == 0xC2 && i+1 < len(text) && text[i+1] < 0xA0 {
			escape, size = c1Escapes[text[i+1]&0x1F], 2
		}
		if escape != "" {
			s.WriteString(text[done:i])
			s.WriteString(escape)
			done = i + size
			i = done - 1
		}
	}
	s.WriteString(text[done:])
	s.WriteByte('"')
}

// c1Escapes are the escapes of U+0080 to U+009F.
var c1Escapes = func() (escapes [0x20]string) {
	for c := range escapes {
		escapes[c] = fmt.Sprintf(`\u%04X`, 0x80+c)
	}
	return escapes
}()
