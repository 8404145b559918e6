package mcp

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"aiusage/listing"
	"aiusage/usage"
)

// view is what a page shows beside its range and whose usage it is.
type view struct {
	order  listing.Order
	search string
	step   usage.Step
}

// The words of pages' addresses (web/src/routing/view.ts).
var (
	pageFields = map[listing.OrderField]string{
		listing.ByID: "id", listing.ByName: "name", listing.OrderField(listing.Minutes): "minutes", listing.OrderField(listing.Seconds): "seconds",
		listing.OrderField(listing.Sessions): "sessions", listing.ByShare: "share", listing.ByPrevious: "previous",
		listing.ByChange: "change", listing.ByRelativeChange: "percent",
	}
	pageSteps = map[usage.Step]string{
		usage.QuarterHourly: "quarter", usage.Hourly: "hour", usage.Daily: "day", usage.Weekly: "week", usage.Monthly: "month",
	}
)

// link returns the address of the page that shows a query. Its range is written as days or
// instants, so that it is the same one whenever somebody follows the link.
func (q *question) link(query usage.Query, shown view) string {
	from, to := q.pageRange(query)
	parameters := url.Values{"from": {from}, "to": {to}, "zone": {query.Zone.String()}}
	if step := pageSteps[shown.step]; step != "" {
		parameters.Set("by", step)
	}
	order := shown.order.Normal()
	if field := pageFields[order.Field]; field != "" && shown.order != (listing.Order{}) {
		if order.Direction == listing.Descending {
			field = "-" + field
		}
		parameters.Set("sort", field)
	}
	if shown.search != "" {
		parameters.Set("search", shown.search)
	}
	return q.origin + pagePath(query) + "?" + parameters.Encode()
}

// pageRange returns the ends of a range in the forms of the page: as they were given, or as the days of a period.
func (q *question) pageRange(query usage.Query) (from, to string) {
	if start := q.given[usage.ArgStartDate]; start != "" {
		return strings.ToUpper(start), strings.ToUpper(q.given[usage.ArgEndDate])
	}
	last := query.Range.To.Add(-time.Nanosecond)
	return query.Range.From.In(query.Zone).Format(time.DateOnly), last.In(query.Zone).Format(time.DateOnly)
}

// pagePath returns the path of the page of whom a query is about.
func pagePath(query usage.Query) string {
	if query.AccountID == "" {
		return "/"
	}
	path := "/accounts/" + segment(query.AccountID)
	if query.CustomerID != "" {
		path += "/customers/" + segment(query.CustomerID)
	}
	return path
}

// steppingSegment is an id that browsers take for a step, or that begins with the sign that keeps them from it.
var steppingSegment = regexp.MustCompile(`(?s)^(\.\.?|~.*)$`)

// segment writes an id into a path (web/src/routing/place.ts).
func segment(id string) string {
	if steppingSegment.MatchString(id) {
		id = "~" + id
	}
	return url.PathEscape(id)
}
