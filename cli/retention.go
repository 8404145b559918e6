package cli

import (
	"context"
	"fmt"
	"time"

	"aiusage/usage"
)

type retentionCommand struct {
	KeepDays int  `required:"" placeholder:"DAYS" help:"How many days sessions are kept, up to now."`
	Yes      bool `help:"Really do it. The sessions are lost; only their sums by quarter-hour remain."`
}

// Help is the long help text of the subcommand.
func (retentionCommand) Help() string {
	return `Sessions from whole days of UTC are dropped, in short transactions, after their sums have been verified. Reports stay the same in every time zone, except that a range which begins or ends within a quarter-hour that is gone is refused with the nearest range that can be answered. Ctrl-C stops it between two transactions; running it again goes on.`
}

// Run drops old sessions.
func (c retentionCommand) Run(ctx context.Context, p *process) error {
	if c.KeepDays < 1 {
		return usage.Errorf(usage.InvalidArgument, "--keep-days is at least 1")
	}
	before := usage.Day.Floor(time.Now().UTC().AddDate(0, 0, -c.KeepDays))
	if !c.Yes {
		return usage.Errorf(usage.InvalidArgument, "this drops all sessions that started before %s; add --yes to do it", before.Format(time.RFC3339))
	}
	store, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	said := time.Now()
	dropped, err := store.DropSessions(ctx, before, func(dropped int64) {
		if time.Since(said) >= lineEvery {
			said = time.Now()
			fmt.Fprintf(p.stderr, "%d sessions dropped\n", dropped)
		}
	})
	fmt.Fprintf(p.stdout, "%d sessions from before %s dropped\n", dropped, before.Format(time.RFC3339))
	return err
}
