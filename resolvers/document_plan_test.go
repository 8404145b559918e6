package resolvers_test

import (
	"fmt"
	"strings"
	"time"

	"aiusage/usage"
)

// planOf is the plan of a report, of which the model knows what is true of all of them.
type planOf struct{ *report }

// levelNeeded is what usage has to be told apart by for fields of a report.
func levelNeeded(groups []*collected) (level string) {
	level = "EVERYBODY"
	for _, group := range groups {
		switch name := group.all[0].Name; {
		case strings.HasPrefix(name, "customerUsage"):
			return "CUSTOMER"
		case strings.HasPrefix(name, "accountUsage"):
			level = "ACCOUNT"
		}
	}
	return level
}

// plannedSpan is a part of a plan.
type plannedSpan struct {
	from, to time.Time // zero where they are open
	sign     int
}

// wrong says what is wrong with a plan, or nothing: its parts count each session of the report once,
// and no other; its runs of sums begin and end where sums do; and sums are of whom is asked for.
func (p planOf) wrong(w *world, plan any) string {
	level, source := at(plan, "level"), at(plan, "source")
	if p.needs == "CUSTOMER" && level != "CUSTOMER" || p.needs == "ACCOUNT" && level != "CUSTOMER" && level != "ACCOUNT" {
		return fmt.Sprintf("the level is %v for what needs %s", level, p.needs)
	}
	var spans []plannedSpan
	for _, list := range []string{"pieces", "sessions", "kept"} {
		parts, _ := at(plan, list).([]any)
		if len(parts) > 0 && list == "pieces" && source != "ROLLUPS" || list == "kept" && len(parts) > 0 {
			return fmt.Sprintf("there are %s of %v", list, source)
		}
		for _, part := range parts {
			span, err := spanOf(part)
			if err != "" {
				return err
			}
			if list == "pieces" {
				if err := onBounds(part, span); err != "" {
					return err
				}
			}
			spans = append(spans, span)
		}
	}
	for _, s := range w.in(p.report, usage.Range{From: time.Unix(0, 0)}, usage.Subject{}) {
		counted, want := 0, 0
		for _, span := range spans {
			if !s.StartedAt.Before(span.from) && (span.to.IsZero() || s.StartedAt.Before(span.to)) {
				counted += span.sign
			}
		}
		if !s.StartedAt.Before(p.span.From) && (p.span.To.IsZero() || s.StartedAt.Before(p.span.To)) {
			want = 1
		}
		if counted != want {
			return fmt.Sprintf("the session at %s counts %d times, not %d", s.StartedAt, counted, want)
		}
	}
	return ""
}

// spanOf reads a part of a plan.
func spanOf(part any) (span plannedSpan, wrong string) {
	span.sign = map[string]int{"1": 1, "-1": -1}[fmt.Sprint(at(part, "sign"))]
	if span.sign == 0 {
		return span, fmt.Sprintf("a sign is %v", at(part, "sign"))
	}
	for name, end := range map[string]*time.Time{"from": &span.from, "to": &span.to} {
		text, is := at(part, name).(string)
		if !is {
			continue
		}
		var err error
		if *end, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return span, err.Error()
		}
	}
	return span, ""
}

// onBounds says where a run of sums does not begin or end with one of them.
func onBounds(piece any, span plannedSpan) string {
	name, _ := at(piece, "timeZone").(string)
	zone, err := time.LoadLocation(name)
	if err != nil {
		return err.Error()
	}
	grain, _ := at(piece, "grain").(string)
	for _, end := range []time.Time{span.from, span.to} {
		if !end.IsZero() && label(end.In(zone), grain) == label(end.Add(-time.Millisecond).In(zone), grain) {
			return fmt.Sprintf("%s is no bound of a %s in %s", end, grain, zone)
		}
	}
	return ""
}
