package phase

import (
	"aiusage/db/column"
	"aiusage/usage"
)

// Plan cuts a normal range, given as the buckets it is made of, into what is read
// from rollups and what from single sessions.
func (state *State) Plan(span usage.Range, buckets []usage.Range) (usage.Plan, error) {
	plan := usage.NewSeriesPlan(buckets)
	if state.Phase != Ready && len(buckets) > 0 {
		plan = state.planOfSessions(span, buckets)
	}
	if err := state.check(span, plan, true); err != nil {
		return usage.Plan{}, err
	}
	if len(plan.Edges) <= maxEdges {
		return plan, nil
	}
	plan = usage.Plan{Edges: []usage.Range{span}}
	return plan, state.check(span, plan, false)
}

// maxEdges bounds the spans of single sessions that a statement names. With more,
// reading all sessions in between is better.
const maxEdges = 500

// check returns an error when a plan needs sessions that have been dropped.
func (state *State) check(span usage.Range, plan usage.Plan, suggest bool) error {
	if !state.RawFrom.Valid {
		return nil
	}
	return usage.CheckEdges(span, plan, state.RawFrom.Time, suggest)
}

// planOfSessions reads rollups only where sessions were dropped: what makes rollups
// unreadable concerns sessions that are still there.
func (state *State) planOfSessions(span usage.Range, buckets []usage.Range) usage.Plan {
	if !state.RawFrom.Valid {
		return usage.Plan{Edges: []usage.Range{span}}
	}
	kept := state.RawFrom.Time
	var dropped []usage.Range
	for _, bucket := range buckets {
		if !bucket.From.Before(kept) {
			break
		}
		if bucket.To.IsZero() || bucket.To.After(kept) {
			bucket.To = kept
		}
		dropped = append(dropped, bucket)
	}
	plan := usage.NewSeriesPlan(dropped)
	if span.To.IsZero() || span.To.After(kept) {
		if span.From.Before(kept) {
			span.From = kept
		}
		plan.Edges = append(plan.Edges, span)
	}
	return plan
}

// Pieces returns those of a plan, cut where there is data. What is undated belongs
// to a plan that is open at both ends.
func (state *State) Pieces(plan usage.Plan) []usage.Piece {
	pieces := plan.Bounded(state.data).Pieces
	if whole, ok := plan.Whole(); ok && whole == (usage.Range{}) && state.data != whole {
		pieces = append(pieces, usage.Piece{Grain: usage.Month, Range: usage.Range{From: column.Undated, To: usage.Month.Next(column.Undated)}})
	}
	return pieces
}

// Source is what usage is read from by a plan.
func (state *State) Source(plan usage.Plan) usage.Source {
	if state.Phase == Ready || len(plan.Pieces) > 0 {
		return usage.FromRollups
	}
	return usage.FromSessions
}

// WithoutRollups is the state with which everything is read from sessions in the
// snapshots that show this one.
func (state *State) WithoutRollups() *State {
	return &State{Phase: Raw, Generation: -state.Token(), RawFrom: state.RawFrom}
}
