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
	s.xmlList("AccountUsage", len(report.Accounts), func() {
		for i := range s.rows(len(report.Accounts), "") {
			row := &report.Accounts[i]
			s.text("<AIAccountUsage><AIMinutes>")
			s.number(row.Minutes)
			s.text("</AIMinutes><AccountId>")
			s.xmlText(row.AccountID)
			s.text("</AccountId></AIAccountUsage>")
		}
	})
	s.xmlList("CustomerUsage", len(report.Customers), func() {
		for i := range s.rows(len(report.Customers), "") {
			row := &report.Customers[i]
			s.text("<AICustomerUsage><AIMinutes>")
			s.number(row.Minutes)
			s.text("</AIMinutes><AccountId>")
			s.xmlText(row.AccountID)
			s.text("</AccountId><CustomerId>")
			s.xmlText(row.CustomerID)
			s.text("</CustomerId></AICustomerUsage>")
		}
	})
}

// xmlList writes an element with a list of so many in it.
func (s *stream) xmlList(name string, count int, write func()) {
	if count == 0 {
		s.text("<" + name + " />")
		return
	}
	s.text("<" + name + ">")
	write()
	s.text("</" + name + ">")
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
