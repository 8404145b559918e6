package cli

import (
	"os"

	"github.com/alecthomas/kong"
)

// unsetEmpty takes variables of flags that are set but empty out of the environment, so that they
// are as those that are not set, whoever looks: containers are often given them so, where nobody
// has said a value (AIUSAGE_LISTEN=${LISTEN:-}).
func unsetEmpty(node *kong.Node) error {
	for _, flag := range node.Flags {
		for _, variable := range flag.Envs {
			if os.Getenv(variable) != "" {
				continue
			}
			if err := os.Unsetenv(variable); err != nil {
				return err
			}
		}
	}
	for _, child := range node.Children {
		if err := unsetEmpty(child); err != nil {
			return err
		}
	}
	return nil
}
