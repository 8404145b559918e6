package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"aiusage/importer"
	"aiusage/usage"
)

// noLimit is what takes a limit away.
const noLimit = "none"

// limit is a length of time, or none.
type limit struct {
	length time.Duration
	none   bool
}

// UnmarshalText reads a flag's value.
func (l *limit) UnmarshalText(text []byte) error {
	if string(text) == noLimit {
		*l = limit{none: true}
		return nil
	}
	length, err := time.ParseDuration(string(text))
	if err != nil || length < 0 {
		return fmt.Errorf("%q is no length of time; accepted: 36h, 90m, 0s, none", text)
	}
	*l = limit{length: length}
	return nil
}

// limits are what sessions are rejected for. The database's clock decides what
// lies in the future, as it decides how far reports go.
func (c importCommand) limits(ctx context.Context, clock func(context.Context) (time.Time, error)) (importer.Limits, error) {
	var limits importer.Limits
	if len(c.Files) == 0 {
		return limits, nil // names have neither
	}
	if !c.MaxDuration.none {
		limits.MaxDuration = c.MaxDuration.length
	}
	if c.Earliest != noLimit {
		earliest, err := time.Parse(time.DateOnly, c.Earliest)
		if err != nil {
			return limits, usage.Errorf(usage.InvalidArgument, "--earliest %q is no day; accepted: 2000-01-31, none", c.Earliest)
		}
		limits.Earliest = earliest
	}
	if !c.MaxFuture.none {
		now, err := clock(ctx)
		if err != nil {
			return limits, err
		}
		limits.Latest = now.Add(c.MaxFuture.length)
	}
	return limits, nil
}

// openDuplicates returns what makes the file of likely duplicates, nil where
// nobody asked for it.
func (c importCommand) openDuplicates() func() (io.WriteCloser, error) {
	if c.ReportDuplicates == "" {
		return nil
	}
	return func() (io.WriteCloser, error) { return os.Create(c.ReportDuplicates) }
}
