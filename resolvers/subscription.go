package resolvers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"aiusage/auth"
	"aiusage/graph"
	"aiusage/resolvers/answer"
	"aiusage/usage"
	"aiusage/watch"
)

// Subscription returns the resolvers of the subscription type.
func (r *Resolver) Subscription() graph.SubscriptionResolver { return subscriptionResolver{r} }

type subscriptionResolver struct{ *Resolver }

// AiUsageChanged resolves Subscription.aiUsageChanged. Whoever asks the same and
// may see the same shares a poll of the database.
func (r subscriptionResolver) AiUsageChanged(ctx context.Context, accountID, customerID, startDate, endDate, timeZone *string, period *usage.Period) (<-chan *answer.Report, error) {
	request := requestOf(accountID, customerID, startDate, endDate, timeZone, period)
	query, err := request.Query(r.zone, time.Now())
	if err != nil {
		return nil, err
	}
	if query, err = auth.Restrict(ctx, query); err != nil {
		return nil, err
	}
	principal, _ := auth.FromContext(ctx)
	poll := func(ctx context.Context) (*usage.Report, error) {
		return r.Report(auth.NewContext(ctx, principal), request)
	}
	key := fmt.Sprintf("%q %v %q", request, query.Accounts != nil, query.Accounts)
	events, err := r.hub.Listen(ctx, key, poll, sameReport)
	if err != nil {
		return nil, err
	}
	return r.nodes(ctx, watch.Values(ctx, events)), nil
}

// sameReport tells whether two reports say the same.
func sameReport(a, b *usage.Report) bool {
	return a.Query.Range == b.Query.Range && slices.Equal(a.Subjects, b.Subjects)
}

// nodes makes a node of each report. Where the selection needs more than the
// report, it is read anew, so that all parts are of one state of the database.
func (r *Resolver) nodes(ctx context.Context, reports <-chan *usage.Report) <-chan *answer.Report {
	operation := graphql.GetOperationContext(ctx)
	_, enough := plain(operation, reportFields, "AIUsage", graphql.GetFieldContext(ctx).Field.Selections)
	events, _ := ctx.Value(eventsKey{}).(*eventReadings)
	nodes := make(chan *answer.Report)
	go func() {
		defer close(nodes)
		for report := range reports {
			reading := answer.NewReading(ctx, r.limit, r.kept, r.reader.Snapshot)
			node := reading.Node(report)
			if !enough {
				node = reading.Again(report)
			}
			events.add(reading)
			select {
			case nodes <- node:
			case <-ctx.Done():
				return
			}
		}
	}()
	return nodes
}

type eventsKey struct{}

// eventReadings are the readings of a subscription's events that have not been
// answered yet, in their order.
type eventReadings struct {
	mu   sync.Mutex
	open []*answer.Reading
}

func (e *eventReadings) add(reading *answer.Reading) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open = append(e.open, reading)
}

// closeFirst ends the reading of the event that has just been answered.
func (e *eventReadings) closeFirst() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.open) > 0 {
		e.open[0].Close()
		e.open = e.open[1:]
	}
}
