package legacy

import (
	"fmt"
	"math"
	"unicode/utf8"

	"aiusage/usage"
)

// checkReport makes sure, before the first byte is written, that the contract
// can hold the report: AIMinutes is a 32-bit integer, and XML cannot hold every
// character. The error carries usage.OutOfRange.
func checkReport(report *usage.Report, as format) error {
	for i := range report.Accounts {
		row := &report.Accounts[i]
		if err := checkRow(row.AccountID, "", row.Usage, as); err != nil {
			return err
		}
	}
	for i := range report.Customers {
		row := &report.Customers[i]
		if err := checkRow(row.AccountID, row.CustomerID, row.Usage, as); err != nil {
			return err
		}
	}
	return nil
}

// checkRow checks one row; customer is empty for an account's row.
func checkRow(account, customer string, used usage.Usage, as format) error {
	if _, err := used.Minutes32(); err != nil {
		return usage.Errorf(usage.OutOfRange,
			"%s has %d AI minutes, more than the %d that AIMinutes can hold; narrow the range of dates",
			describe(account, customer), used.Minutes, math.MaxInt32)
	}
	for _, id := range [...]string{account, customer} {
		if !holds(as, id) {
			return usage.Errorf(usage.OutOfRange,
				"the id of %s has a character that %s cannot hold; ask for another format", describe(account, customer), as)
		}
	}
	return nil
}

// holds tells whether a format can hold a text.
func holds(as format, text string) bool {
	if as != formatXML {
		return utf8.ValidString(text)
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= utf8.RuneSelf {
			return isXMLText(text)
		}
	}
	return true
}

// isXMLText tells whether every character is a Char of XML 1.0, section 2.2.
func isXMLText(text string) bool {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return false
			}
		}
		if !isXMLChar(r) {
			return false
		}
	}
	return true
}

func isXMLChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xD7FF ||
		0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= 0x10FFFF
}

// describe names a row's subject for an error message.
func describe(account, customer string) string {
	if customer == "" {
		return fmt.Sprintf("account %q", account)
	}
	return fmt.Sprintf("customer %q of account %q", customer, account)
}
