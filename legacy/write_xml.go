package legacy

import (
	"context"
	"io"

	"aiusage/usage"
)

// The namespaces of the contract.
const (
	contractNamespace = "http://schemas.datacontract.org/2004/07/Voice.Api.AI"
	instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance"
	errorNamespace    = "http://schemas.servicestack.net/types"
	arraysNamespace   = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
)

const xmlDeclaration = `<?xml version="1.0" encoding="utf-8"?>`

// contractAttributes stand on the root of an answer, in the old serializer's order.
const contractAttributes = ` xmlns:i="` + instanceNamespace + `" xmlns="` + contractNamespace + `"`

// WriteXML writes a report as the contract's XML document (fact 10). A report
// that the document cannot hold is an OutOfRange error, and nothing is written.
func WriteXML(w io.Writer, report *usage.Report) error {
	if err := checkReport(report, formatXML); err != nil {
		return err
	}
	s := newStream(context.Background(), w)
	xmlAnswer(s, report)
	return s.close()
}

// xmlAnswer writes the document of fact 10.
func xmlAnswer(s *stream, report *usage.Report) {
	s.WriteString(xmlDeclaration + "<AIUsage" + contractAttributes + ">")
	xmlUsage(s, report)
	s.WriteString("</AIUsage>")
}

// xmlBatch writes the answers to a batch (fact 23).
func xmlBatch(s *stream, reports []*usage.Report) {
	if len(reports) == 0 {
		s.WriteString(xmlDeclaration + "<ArrayOfAIUsage" + contractAttributes + " />")
		return
	}
	s.WriteString(xmlDeclaration + "<ArrayOfAIUsage" + contractAttributes + ">")
	for _, report := range reports {
		s.WriteString("<AIUsage>")
		xmlUsage(s, report)
		s.WriteString("</AIUsage>")
	}
	s.WriteString("</ArrayOfAIUsage>")
}

// xmlUsage writes the content of an AIUsage element. The old serializer writes
// a base class's member first, hence AIMinutes before the ids.
func xmlUsage(s *stream, report *usage.Report) {
	xmlAccounts(s, report.Accounts)
	xmlCustomers(s, report.Customers)
}

func xmlAccounts(s *stream, rows []usage.AccountUsage) {
	if len(rows) == 0 {
		s.WriteString("<AccountUsage />")
		return
	}
	s.WriteString("<AccountUsage>")
	for i := range rows {
		if !s.more() {
			return
		}
		s.WriteString("<AIAccountUsage><AIMinutes>")
		s.number(rows[i].Minutes)
		s.WriteString("</AIMinutes><AccountId>")
		s.xmlText(rows[i].AccountID)
		s.WriteString("</AccountId></AIAccountUsage>")
	}
	s.WriteString("</AccountUsage>")
}

func xmlCustomers(s *stream, rows []usage.SubjectUsage) {
	if len(rows) == 0 {
		s.WriteString("<CustomerUsage />")
		return
	}
	s.WriteString("<CustomerUsage>")
	for i := range rows {
		if !s.more() {
			return
		}
		s.WriteString("<AICustomerUsage><AIMinutes>")
		s.number(rows[i].Minutes)
		s.WriteString("</AIMinutes><AccountId>")
		s.xmlText(rows[i].AccountID)
		s.WriteString("</AccountId><CustomerId>")
		s.xmlText(rows[i].CustomerID)
		s.WriteString("</CustomerId></AICustomerUsage>")
	}
	s.WriteString("</CustomerUsage>")
}

// xmlEscapes are the characters that element text cannot show as themselves.
// A carriage return is written as a reference because every XML parser turns a
// bare one into a line feed, and an id must come back as it was.
var xmlEscapes = [256]string{'<': "&lt;", '>': "&gt;", '&': "&amp;", '\r': "&#xD;"}

// xmlText writes element text.
func (s *stream) xmlText(text string) { s.escaped(text, &xmlEscapes) }

// escaped writes a text with some of its bytes replaced.
func (s *stream) escaped(text string, escapes *[256]string) {
	done := 0
	for i := range len(text) {
		if escape := escapes[text[i]]; escape != "" {
			s.WriteString(text[done:i])
			s.WriteString(escape)
			done = i + 1
		}
	}
	s.WriteString(text[done:])
}
