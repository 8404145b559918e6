package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Connections are those of the database, just now and ever.
type Connections struct {
	Max, InUse, Idle int
	// Waits is how often somebody waited for one, and Waited how long altogether.
	Waits  int64
	Waited time.Duration
	// Closed is how many were closed, by why: "idle" for too long, or old ("lifetime").
	ClosedIdle, ClosedLifetime int64
	// Snapshots are those who hold a connection and may ask for another one, of MaxSnapshots
	// at most, and WaitingSnapshots those who wait to become one.
	Snapshots, MaxSnapshots, WaitingSnapshots int
}

// Database has the metrics of a database, which is asked at every scrape.
type Database struct {
	// Connections returns how the pool is used.
	Connections func() Connections
	// Version returns that of the schema.
	Version func(context.Context) (int64, error)
}

// scrapeTimeout bounds how long the database may take to answer a scrape.
const scrapeTimeout = 2 * time.Second

var (
	connections = prometheus.NewDesc("aiusage_sql_connections",
		"Connections to the database: in_use or idle.", []string{"state"}, nil)
	maxConnections = prometheus.NewDesc("aiusage_sql_max_connections",
		"The most connections to the database.", nil, nil)
	connectionWaits = prometheus.NewDesc("aiusage_sql_connection_waits_total",
		"How often somebody waited for a connection.", nil, nil)
	connectionWaited = prometheus.NewDesc("aiusage_sql_connection_wait_seconds_total",
		"How long connections were waited for, altogether.", nil, nil)
	closedConnections = prometheus.NewDesc("aiusage_sql_connections_closed_total",
		"Connections that were closed because of their age (lifetime) or because nobody needed them (idle).", []string{"reason"}, nil)
	snapshots = prometheus.NewDesc("aiusage_sql_snapshots",
		"Answers and other work that hold a connection for several statements.", nil, nil)
	maxSnapshots = prometheus.NewDesc("aiusage_sql_max_snapshots",
		"The most that may hold a connection for several statements.", nil, nil)
	waitingSnapshots = prometheus.NewDesc("aiusage_sql_waiting_snapshots",
		"Answers and other work that wait until they may hold a connection for several statements.", nil, nil)
	schemaVersion = prometheus.NewDesc("aiusage_schema_version",
		"The version of the schema in the database.", nil, nil)
)

// Readers has the metrics of the servers that are for reading.
type Readers struct {
	// Connections returns how their pool is used, and Used whether reports come from them.
	Connections func() Connections
	Used        func() bool
}

var (
	readersUsed = prometheus.NewDesc("aiusage_readers_used",
		"Whether reports come from the servers of --reader-dsn (1), or from that of --dsn meanwhile (0).", nil, nil)
	readerConnections = prometheus.NewDesc("aiusage_reader_sql_connections",
		"Connections to the servers of --reader-dsn: in_use or idle.", []string{"state"}, nil)
	readerMaxConnections = prometheus.NewDesc("aiusage_reader_sql_max_connections",
		"The most connections to the servers of --reader-dsn.", nil, nil)
	readerWaits = prometheus.NewDesc("aiusage_reader_sql_connection_waits_total",
		"How often somebody waited for a connection to the servers of --reader-dsn.", nil, nil)
	readerWaited = prometheus.NewDesc("aiusage_reader_sql_connection_wait_seconds_total",
		"How long connections to the servers of --reader-dsn were waited for, altogether.", nil, nil)
)

// Describe implements prometheus.Collector.
func (Readers) Describe(descriptions chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{readersUsed, readerConnections, readerMaxConnections, readerWaits, readerWaited} {
		descriptions <- one
	}
}

// Collect implements prometheus.Collector.
func (r Readers) Collect(values chan<- prometheus.Metric) {
	to, now, used := collected(values), r.Connections(), 0.0
	if r.Used() {
		used = 1
	}
	to.gauge(readersUsed, used)
	to.gauge(readerConnections, float64(now.InUse), "in_use")
	to.gauge(readerConnections, float64(now.Idle), "idle")
	to.gauge(readerMaxConnections, float64(now.Max))
	to.count(readerWaits, float64(now.Waits))
	to.count(readerWaited, now.Waited.Seconds())
}

// collected are values of a scrape.
type collected chan<- prometheus.Metric

func (c collected) gauge(desc *prometheus.Desc, value float64, labels ...string) {
	c <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

func (c collected) count(desc *prometheus.Desc, value float64, labels ...string) {
	c <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, value, labels...)
}

// Describe implements prometheus.Collector.
func (Database) Describe(descriptions chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{connections, maxConnections, connectionWaits, connectionWaited,
		closedConnections, snapshots, maxSnapshots, waitingSnapshots, schemaVersion} {
		descriptions <- one
	}
}

// Collect implements prometheus.Collector. Without an answer of the database there is no
// version.
func (d Database) Collect(values chan<- prometheus.Metric) {
	to, now := collected(values), d.Connections()
	to.gauge(connections, float64(now.InUse), "in_use")
	to.gauge(connections, float64(now.Idle), "idle")
	to.gauge(maxConnections, float64(now.Max))
	to.count(connectionWaits, float64(now.Waits))
	to.count(connectionWaited, now.Waited.Seconds())
	to.count(closedConnections, float64(now.ClosedIdle), "idle")
	to.count(closedConnections, float64(now.ClosedLifetime), "lifetime")
	to.gauge(snapshots, float64(now.Snapshots))
	to.gauge(maxSnapshots, float64(now.MaxSnapshots))
	to.gauge(waitingSnapshots, float64(now.WaitingSnapshots))
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	if version, err := d.Version(ctx); err == nil {
		to.gauge(schemaVersion, float64(version))
	}
}
