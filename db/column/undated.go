package column

import "time"

// Writers whose mode is not strict can store a start that is no instant, such as
// '0000-00-00' or '2026-02-31'. Such a session has no place in time: it counts in
// reports without a range, and in no other. The sums have it in a bucket of its
// own, which lies before all that a range can name.

// Undated is the quarter-hour, hour, day and month of sessions without a readable start.
var Undated = time.Date(100, 1, 1, 0, 0, 0, 0, time.UTC)

// Dated is the condition that a DATETIME column holds an instant between the years
// that a session may start in. Servers would take LAST_DAY of a month 0 for an error.
func Dated(column string) string {
	day := "DAYOFMONTH(" + column + ")"
	return "(" + column + " >= '1000-01-01' AND MONTH(" + column + ") > 0 AND " + day + " > 0 AND (" + day + " <= 28 OR " + day + " <= DAYOFMONTH(LAST_DAY(" + column + "))))"
}

// HourOf is the hour of a DATETIME expression, or Undated.
func HourOf(column string) string {
	return "CASE WHEN " + Dated(column) + " THEN TIMESTAMPADD(HOUR, HOUR(" + column + "), DATE(" + column + ")) ELSE CAST('0100-01-01' AS DATETIME) END"
}

// QuarterOf is the quarter-hour of a DATETIME expression, or Undated.
func QuarterOf(column string) string {
	return "CASE WHEN " + Dated(column) + " THEN TIMESTAMPADD(MINUTE, HOUR(" + column + ") * 60 + FLOOR(MINUTE(" + column + ") / 15) * 15, DATE(" + column + ")) ELSE CAST('0100-01-01' AS DATETIME) END"
}
