// Package inspect looks at a database for what keeps the gateway from working well on it, and
// says what mends that. It changes nothing.
package inspect

// Severity says how bad a finding is.
type Severity string

const (
	// Fine is as it should be.
	Fine Severity = "ok"
	// Note is good to know.
	Note Severity = "note"
	// Warning will hurt some day, or somebody.
	Warning Severity = "warning"
	// Problem keeps something from working now.
	Problem Severity = "problem"
)

// Finding is one thing that was looked at.
type Finding struct {
	// About is what was looked at; the same word at every time.
	About    string   `json:"about"`
	Severity Severity `json:"severity"`
	// Says is what was found, and Remedy what mends it, if anything has to.
	Says   string `json:"says"`
	Remedy string `json:"remedy,omitempty"`
}
