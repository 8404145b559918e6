package auth

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"

	"aiusage/usage"
)

func TestANewPasswordIsLongAndNotCommon(t *testing.T) {
	for _, password := range []string{
		"correct horse", "battery staple", "pferd und knopfloch", "ünïcödé wörter", "x7!kq02-mmzp", strings.Repeat("Lorem ipsum dolor ", 50),
		GeneratePassword(), // of the first administrator
	} {
		if err := CheckNewPassword("ada", password); err != nil {
			t.Errorf("%q: got %v", password, err)
		}
	}
	for _, password := range []string{
		"", "x7!kq02-mmz", "päßwörter!!", // eleven characters, whatever their bytes
		"            ", "aaaaaaaaaaaa", "123456789012", "abcdefghijkl", "qwertyuiop[]", "1q2w3e4r5t6y", "abcabcabcabc",
		"passwordpassword", "password1234", "P@ssw0rd1234", "Administrator", "iloveyou1234", "unbelievable", "december2025",
		"ada.lovelace1815", "Ada.Lovelace1815", "gatewayaiusage", strings.Repeat("ab", 500), strings.Repeat("a", judgedLength) + "x7!kq02-mmzp", "pferd und \xffknopfloch", strings.Repeat("Lorem ipsum dolor ", 50) + "\xff",
	} {
		if err := CheckNewPassword("ada.lovelace1815", password); codeOf(err) != usage.InvalidArgument {
			t.Errorf("%q was taken", password)
		}
	}
}

func TestNoCommonPasswordIsTaken(t *testing.T) {
	tried := 0
	for _, word := range frequency.FrequencyLists["passwords"] {
		for _, password := range []string{word, strings.ToUpper(word), strings.ToUpper(word[:1]) + word[1:], word + "1", word + word} {
			if utf8.RuneCountInString(password) < MinPasswordLength {
				continue
			}
			if tried++; tried%100 != 0 { // one in a hundred: judging takes a while
				continue
			}
			if CheckNewPassword("ada", password) == nil {
				t.Errorf("%q was taken", password)
			}
		}
	}
	if tried < 10_000 {
		t.Errorf("only %d were there to try", tried)
	}
}

func TestSigningInNeverJudgesAPassword(t *testing.T) {
	f := newFixture(t, Options{})
	for _, password := range []string{"1", "password", strings.Repeat(" ", 8)} {
		hash, err := HashPassword(password)
		if err != nil {
			t.Fatal(err)
		}
		f.users["ada"] = User{Name: "ada", PasswordHash: hash}
		if _, err := f.Authenticate(from("10.0.0.1:1", "ada", password)); err != nil {
			t.Errorf("%q: got %v", password, err)
		}
	}
}
