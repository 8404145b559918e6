package auth

import (
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"

	"aiusage/usage"
)

// The lengths of a password, in characters at least for a new one, and in bytes at
// most for any.
const (
	MinPasswordLength = 12
	MaxPasswordLength = 1024
)

// minGuesses is how many passwords somebody who knows the common ones and their
// variations should have to try before the right one. zxcvbn calls what takes more
// "safely unguessable" where hashes are slow.
const minGuesses = 1e8

// judgedLength is how many characters of a password are judged: the time that takes
// grows faster than the length.
const judgedLength = 64

// CheckNewPassword refuses, as InvalidArgument, a password that a user should not
// begin to use: a short one, and one that is commonly used, or made of what is, or
// follows from the user's name. That is the advice of NIST SP 800-63B, section
// 3.1.1.2; like it, this asks for no kinds of characters. Signing in never judges.
func CheckNewPassword(name, password string) error {
	if utf8.RuneCountInString(password) < MinPasswordLength {
		return usage.Errorf(usage.InvalidArgument, "a password has at least %d characters", MinPasswordLength)
	}
	if !utf8.ValidString(password) {
		return usage.Errorf(usage.InvalidArgument, "the password is not valid UTF-8")
	}
	judged := password
	if characters := []rune(password); len(characters) > judgedLength {
		judged = string(characters[:judgedLength])
	}
	if zxcvbn.PasswordStrength(judged, []string{name, "aiusage", "usage", "gateway", "voice"}).Guesses < minGuesses {
		return usage.Errorf(usage.InvalidArgument,
			"this password is one of those that are commonly used, or made of them; take a few words that have nothing to do with each other")
	}
	return nil
}
