package cli

import (
	"context"
	"fmt"
)

type databaseCommand struct{}

// Run runs the embedded database alone. The first line of standard output is
// its DSN, with the password, for a program to read; what follows is for people.
func (databaseCommand) Run(ctx context.Context, p *process) error {
	if p.embedded == nil {
		return errNoDatabase
	}
	running, err := p.embedded(ctx, p.flags.Data)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, running.DSN)
	fmt.Fprintln(p.stdout, "The embedded database is running. Press Ctrl-C to stop.")
	<-ctx.Done()
	return running.Stop()
}
