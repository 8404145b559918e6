package legacy

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

// written is a document as our own writers write it.
func written(write func(*stream)) string {
	var out bytes.Buffer
	s := newStream(context.Background(), &out)
	write(s)
	s.close()
	return out.String()
}

// requestFields are a request's fields in the contract's order of elements.
func requestFields(request usage.Request) [4][2]string {
	return [4][2]string{{"AccountId", request.AccountID}, {"CustomerId", request.CustomerID},
		{"EndDate", request.EndDate}, {"StartDate", request.StartDate}}
}

func requestAsXML(request usage.Request) string {
	return written(func(s *stream) {
		s.text(xmlDeclaration + "<GetAIUsage" + contractAttributes + ">")
		for _, field := range requestFields(request) {
			s.text("<" + field[0] + ">")
			s.xmlText(field[1])
			s.text("</" + field[0] + ">")
		}
		s.text("</GetAIUsage>")
	})
}

func requestAsJSON(request usage.Request) string {
	return written(func(s *stream) {
		for i, field := range requestFields(request) {
			s.text([]string{"{", ",", ",", ","}[i])
			s.jsonString(field[0])
			s.char(':')
			s.jsonString(field[1])
		}
		s.char('}')
	})
}

func requestAsJSV(request usage.Request) string {
	return written(func(s *stream) {
		for i, field := range requestFields(request) {
			s.text([]string{"{", ",", ",", ","}[i] + field[0] + ":")
			s.jsvText(field[1], `"`)
		}
		s.char('}')
	})
}

// readsBack makes sure that a request, once written, is read as the same.
func readsBack(t *testing.T, request usage.Request, kind format, body string) {
	t.Helper()
	again, err := bind([]byte(body), media(kind))
	if err != nil || again != request {
		t.Errorf("%s %q\nread  %+q %v\nfrom  %+q", kind, body, requestFields(again), err, requestFields(request))
	}
}

// FuzzXML: whatever our strict reader accepts, encoding/xml reads alike, and
// what our writer makes of it is read back.
func FuzzXML(f *testing.F) {
	for _, children := range []string{
		"", `<AccountId>A</AccountId>`, `<AccountId i:nil="true"/><EndDate>&lt;&#13;</EndDate>`, `<x><y z="1"/></x><!-- c --><CustomerId><![CDATA[<]]></CustomerId>`,
		`<AccountId>A</AccountId><AccountId>B</AccountId>`, `<AccountId>&#xD83D;<!-- &#1; -->&#xDE00;&#x1B;</AccountId>`, "<EndDate>\uFDD0</EndDate>", `<p:StartDate xmlns:p="` + contractNamespace + `">3/1/2026</p:StartDate>`,
	} {
		f.Add([]byte(xmlFor(children)))
	}
	f.Add([]byte("\uFEFF" + xmlDeclaration + xmlFor("")))
	f.Add([]byte(`<?xml version="1.0" encoding="utf-16"?>` + xmlFor("")))
	f.Add([]byte("\xFF\xFE<\x00"))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]>` + xmlFor("&b;")))
	f.Add([]byte(strings.Repeat("<a>", 100)))
	f.Fuzz(func(t *testing.T, body []byte) {
		if text, err := decodeText(body, media(formatXML)); err == nil {
			usageMessage.readXML(text, true) // a batch must not panic either
		}
		request, err := bind(body, media(formatXML))
		if err != nil || len(body) == 0 {
			return
		}
		text, _ := decodeText(body, media(formatXML))
		document, _ := cutDeclaration(text)
		if strings.Contains(hideReferences(document), hidden) {
			readsBack(t, request, formatXML, requestAsXML(request))
			return // encoding/xml does not know these references
		}
		var library struct{ AccountId, CustomerId, EndDate, StartDate string }
		if err := xml.Unmarshal([]byte(document), &library); err != nil {
			t.Fatalf("encoding/xml refuses what we accept: %v", err)
		}
		if want := (usage.Request{AccountID: library.AccountId, CustomerID: library.CustomerId, EndDate: library.EndDate, StartDate: library.StartDate}); request != want {
			t.Fatalf("got %+q, encoding/xml %+q", requestFields(request), requestFields(want))
		}
		readsBack(t, request, formatXML, requestAsXML(request))
	})
}

// FuzzJSON: what is accepted is one valid object, and reads back.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `{"AccountId":"A"}`, `{"accountid":null,"x":[1,{"a":2}],"STARTDATE":"\u00e9\ud83d\ude00"}`, `null`, `[]`, `{"AccountId":`,
		`{"AccountId":"\ud83d"}`, "\uFEFF{}", `{"AccountId":1e5,"AccountId":true}`, `[{},{"AccountId":"B"}]`, `{"AccountId":"\\\"\n"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if text, err := decodeText(body, media(formatJSON)); err == nil {
			usageMessage.readJSON(text.content, true)
		}
		request, err := bind(body, media(formatJSON))
		if err != nil || len(body) == 0 {
			return
		}
		text, _ := decodeText(body, media(formatJSON))
		var object map[string]any
		if err := json.Unmarshal([]byte(text.content), &object); err != nil || object == nil {
			t.Fatalf("%q is not an object: %v", text.content, err)
		}
		readsBack(t, request, formatJSON, requestAsJSON(request))
	})
}

// FuzzJSV: what is accepted reads back.
func FuzzJSV(f *testing.F) {
	for _, seed := range []string{`{}`, `{AccountId:A}`, `{AccountId:"a,""b""",x:{y:[z]},StartDate:3/1/2026}`, `{a:"`, `{AccountId:,CustomerId:""}`, `{"Account""Id":x}`, `{:}`, `{a:[}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request, err := bind(body, media(formatJSV))
		if err == nil && len(body) > 0 {
			readsBack(t, request, formatJSV, requestAsJSV(request))
		}
		bind(body, media(formatCSV))
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

// FuzzAnswer: what the writers write, independent readers read.
func FuzzAnswer(f *testing.F) {
	for i, id := range strangeIDs {
		f.Add(id, id+".", int64(i))
	}
	f.Add("a\x01", "\xFF", int64(math.MaxInt32+1))
	f.Fuzz(func(t *testing.T, account, customer string, minutes int64) {
		report, err := writable(reportOf(subject(account, customer, minutes)))
		if tooBig := minutes > math.MaxInt32 || minutes < math.MinInt32; tooBig || err != nil {
			if !tooBig || usage.AsError(err).Code != usage.OutOfRange {
				t.Fatalf("%d minutes: %v", minutes, err)
			}
			return
		}
		for as := range contentTypes {
			var body bytes.Buffer
			s := newStream(t.Context(), &body)
			encoders[as].one(s, report)
			if err := s.close(); err != nil {
				t.Fatal(err)
			}
			switch as {
			case formatXML:
				sameRows(t, report, readAnswerXML(t, body.Bytes()))
			case formatJSON:
				sameRows(t, report, readAnswerJSON(t, body.Bytes()))
			case formatJSV:
				sameRows(t, report, readAnswerJSV(t, body.String()))
			}
		}
	})
}
