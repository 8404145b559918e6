package cli

import (
	"fmt"
	"time"

	"aiusage/db"
	"aiusage/db/inspect"
)

// longLag is how old a change may be before folding is behind, or nobody folds.
const longLag = time.Minute

// examineRollups tells what reports are read from, and how far that is behind. embedded is a
// database that has no rollups, and zone the gateway's default.
func examineRollups(status db.RollupStatus, embedded bool, zone string) []inspect.Finding {
	found := inspect.Finding{About: "rollups", Severity: inspect.Fine, Says: "reports read rollups"}
	switch {
	case embedded:
		found.Says = "reports add up the sessions, as the embedded database has no rollups"
	case status.Phase == db.Ready && status.Distrusted:
		found.Severity = inspect.Warning
		found.Says = "reports read sessions until the rollups, which were found to differ from them, are repaired: " + status.Reason
	case status.ReadsFormer():
		found.Severity = inspect.Note
		found.Says = "reports read rollups of an earlier version until the new ones are filled"
		found.Remedy = "run aiusage migrate, unless it is running"
	case status.Phase == db.Filling && status.Reason == "":
		found.Severity = inspect.Warning
		found.Says = "reports read sessions, which is exact and slow, until the rollups are filled"
		found.Remedy = "run aiusage migrate, unless it is running"
	case status.Phase != db.Ready:
		found.Severity = inspect.Warning
		found.Says = "reports read sessions, which is exact and slow: " + status.Reason
		found.Remedy = "run aiusage migrate; aiusage rollup status says more"
	}
	findings := []inspect.Finding{found}
	if embedded {
		return findings
	}
	lag := inspect.Finding{About: "folding", Severity: inspect.Fine, Says: fmt.Sprintf("%d changes wait to be folded", status.Pending)}
	if status.Lag > longLag {
		lag.Severity = inspect.Warning
		lag.Says += fmt.Sprintf(", the oldest for %s", status.Lag.Round(time.Second))
		lag.Remedy = "a gateway has to run on this database, since it folds; its log and /readyz say what keeps it from that"
	}
	return append(findings, lag, examineCalendar(status, zone))
}

// examineCalendar tells whether days of the gateway's default zone have sums of their own.
func examineCalendar(status db.RollupStatus, zone string) inspect.Finding {
	found := inspect.Finding{About: "default time zone", Severity: inspect.Fine, Says: "days in " + zone + " have sums of their own"}
	if zone == "UTC" {
		return found
	}
	for _, calendar := range status.Calendars {
		if calendar.Zone == zone && calendar.Phase == string(db.Ready) {
			return found
		}
	}
	found.Severity = inspect.Note
	found.Says = "days in " + zone + " are composed of those in UTC, which is exact and takes a little longer"
	found.Remedy = "run aiusage migrate --time-zone " + zone
	return found
}
