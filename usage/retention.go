package usage

import (
	"slices"
	"time"
)

// Retention says what is left of sessions that have been dropped.
type Retention struct {
	// Kept is the instant from which there are single sessions.
	Kept time.Time
	// HoursUntil is the instant before which there are sums of whole hours only. From it on
	// there are those of quarter-hours.
	HoursUntil time.Time
}

// Refuse returns why a session cannot be written, or nil: one that starts where some have
// been dropped could be one of those, and would be counted again.
func (r Retention) Refuse(session Session) error {
	if !session.StartedAt.Before(r.Kept) {
		return nil
	}
	return Errorf(InvalidArgument, "session %q starts at %s, but sessions from before %s have been dropped: it may have been counted already",
		session.SessionID, session.StartedAt.Format(time.RFC3339), r.Kept.Format(time.RFC3339))
}

// grain is the finest of the sums at an instant.
func (r Retention) grain(t time.Time) Grain {
	if t.Before(r.HoursUntil) {
		return Hour
	}
	return QuarterHour
}

// cuts tells whether a bound of a range would cut a sum of what was dropped.
func (r Retention) cuts(t time.Time) bool {
	return !t.IsZero() && t.Before(r.Kept) && !r.grain(t).Floor(t).Equal(t)
}

// lacks tells whether a plan reads single sessions that have been dropped.
func (r Retention) lacks(plan Plan) int {
	return slices.IndexFunc(plan.Edges, func(edge Edge) bool { return edge.From.Before(r.Kept) })
}

// Check returns nil unless a plan reads single sessions that have been dropped. The error
// then is an InvalidArgument about the argument that makes it do so, and lists what can be
// asked instead: replan plans that, to be sure that it can. asked is the query's range in
// its normal form. A query without a Step asks for a report.
func (r Retention) Check(query SeriesQuery, asked Range, plan Plan, replan func(SeriesQuery, Range) (Plan, error)) error {
	at := r.lacks(plan)
	if at < 0 {
		return nil
	}
	err := r.refuse(query, asked, plan.Edges[at])
	if err.Argument == "" {
		return err // whose range it is, nobody has asked for
	}
	answered := func(query SeriesQuery, asked Range) bool {
		plan, err := replan(query, asked)
		return err == nil && r.lacks(plan) < 0
	}
	if span := r.nearest(asked); answered(query, span) {
		err.Accepted = append(err.Accepted, "the nearest exact range "+spanText(span))
	} else if utc := query; query.Step != "" {
		if utc.Zone = time.UTC; answered(utc, span) {
			err.Accepted = append(err.Accepted, Textf("%s UTC with the range %s", ArgTimeZone, spanText(span)))
		}
	}
	if later := (Range{From: r.Kept, To: asked.To}); !later.holdsNothing() && answered(query, later) {
		err.Accepted = append(err.Accepted, "a start at or after "+r.Kept.Format(time.RFC3339))
	}
	return err
}

// refuse says why an edge of a plan cannot be read.
func (r Retention) refuse(query SeriesQuery, asked Range, edge Edge) *Error {
	const gone = "single sessions from before %s have been dropped, so that "
	when := r.Kept.Format(time.RFC3339)
	within := func(t time.Time) string { return "within " + sumNames[r.grain(t)] + " there" }
	argument, bound := query.EndsBy, asked.To
	switch {
	case r.cuts(asked.From):
		argument, bound = query.StartsBy, asked.From
	case !edge.To.Equal(asked.To) && !edge.From.Equal(asked.To) || !r.cuts(asked.To):
		if query.AddedUp != "" {
			return Invalid(ArgBy, gone+"%s cannot begin %s, as they do in %s", when, query.AddedUp.parts(), within(edge.From), query.Zone)
		}
		return Invalid(ArgGranularity, gone+"the points of a series cannot begin %s, as those of %s %s do in %s",
			when, within(edge.From), ArgGranularity, query.Step, query.Zone)
	}
	switch argument {
	case "":
		return Errorf(InvalidArgument, gone+"a range that is compared with cannot begin or end %s", when, within(bound))
	case ArgPeriod:
		return Invalid(argument, gone+"%s cannot begin or end %s, as it does in %s", when, argument, within(bound), query.Zone)
	}
	return Invalid(argument, gone+"%s cannot be %s", when, argument, within(bound))
}

var sumNames = map[Grain]string{QuarterHour: "a quarter of an hour", Hour: "an hour"}

// nearest returns the range with those of its bounds that cut a sum of what was dropped
// moved to the nearest bound of sums.
func (r Retention) nearest(asked Range) Range {
	move := func(t time.Time) time.Time {
		if !r.cuts(t) {
			return t
		}
		grain := r.grain(t)
		return grain.Floor(t.Add(nominal[grain] / 2))
	}
	nearest := Range{move(asked.From), move(asked.To)}
	if nearest.From.Equal(nearest.To) {
		return Range{r.grain(asked.From).Floor(asked.From), r.grain(asked.To).Ceil(asked.To)}
	}
	return nearest
}

// spanText describes a range in words.
func spanText(r Range) string {
	text := ""
	if !r.From.IsZero() {
		text = "from " + r.From.Format(time.RFC3339)
	}
	if !r.To.IsZero() {
		if text != "" {
			text += " "
		}
		text += "to " + r.To.Format(time.RFC3339) + " (exclusive)"
	}
	return text
}
