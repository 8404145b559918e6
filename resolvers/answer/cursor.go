package answer

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"aiusage/listing"
	"aiusage/usage"
)

// cursor is the place of a row in an order of a report's rows, or of an account
// or customer in their order by id.
type cursor struct {
	// Of names the connection that the cursor belongs to, with all that its rows and their
	// order depend on, but not who asks (belongingOf).
	Of string `json:"k"`
	// ReadAt is the instant at which the report was read, in milliseconds since 1970.
	ReadAt int64 `json:"t,omitempty"`
	// Value is what the row is ordered by, and of Base where that is a fraction. None says
	// that it has no value.
	Value int64 `json:"v,omitempty"`
	Base  int64 `json:"b,omitempty"`
	None  bool  `json:"n,omitempty"`
	// Name is the row's name, where rows are ordered by it.
	Name string `json:"m,omitempty"`
	// Session is the place of a session, in a list of those.
	Session    *usage.SessionPlace `json:"s,omitempty"`
	AccountID  string              `json:"a,omitempty"`
	CustomerID string              `json:"c,omitempty"`
}

// cursorAt returns the cursor of a row's place in a connection of a report.
func cursorAt(place listing.Position, of string, readAt time.Time) cursor {
	return cursor{Of: of, ReadAt: readAt.UnixMilli(), Value: place.Value, Base: place.Base, None: place.None,
		Name: place.Name, AccountID: place.AccountID, CustomerID: place.CustomerID}
}

// position returns the place that a cursor names, nil for none.
func (c *cursor) position() *listing.Position {
	if c == nil {
		return nil
	}
	return &listing.Position{Value: c.Value, Base: c.Base, None: c.None, Name: c.Name, AccountID: c.AccountID, CustomerID: c.CustomerID}
}

// belongingOf names a connection with all that it depends on, in a few characters.
func belongingOf(parts ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", parts))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// text returns the cursor as callers have it.
func (c cursor) text() string {
	document, err := json.Marshal(c)
	if err != nil {
		panic(err) // numbers and texts can always be written
	}
	return base64.RawURLEncoding.EncodeToString(document)
}

// readAt returns the instant at which the report was read that the cursor came from.
func (c cursor) readAt() time.Time { return time.UnixMilli(c.ReadAt).UTC() }

// parseCursor reads a cursor, which is nil when it was not given. The error is an
// InvalidArgument that names the argument.
func parseCursor(argument usage.Argument, text *string) (*cursor, error) {
	if text == nil || *text == "" {
		return nil, nil
	}
	var c cursor
	document, err := base64.RawURLEncoding.DecodeString(*text)
	if err == nil {
		err = json.Unmarshal(document, &c)
	}
	if err != nil {
		return nil, usage.Invalid(argument, "%s is not a cursor", argument).Accepting(acceptedCursor)
	}
	return &c, nil
}

// cursorOf reads a cursor that must belong to a connection.
func cursorOf(belonging string, argument usage.Argument, text *string) (*cursor, error) {
	place, err := parseCursor(argument, text)
	if err == nil && place != nil && place.Of != belonging {
		err = usage.Invalid(argument, "%s is a cursor of another list: of another connection, range, filter, order or comparison", argument).Accepting(acceptedCursor)
	}
	return place, err
}

// acceptedCursor says which cursors a connection takes.
const acceptedCursor = "a cursor of the same connection, asked for with the same arguments, or none, to begin again"
