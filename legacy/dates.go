package legacy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"aiusage/usage"
)

// dotNetForms are the date forms of this door beyond usage.DateForms, by example.
var dotNetForms = []string{
	"3/31/2026 (month first)",
	"3/31/2026 17:00:00 or 3/31/2026 5:00:00 PM",
	"/Date(1774976400000)/ or /Date(1774976400000+0200)/",
}

var (
	dotNetDate  = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4})(?:[ \x{A0}\x{202F}](\d{1,2}):(\d{2})(?::(\d{2}))?(?:[ \x{A0}\x{202F}]([AaPp])[Mm])?)?$`)
	dotNetTicks = regexp.MustCompile(`^/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/$`)
)

// translateDates turns the date forms that .NET callers send into those that
// usage.ParseRange takes. Every other text is left as it is, to be judged there.
func translateDates(request *usage.Request) error {
	for _, date := range [...]struct {
		argument string
		text     *string
	}{{"startDate", &request.StartDate}, {"endDate", &request.EndDate}} {
		translated, err := translateDate(strings.TrimSpace(*date.text))
		if err != nil {
			return &usage.Error{
				Code: usage.InvalidArgument, Argument: date.argument, Accepted: usage.DateForms,
				Message: fmt.Sprintf("%s %q cannot be read: %v", date.argument, strings.TrimSpace(*date.text), err),
			}
		}
		*date.text = translated
	}
	return nil
}

// translateDate translates one date:
//
//   - M/d/yyyy is the day, M/d/yyyy H:mm[:ss], with or without AM or PM, the
//     time on it (invariant culture: month first). Newer .NET puts a narrow
//     no-break space before AM and PM.
//   - /Date(ms)/ is an instant, in milliseconds since 1970 in UTC. An offset
//     after it says where the caller's clock stood and does not move it.
func translateDate(text string) (string, error) {
	if parts := dotNetDate.FindStringSubmatch(text); parts != nil {
		return wallClock(parts)
	}
	if parts := dotNetTicks.FindStringSubmatch(text); parts != nil {
		milliseconds, _ := strconv.ParseInt(parts[1], 10, 64) // at most 15 digits
		instant := time.UnixMilli(milliseconds).UTC()
		if instant.Year() < 1 || instant.Year() > 9999 {
			return "", fmt.Errorf("it is outside the years 1 to 9999")
		}
		return instant.Format("2006-01-02T15:04:05.000Z"), nil
	}
	return text, nil
}

// wallClock puts together the parts that dotNetDate has found.
func wallClock(parts []string) (string, error) {
	month, day, year := digits(parts[1]), digits(parts[2]), digits(parts[3])
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if year == 0 || date.Year() != year || int(date.Month()) != month || date.Day() != day {
		return "", fmt.Errorf("the day does not exist")
	}
	if parts[4] == "" {
		return date.Format(time.DateOnly), nil
	}
	hour, minute, second := digits(parts[4]), digits(parts[5]), digits(parts[6])
	if half := lower(parts[7]); half != "" {
		if hour < 1 || hour > 12 {
			return "", fmt.Errorf("the time of day does not exist")
		}
		hour %= 12
		if half == "p" {
			hour += 12
		}
	}
	if hour > 23 || minute > 59 || second > 59 {
		return "", fmt.Errorf("the time of day does not exist")
	}
	return fmt.Sprintf("%sT%02d:%02d:%02d", date.Format(time.DateOnly), hour, minute, second), nil
}

// digits reads at most four digits; none are 0.
func digits(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
