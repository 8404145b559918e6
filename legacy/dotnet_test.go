package legacy

import (
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aiusage/usage"
)

// stricter are the reasons for which we refuse what the old serializer reads: all
// of them keep a filter from being dropped or changed, or are decided by facts 4 to 7.
var stricter = regexp.MustCompile(strings.Join([]string{
	`^\w+ is repeated$`, `^\w+ is in the wrong namespace `, `^\w+ is spelled `, `^there is text between the elements$`, // fact 6
	`^\w+ holds an element$`, `^\w+ is nil and has content$`, ` is neither true nor false$`, // fact 6: there they are dropped when out of order
	`half a UTF-16 surrogate pair$`, `^the body is not valid UTF-8$`, `^processing instructions are not accepted$`, // fact 5
	`^there is something after the root element$`,                                      // fact 5; there nobody looks
	`^XML syntax error on line \d+: (invalid character entity|illegal character code)`, // &#; and control characters in CDATA are no XML
}, "|"))

// generator makes up request documents: valid ones, odd ones and broken ones.
type generator struct{ *rand.Rand }

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g generator) one(in int) bool { return g.IntN(in) == 0 }

func (g generator) value() string {
	var value strings.Builder
	for range g.IntN(4) {
		value.WriteString(g.pick("A", "acc-1", "2026-03-01", " ", "\n", "\r\n", "\t", "é", "日本", "😀", "\u00a0", "\u2028", "]]", "&lt;", "&amp;", "&gt;",
			"&quot;", "&apos;", "&#65;", "&#x41;", "&#x1F600;", "&#xD83D;&#xDE00;", "&#55357;&#56832;", "&#xD;", "&#9;", "&#x1B;", "&#xFFFE;", "&#0;",
			"<![CDATA[x<&y]]>", "<![CDATA[]]>", "<!-- c -->", "<!---->", "\uFDD0", "\uFFFD", "&#xFDD0;", "&amp;#65;", "\u007f", "\u0085"))
		if g.one(25) {
			value.WriteString(g.pick("&#xD83D;", "&#xDE00;", "&nbsp;", "&", "<", "]]>", "\x01", "&#x110000;", "&#;", "&#x;", "&#xZ;", "&#65", "<b>x</b>", "<?p q?>",
				"<![CDATA[", "<!-- -- -->", "\uFFFE", "<![CDATA[\x02]]>", "&#X41;", "&#-1;"))
		}
	}
	return value.String()
}

func (g generator) child(name string) string {
	switch {
	case g.one(8):
		return "<" + name + g.pick(` i:nil="true"/>`, ` i:nil="true"></`+name+">", ` i:nil="1" />`, ` i:nil="false">x</`+name+">", "/>", " />", `></`+name+">")
	case g.one(12):
		return "<" + name + g.pick(` xmlns="">`, ` xmlns="urn:x">`, ` a="1">`, ` xml:lang="en">`, ` i:type="x">`, ` b="&#xD83D;">`, ` i:nil="maybe">`, "\n>") + g.value() + "</" + name + ">"
	case g.one(12):
		return g.pick("<!-- c -->", "x", "<![CDATA[ ]]>", "<?p q?>", "<Unknown>1</Unknown>", `<Other a="b"><AccountId>B</AccountId></Other>`, "<accountid>B</accountid>", "<p:x/>", "&#32;")
	}
	return "<" + name + ">" + g.value() + "</" + name + ">"
}

func (g generator) request() string {
	names := []string{"AccountId", "CustomerId", "EndDate", "StartDate"}
	if g.one(4) {
		g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	}
	if g.one(10) {
		names = append(names, g.pick(names...))
	}
	var children strings.Builder
	for _, name := range names {
		if g.one(3) {
			continue
		}
		children.WriteString(g.pick("", "", "", "\n  ", "<!-- c -->") + g.child(name))
	}
	document := xmlFor(children.String())
	switch {
	case g.one(12):
		document = strings.NewReplacer("<", "<p:", "<p:/", "</p:", "<p:!", "<!", "<p:?", "<?", "xmlns=", "xmlns:p=").Replace(document)
	case g.one(20):
		document = strings.Replace(document, contractNamespace, g.pick(contractNamespace+"/", "", "urn:x", errorNamespace), 1)
	case g.one(20):
		document = strings.ReplaceAll(document, "GetAIUsage", g.pick("getaiusage", "GetAIUsages", "AIUsage"))
	}
	if g.one(8) {
		document = g.pick("\n", "<!-- c -->", "<!DOCTYPE x>", "x", "<?p q?>") + document
	}
	if g.one(8) {
		document += g.pick("\n", "<!-- c -->", "x", "<x/>", "<?p q?>", "<", "</x>", "&lt;")
	}
	return document
}

// encoded declares and encodes a document, mostly as it declares it.
func (g generator) encoded(document string) string {
	declared := g.pick("", "", "utf-8", "UTF-8", "utf-16", "UTF-16LE", "utf-16be", g.pick("iso-8859-1", "us-ascii", "ucs-2"))
	if declared != "" {
		document = `<?xml version="1.0" encoding="` + declared + `"` + g.pick("", "", ` standalone="yes"`, " ") + "?>" + document
	} else if g.one(6) {
		document = g.pick(`<?xml version="1.0"?>`, `<?xml version='1.0' encoding='utf-8'?>`, `<?xml version="1.1"?>`, `<?xml encoding="utf-8"?>`) + document
	}
	encode := declared
	if g.one(8) {
		encode = g.pick("utf-8", "utf-16", "utf-16le", "utf-16be")
	}
	switch lower(encode) {
	case "utf-16":
		return utf16Of(document, binary.LittleEndian)[2*g.IntN(2):]
	case "utf-16le":
		return utf16Of(document, binary.LittleEndian)[2*g.IntN(2):]
	case "utf-16be":
		return utf16Of(document, binary.BigEndian)[2*g.IntN(2):]
	}
	return g.pick("", "", "", "\uFEFF") + document
}

// broken changes a byte or cuts the document off.
func (g generator) broken(document string) string {
	at := g.IntN(len(document) + 1)
	switch g.IntN(4) {
	case 0:
		return document[:at]
	case 1:
		return document[:at] + g.pick("<", ">", "&", "x", "\x00", "\xff", "\"", "/", "]]>", " ") + document[at:]
	case 2:
		return document[:at] + document[min(at+1+g.IntN(3), len(document)):]
	}
	other := g.IntN(len(document) + 1)
	return document[:at] + document[min(at, other):]
}

// TestFacts5And6AsDotNetReads holds the XML reader to .NET's own serializer, on
// requests that nobody thought of: the same verdict and the same four values, but
// for what facts 4 to 7 decide otherwise.
func TestFacts5And6AsDotNetReads(t *testing.T) {
	o := askOracle(t)
	g := generator{rand.New(rand.NewPCG(5, 6))}
	agreed, read, differences := 0, 0, map[string]int{}
	for range 6000 {
		document := g.encoded(g.request())
		if g.one(4) {
			document = g.broken(document)
		}
		if document == "" {
			continue // fact 4
		}
		ours, err := bind([]byte(document), media(formatXML))
		verdict, words := o.ask(t, 'r', document)
		switch {
		case verdict != "read" && err != nil:
			agreed++
		case verdict != "read":
			if reason := laxer(document); reason != "" {
				differences[reason]++
				continue
			}
			t.Errorf("read here only: %q\n.NET: %s", document, words[0]+" "+dotNetText(words[len(words)-1]))
		case err != nil:
			if stricter.MatchString(err.Error()) {
				differences["refused here: "+err.Error()]++
				continue
			}
			t.Errorf("refused here only: %q\nhere: %v", document, err)
		default:
			theirs := usage.Request{AccountID: dotNetText(words[0]), CustomerID: dotNetText(words[1]), StartDate: dotNetText(words[2]), EndDate: dotNetText(words[3])}
			switch {
			case ours == theirs:
				agreed++
				read++
			case drops(document) && isPartOf(theirs, ours):
				differences["a filter that .NET drops"]++
			default:
				t.Errorf("read otherwise: %q\nhere %+v\n.NET %+v", document, requestFields(ours), requestFields(theirs))
			}
		}
	}
	t.Logf("%d agreed, %d of them read; differences: %v", agreed, read, differences)
	if read < 1000 || agreed < 3000 || agreed-read < 500 {
		t.Errorf("the requests are of few kinds: %d agreed, %d of them read", agreed, read)
	}
}

// laxer returns which fact reads what .NET refused, if any.
func laxer(document string) string {
	text, err := decodeText([]byte(document), media(formatXML))
	if err == nil && text.encoding != encodingUTF8 && text.marked && !strings.Contains(text.content, " encoding=") {
		return "UTF-16 with a byte order mark need not be declared (fact 5)"
	}
	return ""
}

// isPartOf tells whether some fields are those of whole, and the others empty.
func isPartOf(part, whole usage.Request) bool {
	parts, wholes := requestFields(part), requestFields(whole)
	for i := range parts {
		if parts[i][1] != "" && parts[i] != wholes[i] {
			return false
		}
	}
	return true
}

// drops tells whether a document has a field out of order or out of the contract's
// namespace, which .NET skips (fact 6).
func drops(document string) bool {
	text, err := decodeText([]byte(document), media(formatXML))
	if err != nil {
		return false
	}
	content, err := cutDeclaration(text)
	if err != nil {
		return false
	}
	decoder := xml.NewDecoder(strings.NewReader(hideReferences(content)))
	last, depth := "", 0
	for {
		token, err := decoder.Token()
		if err == io.EOF || err != nil {
			return false
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 && usageMessage.field(token.Name.Local) != "" {
				if token.Name.Space != contractNamespace || token.Name.Local <= last {
					return true
				}
				last = token.Name.Local
			}
		case xml.EndElement:
			depth--
		}
	}
}

// anyID makes up ids of whatever a table may hold.
func (g generator) anyID() string {
	var id strings.Builder
	for range g.IntN(5) {
		id.WriteString(g.pick("a", "acc-1", " ", "\t", "\n", "\x00", "\x1b", "\x7f", "\u0085", "<", ">", "&", `"`, "'", "]]>", "é", "日本", "😀", "\u2028", "\ufdd0", "\ufffd", "\ufffe", "\uffff", "&#1;"))
	}
	return id.String()
}

// TestFact5WhatDotNetWritesIsRead, and alone and in a batch alike.
func TestFact5WhatDotNetWritesIsRead(t *testing.T) {
	o := askOracle(t)
	g := generator{rand.New(rand.NewPCG(7, 8))}
	for range 1000 {
		want := usage.Request{AccountID: g.anyID(), CustomerID: g.anyID(), StartDate: g.anyID(), EndDate: g.anyID()}
		var digits []string
		for _, text := range []string{want.AccountID, want.CustomerID, want.StartDate, want.EndDate} {
			digits = append(digits, dotNetHex(text))
		}
		document := o.write(t, 'q', strings.Join(digits, " "))
		if got, err := bind([]byte(document), media(formatXML)); err != nil || got != want {
			t.Errorf("%s\ngot  %+v, %v\nwant %+v", document, requestFields(got), err, requestFields(want))
		}
		one := strings.TrimPrefix(document, xmlDeclaration)
		batch := "<ArrayOfGetAIUsage" + contractAttributes + ">" + one + one + "</ArrayOfGetAIUsage>"
		got, err := bindBatch([]byte(batch), media(formatXML))
		_, words := o.ask(t, 'b', batch)
		if err != nil || len(got) != 2 || got[1] != want || len(words) != 10 || words[6] != digits[0] {
			t.Errorf("%s\ngot %+v, %v\n.NET %q", batch, got, err, words)
		}
	}
}

// TestFact10AsDotNetWrites holds answers to the bytes that .NET writes, but for the
// carriage return that it loses, and makes sure that it reads them.
func TestFact10AsDotNetWrites(t *testing.T) {
	o := askOracle(t)
	g := generator{rand.New(rand.NewPCG(9, 10))}
	for range 1000 {
		var subjects []usage.SubjectUsage
		for range g.IntN(4) {
			subjects = append(subjects, subject("a"+g.anyID(), g.anyID(), g.Int64N(1<<31)))
		}
		report := reportOf(subjects...)
		var rows, accounts, customers []string
		for _, row := range report.Accounts {
			report := fmt.Sprint(dotNetHex(row.AccountID), " - ", row.Minutes)
			rows, accounts = append(rows, report), append(accounts, strings.Replace(report, " -", "", 1))
		}
		for _, row := range report.Customers {
			report := fmt.Sprint(dotNetHex(row.AccountID), " ", dotNetHex(row.CustomerID), " ", row.Minutes)
			rows, customers = append(rows, report), append(customers, report)
		}
		var out strings.Builder
		if err := WriteXML(&out, report); err != nil {
			continue // more than 32 bits
		}
		if want := o.write(t, 'u', strings.Join(rows, "\n")); out.String() != want {
			t.Errorf("got  %q\nwant %q", out.String(), want)
		}
		verdict, words := o.ask(t, 'a', out.String())
		want := strings.Fields(strings.Join(accounts, " ") + " | " + strings.Join(customers, " "))
		if verdict != "read" || !slices.Equal(words, want) {
			t.Errorf("%q\nread %s %q\nwant %q", out.String(), verdict, words, want)
		}
	}
	if _, words := o.ask(t, 'a', string(answerFor(t, reportOf(subject("a\rb", "c\r\n", 1)), formatXML))); dotNetText(words[0]) != "a\rb" || dotNetText(words[4]) != "c\r\n" {
		t.Errorf("carriage returns: got %q", words)
	}
}

// TestFact16DotNetReadsErrors with and without a field, of a batch, and with words
// that XML does not have.
func TestFact16DotNetReadsErrors(t *testing.T) {
	o := askOracle(t)
	index := 2
	for _, f := range []*errorResponse{
		badArgument("StartDate", "Bad thing"), badArgument("", "Bad <thing>"), noSuchOperation("No\x01pe"),
		{code: "Exception", message: "internal error", batchIndex: &index},
	} {
		verdict, words := o.ask(t, 'e', string(errorBody(f, formatXML)))
		got := strings.Join(words, " ")
		want := dotNetHex(f.code) + " " + dotNetHex(strings.ReplaceAll(f.message, "\x01", "\uFFFD")) + " -"
		if f.field != "" {
			want += " | " + dotNetHex(f.code) + " " + dotNetHex(f.field) + " " + dotNetHex(f.detail)
		}
		if verdict != "read" || got != want {
			t.Errorf("%s: got %s %s", f.message, verdict, got)
		}
	}
}
