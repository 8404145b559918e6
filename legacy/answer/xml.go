package answer

import (
	"context"
	"fmt"
	"io"
	"strings"

	"aiusage/legacy/contract"
	"aiusage/usage"
)

// WriteXML writes a report as the contract's XML document (fact 10). A report
// that the document cannot hold is an OutOfRange error, and nothing is written.
func WriteXML(w io.Writer, report *usage.Report) error {
	report, err := Writable(report)
	if err != nil {
		return err
	}
	s := newStream(context.Background(), w)
	xmlAnswer(s, report)
	return s.close()
}

// xmlAnswer writes the document of fact 10.
func xmlAnswer(s *stream, report *usage.Report) {
	s.text(contract.XMLDeclaration + "<AIUsage" + contract.Attributes + ">")
	xmlUsage(s, report)
	s.text("</AIUsage>")
}

// xmlBatch writes the answers to a batch (fact 23).
func xmlBatch(s *stream, reports []*usage.Report) {
	if len(reports) == 0 {
		s.text(contract.XMLDeclaration + "<ArrayOfAIUsage" + contract.Attributes + " />")
		return
	}
	s.text(contract.XMLDeclaration + "<ArrayOfAIUsage" + contract.Attributes + ">")
	for _, report := range reports {
		s.text("<AIUsage>")
		xmlUsage(s, report)
		s.text("</AIUsage>")
	}
	s.text("</ArrayOfAIUsage>")
}

// xmlUsage writes the content of an AIUsage element. The old serializer writes
// a base class's member first, hence AIMinutes before the ids.
func xmlUsage(s *stream, report *usage.Report) {
	xmlAccounts(s, report.Accounts)
	xmlCustomers(s, report.Customers)
}

func xmlAccounts(s *stream, rows []usage.AccountUsage) {
	if len(rows) == 0 {
		s.text("<AccountUsage />")
		return
	}
	s.text("<AccountUsage>")
	for i := range rows {
		if !s.beginRow() {
			return
		}
		s.text("<AIAccountUsage><AIMinutes>")
		s.number(rows[i].Minutes)
		s.text("</AIMinutes><AccountId>")
		s.xmlText(rows[i].AccountID)
		s.text("</AccountId></AIAccountUsage>")
	}
	s.text("</AccountUsage>")
}

func xmlCustomers(s *stream, rows []usage.SubjectUsage) {
	if len(rows) == 0 {
		s.text("<CustomerUsage />")
		return
	}
	s.text("<CustomerUsage>")
	for i := range rows {
		if !s.beginRow() {
			return
		}
		s.text("<AICustomerUsage><AIMinutes>")
		s.number(rows[i].Minutes)
		s.text("</AIMinutes><AccountId>")
		s.xmlText(rows[i].AccountID)
		s.text("</AccountId><CustomerId>")
		s.xmlText(rows[i].CustomerID)
		s.text("</CustomerId></AICustomerUsage>")
	}
	s.text("</CustomerUsage>")
}

// xmlEscapes are the characters that element text cannot show as themselves.
// A carriage return is written as a reference because every XML parser turns a
// bare one into a line feed, and an id must come back as it was. XML 1.0 does not
// have the other control characters; the old serializer writes and reads them as
// references all the same (fact 10).
var xmlEscapes = func() (escapes [256]string) {
	for c := range 0x20 {
		escapes[c] = fmt.Sprintf("&#x%X;", c)
	}
	escapes['\t'], escapes['\n'] = "", ""
	escapes['<'], escapes['>'], escapes['&'] = "&lt;", "&gt;", "&amp;"
	return escapes
}()

// xmlText writes element text. U+FFFE and U+FFFF, which XML does not have either,
// are EF BF BE and EF BF BF in UTF-8.
func (s *stream) xmlText(text string) {
	for {
		at := strings.Index(text, "\xEF\xBF")
		if at < 0 {
			s.escaped(text, &xmlEscapes)
			return
		}
		s.escaped(text[:at], &xmlEscapes)
		switch text = text[at:]; {
		case strings.HasPrefix(text, "\uFFFE"):
			s.text("&#xFFFE;")
		case strings.HasPrefix(text, "\uFFFF"):
			s.text("&#xFFFF;")
		default:
			s.text(text[:3]) // the text is valid UTF-8
		}
		text = text[3:]
	}
}
