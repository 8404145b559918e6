package vitess

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// known are the statements that Vitess does not plan, and why, in the words of the page for
// operators.
var known = []struct {
	statement *regexp.Regexp
	reason    string
}{
	{regexp.MustCompile(`^SET .*@@SESSION\.timestamp = DEFAULT`), "vtgate does not know the variable `timestamp`, which each connection of the gateway sets"},
	{regexp.MustCompile(`^\s*CREATE TRIGGER `), "vtgate creates no triggers"},
	{regexp.MustCompile(`JOIN JSON_TABLE\(`), "vtgate knows no `JSON_TABLE`, by which the sums of several accounts are found"},
}

// knownReason returns why a statement is not planned, or nothing.
func knownReason(statement string) string {
	for _, one := range known {
		if one.statement.MatchString(statement) {
			return one.reason
		}
	}
	return ""
}

func TestThePageSaysWhatIsNotPlanned(t *testing.T) {
	page, err := os.ReadFile("../docs/operations/vitess.md")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(string(page)), " ")
	for _, one := range known {
		if !strings.Contains(words, one.reason) {
			t.Errorf("docs/operations/vitess.md does not say that %s", one.reason)
		}
	}
}
