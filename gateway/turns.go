package gateway

import (
	"context"
	"net/netip"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"

	"aiusage/admission"
	"aiusage/auth"
	"aiusage/observe"
	"aiusage/resolvers"
	"aiusage/usage"
)

// turns let answers at all doors begin when it is their turn. Probes, pages, signing in,
// metrics and the operators' status need none: they take next to nothing, and are wanted most
// when there is much to do.
type turns struct {
	control  *admission.Control
	resolver *resolvers.Resolver
}

// newTurns returns turns, with the resolvers that read for live updates in theirs.
func newTurns(config Config) turns {
	config.Turns.Observer = func(waited time.Duration, refused admission.Cause) { config.Metrics.Waited(waited, string(refused)) }
	t := turns{control: admission.New(config.Turns)}
	options := resolvers.Options{Zone: config.Zone, Limit: config.QueryTimeout, Watch: config.Watch, Turn: t.enter}
	if store, ok := config.Store.(interface{ KnownCustomers() int }); ok {
		options.Customers = store.KnownCustomers
	}
	t.resolver = resolvers.New(observed{config.Store}, options)
	return t
}

// enter waits for a turn.
func (t turns) enter(ctx context.Context, bytes int64) (*admission.Turn, error) {
	return t.control.Enter(ctx, callerOf(ctx), bytes)
}

// batch waits until the answers to a batch may be put together.
func (t turns) batch(ctx context.Context) (*admission.Hold, error) {
	return t.control.EnterBatch(ctx, callerOf(ctx))
}

// operation waits until an operation may be answered; nil stands for something small.
func (t turns) operation(ctx context.Context, operation *graphql.OperationContext) (*admission.Turn, error) {
	return t.enter(ctx, t.resolver.Estimate(ctx, operation))
}

// requests waits until requests at the legacy door may be answered.
func (t turns) requests(ctx context.Context, requests []usage.Request) (*admission.Turn, error) {
	return t.enter(ctx, t.resolver.EstimateRequests(ctx, requests))
}

// export waits until an export may be answered.
func (t turns) export(ctx context.Context, asked *askedExport) (*admission.Turn, error) {
	query := asked.query
	query.Level = asked.rows.Level
	return t.enter(ctx, t.resolver.EstimateExport(ctx, query, asked.rows.Series))
}

// callerOf names who asks: a principal at an address. Old callers often share a user, and
// others a proxy, so neither alone tells them apart. A host has as many addresses of IPv6 as
// it likes, so its network counts. Live updates, which are read for all who listen, have no address.
func callerOf(ctx context.Context) string {
	principal, _ := auth.FromContext(ctx)
	address := observe.From(ctx).Address()
	if known, err := netip.ParseAddr(address); err == nil && known.Is6() && !known.Is4In6() {
		if network, err := known.Prefix(64); err == nil {
			address = network.String()
		}
	}
	return principal.Name + "\x00" + address
}

// turnCollector has the metrics of what is worked on.
type turnCollector struct{ stats func() admission.Stats }

var (
	answersAtWork = prometheus.NewDesc("aiusage_answers_at_work",
		"Answers that are worked on.", nil, nil)
	answersMax = prometheus.NewDesc("aiusage_answers_max",
		"The most answers that are worked on at a time.", nil, nil)
	answersWaiting = prometheus.NewDesc("aiusage_answers_waiting",
		"Answers that wait for their turn.", nil, nil)
	answersBytes = prometheus.NewDesc("aiusage_answers_bytes",
		"Bytes that are set aside for the large ones among the answers, by estimate.", nil, nil)
	answersMaxBytes = prometheus.NewDesc("aiusage_answers_max_bytes",
		"The most bytes that are set aside for large answers.", nil, nil)
)

// Describe implements prometheus.Collector.
func (turnCollector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{answersAtWork, answersMax, answersWaiting, answersBytes, answersMaxBytes} {
		descriptions <- one
	}
}

// Collect implements prometheus.Collector.
func (c turnCollector) Collect(values chan<- prometheus.Metric) {
	now := c.stats()
	for desc, value := range map[*prometheus.Desc]float64{
		answersAtWork: float64(now.Answers), answersMax: float64(now.MaxAnswers), answersWaiting: float64(now.Waiting),
		answersBytes: float64(now.Bytes), answersMaxBytes: float64(now.MaxBytes),
	} {
		values <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
}
