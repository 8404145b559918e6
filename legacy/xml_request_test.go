package legacy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aiusage/legacy/contract"
	"aiusage/legacy/dotnet"
	"aiusage/usage"
)

func TestFact5XMLThatIsRead(t *testing.T) {
	child := `<AccountId>A</AccountId>`
	declared := `<?xml version="1.0" encoding="utf-8"?>` + dotnet.Request(child)
	deep := strings.Repeat("<x>", 32-1) + strings.Repeat("</x>", 32-1)
	for name, body := range map[string]string{
		"reference":           dotnet.Request("\n  " + child + "\n"),
		"declaration":         declared,
		"standalone":          `<?xml version='1.0' encoding='UTF-8' standalone="yes" ?>` + "\n" + dotnet.Request(child),
		"no encoding":         `<?xml version="1.0"?>` + dotnet.Request(child),
		"BOM":                 "\uFEFF" + declared,
		"any prefix":          `<p:GetAIUsage xmlns:p="` + contract.Namespace + `"><p:AccountId>A</p:AccountId></p:GetAIUsage>`,
		"redeclared":          `<p:GetAIUsage xmlns:p="` + contract.Namespace + `"><q:AccountId xmlns:q="` + contract.Namespace + `" xmlns:p="x">A</q:AccountId></p:GetAIUsage>`,
		"comments":            `<!-- a -->` + dotnet.Request(`<!-- b --><AccountId><!-- c -->A<!-- d --></AccountId>`) + `<!-- e --> `,
		"CDATA":               dotnet.Request(`<AccountId><![CDATA[A]]></AccountId>`),
		"references":          dotnet.Request(`<AccountId>&#65;</AccountId>`),
		"unknown":             dotnet.Request(`<Other a="1"><AccountId>B</AccountId></Other>` + child + `<x:Thing xmlns:x="y"/>` + deep),
		"nil":                 dotnet.Request(child + `<CustomerId i:nil="true"/><EndDate i:nil="1"></EndDate><StartDate i:nil="false"/>`),
		"nil by URI":          `<GetAIUsage xmlns="` + contract.Namespace + `">` + child + `<CustomerId xmlns:z="` + contract.InstanceNamespace + `" z:nil="true"/></GetAIUsage>`,
		"UTF-16 LE":           dotnet.UTF16(strings.Replace(declared, "utf-8", "utf-16", 1), binary.LittleEndian),
		"UTF-16 BE":           dotnet.UTF16(strings.Replace(declared, "utf-8", "UTF-16", 1), binary.BigEndian),
		"UTF-16 undeclared":   dotnet.UTF16(dotnet.Request(child), binary.LittleEndian),
		"UTF-16LE marked":     dotnet.UTF16(strings.Replace(declared, "utf-8", "utf-16LE", 1), binary.LittleEndian),
		"UTF-16BE marked":     dotnet.UTF16(strings.Replace(declared, "utf-8", "UTF-16BE", 1), binary.BigEndian),
		"LE without a mark":   dotnet.UTF16(strings.Replace(declared, "utf-8", "utf-16", 1), binary.LittleEndian)[2:],
		"BE without a mark":   dotnet.UTF16(strings.Replace(declared, "utf-8", "utf-16", 1), binary.BigEndian)[2:],
		"UTF-16LE unmarked":   dotnet.UTF16(strings.Replace(declared, "utf-8", "UTF-16le", 1), binary.LittleEndian)[2:],
		"UTF-16BE unmarked":   dotnet.UTF16(strings.Replace(declared, "utf-8", "utf-16be", 1), binary.BigEndian)[2:],
		"odd references":      dotnet.Request(child + `<x y="&#xD83D;">&#x1;&#xFFFF;</x>`),
		"other attributes":    strings.Replace(dotnet.Request(child), "<GetAIUsage", `<GetAIUsage xml:lang="en" i:schemaLocation="x y"`, 1),
		"namespace not there": `<p:GetAIUsage xmlns:p="` + contract.Namespace + `">` + child + `</p:GetAIUsage>`, // fact 6
	} {
		t.Run(name, func(t *testing.T) {
			if got := newDoor(t).bound(t, "POST", "/ai/usage", body, asXML); got != accountA() {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestFact5XMLValues(t *testing.T) {
	for value, want := range map[string]string{
		"&lt;&gt;&amp;&quot;&apos;": `<>&"'`, "a&#x1F600;b": "a😀b", "<![CDATA[<&]]>&lt;": "<&<", "é": "é", "a\r\nb": "a\nb", "a&#13;b": "a\rb",
		"&#xD83D;&#xDE00;": "😀", "&#55357;&#56832;": "😀", "a&#x0000D83D;&#x00DE00;b": "a😀b", "&#xD83D;<!-- &#1; -->&#xDE00;": "😀", "&#xD83D;<![CDATA[]]>&#xDE00;x": "😀x",
		"&#x1B;": "\x1B", "&#1;&#x1f;": "\x01\x1F", "&#xFFFE;&#xFFFF;": "\uFFFE\uFFFF", "\uFDD0": "\uFDD0", "\uFDD0001B&#x1B;": "\uFDD0001B\x1B",
		"<![CDATA[&#x1B;&#xD83D;]]>": "&#x1B;&#xD83D;", "&amp;#x1B;": "&#x1B;", "&#xFDD0;": "\uFDD0", "&#xFDD0;001B": "\uFDD0001B",
	} {
		if got := newDoor(t).bound(t, "POST", "/ai/usage", dotnet.Request(`<AccountId>`+value+`</AccountId>`), asXML); got.AccountID != want {
			t.Errorf("%s: %q", value, got.AccountID)
		}
	}
	smile := dotnet.UTF16(dotnet.Request(`<AccountId>😀</AccountId>`), binary.LittleEndian)
	if got := newDoor(t).bound(t, "POST", "/ai/usage", smile, asXML); got.AccountID != "😀" {
		t.Errorf("%q", got.AccountID)
	}
}

func TestFact5XMLThatIsRefused(t *testing.T) {
	child := `<AccountId>A</AccountId>`
	good := dotnet.Request(child)
	for name, body := range map[string]string{
		"no namespace":             `<GetAIUsage>` + child + `</GetAIUsage>`,
		"wrong namespace":          strings.Replace(good, "Voice.Api.AI", "Voice.Api", 1),
		"wrong root":               strings.ReplaceAll(good, "GetAIUsage", "Getaiusage"),
		"undeclared prefix":        strings.ReplaceAll(good, "GetAIUsage", "p:GetAIUsage"),
		"nil root":                 strings.Replace(good, "<GetAIUsage", `<GetAIUsage i:nil="true"`, 1),
		"DTD":                      `<!DOCTYPE GetAIUsage>` + good,
		"entity":                   `<!DOCTYPE x [<!ENTITY a "A">]>` + dotnet.Request(`<AccountId>&a;</AccountId>`),
		"undeclared entity":        dotnet.Request(`<AccountId>&nbsp;</AccountId>`),
		"processing instruction":   `<?xml-stylesheet href="x"?>` + good,
		"instruction inside":       dotnet.Request(`<?php x ?>` + child),
		"instruction after":        good + `<?x y?>`,
		"late declaration":         "\n" + `<?xml version="1.0"?>` + good,
		"declaration inside":       dotnet.Request(`<?xml version="1.0"?>` + child),
		"XML 1.1":                  `<?xml version="1.1"?>` + good,
		"declared latin-1":         `<?xml version="1.0" encoding="iso-8859-1"?>` + good,
		"declared utf-16":          `<?xml version="1.0" encoding="utf-16"?>` + good,
		"utf-16 declared utf-8":    dotnet.UTF16(`<?xml version="1.0" encoding="utf-8"?>`+good, binary.LittleEndian),
		"utf-16 without BOM":       dotnet.UTF16(good, binary.LittleEndian)[2:],
		"utf-16 odd":               dotnet.UTF16(good, binary.LittleEndian) + "x",
		"utf-16 half a pair":       dotnet.UTF16(good, binary.BigEndian) + "\xD8\x3D",
		"utf-32":                   "\xFF\xFE\x00\x00<\x00\x00\x00",
		"latin-1":                  dotnet.Request("<AccountId>\xE9</AccountId>"),
		"trailing text":            good + "x",
		"trailing element":         good + good,
		"trailing comment half":    good + "<!-- ",
		"truncated":                good[:len(good)-5],
		"unclosed":                 strings.TrimSuffix(good, "</GetAIUsage>"),
		"crossed":                  dotnet.Request(`<AccountId>A</CustomerId>`),
		"blank":                    "  ",
		"text only":                "x",
		"control character":        dotnet.Request("<AccountId>\x01</AccountId>"),
		"half a pair, first":       dotnet.Request("<AccountId>&#xD83D;</AccountId>"),
		"half a pair, second":      dotnet.Request("<AccountId>x&#xDE00;</AccountId>"),
		"half a pair and text":     dotnet.Request("<AccountId>&#xD83D;x&#xDE00;</AccountId>"),
		"half a pair twice":        dotnet.Request("<AccountId>&#xD83D;&#xD83D;&#xDE00;</AccountId>"),
		"half a pair backwards":    dotnet.Request("<AccountId>&#xDE00;&#xD83D;</AccountId>"),
		"half a pair and control":  dotnet.Request("<AccountId>&#xD83D;&#x1;</AccountId>"),
		"half a pair in decimal":   dotnet.Request("<AccountId>&#55357;</AccountId>"),
		"control between":          dotnet.Request("&#1;" + child),
		"no digits":                dotnet.Request("<AccountId>&#x;</AccountId>"),
		"no end of a reference":    dotnet.Request("<AccountId>&#x1B</AccountId>"),
		"UTF-16LE is BE":           dotnet.UTF16(`<?xml version="1.0" encoding="utf-16LE"?>`+good, binary.BigEndian),
		"UTF-16BE is LE":           dotnet.UTF16(`<?xml version="1.0" encoding="utf-16BE"?>`+good, binary.LittleEndian)[2:],
		"unmarked and undeclared":  dotnet.UTF16(`<?xml version="1.0"?>`+good, binary.LittleEndian)[2:],
		"ucs-2":                    dotnet.UTF16(`<?xml version="1.0" encoding="ucs-2"?>`+good, binary.LittleEndian),
		"nil is maybe":             dotnet.Request(`<AccountId i:nil="maybe"/>`),
		"nil with content":         dotnet.Request(`<AccountId i:nil="true">A</AccountId>`),
		"element in a value":       dotnet.Request(`<AccountId><b>A</b></AccountId>`),
		"text between":             dotnet.Request(`x` + child),
		"too deep":                 dotnet.Request(strings.Repeat("<x>", 32) + strings.Repeat("</x>", 32)),
		"too many attributes":      dotnet.Request("<x" + manyAttributes(32+1) + "/>"),
		"repeated attribute":       dotnet.Request(`<x a="1" a="2"/>`),
		"repeated by namespace":    dotnet.Request(`<x xmlns:j="` + contract.InstanceNamespace + `" i:nil="true" j:nil="false"/>`),
		"undeclared on attribute":  dotnet.Request(`<x q:a="1"/>`),
		"empty prefix declaration": dotnet.Request(`<x xmlns:q=""/>`),
		"rebound xml":              dotnet.Request(`<x xmlns:xml="urn:x"/>`),
		"prefix twice":             dotnet.Request(`<x xmlns:q="a" xmlns:q="b"/>`),
		"bad name":                 dotnet.Request(`<:x/>`),
		"a batch":                  `<ArrayOfGetAIUsage xmlns="` + contract.Namespace + `"></ArrayOfGetAIUsage>`,
	} {
		t.Run(name, func(t *testing.T) {
			got := newDoor(t).refused(t, http.StatusBadRequest, "POST", "/ai/usage", body, asXML, "Accept: application/json")
			if !strings.Contains(got, `"SerializationException"`) || !strings.Contains(got, `Could not deserialize 'application/xml' request using Voice.Api.AI.GetAIUsage'\nError: `) {
				t.Error(got)
			}
		})
	}
}

func manyAttributes(count int) string {
	var attributes strings.Builder
	for i := range count {
		fmt.Fprintf(&attributes, ` a%d=""`, i)
	}
	return attributes.String()
}

func TestFact6AnyOrder(t *testing.T) {
	want := usage.Request{AccountID: "A", CustomerID: "C", StartDate: "2026-03-01", EndDate: "2026-03-31"}
	parts := []string{"<AccountId>A</AccountId>", "<CustomerId>C</CustomerId>", "<EndDate>2026-03-31</EndDate>", "<StartDate>2026-03-01</StartDate>"}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}} {
		var children string
		for _, i := range order {
			children += parts[i]
		}
		if got := newDoor(t).bound(t, "POST", "/ai/usage", dotnet.Request(children), asXML); got != want {
			t.Errorf("%v: %+v", order, got)
		}
	}
}

func TestFact6NoFilterIsDropped(t *testing.T) {
	for name, children := range map[string]string{
		"repeated":          `<AccountId>A</AccountId><AccountId>A</AccountId>`,
		"repeated empty":    `<AccountId/><AccountId>A</AccountId>`,
		"wrong case":        `<accountId>A</accountId>`,
		"foreign namespace": `<x:AccountId xmlns:x="urn:x">A</x:AccountId>`,
	} {
		got := newDoor(t).refused(t, http.StatusBadRequest, "POST", "/ai/usage", dotnet.Request(children), asXML, "Accept: application/json")
		if !strings.Contains(got, "SerializationException") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestFact5OurOwnAnswersAreNotRequests: the reader tells documents apart.
func TestFact5OurOwnAnswersAreNotRequests(t *testing.T) {
	newDoor(t).refused(t, http.StatusBadRequest, "POST", "/ai/usage", string(answerFor(t, oneRow(), contract.XML)), asXML)
}

// TestSchemaValidatesTheGoldenAnswers validates answers and requests against
// the schema that is served at /ai/usage.xsd.
func TestSchemaValidatesTheGoldenAnswers(t *testing.T) {
	w := newDoor(t).send("GET", "/ai/usage.xsd", "", "Authorization: ")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/xml" || !bytes.Equal(w.Body.Bytes(), schemaDocument) {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("xmllint is required where CI=true")
		}
		t.Skip("xmllint is not on the PATH")
	}
	folder := t.TempDir()
	schema := filepath.Join(folder, "usage.xsd")
	write(t, schema, w.Body.String())
	request := filepath.Join(folder, "request.xml")
	write(t, request, dotnet.Request(`<StartDate>2026-03-01</StartDate><AccountId>A</AccountId><CustomerId i:nil="true"/>`))
	documents, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(documents) < 4 {
		t.Fatal(err, documents)
	}
	for _, document := range append(documents, request) {
		if strings.Contains(document, "fault") || strings.Contains(document, "control") {
			continue // errors are in another namespace, and XML 1.0 has no control characters
		}
		if out, err := exec.Command(xmllint, "--noout", "--nonet", "--schema", schema, document).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", document, err, out)
		}
	}
	wrong := filepath.Join(folder, "wrong.xml")
	write(t, wrong, strings.Replace(factXML, "<AIMinutes>7</AIMinutes>", "<AIMinutes>2147483648</AIMinutes>", 1))
	if err := exec.Command(xmllint, "--noout", "--nonet", "--schema", schema, wrong).Run(); err == nil {
		t.Error("the schema accepts more than 32 bits")
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
