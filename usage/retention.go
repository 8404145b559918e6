package usage

import (
	"slices"
	"time"
)

// CheckRetained returns nil unless a plan reads single sessions from before kept, which
// have been dropped. The error then is an InvalidArgument about the argument that makes
// it do so, and lists what can be asked instead: replan plans that, to be sure that it can.
// asked is the query's range in its normal form. A query without a Step asks for a report.
func CheckRetained(query SeriesQuery, asked Range, plan Plan, kept time.Time, replan func(SeriesQuery, Range) (Plan, error)) error {
	at := slices.IndexFunc(plan.Edges, func(edge Range) bool { return isDropped(edge, kept) })
	if at < 0 {
		return nil
	}
	err := dropped(query, asked, plan.Edges[at], kept)
	if err.Argument == "" {
		return err // whose range it is, nobody has asked for
	}
	answered := func(query SeriesQuery, asked Range) bool {
		plan, err := replan(query, asked)
		return err == nil && !slices.ContainsFunc(plan.Edges, func(edge Range) bool { return isDropped(edge, kept) })
	}
	if hours := nearestHours(asked, kept); answered(query, hours) {
		err.Accepted = append(err.Accepted, "the nearest exact range "+spanText(hours))
	} else if utc := query; query.Step != "" {
		if utc.Zone = time.UTC; answered(utc, hours) {
			err.Accepted = append(err.Accepted, Textf("%s UTC with the range %s", ArgTimeZone, spanText(hours)))
		}
	}
	if later := (Range{From: kept, To: asked.To}); !later.holdsNothing() && answered(query, later) {
		err.Accepted = append(err.Accepted, "a start at or after "+kept.Format(time.RFC3339))
	}
	return err
}

// isDropped tells whether a span that is read from single sessions may lack some.
func isDropped(edge Range, kept time.Time) bool { return edge.From.Before(kept) }

// dropped says why an edge of a plan cannot be read.
func dropped(query SeriesQuery, asked, edge Range, kept time.Time) *Error {
	const gone = "single sessions from before %s have been dropped, so that "
	when := kept.Format(time.RFC3339)
	within := func(t time.Time) bool { return !Hour.Floor(t).Equal(t) }
	argument := query.EndsBy
	switch {
	case within(asked.From): // which is the first edge
		argument = query.StartsBy
	case !within(asked.To) || !edge.To.Equal(asked.To):
		return Invalid(ArgGranularity, gone+"the points of a series cannot begin within an hour there, as those of %s %s do in %s",
			when, ArgGranularity, query.Step, query.Zone)
	}
	switch argument {
	case "":
		return Errorf(InvalidArgument, gone+"a range that is compared with cannot begin or end within an hour there", when)
	case ArgPeriod:
		return Invalid(argument, gone+"%s cannot begin or end within an hour there, as it does in %s", when, argument, query.Zone)
	}
	return Invalid(argument, gone+"%s cannot be within an hour there", when, argument)
}

// nearestHours returns the range with those of its bounds that are before kept moved to
// the nearest hour.
func nearestHours(asked Range, kept time.Time) Range {
	move := func(t time.Time) time.Time {
		if !t.Before(kept) {
			return t
		}
		return Hour.Floor(t.Add(30 * time.Minute))
	}
	nearest := Range{move(asked.From), move(asked.To)}
	if nearest.From.Equal(nearest.To) {
		return Range{Hour.Floor(asked.From), Hour.Ceil(asked.To)}
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
