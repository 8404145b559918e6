package phase

import (
	"time"

	"github.com/jellydator/ttlcache/v3"

	"aiusage/usage"
)

// plans keeps how series were cut into sums lately: pages ask for the same ones again and
// again, and for a year of days that takes as long as a third of the whole answer. Plans of
// one state hold for that state alone.
type plans struct {
	kept *ttlcache.Cache[planned, cutting]
}

// planned is all of a query that a plan of a state depends on.
type planned struct {
	from, to    time.Time
	zone        *time.Location
	step        usage.Step
	level       usage.Level
	ofCustomers bool
	everybody   bool
}

// cutting is a plan and its buckets, which nobody changes.
type cutting struct {
	plan    usage.Plan
	buckets []usage.Range
}

const (
	// maxKeptPoints is how many points the series of all kept plans have together, at some
	// 300 bytes each.
	maxKeptPoints = 20_000
	// maxPointsOfOne leaves room for others. It is less than any series may have, so that
	// what is kept would not have been refused.
	maxPointsOfOne = min(maxKeptPoints/4, usage.MaxPoints)
)

func newPlans() *plans {
	cost := func(item ttlcache.CostItem[planned, cutting]) uint64 { return uint64(1 + len(item.Value.buckets)) }
	return &plans{ttlcache.New(ttlcache.WithMaxCost[planned, cutting](maxKeptPoints, cost))}
}

// of returns what is kept for a query, or makes it. Without plans nothing is kept, and of
// reports, which are quickly planned, nothing either.
func (p *plans) of(query usage.SeriesQuery, span usage.Range, cut func() (cutting, error)) (cutting, error) {
	if p == nil || query.Step == "" {
		return cut()
	}
	key := planned{span.From, span.To, query.Zone, query.Step, query.Level, query.OfCustomers(), isOfEverybody(query)}
	if item := p.kept.Get(key); item != nil {
		return item.Value(), nil
	}
	made, err := cut()
	if err == nil && len(made.buckets) <= maxPointsOfOne {
		p.kept.Set(key, made, ttlcache.NoTTL)
	}
	return made, err
}
