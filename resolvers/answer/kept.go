package answer

import (
	"fmt"
	"time"

	"github.com/jellydator/ttlcache/v3"

	"aiusage/usage"
)

// Kept are reports of which a page has been shown, so that the next page is of
// the same report. It is bounded in time and memory.
type Kept struct {
	reports *ttlcache.Cache[string, *usage.Report]
}

const (
	// keepFor is how long a report waits for somebody to ask for the next page.
	keepFor = 5 * time.Minute
	// maxKeptRows is how many rows all kept reports have together, at about 100
	// bytes each.
	maxKeptRows = 500_000
)

// NewKept returns a place to keep reports.
func NewKept() *Kept {
	cost := func(item ttlcache.CostItem[string, *usage.Report]) uint64 {
		return uint64(1 + len(item.Value.Subjects) + len(item.Value.Accounts))
	}
	return &Kept{ttlcache.New(
		ttlcache.WithTTL[string, *usage.Report](keepFor),
		ttlcache.WithMaxCost[string, *usage.Report](maxKeptRows, cost),
	)}
}

// keep keeps a report.
func (k *Kept) keep(report *usage.Report) {
	k.reports.Set(keptKey(report.Query, report.ReadAt), report, ttlcache.DefaultTTL)
	k.reports.DeleteExpired()
}

// Find returns the report that answered a query at the instant of a cursor, or
// nil when it is not kept. The query must be restricted to what the asker may see.
func (k *Kept) Find(query usage.Query, text string) *usage.Report {
	place, err := parseCursor("", &text)
	if err != nil || place == nil {
		return nil
	}
	return k.at(query, place.readAt())
}

// at returns the report that answered a query and was read at an instant, or nil when it is not kept.
func (k *Kept) at(query usage.Query, readAt time.Time) *usage.Report {
	// What tells usage further apart has it all as well.
	for ; query.Level >= usage.ByCustomer; query.Level-- {
		if item := k.reports.Get(keptKey(query, readAt)); item != nil {
			return item.Value()
		}
	}
	return nil
}

// keptKey names a query, who may see what in it included, and an instant.
func keptKey(query usage.Query, readAt time.Time) string {
	return fmt.Sprintf("%d %s %s %s %s %d", query.Level, query.Whose(), query.Range.From.UTC(), query.Range.To.UTC(), query.Zone, readAt.UnixMilli())
}
