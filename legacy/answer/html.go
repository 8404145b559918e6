package answer

import (
	"fmt"

	"aiusage/usage"
)

const (
	htmlHead = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>AI usage</title></head><body><h1>AI usage</h1>`
	htmlFoot = `</body></html>`
)

// htmlAnswer writes a plain readable page (fact 9).
func htmlAnswer(s *stream, report *usage.Report) { htmlBatch(s, []*usage.Report{report}) }

// htmlBatch writes one page with the answers under each other.
func htmlBatch(s *stream, reports []*usage.Report) {
	s.text(htmlHead)
	for _, report := range reports {
		htmlAccounts(s, report.Accounts)
		htmlCustomers(s, report.Customers)
	}
	s.text(htmlFoot)
}

func htmlAccounts(s *stream, rows []usage.AccountUsage) {
	s.text(`<table><caption>Account usage</caption><thead><tr><th scope="col">Account</th><th scope="col">AI minutes</th></tr></thead><tbody>`)
	for i := range s.rows(len(rows), "") {
		s.text("<tr><td>")
		s.htmlText(rows[i].AccountID)
		s.text("</td><td>")
		s.number(rows[i].Minutes)
		s.text("</td></tr>")
	}
	s.text("</tbody></table>")
}

func htmlCustomers(s *stream, rows []usage.SubjectUsage) {
	s.text(`<table><caption>Customer usage</caption><thead><tr><th scope="col">Account</th><th scope="col">Customer</th><th scope="col">AI minutes</th></tr></thead><tbody>`)
	for i := range s.rows(len(rows), "") {
		s.text("<tr><td>")
		s.htmlText(rows[i].AccountID)
		s.text("</td><td>")
		s.htmlText(rows[i].CustomerID)
		s.text("</td><td>")
		s.number(rows[i].Minutes)
		s.text("</td></tr>")
	}
	s.text("</tbody></table>")
}

// htmlEscapes keep a text a text. Control characters, which HTML does not
// allow, are shown as the replacement character.
var htmlEscapes = func() (escapes [256]string) {
	for c := range 0x20 {
		escapes[c] = "\uFFFD"
	}
	escapes['\t'], escapes['\n'] = "", ""
	escapes['\r'] = "&#13;"
	escapes[0x7F] = "\uFFFD"
	for _, c := range `<>&"'` {
		escapes[c] = fmt.Sprintf("&#%d;", c)
	}
	return escapes
}()

// htmlText writes text for the content of an element.
func (s *stream) htmlText(text string) { s.escaped(text, &htmlEscapes) }
