package usage

import "time"

// CheckEdges returns nil unless a plan reads sessions that started before kept,
// which have been dropped. The error then is an InvalidArgument that names the
// nearest range that can be answered exactly. whole tells whether the sums of
// whole hours are there also before that. asked is the range in its normal form.
func CheckEdges(asked Range, plan Plan, kept time.Time, whole bool) error {
	for _, edge := range plan.Edges {
		if !edge.From.IsZero() && !edge.From.Before(kept) {
			continue
		}
		if !whole {
			return gone(ArgStartDate, kept, "start at or after "+kept.Format(time.RFC3339))
		}
		if edge.From.Equal(asked.From) || edge.From.IsZero() {
			return gone(ArgStartDate, kept, nearestHour(asked, kept))
		}
		return gone(ArgEndDate, kept, nearestHour(asked, kept))
	}
	return nil
}

func gone(argument Argument, kept time.Time, nearest string) error {
	return Invalid(argument, "single sessions from before %s have been dropped, so that %s cannot be within an hour there",
		kept.Format(time.RFC3339), argument).Accepting(nearest)
}

// nearestHour describes the range with those of its bounds that are before kept
// moved to the nearest hour.
func nearestHour(asked Range, kept time.Time) string {
	move := func(t time.Time) time.Time {
		if t.IsZero() || !t.Before(kept) {
			return t
		}
		return Hour.Floor(t.Add(30 * time.Minute))
	}
	from, to := move(asked.From), move(asked.To)
	if !from.IsZero() && from.Equal(to) {
		from, to = Hour.Floor(asked.From), Hour.Ceil(asked.To)
	}
	text := "the nearest exact range"
	if !from.IsZero() {
		text += " from " + from.Format(time.RFC3339)
	}
	if !to.IsZero() {
		text += " to " + to.Format(time.RFC3339) + " (exclusive)"
	}
	return text
}
