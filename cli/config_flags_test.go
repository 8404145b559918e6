package cli

import (
	"slices"
	"testing"

	"github.com/alecthomas/kong"
)

// Flags that are not for everybody are known; one that is added has to be told here.
func TestFlagsThatAreSecrets(t *testing.T) {
	var flags commandLine
	parser, err := kong.New(&flags, kong.Vars{"without_dsn": ""}, kong.Bind(configuration{}))
	if err != nil {
		t.Fatal(err)
	}
	var secrets []string
	for name, flag := range configurable(parser.Model.Node) {
		if flag.Tag.Has(secretTag) {
			secrets = append(secrets, name)
		}
	}
	slices.Sort(secrets)
	if want := []string{"dsn", "new-credentials", "old-credentials", "reader-dsn"}; !slices.Equal(secrets, want) {
		t.Errorf("got %v, want %v", secrets, want)
	}
}
