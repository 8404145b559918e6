package observe

import (
	"regexp"
	"strings"
)

// traceparent is the form of the header of that name (W3C Trace Context, section 3.2).
// Later versions may have more after it.
var traceparent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$`)

// TraceOf returns the trace id in the header traceparent, or "" where that is not valid.
func TraceOf(header string) string {
	parts := traceparent.FindStringSubmatch(header)
	switch {
	case parts == nil, parts[1] == "ff", parts[1] == "00" && parts[4] != "":
		return ""
	case strings.Trim(parts[2], "0") == "", strings.Trim(parts[3], "0") == "":
		return ""
	}
	return parts[2]
}
