package answer

import (
	"strings"

	"aiusage/usage"
)

// jsvAnswer writes the document of fact 13.
func jsvAnswer(s *stream, report *usage.Report) {
	s.text("{accountUsage:")
	jsvAccounts(s, report.Accounts, `"`)
	s.text(",customerUsage:")
	jsvCustomers(s, report.Customers, `"`)
	s.char('}')
}

// jsvBatch writes the answers to a batch (fact 23).
func jsvBatch(s *stream, reports []*usage.Report) { list(s, reports, jsvAnswer) }

// csvAnswer writes the document of fact 12: the two lists as two JSV cells.
func csvAnswer(s *stream, report *usage.Report) {
	csvBatch(s, []*usage.Report{report})
}

// csvBatch writes the answers to a batch, one line each.
func csvBatch(s *stream, reports []*usage.Report) {
	s.text("AccountUsage,CustomerUsage\r\n")
	for _, report := range reports {
		s.char('"')
		jsvAccounts(s, report.Accounts, `""`)
		s.text(`","`)
		jsvCustomers(s, report.Customers, `""`)
		s.text("\"\r\n")
	}
}

// jsvAccounts writes a JSV list. The quote is doubled inside a CSV cell.
func jsvAccounts(s *stream, rows []usage.AccountUsage, quote string) {
	s.char('[')
	for i := range s.rows(len(rows), ",") {
		s.text("{accountId:")
		s.jsvText(rows[i].AccountID, quote)
		s.text(",aiMinutes:")
		s.number(rows[i].Minutes)
		s.char('}')
	}
	s.char(']')
}

func jsvCustomers(s *stream, rows []usage.SubjectUsage, quote string) {
	s.char('[')
	for i := range s.rows(len(rows), ",") {
		s.text("{accountId:")
		s.jsvText(rows[i].AccountID, quote)
		s.text(",customerId:")
		s.jsvText(rows[i].CustomerID, quote)
		s.text(",aiMinutes:")
		s.number(rows[i].Minutes)
		s.char('}')
	}
	s.char(']')
}

// jsvSpecial are the characters for which JSV quotes a value. Fact 13 lists
// all but the colon, which the old serializer's own table has as well.
var jsvSpecial = [256]bool{'"': true, ',': true, ':': true, '{': true, '}': true, '[': true, ']': true, '\r': true, '\n': true}

// jsvPlain tells whether JSV shows a value without quotes.
func jsvPlain(text string) bool {
	for i := range len(text) {
		if jsvSpecial[text[i]] {
			return false
		}
	}
	return text != ""
}

// jsvText writes a JSV value: as it is, or quoted with its quotes doubled. An
// empty value is two quotes. White space is part of the value.
func (s *stream) jsvText(text, quote string) {
	if jsvPlain(text) {
		s.text(text)
		return
	}
	s.text(quote)
	for {
		before, after, found := strings.Cut(text, `"`)
		s.text(before)
		if !found {
			break
		}
		s.text(quote)
		s.text(quote)
		text = after
	}
	s.text(quote)
}
