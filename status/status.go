// Package status has what operators are told of a gateway, for programs: the rollup status command
// and the gateway say it in the same words.
package status

import "time"

// Rollups says how the sums are that keep reports fast. What is not so is left out of its JSON;
// names and values stay what they are.
type Rollups struct {
	// Reads is what reports read: "rollups", "sessions", or "former rollups" for those of an
	// earlier version.
	Reads string `json:"reads"`
	// Phase is "ready", "filling" or "raw", and Former that of an earlier version's rollups.
	Phase  string `json:"phase"`
	Former string `json:"former,omitempty"`
	// Reason says why reports do not read the rollups, or why these are being repaired.
	Reason     string `json:"reason,omitempty"`
	Distrusted bool   `json:"distrusted"`
	// Stuck says what keeps the gateway that answers from folding, if anything.
	Stuck     string     `json:"stuck,omitempty"`
	Calendars []Calendar `json:"calendars"`
	FilledTo  *time.Time `json:"filledTo,omitempty"`
	// KeptFrom is the instant from which single sessions are kept; absent where all are.
	KeptFrom *time.Time `json:"sessionsKeptFrom,omitempty"`
	// Undated is the number of sessions whose start cannot be read.
	Undated int64 `json:"undatedSessions"`
	// Pending is the number of changes that are not folded yet, and LagSeconds the age of the oldest.
	Pending    int64   `json:"pendingChanges"`
	LagSeconds float64 `json:"lagSeconds"`
	// Server says what the database server is among others, and KeepsSums whether gateways look after
	// the sums there. A replica has those of its primary.
	Server    string `json:"server"`
	KeepsSums bool   `json:"keepsSums"`
	// Follows tells that the server has what others store a while later than they do: SeenTo is the
	// instant up to which it has everything, and BehindSeconds how long ago that is, both absent where
	// that is not known.
	Follows       bool       `json:"follows"`
	SeenTo        *time.Time `json:"seenTo,omitempty"`
	BehindSeconds *float64   `json:"behindSeconds,omitempty"`
}

// Calendar is one by whose days there are sums. Phase is "ready", "filling", "leaving" or "stale".
type Calendar struct {
	TimeZone string `json:"timeZone"`
	Phase    string `json:"phase"`
}

// Gateway is how one gateway is: the rollups, and what only its process knows.
type Gateway struct {
	Rollups
	// Database names the server and its version.
	Database string `json:"database"`
	// Version is that of the program, as Go has recorded it.
	Version string `json:"version"`
	// Streams are the event streams and WebSockets that are open here.
	Streams int64     `json:"streams"`
	Started time.Time `json:"started"`
	AsOf    time.Time `json:"asOf"`
}
