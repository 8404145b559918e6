package answer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"aiusage/usage"
)

// Writable returns a report that every format can hold. AIMinutes is a 32-bit
// integer: a sum beyond it is an error with usage.OutOfRange, before the first byte
// is written. An id that is not valid UTF-8, as a view on another table may have
// one, is shown with replacement characters: one odd id must not take the whole
// report down. The given report stays as it is.
func Writable(report *usage.Report) (*usage.Report, error) {
	valid := true
	for i := range report.Accounts {
		row := &report.Accounts[i]
		if err := checkMinutes(row.AccountID, "", row.Usage); err != nil {
			return nil, err
		}
		valid = valid && utf8.ValidString(row.AccountID)
	}
	for i := range report.Customers {
		row := &report.Customers[i]
		if err := checkMinutes(row.AccountID, row.CustomerID, row.Usage); err != nil {
			return nil, err
		}
		valid = valid && utf8.ValidString(row.CustomerID)
	}
	if valid {
		return report, nil
	}
	return withValidIDs(report), nil
}

// withValidIDs returns a report whose ids are valid UTF-8.
func withValidIDs(report *usage.Report) *usage.Report {
	shown := *report
	shown.Accounts, shown.Customers = slices.Clone(report.Accounts), slices.Clone(report.Customers)
	for i := range shown.Accounts {
		showable(&shown.Accounts[i].AccountID)
	}
	for i := range shown.Customers {
		showable(&shown.Customers[i].AccountID)
		showable(&shown.Customers[i].CustomerID)
	}
	return &shown
}

func showable(id *string) { *id = strings.ToValidUTF8(*id, "\uFFFD") }

// checkMinutes checks one row; customer is empty for an account's row.
func checkMinutes(account, customer string, used usage.Usage) error {
	if _, err := used.Minutes32(); err != nil {
		return usage.Errorf(usage.OutOfRange,
			"%s has %d AI minutes, more than the %d that AIMinutes can hold; narrow the range of dates",
			describe(account, customer), used.Minutes, math.MaxInt32)
	}
	return nil
}

// describe names a row's subject for an error message.
func describe(account, customer string) string {
	if customer == "" {
		return fmt.Sprintf("account %q", account)
	}
	return fmt.Sprintf("customer %q of account %q", customer, account)
}
