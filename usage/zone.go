package usage

import (
	"strings"
	"time"
	_ "time/tzdata" // the binary answers alike on machines without a zone database
)

// LoadZone returns the time zone with an IANA name, such as "UTC" or
// "Europe/Berlin". Unlike time.LoadLocation it refuses the empty name and the
// names that mean something else on each machine ("Local") or count leap
// seconds ("right/…"), because a report must not depend on who computes it.
// The error is an InvalidArgument that names the argument.
func LoadZone(argument Argument, name string) (*time.Location, error) {
	if isIANAName(name) {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	return nil, Invalid(argument, "%s %s is not a time zone this gateway knows", argument, Sent(name)).
		Accepting("an IANA name such as UTC, Europe/Berlin or America/New_York")
}

// isIANAName tells whether the name can be one of the IANA database itself,
// not one of the files that systems keep beside it.
func isIANAName(name string) bool {
	switch name {
	case "", "Local", "localtime", "posixrules", "Factory":
		return false
	}
	return !strings.HasPrefix(name, "right/") && !strings.HasPrefix(name, "posix/")
}
