package usage

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxIDLength is the longest session, account or customer id, in characters.
const MaxIDLength = 64

// MaxDurationSeconds is the longest duration the database column holds.
const MaxDurationSeconds = math.MaxUint32

// Earliest and Latest bound the instants a session may start at: the years
// 1000 to 9999 (UTC), which is what MySQL's DATETIME supports.
var (
	Earliest = time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)
	Latest   = time.Date(9999, 12, 31, 23, 59, 59, int(999*time.Millisecond), time.UTC)
	// afterLatest is the last instant that RFC 3339 can write.
	afterLatest = Latest.Add(time.Millisecond - 1)
)

// Session is one AI conversation.
type Session struct {
	SessionID string
	AccountID string
	// CustomerID is empty when the session belongs to no customer.
	CustomerID string
	// StartedAt is an instant with a precision of one millisecond. The whole
	// session counts at this instant; it is never split between ranges.
	StartedAt time.Time
	// DurationSeconds is between 0 and MaxDurationSeconds.
	DurationSeconds int64
}

// Minutes returns the AI minutes of the session: its duration rounded up to
// the whole minute. A session of 0 seconds has 0 minutes.
func (s Session) Minutes() int64 { return (s.DurationSeconds + 59) / 60 }

// Usage returns what the session adds to a report.
func (s Session) Usage() Usage {
	return Usage{Minutes: s.Minutes(), Seconds: s.DurationSeconds, Sessions: 1}
}

// Account is reference data: a name for an account id.
type Account struct {
	AccountID string
	Name      string
}

// Customer is reference data: a name for a customer of an account.
type Customer struct {
	AccountID  string
	CustomerID string
	Name       string
}

// isUnwritable tells whether XML 1.0 cannot hold a character (section 2.2), so
// that the legacy door could never show an id that has it.
func isUnwritable(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

// TrimID returns an id as the tables compare it: they take no notice of spaces at
// its end (the collation utf8mb4_bin pads).
func TrimID(id string) string { return strings.TrimRight(id, " ") }

// FilterID returns the id that a request asks for, as the tables compare it: they
// take "a" and "a " for the same, so spaces at its end do not matter, but spaces
// alone stay an id and never become no filter. Whatever a table may hold can be
// asked for, so this is laxer than CheckID: only what is not valid UTF-8 or longer
// than MaxIDLength characters is an InvalidArgument that names the argument.
func FilterID(argument Argument, value string) (string, error) {
	id := TrimID(value)
	switch {
	case !utf8.ValidString(id):
		return "", Invalid(argument, "%s is not valid UTF-8", argument)
	case utf8.RuneCountInString(id) > MaxIDLength:
		return "", Invalid(argument, "%s is longer than %d characters", argument, MaxIDLength)
	case id == "" && value != "":
		return " ", nil
	}
	return id, nil
}

// MaxFilterIDs bounds the ids of one list that a request asks for.
const MaxFilterIDs = 1000

// FilterIDs returns a list of ids that a request asks for, as FilterID does each of them, in
// order and each once. nil stays nil. The error is an InvalidArgument that names the argument
// where there are too many or one is empty, which as a filter would mean every account.
func FilterIDs(argument Argument, values []string) ([]string, error) {
	if values == nil {
		return nil, nil
	}
	if len(values) > MaxFilterIDs {
		return nil, Invalid(argument, "%s has %d ids", argument, len(values)).Accepting(fmt.Sprintf("at most %d ids", MaxFilterIDs))
	}
	ids := make([]string, 0, len(values))
	for _, value := range values {
		if value == "" {
			return nil, Invalid(argument, "%s has an empty id", argument).Accepting("ids", Textf("no %s at all, for every one", argument))
		}
		id, err := FilterID(argument, value)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// CheckID tells whether value can be the id of something new: valid UTF-8 that XML can hold, at most
// MaxIDLength characters, no white space around it (MySQL compares ids without
// regard to trailing spaces, so "a" and "a " could not be told apart). An empty
// value passes. The error is an InvalidArgument that names the argument.
func CheckID(argument Argument, value string) error {
	switch {
	case !utf8.ValidString(value):
		return Invalid(argument, "%s is not valid UTF-8", argument)
	case strings.ContainsRune(value, 0):
		return Invalid(argument, "%s contains a NUL character", argument)
	case strings.ContainsFunc(value, isUnwritable):
		return Invalid(argument, "%s contains a control character", argument)
	case utf8.RuneCountInString(value) > MaxIDLength:
		return Invalid(argument, "%s is longer than %d characters", argument, MaxIDLength)
	case strings.TrimSpace(value) != value:
		return Invalid(argument, "%s begins or ends with white space", argument)
	}
	return nil
}
