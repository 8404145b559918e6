package usage

import (
	"os"
	"strings"
	"testing"
)

func TestFrontendsAreToldWhatToDoAboutEveryCode(t *testing.T) {
	manual, err := os.ReadFile("../docs/frontend.md")
	if err != nil {
		t.Fatal(err)
	}
	for code, mapping := range mappings {
		if !strings.Contains(string(manual), "\n| `"+mapping.GraphQLCode+"` |") {
			t.Errorf("docs/frontend.md does not say what to do about %s (%s)", mapping.GraphQLCode, code)
		}
	}
}
