package usage

import (
	"strings"
	"unicode/utf8"
)

// Search looks for accounts or customers by their id or name.
type Search struct {
	// Accounts are the accounts that whoever asks may see, as in Query.
	Accounts []string
	// AccountID leaves those of one account; empty means every account.
	AccountID string
	// Each are accounts that whoever asks may see, of each of which Limit customers are to be found, instead of Limit of all;
	// nil means all together.
	Each []string
	// Text is what an id or a name has in it, in upper or lower case, with or without accents.
	// It is empty for all.
	Text string
	// Only are the accounts, or the customers, that may be found; nil means all.
	Only []Subject
	// After and Before bound what is found, both exclusive, in the order of account
	// id and customer id by their bytes. nil is no bound.
	After, Before *Subject
	// Limit is how many to find: the first, or the last if Backward. What is found
	// is in ascending order in both cases.
	Limit    int
	Backward bool
}

// maxSearchLength is the longest text to search for, in characters. No name is
// longer.
const maxSearchLength = 255

// CheckSearch tells whether a text can be searched for. The error is an
// InvalidArgument that names the argument search.
func CheckSearch(text string) error {
	switch {
	case !utf8.ValidString(text):
		return Invalid(ArgSearch, "%s is not valid UTF-8", ArgSearch)
	case strings.ContainsRune(text, 0):
		return Invalid(ArgSearch, "%s contains a NUL character", ArgSearch)
	case utf8.RuneCountInString(text) > maxSearchLength:
		return Invalid(ArgSearch, "%s is longer than %d characters", ArgSearch, maxSearchLength)
	}
	return nil
}
