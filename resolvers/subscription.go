package resolvers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"aiusage/admission"
	"aiusage/auth"
	"aiusage/graph"
	"aiusage/resolvers/answer"
	"aiusage/resolvers/flat"
	"aiusage/usage"
	"aiusage/watch"
)

// Subscription returns the resolvers of the subscription type.
func (r *Resolver) Subscription() graph.SubscriptionResolver { return subscriptionResolver{r} }

type subscriptionResolver struct{ *Resolver }

// AiUsageChanged resolves Subscription.aiUsageChanged. Whoever asks the same and
// may see the same shares a poll of the database.
func (r subscriptionResolver) AiUsageChanged(ctx context.Context, accountID, customerID *string, accountIDs, customerIDs []string, startDate, endDate, timeZone *string, period *usage.Period, span *usage.TypedRange) (<-chan *answer.Report, error) {
	request, err := requestOf(accountID, customerID, accountIDs, customerIDs, startDate, endDate, timeZone, period).In(span)
	if err != nil {
		return nil, err
	}
	query, err := request.Query(r.zone, time.Now())
	if err != nil {
		return nil, err
	}
	if query, err = auth.Restrict(ctx, query); err != nil {
		return nil, err
	}
	pace, err := answer.PaceOf(ctx)
	if err != nil {
		return nil, err
	}
	principal, _ := auth.FromContext(ctx)
	poll := func(ctx context.Context) (*usage.Report, error) {
		return r.poll(auth.NewContext(ctx, principal), request, query)
	}
	asked := request
	asked.Among = nil // an address
	key := fmt.Sprintf("%#v %#v %#v %#v", asked, query.AccountIDs, query.CustomerIDs, query.Accounts)
	leave, err := r.callers.enter(principal.Name, key)
	if err != nil {
		return nil, err
	}
	events, err := r.hub.Listen(ctx, key, poll, sameReport)
	if err != nil {
		leave()
		return nil, err
	}
	context.AfterFunc(ctx, leave)
	return r.nodes(ctx, watch.Values(ctx, events), pace), nil
}

// poll reads a report when it is its turn.
func (r *Resolver) poll(ctx context.Context, request usage.Request, query usage.Query) (*usage.Report, error) {
	turn, err := r.inTurn(ctx, r.sizes.of(ctx, query).rowsAt(query.Level)*rowBytes)
	if err != nil {
		return nil, err
	}
	defer turn.End()
	return r.Report(admission.NewContext(ctx, turn), request)
}

// inTurn waits for a turn as long as an answer may take.
func (r *Resolver) inTurn(ctx context.Context, bytes int64) (*admission.Turn, error) {
	ctx, cancel := usage.Bounded(ctx, r.limit)
	defer cancel()
	return r.turn(ctx, bytes)
}

// maxReportsPerCaller is how many different reports one caller may listen to, so that
// none can take the places of everybody.
const maxReportsPerCaller = 20

// callers counts what each caller listens to.
type callers struct {
	mu      sync.Mutex
	reports map[string]map[string]int
}

// enter counts a listener, until leave is called. The error is TooManyRequests.
func (c *callers) enter(caller, report string) (leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reports := c.reports[caller]
	if reports[report] == 0 && len(reports) >= maxReportsPerCaller {
		return nil, usage.Errorf(usage.TooManyRequests, "you listen to %d different reports already; end one of them first", len(reports))
	}
	if reports == nil {
		reports = map[string]int{}
		c.reports[caller] = reports
	}
	reports[report]++
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if reports[report]--; reports[report] == 0 {
			delete(reports, report)
		}
		if len(reports) == 0 {
			delete(c.reports, caller)
		}
	}), nil
}

// sameReport tells whether two reports say the same.
func sameReport(a, b *usage.Report) bool {
	return a.Query.Range == b.Query.Range && slices.Equal(a.Subjects, b.Subjects)
}

// nodes makes a node of each report. Where the selection needs more than the
// report, all listeners who are told of it at the same time share what is read.
func (r *Resolver) nodes(ctx context.Context, reports <-chan *usage.Report, pace *answer.Pace) <-chan *answer.Report {
	operation := graphql.GetOperationContext(ctx)
	isPlain, reads := flat.IsPlain(operation, graphql.GetFieldContext(ctx).Field.Selections)
	enough := isPlain && !reads
	nodes := make(chan *answer.Report)
	go func() {
		defer close(nodes)
		err := usage.Safely(func() error {
			for report := range reports {
				// A listener who is still being sent the last answer must not hold a state
				// of the database open meanwhile.
				if !pace.Await(ctx) {
					return nil
				}
				turn, err := r.inTurn(ctx, r.Estimate(ctx, operation))
				if err != nil {
					return err
				}
				node, release := (*answer.Reading)(nil).Node(report), func() {}
				if !enough {
					node, release = r.events.share(ctx, r, report)
				}
				pace.Begin(func() {
					release()
					turn.End()
				})
				select {
				case nodes <- node:
				case <-ctx.Done():
					pace.End()
					return nil
				}
			}
			return nil
		})
		if err != nil {
			pace.End()
			watch.Fail(ctx, err)
		}
	}()
	return nodes
}

// events are the readings of reports that listeners are being told of.
type events struct {
	mu   sync.Mutex
	open map[*usage.Report]*event
}

// event is a report that listeners are being told of, read anew together with what
// is asked below it, so that all parts are of one state of the database.
type event struct {
	reading   *answer.Reading
	node      func() *answer.Report
	listeners int
}

// share returns the node of a report for one listener, who must release it. The
// first listener's principal is as good as everybody's: all who get this report
// may see the same.
func (e *events) share(ctx context.Context, r *Resolver, report *usage.Report) (node *answer.Report, release func()) {
	e.mu.Lock()
	one := e.open[report]
	if one == nil {
		reading := answer.NewReading(context.WithoutCancel(ctx), r.limit, r.kept, r.reader.Snapshot).Finding(r.reader)
		one = &event{reading: reading, node: sync.OnceValue(func() *answer.Report { return reading.Again(report) })}
		e.open[report] = one
	}
	one.listeners++
	e.mu.Unlock()
	release = sync.OnceFunc(func() { e.release(report, one) })
	defer func() {
		if node == nil {
			release() // the reading has panicked, for every listener
		}
	}()
	return one.node(), release
}

// release ends a reading with its last listener.
func (e *events) release(report *usage.Report, one *event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if one.listeners--; one.listeners == 0 {
		delete(e.open, report)
		one.reading.Close()
	}
}
