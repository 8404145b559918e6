package answer

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"aiusage/usage"
)

// cursor is the place of a row in an order of a report's rows, or of an account
// or customer in their order by id.
type cursor struct {
	// AsOf is the instant of the report, in milliseconds since 1970.
	AsOf       int64          `json:"t,omitempty"`
	Field      OrderField     `json:"o,omitempty"`
	Direction  OrderDirection `json:"d,omitempty"`
	Value      int64          `json:"v,omitempty"`
	AccountID  string         `json:"a"`
	CustomerID string         `json:"c,omitempty"`
}

// text returns the cursor as callers have it.
func (c cursor) text() string {
	document, err := json.Marshal(c)
	if err != nil {
		panic(err) // numbers and texts can always be written
	}
	return base64.RawURLEncoding.EncodeToString(document)
}

// asOf returns the instant of the report that the cursor came from.
func (c cursor) asOf() time.Time { return time.UnixMilli(c.AsOf).UTC() }

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

// acceptedCursor says which cursors a connection takes.
var acceptedCursor = usage.Textf("a cursor of the same connection, asked for with the same %s", argOrderBy)
