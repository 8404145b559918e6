// Package metrics counts what is seen of requests, of the database and of what the gateway
// does by itself, for Prometheus. docs/metrics.md has every metric, and a test compares.
package metrics

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"aiusage/observe"
)

// maxOperations is how many names of GraphQL operations have series of their own, besides
// those of registered documents. Whoever may ask can make names up.
const maxOperations = 50

// Metrics are those of one gateway. The zero value is none; New makes one.
type Metrics struct {
	registry   *prometheus.Registry
	operations *observe.Names

	requests, errors, limits *prometheus.CounterVec
	duration, streams        *prometheus.HistogramVec
	inFlight                 prometheus.Gauge
	loads                    *prometheus.HistogramVec
	authentications          *prometheus.CounterVec
	waits                    prometheus.Histogram
	refusals                 *prometheus.CounterVec
	auditFailures            prometheus.Counter

	sql       *prometheus.HistogramVec
	sqlRows   *prometheus.CounterVec
	sqlErrors *prometheus.CounterVec

	foldBatch                  prometheus.Histogram
	foldedChanges, corrections prometheus.Counter
	correctedTimes             prometheus.Counter
}

// The bounds of the classic histograms, in seconds and in keys. Native ones need none.
var (
	answerBuckets    = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	statementBuckets = []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30}
	streamBuckets    = []float64{1, 10, 60, 300, 1800, 3600, 6 * 3600, 24 * 3600}
	waitBuckets      = []float64{.0001, .001, .01, .1, .5, 1, 5, 10, 30, 60}
	loadBuckets      = []float64{1, 2, 5, 10, 50, 100, 500, 1000, 10_000, 100_000}
)

// histogram describes one that is both classic and native.
func histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
	}
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

// New returns metrics with a registry of their own.
func New() *Metrics {
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		operations: observe.NewNames(maxOperations),

		requests: counters("aiusage_requests_total",
			"Requests that were answered, and operations on WebSockets.", "door", "operation", "status"),
		duration: prometheus.NewHistogramVec(histogram("aiusage_request_duration_seconds",
			"How long an answer took, from its request to its last byte. Those that have no end of their own are not in it.", answerBuckets), []string{"door", "operation", "status"}),
		errors: counters("aiusage_request_errors_total",
			"Answers with errors, by the codes of these. One with several codes counts for each.", "door", "code"),
		limits: counters("aiusage_limits_reached_total",
			"Requests that reached a limit.", "limit"),
		streams: prometheus.NewHistogramVec(histogram("aiusage_stream_duration_seconds",
			"How long a WebSocket or a subscription lasted.", streamBuckets), []string{"door"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "aiusage_requests_in_flight",
			Help: "Requests that are being answered, streams included."}),
		loads: prometheus.NewHistogramVec(histogram("aiusage_loader_batch_size",
			"How many keys a loader read at once.", loadBuckets), []string{"loader"}),
		waits: prometheus.NewHistogram(histogram("aiusage_answers_wait_seconds",
			"How long answers waited for their turn before they were begun or refused.", waitBuckets)),
		refusals: counters("aiusage_answers_refused_total",
			"Answers that were not begun: the time for them was over (deadline), too many waited (full), or who asked had gone (gone).", "cause"),
		authentications: counters("aiusage_authentications_total",
			"Requests that were let in or not, by their credentials and why not.", "credential", "result"),
		auditFailures: counter("aiusage_audit_failures_total",
			"Records of the audit that could not be written."),

		sql: prometheus.NewHistogramVec(histogram("aiusage_sql_duration_seconds",
			"How long a statement took, from its text to its last row.", statementBuckets), []string{"statement"}),
		sqlRows: counters("aiusage_sql_rows_total",
			"Rows that were read from the database.", "statement"),
		sqlErrors: counters("aiusage_sql_errors_total",
			"Statements that failed, those included whose caller had gone.", "statement"),

		foldBatch: prometheus.NewHistogram(histogram("aiusage_rollups_fold_duration_seconds",
			"How long it took to fold a batch of changes into the rollups.", statementBuckets)),
		foldedChanges: counter("aiusage_rollups_folded_changes_total",
			"Changes of sessions that this gateway has folded into the rollups."),
		corrections: counter("aiusage_rollups_corrected_differences_total",
			"Sums of the rollups that this gateway has corrected or filled."),
		correctedTimes: counter("aiusage_rollups_corrections_total",
			"How often this gateway has corrected or filled rollups."),
	}
	for _, cause := range []string{"deadline", "full", "gone"} {
		m.refusals.WithLabelValues(cause) // there before the first, so that a rate can be told
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(),
		m.requests, m.duration, m.errors, m.limits, m.streams, m.inFlight, m.loads, m.authentications, m.waits, m.refusals, m.auditFailures,
		m.sql, m.sqlRows, m.sqlErrors, m.foldBatch, m.foldedChanges, m.corrections, m.correctedTimes)
	return m
}

// Register adds a collector of what is known elsewhere.
func (m *Metrics) Register(one prometheus.Collector) { m.registry.MustRegister(one) }

// Gatherer returns what has been counted, for tests.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// Handler answers with all metrics, in the format that Prometheus asks for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Requested counts a request that has begun, until it ends.
func (m *Metrics) Requested() (ended func()) {
	m.inFlight.Inc()
	return m.inFlight.Dec
}

// isGraphQL has the doors at which callers name what they ask for.
var isGraphQL = map[string]bool{"graphql": true, "events": true, "websocket": true}

// Know gives names of GraphQL operations series of their own.
func (m *Metrics) Know(operations ...string) { m.operations.Know(operations...) }

// Ended counts an answer.
func (m *Metrics) Ended(seen observe.Seen) {
	// A document that is not valid has no kind; other doors have few names, all their own.
	isGood := seen.Kind != "" || seen.Document == "" && !isGraphQL[seen.Door]
	operation, status := m.operations.Bounded(seen.Operation, isGood), strconv.Itoa(seen.Status)
	m.requests.WithLabelValues(seen.Door, operation, status).Inc()
	if seen.IsStream {
		m.streams.WithLabelValues(seen.Door).Observe(seen.Duration.Seconds())
	} else {
		m.duration.WithLabelValues(seen.Door, operation, status).Observe(seen.Duration.Seconds())
	}
	for _, code := range seen.Codes {
		m.errors.WithLabelValues(seen.Door, code).Inc()
	}
	for _, limit := range seen.Limits {
		m.limits.WithLabelValues(limit).Inc()
	}
	for _, load := range seen.Loads {
		m.loads.WithLabelValues(load.Loader).Observe(float64(load.Size))
	}
}

// Authenticated counts what became of credentials.
func (m *Metrics) Authenticated(credential, result string) {
	m.authentications.WithLabelValues(credential, result).Inc()
}

// Waited counts an answer that waited for its turn, and why it was refused, if it was.
func (m *Metrics) Waited(waited time.Duration, refused string) {
	m.waits.Observe(waited.Seconds())
	if refused != "" {
		m.refusals.WithLabelValues(refused).Inc()
	}
}

// AuditFailed counts a record that could not be written.
func (m *Metrics) AuditFailed() { m.auditFailures.Inc() }

// Statement counts a statement, and notes it in the record of its request. It is a
// db.Observer.
func (m *Metrics) Statement(ctx context.Context, name string) (ended func(rows int64, err error)) {
	began := time.Now()
	return func(rows int64, err error) {
		took := time.Since(began)
		m.sql.WithLabelValues(name).Observe(took.Seconds())
		m.sqlRows.WithLabelValues(name).Add(float64(rows))
		if failures := m.sqlErrors.WithLabelValues(name); err != nil { // there from the first statement on
			failures.Inc()
		}
		observe.From(ctx).Ran(name, took, rows)
	}
}

// Folded counts a batch of changes.
func (m *Metrics) Folded(changes int, took time.Duration) {
	m.foldBatch.Observe(took.Seconds())
	m.foldedChanges.Add(float64(changes))
}

// Corrected counts a correction.
func (m *Metrics) Corrected(differences int) {
	m.correctedTimes.Inc()
	m.corrections.Add(float64(differences))
}
