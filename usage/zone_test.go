package usage

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// A zone is one value for all who ask in an hour, and loaded again after that.
func TestAZoneIsOneValueForAnHour(t *testing.T) {
	z := loadedZones{byName: map[string]loadedZone{}}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	load := func(name string, after time.Duration) *time.Location {
		t.Helper()
		zone, err := z.load(name, now.Add(after))
		if err != nil || zone.String() != name {
			t.Fatalf("%v, %v", zone, err)
		}
		return zone
	}
	first := load("Europe/Berlin", 0)
	if load("Europe/Berlin", zoneFor-1) != first {
		t.Error("within the hour it is another value")
	}
	if load("Europe/Berlin", zoneFor) == first {
		t.Error("after an hour it is what it was, and its rules may have been changed")
	}
	if other := load("Asia/Kolkata", 0); other == first {
		t.Error("it is another zone's")
	}
	if zone, err := z.load("Nowhere/At_All", now); err == nil {
		t.Errorf("a zone that is not there: %v", zone)
	}
	for i := range maxZones {
		z.byName[fmt.Sprint("spelling ", i)] = loadedZone{first, now}
	}
	if load("America/New_York", 0); len(z.byName) > maxZones {
		t.Errorf("%d zones are kept", len(z.byName))
	}
}

func TestZonesAreLoadedByManyAtOnce(t *testing.T) {
	z := loadedZones{byName: map[string]loadedZone{}}
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			name := []string{"Europe/Berlin", "Asia/Kolkata", "UTC"}[i%3]
			for range 50 {
				if zone, err := z.load(name, time.Now().Add(time.Duration(i)*time.Hour)); err != nil || zone.String() != name {
					t.Errorf("%s: %v, %v", name, zone, err)
				}
			}
		})
	}
	group.Wait()
}
