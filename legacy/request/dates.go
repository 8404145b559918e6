package request

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"aiusage/usage"
)

// maxDate is longer than any date, in bytes.
const maxDate = 100

var dotNetTicks = regexp.MustCompile(`^/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/$`)

// TranslateDates turns the date forms that .NET callers send into those that
// usage.ParseRange takes. Every other text is left as it is, to be judged there.
// A date of nothing but white space is no date, and not as good as none: a range
// without the bound that somebody meant would hold more than they asked for.
func TranslateDates(request *usage.Request) error {
	for _, date := range [...]struct {
		argument usage.Argument
		text     *string
	}{{usage.ArgStartDate, &request.StartDate}, {usage.ArgEndDate, &request.EndDate}} {
		if *date.text == "" {
			continue
		}
		sent := strings.TrimSpace(*date.text)
		translated, err := translateDate(sent)
		if err != nil {
			return usage.BadDate(date.argument, sent, err)
		}
		*date.text = translated
	}
	return nil
}

// translateDate translates one date:
//
//   - /Date(ms)/ is an instant, in milliseconds since 1970 in UTC. An offset
//     after it says where the caller's clock stood and does not move it.
//   - What .NET's DateTime.Parse takes without a culture (dotNetDates) means the
//     same here, except that a date without a time is a whole day, as at every door.
func translateDate(text string) (string, error) {
	if text == "" {
		return "", errors.New("it is blank")
	}
	if _, err := usage.ParseRange(text, "", time.UTC); err == nil || len(text) > maxDate {
		return text, nil
	}
	if parts := dotNetTicks.FindStringSubmatch(text); parts != nil {
		milliseconds, _ := strconv.ParseInt(parts[1], 10, 64) // at most 15 digits
		instant := time.UnixMilli(milliseconds).UTC()
		if instant.Year() < 1 || instant.Year() > 9999 {
			return "", errors.New("it is outside the years 1 to 9999")
		}
		return instant.Format("2006-01-02T15:04:05.000Z"), nil
	}
	for _, form := range dotNetDates() {
		if found := form.FindStringSubmatch(text); found != nil {
			parts := dateParts{}
			for i, name := range form.SubexpNames() {
				if name != "" {
					parts[name] = found[i]
				}
			}
			return parts.translate()
		}
	}
	return text, nil
}
