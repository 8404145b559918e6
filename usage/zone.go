package usage

import (
	"strings"
	"sync"
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
		if zone, err := zones.load(name, time.Now()); err == nil {
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

// loadedZones are zones that were loaded not long ago. A zone is one value for all who ask
// meanwhile, so that what was made for it can be found by it.
type loadedZones struct {
	mu     sync.RWMutex
	byName map[string]loadedZone
}

type loadedZone struct {
	*time.Location
	at time.Time
}

var zones = loadedZones{byName: map[string]loadedZone{}}

const (
	// zoneFor is how long a zone is taken for what it was: governments change them.
	zoneFor = time.Hour
	// maxZones is more than there are. Some file systems know each by many spellings.
	maxZones = 1000
)

// load returns the zone with an IANA name, at an instant.
func (z *loadedZones) load(name string, now time.Time) (*time.Location, error) {
	z.mu.RLock()
	known := z.byName[name]
	z.mu.RUnlock()
	if known.Location != nil && now.Sub(known.at) < zoneFor {
		return known.Location, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(z.byName) >= maxZones {
		clear(z.byName)
	}
	z.byName[strings.Clone(name)] = loadedZone{zone, now}
	return zone, nil
}
