// Package audit writes who has asked for whose usage, from where and with what result: a
// stream of its own, a JSON object a line. docs/audit.md describes the members.
package audit

import (
	"slices"
	"time"

	"aiusage/observe"
)

// The events.
const (
	// Answered is a request, or an operation on a WebSocket, that is over, whatever the answer.
	Answered = "answered"
	// Begun is a subscription that has begun, and Ended one that is over.
	Begun = "begun"
	Ended = "ended"
)

// Entry is one line. Members that are empty are left out, except those that say that
// something is known to be so.
type Entry struct {
	Time      time.Time `json:"time"`
	Event     string    `json:"event"`
	RequestID string    `json:"request_id"`
	TraceID   string    `json:"trace_id,omitempty"`
	Address   string    `json:"address"`
	Door      string    `json:"door"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	// Principal is empty where nobody was let in; Tried is then whose credentials they were,
	// if that is known.
	Principal  string  `json:"principal"`
	Tried      string  `json:"tried,omitempty"`
	Credential string  `json:"credential"`
	Operation  string  `json:"operation,omitempty"`
	Document   string  `json:"document,omitempty"`
	Asked      []Asked `json:"asked"`
	MoreAsked  int     `json:"more_asked,omitempty"`
	// Result is "ok" or the code of the first error; Codes are all of them.
	Result   string   `json:"result"`
	Codes    []string `json:"codes,omitempty"`
	Status   int      `json:"status,omitempty"`
	IsGone   bool     `json:"gone,omitempty"`
	Rows     int64    `json:"rows"`
	Bytes    int64    `json:"bytes"`
	Duration float64  `json:"duration_seconds"`
}

// Asked is one question about usage or names.
type Asked struct {
	About string `json:"about"`
	// Accounts and Customers are null for all, those that the asker may see.
	Accounts  []string `json:"accounts"`
	Customers []string `json:"customers"`
	IsCut     bool     `json:"cut,omitempty"`
	// From and To are the range, To exclusive; null where it is open.
	From    *time.Time `json:"from"`
	To      *time.Time `json:"to"`
	Refused bool       `json:"refused,omitempty"`
}

// doors are those where there is something to ask for.
var doors = []string{"graphql", "events", "websocket", "legacy", "export", "mcp", "metrics"}

// refusals are the codes of those who are not let in, which count at every door.
var refusals = []string{"UNAUTHENTICATED", "FORBIDDEN", "TOO_MANY_REQUESTS"}

// isOfInterest tells whether something belongs into the audit: what somebody who is known
// has asked for, and whatever was refused.
func isOfInterest(seen observe.Seen) bool {
	if slices.ContainsFunc(seen.Codes, func(code string) bool { return slices.Contains(refusals, code) }) {
		return true
	}
	isConnection := seen.Door == "websocket" && !seen.IsChild // each operation on it has an entry
	return slices.Contains(doors, seen.Door) && (seen.Principal != "" || len(seen.Codes) > 0) && !isConnection
}

// entryOf makes an entry of what has been seen.
func entryOf(now time.Time, event string, seen observe.Seen) Entry {
	entry := Entry{
		Time: now.UTC(), Event: event, RequestID: seen.ID, TraceID: seen.Trace, Address: seen.Address, Door: seen.Door,
		Method: seen.Method, Path: seen.Path, Principal: seen.Principal, Credential: seen.Credential,
		Operation: seen.Operation, Document: seen.Document, MoreAsked: seen.MoreQuestions, Asked: []Asked{},
		Result: "ok", Codes: seen.Codes, Status: seen.Status, IsGone: seen.IsGone, Rows: seen.Rows(), Bytes: seen.Bytes,
		Duration: seen.Duration.Seconds(),
	}
	if seen.Principal == "" {
		entry.Tried = seen.Tried
	}
	if len(seen.Codes) > 0 {
		entry.Result = seen.Codes[0]
	}
	for _, one := range seen.Questions {
		entry.Asked = append(entry.Asked, Asked{
			About: one.About, Accounts: one.Accounts, Customers: one.Customers, IsCut: one.Cut,
			From: instant(one.From), To: instant(one.To), Refused: one.Refused,
		})
	}
	return entry
}

// instant is a bound as it is written. What RFC 3339 cannot write, which nobody can ask for, is
// left out rather than the entry.
func instant(at time.Time) *time.Time {
	if at = at.UTC(); at.IsZero() || at.Year() < 0 || at.Year() > 9999 {
		return nil
	}
	return &at
}
