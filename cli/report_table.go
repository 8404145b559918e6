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

	"aiusage/export"
	"aiusage/usage"
)

// noCustomer stands in tables where a row belongs to no customer.
const noCustomer = "(none)"

// writeReportTable writes a report for people: what was asked, then its rows and the
// totals, in aligned columns. Thousands are separated where a person reads, not where
// a program might.
func writeReportTable(w io.Writer, result *export.Result, request export.Request, separators bool) error {
	number := decimal
	if separators {
		number = withSeparators
	}
	if _, err := fmt.Fprintf(w, "AI usage %s, time zone %s, as of %s\n",
		spanText(result.Report), result.TimeZone(), result.AsOf.Format(time.RFC3339)); err != nil {
		return err
	}
	out := table.NewWriter()
	out.SetStyle(plainTable())
	t := reportTable{request, number}
	header := t.header()
	var aligned []table.ColumnConfig
	for i := range header {
		if i >= t.firstAmount() {
			aligned = append(aligned, rightAligned(i+1))
		}
	}
	out.SetColumnConfigs(aligned)
	out.AppendHeader(header)
	for row, err := range result.Rows {
		if err != nil {
			return err
		}
		out.AppendRow(t.row(row))
	}
	out.AppendFooter(t.footer(result))
	if _, err := fmt.Fprintln(w, out.Render()); err != nil {
		return err
	}
	if result.Shown < result.All {
		_, err := fmt.Fprintf(w, "%d of %d; the total is that of all\n", result.Shown, result.All)
		return err
	}
	return nil
}

// reportTable makes the lines of a table of what was asked for.
type reportTable struct {
	export.Request
	number func(int64) string
}

func (t reportTable) header() table.Row {
	header := t.named("Account", "Name")
	if t.Level == usage.ByCustomer {
		header = append(header, t.named("Customer", "Name")...)
	}
	if t.Series != "" {
		header = append(header, "From", "To")
	}
	header = append(header, "AI minutes", "AI seconds", "Sessions")
	if t.Previous {
		header = append(header, "Minutes before", "Seconds before", "Sessions before")
	}
	return header
}

// named returns an id and, where names are asked for, its name.
func (t reportTable) named(id, name string) table.Row {
	if t.Names {
		return table.Row{id, name}
	}
	return table.Row{id}
}

// firstAmount returns how many columns there are before the amounts.
func (t reportTable) firstAmount() int {
	return len(t.header()) - len(t.amounts(usage.Usage{}, usage.Usage{}))
}

func (t reportTable) row(row export.Row) table.Row {
	cells := t.named(printable(row.AccountID), printable(row.AccountName))
	if t.Level == usage.ByCustomer {
		customer := printable(row.CustomerID)
		if row.CustomerID == "" {
			customer = noCustomer
		}
		cells = append(cells, t.named(customer, printable(row.CustomerName))...)
	}
	if t.Series != "" {
		to := row.To.Format(time.RFC3339)
		if row.Partial {
			to += " (not over)"
		}
		cells = append(cells, row.From.Format(time.RFC3339), to)
	}
	return append(cells, t.amounts(row.Usage, row.Previous)...)
}

func (t reportTable) footer(result *export.Result) table.Row {
	cells := make(table.Row, t.firstAmount())
	for i := range cells {
		cells[i] = ""
	}
	cells[0] = "Total"
	var before usage.Usage
	if result.Previous != nil {
		before = result.Previous.Totals
	}
	return append(cells, t.amounts(result.Totals, before)...)
}

func (t reportTable) amounts(now, before usage.Usage) table.Row {
	cells := table.Row{t.number(now.Minutes), t.number(now.Seconds), t.number(now.Sessions)}
	if t.Previous {
		cells = append(cells, t.number(before.Minutes), t.number(before.Seconds), t.number(before.Sessions))
	}
	return cells
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

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
