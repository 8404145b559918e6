package importer

import (
	"fmt"
	"time"

	"aiusage/usage"
)

// Limits are what no session is expected to go beyond. They find milliseconds
// that were taken for seconds, clocks that were wrong, and dates that were never
// set. The zero value of each is no limit.
type Limits struct {
	MaxDuration time.Duration
	// Earliest and Latest are the first and the last instant that a session may
	// start at.
	Earliest, Latest time.Time
}

// check returns why a session is beyond a limit, with the flag of the command
// line that lets it in.
func (l Limits) check(s usage.Session) error {
	switch {
	case l.MaxDuration > 0 && s.DurationSeconds > int64(l.MaxDuration/time.Second):
		return fmt.Errorf("duration_seconds is %d, longer than %s; --max-duration lets it in, "+
			"--map duration_seconds=NAME:ms reads milliseconds", s.DurationSeconds, hours(l.MaxDuration))
	case !l.Earliest.IsZero() && s.StartedAt.Before(l.Earliest):
		return fmt.Errorf("started_at is %s, before %s; --earliest lets it in",
			s.StartedAt.Format(instantForm), l.Earliest.UTC().Format(time.DateOnly))
	case !l.Latest.IsZero() && s.StartedAt.After(l.Latest):
		return fmt.Errorf("started_at is %s, too far ahead of the database's clock; --max-future lets it in",
			s.StartedAt.Format(instantForm))
	}
	return nil
}

// instantForm is how an instant in UTC is written.
const instantForm = "2006-01-02T15:04:05.999Z"

// hours writes a length without zeros at its end: 24h, not 24h0m0s.
func hours(length time.Duration) string {
	if length%time.Hour == 0 {
		return fmt.Sprintf("%dh", length/time.Hour)
	}
	return length.String()
}
