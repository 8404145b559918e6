package phase

import "aiusage/db/extent"

// Set is one of the sets of sums that there may be, each with changes and a state of its
// own.
type Set int

const (
	// Levels are the sums of customers, of accounts and of everybody (package sums).
	Levels Set = iota
	// Hours are the sums of customers by hour, day and month that gateways of an earlier
	// version keep. Until the sums by level have been filled, reports may read them.
	Hours
)

// FoldMark is the state_id of the row of usage_level_state whose generation is another one
// after each fold. So whoever has seen the mark and how many changes wait can tell that
// nothing was written since. It is a row of its own, because those who fold share the lock
// of the other.
const FoldMark = 2

// table is the table with the state of the set, in the row whose state_id is 1.
func (s Set) table() string {
	if s == Hours {
		return "usage_rollup_state"
	}
	return "usage_level_state"
}

// Sums are the tables in which the extent of the set is looked up.
func (s Set) Sums() extent.Sums {
	if s == Hours {
		return extent.Hours
	}
	return extent.Levels
}

// believed is the condition on a row of the state table that the set has all that was
// dropped of the sessions. Gateways of an earlier version drop sessions without telling
// the sums by level.
func (s Set) believed() string {
	if s == Hours {
		return "TRUE"
	}
	return "NOT EXISTS (SELECT 1 FROM usage_rollup_state AS others WHERE others.raw_from > COALESCE(usage_level_state.raw_from, '1000-01-01'))"
}

// TokenColumn is the token of the set (State.Token) in the snapshot of the statement
// around it.
func (s Set) TokenColumn() string {
	return "COALESCE((SELECT CASE WHEN phase = 'ready' AND " + s.believed() + " THEN generation ELSE -generation END FROM " + s.table() + " WHERE state_id = 1), 0)"
}
