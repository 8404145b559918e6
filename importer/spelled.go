package importer

import (
	"strings"
	"time"
)

// spelled reads dates with the month by its name that are written like those before, in
// a fraction of the time that trying all forms takes. What it does not read is left to
// that.
type spelled struct {
	// steps are those of the dates before, nil as long as there were none.
	steps dateSteps
	// searches is how often steps were looked for: some forms have none.
	searches int
}

// maxSearches bounds the searches in a load.
const maxSearches = 100

// spelledForms are the forms of named that most programs write.
var spelledForms = func() (forms []dateSteps) {
	for _, month := range []string{"%b", "%B"} {
		for _, day := range []string{month + " %d, %Y ", month + " %d, %Y, ", month + " %d %Y ", "%d " + month + " %Y "} {
			for _, clock := range []string{"%I:%M:%S %p", "%I:%M %p", "%H:%M:%S", "%H:%M"} {
				if strings.HasPrefix(day, "%d") && strings.HasSuffix(clock, "%p") {
					continue // named has no such form
				}
				// Minutes and seconds have two digits there.
				forms = append(forms, newDateSteps(day+clock, "dHI"))
			}
		}
	}
	return forms
}()

// read reads a text as what a clock shows.
func (s *spelled) read(text string) (shown time.Time, ok bool) {
	if s.steps == nil || strings.HasSuffix(text, "m") || strings.HasSuffix(text, "pM") || strings.HasSuffix(text, "aM") {
		return time.Time{}, false
	}
	return s.steps.read(text)
}

// remember looks for the steps of a text.
func (s *spelled) remember(text string) {
	if s.searches++; s.searches > maxSearches {
		return
	}
	for _, steps := range spelledForms {
		if _, ok := steps.read(text); ok {
			s.steps = steps
			return
		}
	}
}
