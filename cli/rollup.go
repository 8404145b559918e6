package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"aiusage/db"
	"aiusage/gateway"
	"aiusage/usage"
)

type rollupCommand struct {
	Status  rollupStatusCommand  `cmd:"" help:"Say what reports are read from, and how far the sums are behind."`
	Fold    rollupFoldCommand    `cmd:"" help:"Add the changes recorded so far to the sums, as a running gateway does every second."`
	Verify  rollupVerifyCommand  `cmd:"" help:"Compare the sums with the sessions and print every difference; the exit status is 1 if there is one."`
	Rebuild rollupRebuildCommand `cmd:"" help:"Correct every difference, while writers write and reports are read."`
	Retire  rollupRetireCommand  `cmd:"" help:"Give up the sums of an earlier version, of which no gateway is running any more."`
}

// rollupHealth reads how the rollups are, for the gateway.
func rollupHealth(store *database) func(context.Context) (gateway.RollupHealth, error) {
	return func(ctx context.Context) (gateway.RollupHealth, error) {
		status, age, err := rollupsNow(ctx, store)
		if err != nil {
			return gateway.RollupHealth{}, err
		}
		behind, known := age.Behind()
		return gateway.RollupHealth{
			Replica: gateway.ReplicaHealth{Follows: age.Follows, Known: known, Behind: behind, TooOld: store.TooOld(age)},
			Phase:   string(status.Phase), Pending: status.Pending, Lag: status.Lag,
			Stuck: status.Stuck, Distrusted: status.Distrusted, Undated: status.Undated,
			Former: status.ReadsFormer(),
		}, nil
	}
}

// keepRollups looks after the rollups while the gateway runs, and says at the
// start when reports cannot read them, or not as fast as they could in the zone of days.
// stop returns once what is under way has ended.
func (p *process) keepRollups(ctx context.Context, store *database, zone *time.Location) (stop func(), err error) {
	status, err := store.RollupStatus(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case status.ReadsFormer():
		p.log.Info("reports read the rollups of an earlier version until the new ones are filled")
	case status.Phase == db.Filling:
		p.log.Info("reports read raw sessions until the rollups are filled")
	case status.Phase == db.Raw && !store.own:
		p.log.Warn("reports read raw sessions, which takes longer the more there are", "reason", status.Reason)
	}
	if status.Phase != db.Raw {
		known, err := store.HasCalendar(ctx, zone)
		if err != nil {
			return nil, err
		}
		if !known {
			p.log.Info("there are no sums by the days of the default time zone, in which reports take a little longer; run migrate with the same --time-zone to have them",
				"zone", zone.String())
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		store.KeepRollups(ctx, seldom(func(err error) {
			attributes := []any{"error", err}
			if cause := errors.Unwrap(err); cause != nil {
				attributes = append(attributes, "cause", cause)
			}
			p.log.Warn("looking after the rollups", attributes...)
		}))
	}()
	return func() { cancel(); <-ended }, nil
}

// seldom passes an error on when it says something new, or a minute has gone by:
// while a database is away, everything fails every second.
func seldom(report func(error)) func(error) {
	var mu sync.Mutex
	said := map[string]time.Time{}
	return func(err error) {
		mu.Lock()
		defer mu.Unlock()
		maps.DeleteFunc(said, func(_ string, at time.Time) bool { return time.Since(at) >= time.Minute })
		if _, lately := said[err.Error()]; lately {
			return
		}
		said[err.Error()] = time.Now()
		report(err)
	}
}

// installRollups installs the rollups, with sums by the days of a zone, and fills them,
// which takes a while where there are many sessions already.
func (p *process) installRollups(ctx context.Context, store *database, zone *time.Location) error {
	before, err := store.RollupStatus(ctx)
	if err != nil {
		return err
	}
	status, err := store.InstallRollups(ctx, zone)
	if err != nil {
		return err
	}
	switch {
	case status.Phase == db.Raw:
		fmt.Fprintf(p.stdout, "reports read raw sessions: %s\n", status.Reason)
		return nil
	case status.IsFilled():
		return nil
	}
	progress := newCheckProgress(p.stderr, "filled")
	err = store.FillRollups(ctx, progress.show)
	progress.end()
	if ctx.Err() != nil {
		fmt.Fprintf(p.stderr, "Interrupted. %s until the rollups are filled; the migrate command goes on where it was, and so does a running gateway.\n", meanwhile(status))
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if status, err = store.RollupStatus(ctx); err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, "reports read rollups")
	if from := status.QuartersFrom; from.After(before.QuartersFrom) {
		fmt.Fprintf(p.stdout, "an earlier version had dropped sessions from before %s, and kept sums of whole hours of them: reports in time zones that are not whole hours from UTC cannot begin or end before\n",
			from.Format(time.RFC3339))
	}
	return nil
}

// meanwhile says what reports read until rollups are filled.
func meanwhile(status db.RollupStatus) string {
	switch {
	case status.Phase == db.Ready:
		return "Reports in the new time zone read finer sums"
	case status.ReadsFormer():
		return "Reports read the rollups of an earlier version"
	}
	return "Reports read raw sessions"
}

type rollupRetireCommand struct {
	Drop bool `help:"Drop their tables as well."`
}

// Help is the long help text of the subcommand.
func (rollupRetireCommand) Help() string {
	return `After an upgrade, the sums of the earlier version are kept as long as one of its gateways may be running; a running gateway gives them up by itself ten minutes after the last of these has ended. A gateway of the earlier version that is running nevertheless reads single sessions from then on.`
}

// Run gives the sums of an earlier version up.
func (c rollupRetireCommand) Run(ctx context.Context, p *process) error {
	store, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	done, err := store.RetireFormer(ctx, c.Drop)
	if err != nil {
		return err
	}
	switch {
	case !done:
		fmt.Fprintln(p.stdout, "there are no sums of an earlier version")
	case c.Drop:
		fmt.Fprintln(p.stdout, "the sums of the earlier version are dropped")
	default:
		fmt.Fprintln(p.stdout, "the sums of the earlier version are retired; --drop drops their tables as well")
	}
	return nil
}

type rollupFoldCommand struct{}

// Run folds what there is.
func (rollupFoldCommand) Run(ctx context.Context, p *process) error {
	store, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	said := time.Now()
	folded, err := store.Fold(ctx, func(folded int) {
		if time.Since(said) >= lineEvery {
			said = time.Now()
			fmt.Fprintf(p.stderr, "%d changes folded\n", folded)
		}
	})
	fmt.Fprintf(p.stdout, "%d changes folded\n", folded)
	return err
}

// spanFlags choose the sessions to look at.
type spanFlags struct {
	Start string `placeholder:"DATE" help:"Where to begin, as in the report command, in UTC. Without it, with the first session."`
	End   string `placeholder:"DATE" help:"Where to end. Without it, with the last session."`
}

func (f spanFlags) span() (usage.Range, error) { return usage.ParseRange(f.Start, f.End, time.UTC) }

type rollupVerifyCommand struct{ spanFlags }

// Run prints every difference between the sums and the sessions.
func (c rollupVerifyCommand) Run(ctx context.Context, p *process) error {
	span, err := c.span()
	if err != nil {
		return err
	}
	store, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	progress := newCheckProgress(p.stderr, "verified")
	found := 0
	err = store.VerifyRollups(ctx, span, func(d db.Difference) {
		found++
		fmt.Fprintf(p.stdout, "%s %s: the sums say %s, but it is %s\n", subjectOf(d), bucketOf(d), amount(d.Got), amount(d.Want))
	}, progress.show)
	progress.end()
	if err != nil {
		return err
	}
	if found > 0 {
		return fmt.Errorf("%d sums differ; the rollup rebuild command corrects them", found)
	}
	fmt.Fprintln(p.stdout, "no differences")
	return nil
}

// subjectOf says whose sum differs.
func subjectOf(d db.Difference) string {
	switch d.Table {
	case db.CustomersTable:
		return fmt.Sprintf("account %q customer %q", d.AccountID, d.CustomerID)
	case db.TotalsTable:
		return "everybody"
	}
	return fmt.Sprintf("account %q", d.AccountID)
}

// bucketOf says the sum of which time differs.
func bucketOf(d db.Difference) string {
	bucket := fmt.Sprintf("%s %s", d.Grain, d.Bucket.Format(time.RFC3339))
	if d.Calendar.No > 0 {
		bucket += " of " + d.Calendar.Zone.String()
	}
	return bucket
}

func amount(u usage.Usage) string {
	return fmt.Sprintf("%d min, %d s, %d sessions", u.Minutes, u.Seconds, u.Sessions)
}

type rollupRebuildCommand struct{ spanFlags }

// Run corrects every difference between the sums and the sessions.
func (c rollupRebuildCommand) Run(ctx context.Context, p *process) error {
	span, err := c.span()
	if err != nil {
		return err
	}
	store, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	progress := newCheckProgress(p.stderr, "rebuilt")
	corrected, err := store.RebuildRollups(ctx, span, progress.show)
	progress.end()
	fmt.Fprintf(p.stdout, "%d sums corrected\n", corrected)
	return err
}

// checkProgress shows how far a walk over the rollups is: on a terminal in one
// line that changes, elsewhere by a line every few seconds.
type checkProgress struct {
	out  io.Writer
	verb string
	tty  bool
	said time.Time
}

func newCheckProgress(out io.Writer, verb string) *checkProgress {
	return &checkProgress{out: out, verb: verb, tty: isTerminal(out), said: time.Now()}
}

func (c *checkProgress) show(at db.CheckProgress) {
	if pause := time.Since(c.said); pause < time.Second/5 || !c.tty && pause < lineEvery {
		return
	}
	c.said = time.Now()
	line := fmt.Sprintf("%ss %s to %s, %.0f%%, %d differences", at.Grain, c.verb, at.At.Format("2006-01-02 15:04"), at.Share()*100, at.Found)
	if c.tty {
		fmt.Fprintf(c.out, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(c.out, line)
}

// end takes the line away.
func (c *checkProgress) end() {
	if c.tty {
		fmt.Fprint(c.out, "\r\x1b[K")
	}
}
