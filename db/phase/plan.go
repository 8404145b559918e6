package phase

import (
	"slices"

	"aiusage/db/column"
	"aiusage/usage"
)

// Plan cuts the range of a query, in its normal form, into what is read from rollups and
// what from single sessions, and a series into its buckets. A query without a Step asks for
// a report, which is one bucket. The error is an InvalidArgument where there are too many
// buckets, or where sessions are needed that have been dropped.
func (state *State) Plan(query usage.SeriesQuery, span usage.Range) (usage.Plan, []usage.Range, error) {
	plan, buckets, err := state.cut(query, span)
	if err == nil && state.RawFrom.Valid {
		err = usage.CheckRetained(query, span, plan, state.RawFrom.Time, func(query usage.SeriesQuery, span usage.Range) (usage.Plan, error) {
			plan, _, err := state.cut(query, span)
			return plan, err
		})
	}
	return plan, buckets, err
}

// cut plans without looking which sessions are there.
func (state *State) cut(query usage.SeriesQuery, span usage.Range) (plan usage.Plan, buckets []usage.Range, err error) {
	buckets = []usage.Range{span}
	if query.Step != "" {
		if buckets, err = usage.Buckets(span, query.Step, query.Zone); err != nil {
			return usage.Plan{}, nil, err
		}
	}
	if state.Phase != Ready && len(buckets) > 0 {
		return state.planOfSessions(span, buckets), buckets, nil
	}
	return joinEdges(usage.NewSeriesPlan(buckets)), buckets, nil
}

// maxEdges bounds the spans of single sessions that a statement names.
const maxEdges = 500

// joinEdges has all sessions from the first edge to the last one read, where there are so
// many edges that naming them takes longer.
func joinEdges(plan usage.Plan) usage.Plan {
	if len(plan.Edges) <= maxEdges {
		return plan
	}
	edge := usage.Range{From: plan.Edges[0].From, To: plan.Edges[len(plan.Edges)-1].To}
	plan.Edges = []usage.Range{edge}
	plan.Pieces = slices.DeleteFunc(plan.Pieces, func(piece usage.Piece) bool {
		return !piece.From.Before(edge.From) && !piece.To.After(edge.To)
	})
	return plan
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
