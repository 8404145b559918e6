package legacy

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/usage"
)

// answerFor asks for a report in a format and returns the body.
func answerFor(t *testing.T, report *usage.Report, as contract.Format) []byte {
	t.Helper()
	d := newDoor(t)
	d.respond = func(context.Context, usage.Request) (*usage.Report, error) { return report, nil }
	w := d.send("GET", "/ai/usage."+string(as), "")
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// TestAnswersToTheByte holds every format of facts 9 to 13 to golden files.
func TestAnswersToTheByte(t *testing.T) {
	for name, report := range map[string]*usage.Report{
		"empty": emptyReport(), "one": oneRow(), "many": manyRows(), "strange": strangeReport(), "control": controlReport(),
	} {
		for as := range contract.ContentTypes {
			t.Run(name+"."+string(as), func(t *testing.T) {
				golden(t, name+"."+string(as), answerFor(t, report, as))
			})
		}
	}
}

const factXML = `<?xml version="1.0" encoding="utf-8"?><AIUsage xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI"><AccountUsage><AIAccountUsage><AIMinutes>7</AIMinutes><AccountId>acc-1</AccountId></AIAccountUsage></AccountUsage><CustomerUsage><AICustomerUsage><AIMinutes>7</AIMinutes><AccountId>acc-1</AccountId><CustomerId>cus-1</CustomerId></AICustomerUsage></CustomerUsage></AIUsage>`

func TestFact10XMLToTheByte(t *testing.T) {
	if got := string(answerFor(t, oneRow(), contract.XML)); got != factXML {
		t.Errorf("got %s", got)
	}
	if got := string(answerFor(t, emptyReport(), contract.XML)); !strings.HasSuffix(got, `"><AccountUsage /><CustomerUsage /></AIUsage>`) {
		t.Errorf("got %s", got)
	}
}

func TestFact11JSONToTheByte(t *testing.T) {
	if got := string(answerFor(t, oneRow(), contract.JSON)); got != `{"accountUsage":[{"accountId":"acc-1","aiMinutes":7}],"customerUsage":[{"accountId":"acc-1","customerId":"cus-1","aiMinutes":7}]}` {
		t.Errorf("got %s", got)
	}
	if got := string(answerFor(t, emptyReport(), contract.JSON)); got != `{"accountUsage":[],"customerUsage":[]}` {
		t.Errorf("got %s", got)
	}
}

func TestFact12CSVToTheByte(t *testing.T) {
	if got := string(answerFor(t, oneRow(), contract.CSV)); got != "AccountUsage,CustomerUsage\r\n"+
		`"[{accountId:acc-1,aiMinutes:7}]","[{accountId:acc-1,customerId:cus-1,aiMinutes:7}]"`+"\r\n" {
		t.Errorf("got %s", got)
	}
	if got := newDoor(t).send("GET", "/ai/usage.csv", "").Header().Get("Content-Disposition"); got != `attachment;filename="GetAIUsage.csv"` {
		t.Errorf("Content-Disposition: %s", got)
	}
}

func TestFact13JSVToTheByte(t *testing.T) {
	if got := string(answerFor(t, oneRow(), contract.JSV)); got != `{accountUsage:[{accountId:acc-1,aiMinutes:7}],customerUsage:[{accountId:acc-1,customerId:cus-1,aiMinutes:7}]}` {
		t.Errorf("got %s", got)
	}
	for _, special := range []string{",", `"`, "[", "]", "{", "}", "\r", "\n", ":"} {
		report := reportOf(subject("a"+special, "c", 1))
		want := `{accountId:"a` + strings.ReplaceAll(special, `"`, `""`) + `",aiMinutes:1}`
		if got := string(answerFor(t, report, contract.JSV)); !strings.Contains(got, want) {
			t.Errorf("%q: got %s", special, got)
		}
	}
}

// TestFacts10To13ContentTypes holds the Content-Type of every format.
func TestFacts10To13ContentTypes(t *testing.T) {
	for suffix, want := range map[string]string{
		"xml": "application/xml", "json": "application/json; charset=utf-8", "csv": "text/csv",
		"jsv": "application/jsv", "html": "text/html; charset=utf-8",
	} {
		if got := newDoor(t).send("GET", "/ai/usage."+suffix, "").Header().Get("Content-Type"); got != want {
			t.Errorf("%s: %s", suffix, got)
		}
	}
}

func TestFact14VaryOnEveryAnswer(t *testing.T) {
	d := newDoor(t)
	for _, target := range []string{"/ai/usage", "/ai/usage.csv", "/ai/usage?startDate=x", "/ai/usage/x", "/metadata", "/ai/usage.xsd", "/api/Nope"} {
		if w := d.send("GET", target, ""); !slices.Equal(w.Header()["Vary"], []string{"Accept"}) ||
			w.Header().Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: %v", target, w.Header())
		}
	}
	if w := d.send("GET", "/ai/usage", "", "Authorization: "); w.Header().Get("Vary") != "Accept" {
		t.Errorf("401: %v", w.Header())
	}
}

// TestFact10OneOddIDDoesNotTakeTheReportDown, in any format. What XML does not have
// is written as the old serializer writes it.
func TestFact10OneOddIDDoesNotTakeTheReportDown(t *testing.T) {
	for id, want := range map[string]string{
		"a\x00": "a&#x0;", "a\x01": "a&#x1;", "\x1F": "&#x1F;", "\x1B[0m": "&#x1B;[0m", "\uFFFE\uFFFF\uFFFD": "&#xFFFE;&#xFFFF;\uFFFD", "\uFFC0\uFFFE": "\uFFC0&#xFFFE;",
		"\x7F\u0085": "\x7F\u0085", "\xFF": "\uFFFD", "a\xED\xA0\x80b": "a\uFFFDb", "\xEF\xBF": "\uFFFD", "\xC3": "\uFFFD",
	} {
		report := reportOf(subject("acc", id, 1), subject("acc"+id, "c", 2))
		for as := range contract.ContentTypes {
			if got := string(answerFor(t, report, as)); !utf8.ValidString(got) || !strings.Contains(got, "acc") {
				t.Errorf("%q as %s: %q", id, as, got)
			}
		}
		var out bytes.Buffer
		if err := answer.WriteXML(&out, report); err != nil || out.String() != string(answerFor(t, report, contract.XML)) ||
			!strings.Contains(out.String(), "<CustomerId>"+want+"</CustomerId>") || !strings.Contains(out.String(), "<AccountId>acc"+want+"</AccountId>") {
			t.Errorf("%q: %v, %q", id, err, out.String())
		}
		if report.Customers[0].CustomerID != id {
			t.Errorf("%q: the report itself was changed", id)
		}
	}
}

// TestAIMinutesAre32Bits: a sum beyond int is an error in every format, never
// a wrapped number.
func TestAIMinutesAre32Bits(t *testing.T) {
	for as := range contract.ContentTypes {
		d := newDoor(t)
		for _, report := range []*usage.Report{
			reportOf(subject("acc", "cus", math.MaxInt32+1)),
			reportOf(subject("acc", "a", math.MaxInt32), subject("acc", "b", 1)), // only the account's sum is too great
		} {
			d.respond = func(context.Context, usage.Request) (*usage.Report, error) { return report, nil }
			w := d.send("GET", "/ai/usage."+string(as), "")
			if body := w.Body.String(); w.Code != http.StatusInternalServerError || !strings.Contains(body, "2147483648") ||
				!strings.Contains(body, "OverflowException") || strings.Contains(body, "customerUsage") {
				t.Errorf("%s: %d %s", as, w.Code, body)
			}
		}
	}
}

// TestAnswersReadBack: what the writers write, independent readers read.
func TestAnswersReadBack(t *testing.T) {
	for _, report := range []*usage.Report{emptyReport(), manyRows(), strangeReport()} {
		t.Run("xml", func(t *testing.T) { sameRows(t, report, readAnswerXML(t, answerFor(t, report, contract.XML))) })
		t.Run("json", func(t *testing.T) { sameRows(t, report, readAnswerJSON(t, answerFor(t, report, contract.JSON))) })
		t.Run("jsv", func(t *testing.T) { sameRows(t, report, readAnswerJSV(t, string(answerFor(t, report, contract.JSV)))) })
		t.Run("csv", func(t *testing.T) {
			// A line break in a cell is CR LF or LF, which encoding/csv would make one.
			body := strings.ReplaceAll(string(answerFor(t, report, contract.CSV)), "\r\n\"[", "\n\"[")
			body = strings.TrimSuffix(body, "\r\n") + "\n"
			lines, err := csv.NewReader(strings.NewReader(strings.ReplaceAll(body, "\r", "\u2400"))).ReadAll()
			if err != nil || len(lines) != 2 || len(lines[1]) != 2 {
				t.Fatalf("%v %q", err, lines)
			}
			jsv := "{accountUsage:" + lines[1][0] + ",customerUsage:" + lines[1][1] + "}"
			sameRows(t, report, readAnswerJSV(t, strings.ReplaceAll(jsv, "\u2400", "\r")))
			sameRows(t, report, readAnswer(t, "text/csv", answerFor(t, report, contract.CSV)))
		})
	}
	sameRows(t, controlReport(), readAnswerXML(t, answerFor(t, controlReport(), contract.XML)))
	sameRows(t, controlReport(), readAnswerJSON(t, answerFor(t, controlReport(), contract.JSON)))
}

type (
	row          = answer.Row
	readDocument = answer.Content
)

func sameRows(t *testing.T, report *usage.Report, got readDocument) {
	t.Helper()
	var want readDocument
	for _, account := range report.Accounts {
		want.Accounts = append(want.Accounts, row{AccountID: account.AccountID, Minutes: account.Minutes})
	}
	for _, customer := range report.Customers {
		want.Customers = append(want.Customers, row{AccountID: customer.AccountID, CustomerID: customer.CustomerID, Minutes: customer.Minutes})
	}
	if !slices.Equal(got.Accounts, want.Accounts) || !slices.Equal(got.Customers, want.Customers) {
		t.Errorf("got  %+q\nwant %+q", fmt.Sprint(got), fmt.Sprint(want))
	}
}

// readAnswerXML and readAnswerJSV read as callers of compare do.
func readAnswerXML(t *testing.T, body []byte) readDocument {
	return readAnswer(t, "application/xml", body)
}

func readAnswerJSV(t *testing.T, body string) readDocument {
	t.Helper()
	return readAnswer(t, "application/jsv", []byte(body))
}

func readAnswer(t *testing.T, contentType string, body []byte) readDocument {
	t.Helper()
	answers, err := answer.Read(contentType, body)
	if err != nil || len(answers) != 1 {
		t.Fatalf("%v in %s", err, body)
	}
	return answers[0]
}

func readAnswerJSON(t *testing.T, body []byte) (read readDocument) {
	t.Helper()
	if err := json.Unmarshal(body, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// FuzzAnswer: what the writers write, independent readers read.
func FuzzAnswer(f *testing.F) {
	for i, id := range strangeIDs {
		f.Add(id, id+".", int64(i))
	}
	f.Add("a\x01", "\xFF", int64(math.MaxInt32+1))
	f.Fuzz(func(t *testing.T, account, customer string, minutes int64) {
		report, err := answer.Writable(reportOf(subject(account, customer, minutes)))
		if tooBig := minutes > math.MaxInt32 || minutes < math.MinInt32; tooBig || err != nil {
			if !tooBig || usage.AsError(err).Code != usage.OutOfRange {
				t.Fatalf("%d minutes: %v", minutes, err)
			}
			return
		}
		for as := range contract.ContentTypes {
			var body bytes.Buffer
			if err := answer.One(as, report).Write(t.Context(), &body, contract.Representation{Format: as}); err != nil {
				t.Fatal(err)
			}
			switch as {
			case contract.XML:
				sameRows(t, report, readAnswerXML(t, body.Bytes()))
			case contract.JSON:
				sameRows(t, report, readAnswerJSON(t, body.Bytes()))
			case contract.JSV:
				sameRows(t, report, readAnswerJSV(t, body.String()))
			}
		}
	})
}
