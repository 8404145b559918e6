package request

import (
	"encoding/binary"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"aiusage/legacy/contract"
	"aiusage/legacy/dotnet"
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

// documents makes up requests: valid ones, odd ones and broken ones.
type documents struct{ dotnet.Generator }

func (g documents) value() string {
	var value strings.Builder
	for range g.IntN(4) {
		value.WriteString(g.Pick("A", "acc-1", "2026-03-01", " ", "\n", "\r\n", "\t", "é", "日本", "😀", "\u00a0", "\u2028", "]]", "&lt;", "&amp;", "&gt;",
			"&quot;", "&apos;", "&#65;", "&#x41;", "&#x1F600;", "&#xD83D;&#xDE00;", "&#55357;&#56832;", "&#xD;", "&#9;", "&#x1B;", "&#xFFFE;", "&#0;",
			"<![CDATA[x<&y]]>", "<![CDATA[]]>", "<!-- c -->", "<!---->", "\uFDD0", "\uFFFD", "&#xFDD0;", "&amp;#65;", "\u007f", "\u0085"))
		if g.One(25) {
			value.WriteString(g.Pick("&#xD83D;", "&#xDE00;", "&nbsp;", "&", "<", "]]>", "\x01", "&#x110000;", "&#;", "&#x;", "&#xZ;", "&#65", "<b>x</b>", "<?p q?>",
				"<![CDATA[", "<!-- -- -->", "\uFFFE", "<![CDATA[\x02]]>", "&#X41;", "&#-1;"))
		}
	}
	return value.String()
}

func (g documents) child(name string) string {
	switch {
	case g.One(8):
		return "<" + name + g.Pick(` i:nil="true"/>`, ` i:nil="true"></`+name+">", ` i:nil="1" />`, ` i:nil="false">x</`+name+">", "/>", " />", `></`+name+">")
	case g.One(12):
		return "<" + name + g.Pick(` xmlns="">`, ` xmlns="urn:x">`, ` a="1">`, ` xml:lang="en">`, ` i:type="x">`, ` b="&#xD83D;">`, ` i:nil="maybe">`, "\n>") + g.value() + "</" + name + ">"
	case g.One(12):
		return g.Pick("<!-- c -->", "x", "<![CDATA[ ]]>", "<?p q?>", "<Unknown>1</Unknown>", `<Other a="b"><AccountId>B</AccountId></Other>`, "<accountid>B</accountid>", "<p:x/>", "&#32;")
	}
	return "<" + name + ">" + g.value() + "</" + name + ">"
}

func (g documents) request() string {
	names := []string{"AccountId", "CustomerId", "EndDate", "StartDate"}
	if g.One(4) {
		g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	}
	if g.One(10) {
		names = append(names, g.Pick(names...))
	}
	var children strings.Builder
	for _, name := range names {
		if g.One(3) {
			continue
		}
		children.WriteString(g.Pick("", "", "", "\n  ", "<!-- c -->") + g.child(name))
	}
	document := dotnet.Request(children.String())
	switch {
	case g.One(12):
		document = strings.NewReplacer("<", "<p:", "<p:/", "</p:", "<p:!", "<!", "<p:?", "<?", "xmlns=", "xmlns:p=").Replace(document)
	case g.One(20):
		document = strings.Replace(document, contract.Namespace, g.Pick(contract.Namespace+"/", "", "urn:x", contract.ErrorNamespace), 1)
	case g.One(20):
		document = strings.ReplaceAll(document, "GetAIUsage", g.Pick("getaiusage", "GetAIUsages", "AIUsage"))
	}
	if g.One(8) {
		document = g.Pick("\n", "<!-- c -->", "<!DOCTYPE x>", "x", "<?p q?>") + document
	}
	if g.One(8) {
		document += g.Pick("\n", "<!-- c -->", "x", "<x/>", "<?p q?>", "<", "</x>", "&lt;")
	}
	return document
}

// encoded declares and encodes a document, mostly as it declares it.
func (g documents) encoded(document string) string {
	declared := g.Pick("", "", "utf-8", "UTF-8", "utf-16", "UTF-16LE", "utf-16be", g.Pick("iso-8859-1", "us-ascii", "ucs-2"))
	if declared != "" {
		document = `<?xml version="1.0" encoding="` + declared + `"` + g.Pick("", "", ` standalone="yes"`, " ") + "?>" + document
	} else if g.One(6) {
		document = g.Pick(`<?xml version="1.0"?>`, `<?xml version='1.0' encoding='utf-8'?>`, `<?xml version="1.1"?>`, `<?xml encoding="utf-8"?>`) + document
	}
	encode := declared
	if g.One(8) {
		encode = g.Pick("utf-8", "utf-16", "utf-16le", "utf-16be")
	}
	switch contract.Lower(encode) {
	case "utf-16":
		return dotnet.UTF16(document, binary.LittleEndian)[2*g.IntN(2):]
	case "utf-16le":
		return dotnet.UTF16(document, binary.LittleEndian)[2*g.IntN(2):]
	case "utf-16be":
		return dotnet.UTF16(document, binary.BigEndian)[2*g.IntN(2):]
	}
	return g.Pick("", "", "", "\uFEFF") + document
}

// broken changes a byte or cuts the document off.
func (g documents) broken(document string) string {
	at := g.IntN(len(document) + 1)
	switch g.IntN(4) {
	case 0:
		return document[:at]
	case 1:
		return document[:at] + g.Pick("<", ">", "&", "x", "\x00", "\xff", "\"", "/", "]]>", " ") + document[at:]
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
	o := dotnet.Ask(t)
	g := documents{dotnet.NewGenerator(5)}
	agreed, read, differences := 0, 0, map[string]int{}
	for range 6000 {
		document := g.encoded(g.request())
		if g.One(4) {
			document = g.broken(document)
		}
		if document == "" {
			continue // fact 4
		}
		ours, err := bind([]byte(document), contract.Media(contract.XML))
		verdict, words := o.Ask(t, 'r', document)
		switch {
		case verdict != "read" && err != nil:
			agreed++
		case verdict != "read":
			if reason := laxer(document); reason != "" {
				differences[reason]++
				continue
			}
			t.Errorf("read here only: %q\n.NET: %s", document, words[0]+" "+dotnet.Text(words[len(words)-1]))
		case err != nil:
			if stricter.MatchString(err.Error()) {
				differences["refused here: "+err.Error()]++
				continue
			}
			t.Errorf("refused here only: %q\nhere: %v", document, err)
		default:
			theirs := usage.Request{AccountID: dotnet.Text(words[0]), CustomerID: dotnet.Text(words[1]), StartDate: dotnet.Text(words[2]), EndDate: dotnet.Text(words[3])}
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
	text, err := decodeText([]byte(document), contract.Media(contract.XML))
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
	text, err := decodeText([]byte(document), contract.Media(contract.XML))
	if err != nil {
		return false
	}
	content, err := cutDeclaration(text)
	if err != nil {
		return false
	}
	decoder := xml.NewDecoder(strings.NewReader(contract.HideReferences(content)))
	last, depth := "", 0
	for {
		token, err := decoder.Token()
		if err == io.EOF || err != nil {
			return false
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 && usageMessage.field(token.Name.Local) != "" {
				if token.Name.Space != contract.Namespace || token.Name.Local <= last {
					return true
				}
				last = token.Name.Local
			}
		case xml.EndElement:
			depth--
		}
	}
}

// TestFact5WhatDotNetWritesIsRead, and alone and in a batch alike.
func TestFact5WhatDotNetWritesIsRead(t *testing.T) {
	o := dotnet.Ask(t)
	g := dotnet.NewGenerator(7)
	for range 1000 {
		want := usage.Request{AccountID: g.AnyID(), CustomerID: g.AnyID(), StartDate: g.AnyID(), EndDate: g.AnyID()}
		var digits []string
		for _, text := range []string{want.AccountID, want.CustomerID, want.StartDate, want.EndDate} {
			digits = append(digits, dotnet.Hex(text))
		}
		document := o.Write(t, 'q', strings.Join(digits, " "))
		if got, err := bind([]byte(document), contract.Media(contract.XML)); err != nil || got != want {
			t.Errorf("%s\ngot  %+v, %v\nwant %+v", document, requestFields(got), err, requestFields(want))
		}
		one := strings.TrimPrefix(document, contract.XMLDeclaration)
		batch := "<ArrayOfGetAIUsage" + contract.Attributes + ">" + one + one + "</ArrayOfGetAIUsage>"
		got, err := bindBatch([]byte(batch), contract.Media(contract.XML))
		_, words := o.Ask(t, 'b', batch)
		if err != nil || len(got) != 2 || got[1] != want || len(words) != 10 || words[6] != digits[0] {
			t.Errorf("%s\ngot %+v, %v\n.NET %q", batch, got, err, words)
		}
	}
}
