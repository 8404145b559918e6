package importer

import (
	"errors"
	"fmt"
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
	zone   *time.Location
	limits Limits
}

var sessionTable = table[usage.Session]{
	columns: []column{
		{name: "session_id"}, {name: "account_id"}, {name: "customer_id", optional: true},
		{name: "started_at", number: true}, {name: "duration_seconds", number: true},
	},
	parse: parseSession,
	key:   func(s usage.Session) string { return s.SessionID },
	values: func(s usage.Session) []string {
		return []string{s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format(instantForm), strconv.FormatInt(s.DurationSeconds, 10)}
	},
	restate: restateSession,
	moved:   func() func(usage.Session) bool { return newMemory().moved },
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
	if s.StartedAt, err = parseStart(values[3], in); err != nil {
		return s, err
	}
	if s.DurationSeconds, err = parseDuration(values[4]); err != nil {
		return s, err
	}
	return s, in.limits.check(s)
}

// restateSession puts the start in UTC, so that it is read without the zone.
func restateSession(values []string, in *forms) {
	if start, err := parseStart(values[3], in); err == nil {
		values[3] = start.Format(instantForm)
	}
}

// checkKey checks an id that must be there.
func checkKey(column, id string) error {
	if id == "" {
		return errors.New(column + " is missing")
	}
	return usage.CheckID(column, id)
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

// parseStart reads a started_at. Digits beyond the millisecond are cut, as the
// database would otherwise round them, perhaps into the next day.
func parseStart(text string, in *forms) (time.Time, error) {
	if text == "" {
		return time.Time{}, errors.New("started_at is missing")
	}
	at, err := usage.ParseInstant(text, in.zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("started_at %s cannot be read: %w; "+
			"accepted: 2026-03-31T10:00:00Z, 2026-03-31T10:00:00.250+02:00, 2026-03-31 10:00:00 (in the import's time zone)",
			excerpt(text), err)
	}
	at = at.UTC().Truncate(time.Millisecond)
	if at.Before(usage.Earliest) || at.After(usage.Latest) {
		return time.Time{}, fmt.Errorf("started_at %s is not in the years %d to %d (UTC)",
			excerpt(text), usage.Earliest.Year(), usage.Latest.Year())
	}
	return at, nil
}

func parseDuration(text string) (int64, error) {
	if text == "" {
		return 0, errors.New("duration_seconds is missing")
	}
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, fmt.Errorf("duration_seconds %s is not a whole number", excerpt(text))
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	switch {
	case text[0] == '-' && (err != nil || seconds < 0):
		return 0, fmt.Errorf("duration_seconds %s is negative", excerpt(text))
	case err != nil || seconds > usage.MaxDurationSeconds:
		return 0, fmt.Errorf("duration_seconds %s is more than %d", excerpt(text), int64(usage.MaxDurationSeconds))
	}
	return seconds, nil
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
