package phase

import (
	"slices"

	"aiusage/db/column"
	"aiusage/usage"
)

// Plan cuts the range of a query, in its normal form, into what is read from sums and what
// from single sessions, and a series into its buckets. A query without a Step asks for a
// report, which is one bucket. The error is an InvalidArgument where there are too many
// buckets, or where sessions are needed that have been dropped.
func (state *State) Plan(query usage.SeriesQuery, span usage.Range) (usage.Plan, []usage.Range, error) {
	made, err := state.plans.of(query, span, func() (cutting, error) { return state.cut(query, span) })
	if err == nil {
		err = state.retention().Check(query, span, made.plan, func(query usage.SeriesQuery, span usage.Range) (usage.Plan, error) {
			other, err := state.cut(query, span)
			return other.plan, err
		})
	}
	return made.plan, made.buckets, err
}

// retention is what is left of sessions that have been dropped.
func (state *State) retention() usage.Retention {
	retention := usage.Retention{Kept: state.RawFrom.Time, HoursUntil: state.QuartersFrom.Time}
	if state.Set == Hours {
		retention.HoursUntil = state.RawFrom.Time
	}
	return retention
}

// cut plans without looking which sessions are there.
func (state *State) cut(query usage.SeriesQuery, span usage.Range) (cutting, error) {
	buckets := []usage.Range{span}
	if query.Step != "" {
		var err error
		if buckets, err = query.Buckets(span); err != nil {
			return cutting{}, err
		}
	}
	plan := state.compose(query, buckets)
	if span == (usage.Range{}) && len(buckets) > 0 {
		plan.Undated = true
		if state.Usable() {
			plan.AddMonth(column.Undated)
		}
	}
	return cutting{plan, buckets}, nil
}

const (
	// maxEdges bounds the spans of single sessions that a statement names. With more, all
	// sessions of the range are read in one go.
	maxEdges = 500
	// maxLookUps bounds the look-ups of accounts in quarter-hours and hours, where all of
	// them are asked for. With more, their sessions are read.
	maxLookUps = 200_000
)

// compose plans buckets by the sums that there are for a query.
func (state *State) compose(query usage.SeriesQuery, buckets []usage.Range) usage.Plan {
	sums := state.sums(query.Query)
	everybody := isOfEverybody(query)
	if sums.Level == usage.Together && !everybody {
		sums.Level = usage.ByAccount
	}
	plan := usage.Compose(buckets, sums)
	if sums.Level == usage.ByAccount && everybody && plan.FineBuckets()*state.Accounts > maxLookUps {
		days := sums
		days.Grains = coarse
		if other := usage.Compose(buckets, days); !state.lacks(other) {
			plan = other
		}
	}
	if len(plan.Edges) > maxEdges {
		if sessions := usage.Compose(buckets, usage.Sums{Level: sums.Level}); !state.lacks(sessions) {
			return sessions
		}
	}
	// Where there are sums of quarter-hours, or of hours alone, no plan reads single sessions
	// in place of which something was kept.
	plan.KeepBefore(state.retention())
	return plan
}

// coarse are the grains of which there are sums of customers.
var coarse = []usage.Grain{usage.Day, usage.Month}

// isOfEverybody tells whether a query is not narrowed to some accounts or subjects.
func isOfEverybody(query usage.SeriesQuery) bool {
	return query.AccountID == "" && query.Accounts == nil && query.Subjects == nil
}

// lacks tells whether a plan reads sessions that have been dropped.
func (state *State) lacks(plan usage.Plan) bool {
	return slices.ContainsFunc(plan.Edges, func(edge usage.Edge) bool { return edge.From.Before(state.RawFrom.Time) })
}

// sums are those that a query can be answered from.
func (state *State) sums(query usage.Query) usage.Sums {
	sums := usage.Sums{Level: query.Level, Calendars: state.Calendars, HoursUntil: state.QuartersFrom.Time}
	if query.OfCustomers() {
		sums.Level = usage.ByCustomer
	}
	if !state.Usable() {
		if !state.RawFrom.Valid {
			return usage.Sums{Level: sums.Level}
		}
		// What makes sums unreadable concerns sessions that are still there.
		sums.Until = state.RawFrom.Time
	}
	switch {
	case state.Set == Hours:
		sums.Level, sums.Grains = usage.ByCustomer, usage.Grains
	case sums.Level == usage.ByCustomer:
		sums.Grains = coarse
	default:
		sums.Grains = []usage.Grain{usage.QuarterHour, usage.Hour, usage.Day, usage.Month}
	}
	return sums
}

// Data is the span of the months in which there were sums when the state was read. There
// may be more.
func (state *State) Data() usage.Range { return state.data }

// Source is what usage is read from by a plan.
func (state *State) Source(plan usage.Plan) usage.Source {
	if state.Usable() || len(plan.Pieces) > 0 {
		return usage.FromRollups
	}
	return usage.FromSessions
}

// WithoutRollups is the state with which everything is read from sessions in the
// snapshots that show this one.
func (state *State) WithoutRollups() *State {
	raw := *state
	raw.Phase, raw.Generation, raw.Believed, raw.plans = Raw, -state.Token(), true, nil
	return &raw
}
