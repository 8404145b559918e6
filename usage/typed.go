package usage

import "cmp"

// TypedRange is a range that says of which kind it is, so that each kind has its own type.
// Exactly one is given.
type TypedRange struct {
	// Days are calendar days in the time zone, both inclusive.
	Days *Ends
	// Instants are a start, inclusive, and an end, exclusive, each with an offset.
	Instants *Ends
	// Period is a range by its name.
	Period *Period
}

// Ends are where a range starts and ends. nil is an open end.
type Ends struct{ From, To *string }

// dates are those of a typed range, and the names of the arguments that they come from.
type dates struct {
	start, end       string
	period           Period
	startsBy, endsBy Argument
}

// datesOf returns the dates of a question: those that it has by themselves, or those of a
// typed range. The error is an InvalidArgument where it has both, or where what is given is
// not of its kind.
func datesOf(own dates, typed *TypedRange) (dates, error) {
	if typed == nil {
		return own, nil
	}
	if own.start != "" || own.end != "" || own.period != "" {
		return dates{}, Invalid(ArgRange, "%s says it all already; it cannot go together with %s, %s or %s", ArgRange, ArgStartDate, ArgEndDate, ArgPeriod).
			Accepting(Textf("%s alone", ArgRange), Textf("%s and %s, or %s", ArgStartDate, ArgEndDate, ArgPeriod))
	}
	ends, kind, form, isOfKind := typed.Days, Argument("days"), DateForms[0], isDay
	if typed.Instants != nil {
		ends, kind, form, isOfKind = typed.Instants, "instants", DateForms[1], isInstant
	}
	if ends == nil {
		return dates{period: value(typed.Period)}, nil
	}
	by := ArgRange + "." + kind
	typedDates := dates{start: value(ends.From), end: value(ends.To), startsBy: by + ".from", endsBy: by + ".to"}
	for _, end := range []struct {
		argument Argument
		text     *string
	}{{typedDates.startsBy, ends.From}, {typedDates.endsBy, ends.To}} {
		if end.text != nil && !isOfKind(*end.text) {
			return dates{}, Invalid(end.argument, "%s %s is none of %s", end.argument, Sent(*end.text), string(kind)).Accepting(form)
		}
	}
	return typedDates, nil
}

func value[T ~string](optional *T) (text T) {
	if optional != nil {
		text = *optional
	}
	return text
}

func isDay(text string) bool {
	_, _, hasClock := cutClock(text)
	return text != "" && !hasClock
}

func isInstant(text string) bool {
	_, clock, hasClock := cutClock(text)
	_, _, hasOffset, err := cutOffset(clock)
	return hasClock && (hasOffset || err != nil)
}

// In returns the request for a typed range (nil: its own dates). The error is an
// InvalidArgument.
func (r Request) In(typed *TypedRange) (Request, error) {
	given, err := datesOf(dates{r.StartDate, r.EndDate, r.Period, r.StartsBy, r.EndsBy}, typed)
	r.StartDate, r.EndDate, r.Period, r.StartsBy, r.EndsBy = given.start, given.end, given.period, given.startsBy, given.endsBy
	return r, err
}

// To returns the comparison with a typed range (nil: its own dates). The error is an
// InvalidArgument.
func (c Comparison) To(typed *TypedRange) (Comparison, error) {
	given, err := datesOf(dates{c.StartDate, c.EndDate, c.Period, c.StartsBy, c.EndsBy}, typed)
	c.StartDate, c.EndDate, c.Period, c.StartsBy, c.EndsBy = given.start, given.end, given.period, given.startsBy, given.endsBy
	c.Another = c.Another || typed != nil
	return c, err
}

// names are the arguments that the dates of the request come from.
func (r Request) names() (start, end Argument) {
	return cmp.Or(r.StartsBy, ArgStartDate), cmp.Or(r.EndsBy, ArgEndDate)
}
