package legacy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/legacy/dotnet"
	"aiusage/usage"
)

// TestFact10AsDotNetWrites holds answers to the bytes that .NET writes, but for the
// carriage return that it loses, and makes sure that it reads them.
func TestFact10AsDotNetWrites(t *testing.T) {
	o := dotnet.Ask(t)
	g := dotnet.NewGenerator(9)
	for range 1000 {
		var subjects []usage.SubjectUsage
		for range g.IntN(4) {
			subjects = append(subjects, subject("a"+g.AnyID(), g.AnyID(), g.Int64N(1<<31)))
		}
		report := reportOf(subjects...)
		var rows, accounts, customers []string
		for _, row := range report.Accounts {
			report := fmt.Sprint(dotnet.Hex(row.AccountID), " - ", row.Minutes)
			rows, accounts = append(rows, report), append(accounts, strings.Replace(report, " -", "", 1))
		}
		for _, row := range report.Customers {
			report := fmt.Sprint(dotnet.Hex(row.AccountID), " ", dotnet.Hex(row.CustomerID), " ", row.Minutes)
			rows, customers = append(rows, report), append(customers, report)
		}
		var out strings.Builder
		if err := answer.WriteXML(&out, report); err != nil {
			continue // more than 32 bits
		}
		if want := o.Write(t, 'u', strings.Join(rows, "\n")); out.String() != want {
			t.Errorf("got  %q\nwant %q", out.String(), want)
		}
		verdict, words := o.Ask(t, 'a', out.String())
		want := strings.Fields(strings.Join(accounts, " ") + " | " + strings.Join(customers, " "))
		if verdict != "read" || !slices.Equal(words, want) {
			t.Errorf("%q\nread %s %q\nwant %q", out.String(), verdict, words, want)
		}
	}
	if _, words := o.Ask(t, 'a', string(answerFor(t, reportOf(subject("a\rb", "c\r\n", 1)), contract.XML))); dotnet.Text(words[0]) != "a\rb" || dotnet.Text(words[4]) != "c\r\n" {
		t.Errorf("carriage returns: got %q", words)
	}
}

// TestFact16DotNetReadsErrors with and without a field, of a batch, and with words
// that XML does not have.
func TestFact16DotNetReadsErrors(t *testing.T) {
	o := dotnet.Ask(t)
	index := 2
	for _, f := range []*contract.ErrorResponse{
		contract.BadArgument("StartDate", "Bad thing"), contract.BadArgument("", "Bad <thing>"), {Status: 500, Code: "NotImplementedException", Message: "No\x01pe"},
		{Status: 500, Code: "Exception", Message: "internal error", BatchIndex: &index},
	} {
		verdict, words := o.Ask(t, 'e', string(errorBody(f, contract.XML)))
		got := strings.Join(words, " ")
		want := dotnet.Hex(f.Code) + " " + dotnet.Hex(strings.ReplaceAll(f.Message, "\x01", "\uFFFD")) + " -"
		if f.Field != "" {
			want += " | " + dotnet.Hex(f.Code) + " " + dotnet.Hex(f.Field) + " " + dotnet.Hex(f.Detail)
		}
		if verdict != "read" || got != want {
			t.Errorf("%s: got %s %s", f.Message, verdict, got)
		}
	}
}
