package request

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"aiusage/legacy/contract"
	"aiusage/legacy/dotnet"
	"aiusage/usage"
)

// requestFields are a request's fields in the contract's order of elements.
func requestFields(request usage.Request) [4][2]string {
	return [4][2]string{{"AccountId", request.AccountID}, {"CustomerId", request.CustomerID},
		{"EndDate", request.EndDate}, {"StartDate", request.StartDate}}
}

// requestAsXML, requestAsJSON and requestAsJSV write a request, with every character escaped
// that can be.
func requestAsXML(request usage.Request) string {
	var children strings.Builder
	for _, field := range requestFields(request) {
		children.WriteString("<" + field[0] + ">")
		for _, r := range field[1] {
			fmt.Fprintf(&children, "&#x%X;", r)
		}
		children.WriteString("</" + field[0] + ">")
	}
	return dotnet.Request(children.String())
}

func requestAsJSON(request usage.Request) string {
	fields := map[string]string{}
	for _, field := range requestFields(request) {
		fields[field[0]] = field[1]
	}
	written, err := json.Marshal(fields)
	if err != nil {
		panic(err) // texts
	}
	return string(written)
}

func requestAsJSV(request usage.Request) string {
	var written strings.Builder
	for i, field := range requestFields(request) {
		fmt.Fprintf(&written, `%s%s:"%s"`, []string{"{", ",", ",", ","}[i], field[0], strings.ReplaceAll(field[1], `"`, `""`))
	}
	return written.String() + "}"
}

// readsBack makes sure that a request, once written, is read as the same.
func readsBack(t *testing.T, request usage.Request, kind contract.Format, body string) {
	t.Helper()
	again, err := bind([]byte(body), contract.Media(kind))
	if err != nil || again != request {
		t.Errorf("%s %q\nread  %+q %v\nfrom  %+q", kind, body, requestFields(again), err, requestFields(request))
	}
}

// FuzzXML: whatever our strict reader accepts, encoding/xml reads alike, and
// what is written of it is read back.
func FuzzXML(f *testing.F) {
	for _, children := range []string{
		"", `<AccountId>A</AccountId>`, `<AccountId i:nil="true"/><EndDate>&lt;&#13;</EndDate>`, `<x><y z="1"/></x><!-- c --><CustomerId><![CDATA[<]]></CustomerId>`,
		`<AccountId>A</AccountId><AccountId>B</AccountId>`, `<AccountId>&#xD83D;<!-- &#1; -->&#xDE00;&#x1B;</AccountId>`, "<EndDate>\uFDD0</EndDate>", `<p:StartDate xmlns:p="` + contract.Namespace + `">3/1/2026</p:StartDate>`,
	} {
		f.Add([]byte(dotnet.Request(children)))
	}
	f.Add([]byte("\uFEFF" + contract.XMLDeclaration + dotnet.Request("")))
	f.Add([]byte(`<?xml version="1.0" encoding="utf-16"?>` + dotnet.Request("")))
	f.Add([]byte("\xFF\xFE<\x00"))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]>` + dotnet.Request("&b;")))
	f.Add([]byte(strings.Repeat("<a>", 100)))
	f.Fuzz(func(t *testing.T, body []byte) {
		if text, err := decodeText(body, contract.Media(contract.XML)); err == nil {
			usageMessage.readXML(text, true) // a batch must not panic either
		}
		request, err := bind(body, contract.Media(contract.XML))
		if err != nil || len(body) == 0 {
			return
		}
		text, _ := decodeText(body, contract.Media(contract.XML))
		document, _ := cutDeclaration(text)
		if contract.HideReferences(document) != document {
			readsBack(t, request, contract.XML, requestAsXML(request))
			return // encoding/xml does not know these references
		}
		var library struct{ AccountId, CustomerId, EndDate, StartDate string }
		if err := xml.Unmarshal([]byte(document), &library); err != nil {
			t.Fatalf("encoding/xml refuses what we accept: %v", err)
		}
		if want := (usage.Request{AccountID: library.AccountId, CustomerID: library.CustomerId, EndDate: library.EndDate, StartDate: library.StartDate}); request != want {
			t.Fatalf("got %+q, encoding/xml %+q", requestFields(request), requestFields(want))
		}
		readsBack(t, request, contract.XML, requestAsXML(request))
	})
}

// FuzzJSON: what is accepted is one valid object, and reads back.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `{"AccountId":"A"}`, `{"accountid":null,"x":[1,{"a":2}],"STARTDATE":"\u00e9\ud83d\ude00"}`, `null`, `[]`, `{"AccountId":`,
		`{"AccountId":"\ud83d"}`, "\uFEFF{}", `{"AccountId":1e5,"AccountId":true}`, `[{},{"AccountId":"B"}]`, `{"AccountId":"\\\"\n"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if text, err := decodeText(body, contract.Media(contract.JSON)); err == nil {
			usageMessage.readJSON(text.content, true)
		}
		request, err := bind(body, contract.Media(contract.JSON))
		if err != nil || len(body) == 0 {
			return
		}
		text, _ := decodeText(body, contract.Media(contract.JSON))
		var object map[string]any
		if err := json.Unmarshal([]byte(text.content), &object); err != nil || object == nil {
			t.Fatalf("%q is not an object: %v", text.content, err)
		}
		readsBack(t, request, contract.JSON, requestAsJSON(request))
	})
}

// FuzzJSV: what is accepted reads back.
func FuzzJSV(f *testing.F) {
	for _, seed := range []string{`{}`, `{AccountId:A}`, `{AccountId:"a,""b""",x:{y:[z]},StartDate:3/1/2026}`, `{a:"`, `{AccountId:,CustomerId:""}`, `{"Account""Id":x}`, `{:}`, `{a:[}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request, err := bind(body, contract.Media(contract.JSV))
		if err == nil && len(body) > 0 {
			readsBack(t, request, contract.JSV, requestAsJSV(request))
		}
		bind(body, contract.Media(contract.CSV))
	})
}

// FuzzForm: nothing is refused, no value is lost, and where net/url can read a
// form, ours reads it alike.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"", "accountId=A", "accountId=A&ACCOUNTID=B", "a=%zz&accountId=%", "accountId=a+b%20c;d", "=&&=x", "accountId"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values := parseForm(text)
		var request usage.Request
		values.apply(&request)
		if request.AccountID != values["accountid"] {
			t.Fatalf("the account is %q, the form has %q", request.AccountID, values["accountid"])
		}
		if library, err := url.ParseQuery(text); err == nil {
			want := form{}
			for _, pair := range strings.Split(text, "&") { // in order, which url.Values loses
				name, value, _ := strings.Cut(pair, "=")
				name, _ = url.QueryUnescape(name)
				value, _ = url.QueryUnescape(value)
				if library.Has(name) {
					want.add(name, value)
				}
			}
			if want["accountid"] != values["accountid"] {
				t.Fatalf("%q, want %q", values["accountid"], want["accountid"])
			}
		}
		if got := parseForm("ACCOUNTID=" + url.QueryEscape(text))["accountid"]; got != text {
			t.Fatalf("%q became %q", text, got)
		}
		usageMessage.readMultipart([]byte(text), "multipart/form-data; boundary=b")
	})
}

// FuzzDate: a text is left alone, refused, or becomes one that usage takes.
func FuzzDate(f *testing.F) {
	for _, seed := range []string{"3/1/2026", "3/1/2026 5:00:00 PM", "/Date(1772384400000+0200)/", "2026-03-01T10:00:00.1234567Z", "13/32/0000 99:99:99", "/Date(-99999999999999)/", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		translated, err := translateDate(text)
		if err != nil || translated == text {
			return
		}
		if _, err := usage.ParseRange(translated, "", time.UTC); err != nil {
			t.Fatalf("%q became %q: %v", text, translated, err)
		}
		if again, err := translateDate(translated); err != nil || again != translated {
			t.Fatalf("%q became %q, then %q: %v", text, translated, again, err)
		}
	})
}

// bind reads one request, and bindBatch those of a batch, from a body alone.
func bind(content []byte, kind contract.Media) (request usage.Request, err error) {
	values, err := usageMessage.read(requestBody{content: content, kind: kind})
	values.apply(&request)
	return request, err
}

func bindBatch(content []byte, kind contract.Media) ([]usage.Request, error) {
	batch, err := usageMessage.readBatch(requestBody{content: content, kind: kind})
	requests := make([]usage.Request, len(batch))
	for i, values := range batch {
		values.apply(&requests[i])
	}
	return requests, err
}
