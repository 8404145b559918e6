package importer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"aiusage/usage"
)

// maxNameLength is the longest name of an account or customer, in characters.
const maxNameLength = 255

// table says what the rows of one kind are made of.
type table[T any] struct {
	columns []column
	// parse makes a row of the values of the columns, in the same order.
	parse func(values []string, in *forms) (T, error)
	// key returns what identifies the row.
	key func(T) string
	// values, if not nil, returns the values of a row in the forms that are read
	// without any option.
	values func(T) []string
	// restate, if not nil, does so with those values that can be read.
	restate func(values []string, in *forms)
	// look, if not nil, looks at batches before they are written.
	look look[T]
	// moved, if not nil, makes a function that tells of each row whether one
	// before it had its key and counted for somebody else.
	moved func() func(T) bool
}

// forms is how values are written in the files, and what is refused.
type forms struct {
	// zone is that of instants without an offset.
	zone *time.Location
	// startedFormat is the one form of instants, nil for those that mean the same everywhere.
	startedFormat *StartFormat
	// milliseconds: durations without a unit are in milliseconds.
	milliseconds bool
	// ended: sessions have their end instead of their duration.
	ended bool
	// semicolons: the file being read has them between its values, as programs write
	// where the comma is that of decimals.
	semicolons bool
	limits     Limits
	// restated: an instant before had an offset that is not written as RFC 3339 has it,
	// so others will have, too.
	restated bool
	// spelled is how the dates before were written, if they had the month by its name.
	spelled spelled
}

// withColumns completes the forms by what the columns say.
func (f forms) withColumns(columns []namedColumn) forms {
	for _, column := range columns {
		f.milliseconds = f.milliseconds || column.milliseconds
		f.ended = f.ended || column.extra && column.inFile != ""
	}
	return f
}

// stored are the columns that are stored, without those that others are computed from.
func (t table[T]) stored() []column {
	return slices.DeleteFunc(slices.Clone(t.columns), func(c column) bool { return c.extra })
}

var sessionTable = table[usage.Session]{
	columns: []column{
		{name: "session_id"}, {name: "account_id"}, {name: "customer_id", optional: true},
		{name: "started_at", number: true}, {name: "duration_seconds", number: true, length: true, instead: "ended_at"},
		{name: "ended_at", number: true, optional: true, extra: true},
	},
	parse: parseSession,
	key:   func(s usage.Session) string { return s.SessionID },
	values: func(s usage.Session) []string {
		return []string{s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(instantForm), strconv.FormatInt(s.DurationSeconds, 10)}
	},
	restate: restateSession,
	moved:   func() func(usage.Session) bool { return newMemory().moved },
}

// SessionColumns returns the names of the columns that sessions are read from, in
// order, those among them that stand for others.
func SessionColumns() []string {
	names := make([]string, len(sessionTable.columns))
	for i, column := range sessionTable.columns {
		names[i] = column.name
	}
	return names
}

var accountTable = table[usage.Account]{
	columns: []column{{name: "account_id"}, {name: "name", optional: true, free: true}},
	parse: func(values []string, _ *forms) (usage.Account, error) {
		a := usage.Account{AccountID: values[0], Name: values[1]}
		return a, firstError(checkKey("account_id", a.AccountID), checkName(a.Name))
	},
	key: func(a usage.Account) string { return a.AccountID },
}

var customerTable = table[usage.Customer]{
	columns: []column{{name: "account_id"}, {name: "customer_id"}, {name: "name", optional: true, free: true}},
	parse: func(values []string, _ *forms) (usage.Customer, error) {
		c := usage.Customer{AccountID: values[0], CustomerID: values[1], Name: values[2]}
		return c, firstError(checkKey("account_id", c.AccountID), checkKey("customer_id", c.CustomerID), checkName(c.Name))
	},
	key: func(c usage.Customer) string { return c.AccountID + "\x00" + c.CustomerID },
}

func parseSession(values []string, in *forms) (usage.Session, error) {
	s := usage.Session{SessionID: values[0], AccountID: values[1], CustomerID: values[2]}
	var err error
	if err = checkKey("session_id", s.SessionID); err != nil {
		return s, err
	}
	if err = checkKey("account_id", s.AccountID); err != nil {
		return s, err
	}
	if err = usage.CheckID("customer_id", s.CustomerID); err != nil {
		return s, err
	}
	if s.StartedAt, err = parseInstant("started_at", values[3], in); err != nil {
		return s, err
	}
	if s.DurationSeconds, err = parseLength(s.StartedAt, values, in); err != nil {
		return s, err
	}
	return s, in.limits.check(s)
}

// parseLength reads the duration of a session, or computes it of its end.
func parseLength(start time.Time, values []string, in *forms) (int64, error) {
	if !in.ended {
		return parseDuration(values[4], in)
	}
	end, err := parseInstant("ended_at", values[5], in)
	switch {
	case err != nil:
		return 0, err
	case end.Before(start):
		return 0, fmt.Errorf("ended_at %s is before started_at %s", excerpt(values[5]), excerpt(values[3]))
	}
	seconds := roundUp(end.Sub(start))
	if seconds > usage.MaxDurationSeconds || end.Sub(start) == math.MaxInt64 {
		return 0, fmt.Errorf("ended_at %s is more than %d seconds after started_at", excerpt(values[5]), int64(usage.MaxDurationSeconds))
	}
	return seconds, nil
}

// restateSession puts the start in UTC and the duration in seconds, so that they
// are read without the zone, the format and the unit.
func restateSession(values []string, in *forms) {
	start, err := parseInstant("started_at", values[3], in)
	if err != nil && in.startedFormat != nil {
		// Without the format it might be read, and mean something else.
		values[3] = " " + strings.TrimSpace(values[3])
	}
	if err != nil && in.ended {
		return
	}
	if seconds, err := parseLength(start, values, in); err == nil {
		values[4] = strconv.FormatInt(seconds, 10)
	}
	if err == nil {
		values[3] = start.Format(instantForm)
	}
}

// checkKey checks an id that must be there.
func checkKey(column, id string) error {
	if id == "" {
		return errors.New(column + " is missing")
	}
	return usage.CheckID(usage.Argument(column), id)
}

func checkName(name string) error {
	switch {
	case strings.ContainsRune(name, 0):
		return errors.New("name contains a NUL character")
	case utf8.RuneCountInString(name) > maxNameLength:
		return fmt.Errorf("name is longer than %d characters", maxNameLength)
	}
	return nil
}

// firstError returns the first error there is.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// excerpt quotes a text from a file, cut to a length that fits a message.
func excerpt(text string) string {
	const most = 64
	if len(text) > most {
		return strconv.Quote(strings.ToValidUTF8(text[:most], "")) + "…"
	}
	return strconv.Quote(text)
}
