package mcp

import (
	"fmt"
	"strconv"
	"strings"
)

// words are an answer as it is put into words. Ids and names are in quotes, so that none of
// them can pass for the gateway's own words.
type words struct{ strings.Builder }

// begin says of what the answer is.
func (w *words) begin(what string, about About) {
	w.line("%s from %s to %s (%s), as of %s.", what, end(about.From), end(about.To), about.TimeZone, about.AsOf)
	if about.Partial {
		w.line("The range is not over yet, so the numbers may still grow.")
	}
}

func (w *words) line(format string, values ...any) {
	fmt.Fprintf(w, format, values...)
	w.WriteByte('\n')
}

// finish ends the words with the page.
func (w *words) finish(about About) string {
	w.line("Page: %s", about.Link)
	return w.String()
}

// end is an end of a range, which may be open.
func end(at *string) string {
	if at == nil {
		return "(open)"
	}
	return *at
}

// String returns the amount in words.
func (a Amount) String() string {
	return fmt.Sprintf("%d AI minutes, %d seconds, %d sessions", a.Minutes, a.Seconds, a.Sessions)
}

// inWords says whose something is, in a list of accounts or of customers.
func (w Whose) inWords(ofCustomers bool) string {
	account := named(w.AccountID, w.AccountName)
	switch {
	case !ofCustomers:
		return "account " + account
	case w.CustomerID == "":
		return "no customer, of account " + account
	}
	return "customer " + named(w.CustomerID, w.CustomerName) + " of account " + account
}

func named(id, name string) string {
	if name == "" {
		return strconv.Quote(id)
	}
	return strconv.Quote(id) + " (" + strconv.Quote(name) + ")"
}

// inWords says how many rows are shown.
func (c Counts) inWords(rows string) string {
	text := fmt.Sprintf("Shown: %d of %d %s", c.Shown, c.All, rows)
	if c.Matching != c.All {
		text += fmt.Sprintf(", of which %d match the search", c.Matching)
	}
	return text
}

// inWords says how much it is, was, and has changed by.
func (c InBoth) inWords() string {
	return fmt.Sprintf("%v; before: %v; change: %+d AI minutes, %+d seconds, %+d sessions", c.Current, c.Previous, c.Change.Minutes, c.Change.Seconds, c.Change.Sessions)
}

// next says how to go on, where there is more.
func (w *words) next(cursor string) {
	if cursor != "" {
		w.line("There are more: ask again with the same arguments and after %q.", cursor)
	}
}
