package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"aiusage/usage"
)

// noCustomer stands in tables where a row belongs to no customer.
const noCustomer = "(none)"

// writeReportTable writes a report for people: what was asked, then a row per
// subject and the totals, in aligned columns. Thousands are separated where a
// person reads, not where a program might.
func writeReportTable(w io.Writer, report *usage.Report, separators bool) error {
	number := decimal
	if separators {
		number = withSeparators
	}
	if _, err := fmt.Fprintf(w, "AI usage %s, time zone %s, as of %s\n",
		spanText(report), report.TimeZone(), report.AsOf.Format(time.RFC3339)); err != nil {
		return err
	}
	out := table.NewWriter()
	out.SetStyle(plainTable())
	out.SetColumnConfigs([]table.ColumnConfig{rightAligned(3), rightAligned(4), rightAligned(5)})
	out.AppendHeader(table.Row{"Account", "Customer", "AI minutes", "AI seconds", "Sessions"})
	for _, row := range report.Subjects {
		customer := printable(row.CustomerID)
		if row.CustomerID == "" {
			customer = noCustomer
		}
		out.AppendRow(table.Row{printable(row.AccountID), customer,
			number(row.Minutes), number(row.Seconds), number(row.Sessions)})
	}
	out.AppendFooter(table.Row{"Total", "",
		number(report.Totals.Minutes), number(report.Totals.Seconds), number(report.Totals.Sessions)})
	_, err := fmt.Fprintln(w, out.Render())
	return err
}

// plainTable is how tables look for people.
func plainTable() table.Style {
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true, SeparateFooter: true, SeparateColumns: true}
	style.Format = table.FormatOptions{}
	return style
}

func rightAligned(column int) table.ColumnConfig {
	return table.ColumnConfig{Number: column, Align: text.AlignRight, AlignHeader: text.AlignRight, AlignFooter: text.AlignRight}
}

// spanText says what range a report covers.
func spanText(report *usage.Report) string {
	from, to := report.From(), report.To()
	switch {
	case from == nil && to == nil:
		return "of all time"
	case from == nil:
		return "before " + to.Format(time.RFC3339Nano)
	case to == nil:
		return "since " + from.Format(time.RFC3339Nano)
	}
	return "from " + from.Format(time.RFC3339Nano) + " until before " + to.Format(time.RFC3339Nano)
}

// printable keeps an id from moving the cursor or changing colors.
func printable(id string) string {
	if !strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return id
	}
	quoted := strconv.Quote(id)
	return quoted[1 : len(quoted)-1]
}

// withSeparators writes a number with a comma before every third digit.
func withSeparators(n int64) string {
	digits := decimal(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}
