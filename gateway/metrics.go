package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aiusage/transport"
	"aiusage/watch"
)

// RollupHealth says how the rollups are.
type RollupHealth struct {
	// Phase is "ready" when reports read rollups; "filling" or "raw" when they
	// read raw sessions.
	Phase string
	// Pending is the number of changes that are not folded yet, and Lag the age of
	// the oldest.
	Pending int64
	Lag     time.Duration
	// Stuck says what keeps changes from being folded, if anything.
	Stuck string
	// Distrusted tells that the rollups were found to differ from the sessions, and
	// are not read until that has been settled.
	Distrusted bool
	// Former tells that reports read the rollups of an earlier version until these are
	// filled.
	Former bool
	// Undated is the number of sessions whose start cannot be read.
	Undated int64
	// Replica says how old what the server has is.
	Replica ReplicaHealth
}

// ReplicaHealth says how old what a server has is.
type ReplicaHealth struct {
	// Follows tells that the server has what others store a while later than they do, and Behind
	// how much later, if that is Known.
	Follows, Known bool
	Behind         time.Duration
	// TooOld is the error that answers come to, because that is too much.
	TooOld error
}

// words say how old what reports read is, for /readyz.
func (r ReplicaHealth) words() string {
	switch {
	case !r.Follows:
		return ""
	case !r.Known:
		return "how far the database server is behind its primary is not known\n"
	}
	return fmt.Sprintf("the database server is %s behind its primary\n", r.Behind.Round(time.Millisecond))
}

// words say what reports read, for /readyz. They do not say why, which may name
// accounts of the database.
func (h RollupHealth) words() string { return h.source() + h.Replica.words() }

func (h RollupHealth) source() string {
	switch {
	case h.Phase == "":
		return ""
	case h.Former:
		return "reports read rollups of an earlier version until the new ones are filled\n"
	case h.Distrusted:
		return "reports read raw sessions, because the rollups were found to differ from them; the rollup status command says more\n"
	}
	switch h.Phase {
	case "ready":
		return "reports read rollups\n"
	case "filling":
		return "reports read raw sessions until the rollups are filled\n"
	}
	return "reports read raw sessions; the rollup status command says why\n"
}

// rollupCollector asks the database at every scrape.
type rollupCollector struct {
	health func(context.Context) (RollupHealth, error)
}

var (
	rollupsReady = prometheus.NewDesc("aiusage_rollups_ready",
		"1 when reports read rollups, 0 when they read raw sessions.", nil, nil)
	rollupsPending = prometheus.NewDesc("aiusage_rollups_pending_changes",
		"Changes of sessions that are not folded into the rollups yet. Reports include them.", nil, nil)
	rollupsStuck = prometheus.NewDesc("aiusage_rollups_stuck",
		"1 when changes cannot be folded, or none has been for a minute though some wait.", nil, nil)
	rollupsDistrusted = prometheus.NewDesc("aiusage_rollups_distrusted",
		"1 when the rollups were found to differ from the sessions, which reports read until that has been settled.", nil, nil)
	undatedSessions = prometheus.NewDesc("aiusage_undated_sessions",
		"Sessions whose start cannot be read. They count in reports without a range only.", nil, nil)
	replicaLag = prometheus.NewDesc("aiusage_replica_lag_seconds",
		"How far the database server is behind its primary, where it has one and that is known.", nil, nil)
	rollupsLag = prometheus.NewDesc("aiusage_rollups_lag_seconds",
		"Age of the oldest change that is not folded yet, 0 when there is none.", nil, nil)
)

// Describe implements prometheus.Collector.
func (rollupCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- rollupsReady
	descriptions <- rollupsPending
	descriptions <- rollupsLag
	descriptions <- rollupsStuck
	descriptions <- rollupsDistrusted
	descriptions <- undatedSessions
	descriptions <- replicaLag
}

// Collect implements prometheus.Collector. Without an answer of the database
// there are no values, which is what alerts on absence are for.
func (c rollupCollector) Collect(values chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	health, err := c.health(ctx)
	if err != nil {
		return
	}
	values <- prometheus.MustNewConstMetric(rollupsReady, prometheus.GaugeValue, oneIf(health.Phase == "ready" || health.Former))
	values <- prometheus.MustNewConstMetric(rollupsStuck, prometheus.GaugeValue, oneIf(health.Stuck != ""))
	values <- prometheus.MustNewConstMetric(rollupsDistrusted, prometheus.GaugeValue, oneIf(health.Distrusted))
	if health.Replica.Follows && health.Replica.Known {
		values <- prometheus.MustNewConstMetric(replicaLag, prometheus.GaugeValue, health.Replica.Behind.Seconds())
	}
	values <- prometheus.MustNewConstMetric(undatedSessions, prometheus.GaugeValue, float64(health.Undated))
	values <- prometheus.MustNewConstMetric(rollupsPending, prometheus.GaugeValue, float64(health.Pending))
	values <- prometheus.MustNewConstMetric(rollupsLag, prometheus.GaugeValue, health.Lag.Seconds())
}

// oneIf is a truth as a number.
func oneIf(truth bool) float64 {
	if truth {
		return 1
	}
	return 0
}

// queryCollector reads the counts of GraphQL.
type queryCollector struct {
	queries func() transport.Stats
	live    func() watch.Stats
}

var (
	persistedHits = prometheus.NewDesc("aiusage_graphql_persisted_hits_total",
		"Requests that named a document which was known.", nil, nil)
	persistedMisses = prometheus.NewDesc("aiusage_graphql_persisted_misses_total",
		"Requests that named a document which was not known.", nil, nil)
	openStreams = prometheus.NewDesc("aiusage_graphql_streams",
		"Event streams and WebSockets that are open.", nil, nil)
	liveListeners = prometheus.NewDesc("aiusage_live_listeners",
		"Subscriptions that wait for changes.", nil, nil)
	liveReports = prometheus.NewDesc("aiusage_live_reports",
		"Different reports that subscriptions wait for. Each is polled once for all its listeners.", nil, nil)
	livePolls = prometheus.NewDesc("aiusage_live_polls_total",
		"Reports that were read to see whether they have changed.", nil, nil)
	liveDropped = prometheus.NewDesc("aiusage_live_dropped_listeners_total",
		"Subscriptions that ended because their changes were not taken fast enough.", nil, nil)
)

// Describe implements prometheus.Collector.
func (queryCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- persistedHits
	descriptions <- persistedMisses
	descriptions <- openStreams
	descriptions <- liveListeners
	descriptions <- liveReports
	descriptions <- livePolls
	descriptions <- liveDropped
}

// Collect implements prometheus.Collector.
func (c queryCollector) Collect(values chan<- prometheus.Metric) {
	stats := c.queries()
	values <- prometheus.MustNewConstMetric(persistedHits, prometheus.CounterValue, float64(stats.PersistedHits))
	values <- prometheus.MustNewConstMetric(persistedMisses, prometheus.CounterValue, float64(stats.PersistedMisses))
	values <- prometheus.MustNewConstMetric(openStreams, prometheus.GaugeValue, float64(stats.Streams))
	live := c.live()
	values <- prometheus.MustNewConstMetric(liveListeners, prometheus.GaugeValue, float64(live.Listeners))
	values <- prometheus.MustNewConstMetric(liveReports, prometheus.GaugeValue, float64(live.Keys))
	values <- prometheus.MustNewConstMetric(livePolls, prometheus.CounterValue, float64(live.Polls))
	values <- prometheus.MustNewConstMetric(liveDropped, prometheus.CounterValue, float64(live.Dropped))
}
