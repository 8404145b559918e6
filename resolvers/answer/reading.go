// Package answer has the nodes of a GraphQL answer about usage, and the
// dataloaders that read what is asked for below them: names, series and the
// previous report. A list of any length takes one statement for each of these.
package answer

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"aiusage/observe"
	"aiusage/usage"
)

// Reading is one answer while it is put together: all of it is read from one
// state of the database, in a bounded time. It must be closed.
type Reading struct {
	asked context.Context
	limit time.Duration
	open  func(context.Context) usage.Snapshot
	kept  *Kept

	// begin opens the database when it is needed first.
	begin  sync.Once
	ctx    context.Context
	cancel context.CancelFunc
	stop   func() bool
	db     usage.Snapshot

	mu     sync.Mutex
	closed bool
	points int
	// sessionPages is how many pages of sessions were asked for so far, and reportsByID how many reports by ids.
	sessionPages, reportsByID int
	// asking are the reports that were asked for so far, nodes are those of reports, and
	// pages the groups of their pages.
	asking map[string]*asking
	nodes  map[*usage.Report]*Report
	pages  []*group

	series *dataloader.Loader[seriesKey, *usage.SeriesSet]
	names  *dataloader.Loader[*names, map[usage.Subject]string]
	// sessions are those that are looked up by their ids.
	sessions *dataloader.Loader[sessionKey, *Session]
	// finder and found look accounts and customers up (Finding).
	finder Finder
	found  *dataloader.Loader[usage.Subject, *known]
}

// NewReading returns a reading for ctx that opens the database when it is needed
// and may take limit (0: as long as ctx). Reports of which there is another page
// go to kept.
func NewReading(ctx context.Context, limit time.Duration, kept *Kept, open func(context.Context) usage.Snapshot) *Reading {
	r := &Reading{asked: ctx, limit: limit, open: open, kept: kept, asking: map[string]*asking{}, nodes: map[*usage.Report]*Report{}}
	r.gathering(gather)
	return r
}

// gather is how long a loader waits for others to ask for the same.
const gather = time.Millisecond

// gathering makes the loaders, which wait so long for others.
func (r *Reading) gathering(wait time.Duration) {
	r.series = newLoader(r.asked, "series", wait, r.loadSeries)
	r.names = newLoader(r.asked, "names", wait, r.loadNames)
	r.sessions = newLoader(r.asked, "sessions", wait, r.loadSessions)
}

// Alone tells, before anything is loaded, that one goroutine asks for everything, so that no
// loader need wait for others.
func (r *Reading) Alone() { r.gathering(0) }

// newLoader returns a loader that gives a panic to all who wait, as one error. The
// loader's own would write it to another log, and lose the stack.
func newLoader[K comparable, V any](ctx context.Context, name string, wait time.Duration, batch dataloader.BatchFunc[K, V]) *dataloader.Loader[K, V] {
	record := observe.From(ctx)
	return dataloader.NewBatchedLoader(func(ctx context.Context, keys []K) (results []*dataloader.Result[V]) {
		record.Loaded(name, len(keys))
		err := usage.Safely(func() error {
			results = batch(ctx, keys)
			return nil
		})
		if err != nil {
			results = make([]*dataloader.Result[V], len(keys))
			for i := range results {
				results[i] = &dataloader.Result[V]{Error: err}
			}
		}
		return results
	}, dataloader.WithWait[K, V](wait))
}

// database returns the database and the context to ask it in. Loaders ask for
// everybody who waits, so they must not use the context of one of them.
func (r *Reading) database() (context.Context, usage.Snapshot) {
	r.begin.Do(func() {
		r.db, r.stop = closedDatabase{}, func() bool { return true } // should opening panic
		r.ctx, r.cancel = usage.Bounded(r.asked, r.limit)
		r.db = r.open(r.ctx)
		// Whoever asked may go away without the end being told. A panic here is left to
		// Close, which comes to the same where somebody can be told.
		r.stop = context.AfterFunc(r.ctx, func() { _ = usage.Safely(r.db.Close) })
	})
	return r.ctx, r.db
}

// Close gives back what the reading holds. It can be called again.
func (r *Reading) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	r.begin.Do(func() {
		r.db, r.ctx, r.cancel, r.stop = closedDatabase{}, r.asked, func() {}, func() bool { return true }
	})
	r.stop()
	defer r.cancel()
	return r.db.Close()
}

// closedDatabase is that of a reading which was closed before it was used.
type closedDatabase struct{}

var errClosed = errors.New("the reading has been closed")

func (closedDatabase) Report(context.Context, usage.Query) (*usage.Report, error) {
	return nil, errClosed
}
func (closedDatabase) Series(context.Context, usage.SeriesQuery) (*usage.SeriesSet, error) {
	return nil, errClosed
}
func (closedDatabase) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
	return nil, errClosed
}
func (closedDatabase) Sessions(context.Context, usage.SessionsQuery) ([]usage.ListedSession, error) {
	return nil, errClosed
}
func (closedDatabase) Close() error { return nil }

// asking is a report that somebody has asked for.
type asking struct {
	sync.Mutex
	done bool
	node *Report
	err  error
}

// Report reads a report, once for all who ask for the same: its state is the reading's, so
// it cannot have changed.
func (r *Reading) Report(query usage.Query) (*Report, error) {
	one := r.askingFor(keyOf(query))
	one.Lock()
	defer one.Unlock()
	if one.done {
		return one.node, one.err
	}
	ctx, db := r.database()
	report, err := db.Report(ctx, query) // should it panic, the next who asks is told why not
	if one.done, one.err = true, err; err == nil {
		one.node = r.Node(report)
	}
	return one.node, one.err
}

// Unread returns the report of a query that is within the scope of who asks, without reading it,
// once for all who ask for the same. It has what its query says, and what is below it is read as
// that of any other report; it has no usage of its own, and does not know when it was read.
func (r *Reading) Unread(query usage.Query) *Report {
	one := r.askingFor("unread " + keyOf(query))
	one.Lock()
	defer one.Unlock()
	if one.node == nil {
		one.node = r.Node(&usage.Report{Query: query})
	}
	return one.node
}

// keyOf names what a report is asked for with.
func keyOf(query usage.Query) string {
	return keptKey(query, time.Time{}) + string(query.StartsBy) + " " + string(query.EndsBy)
}

func (r *Reading) askingFor(key string) *asking {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking[key] == nil {
		r.asking[key] = &asking{}
	}
	return r.asking[key]
}

// Again returns the answer to a report's query as a node, read anew together with
// what is asked below it. Where that fails, the report is kept, and what is below
// it has the error.
func (r *Reading) Again(report *usage.Report) *Report {
	if node, err := r.Report(report.Query); err == nil {
		return node
	}
	return r.Node(report)
}

// count bounds the points of all series of the reading. The error is an
// InvalidArgument.
func (r *Reading) count(points int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.points += points; r.points > usage.MaxPointsOfAnswer {
		return usage.Invalid(usage.ArgGranularity,
			"all series of the request together have too many points; narrow the range, take a larger %s or ask for fewer rows", usage.ArgGranularity)
	}
	return nil
}
