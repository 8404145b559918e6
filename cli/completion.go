package cli

import (
	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"aiusage/importer/presets"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Help says where the code goes.
func (completionCommand) Help() string {
	return `In a shell, or its file of what it does first:
  bash   source <(aiusage completion bash)
  zsh    source <(aiusage completion zsh)
  fish   aiusage completion fish | source
The package for Debian has it for bash.`
}

// Run prints the code that makes a shell ask this program what may follow.
func (c completionCommand) Run(parsed *kong.Context) error {
	return (&kongcompletion.Completion{Shell: c.Shell, Code: true}).Run(parsed)
}

// completed answers a shell that asks what may follow, which it does by the variable COMP_LINE.
// It returns false where none asks.
func completed(parser *kong.Kong) (asked bool) {
	kongcompletion.Register(parser,
		kongcompletion.WithPredictor("preset", complete.PredictOr(complete.PredictSet(presets.Names()...), complete.PredictFiles("*.yml"))),
		kongcompletion.WithExitFunc(func(int) { asked = true }),
	)
	return asked
}
