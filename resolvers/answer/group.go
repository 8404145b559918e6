package answer

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"aiusage/listing"
	"aiusage/usage"
)

// group is rows that were listed together. What is asked of one of them is read
// for all of them at once.
type group struct {
	report *Report
	level  usage.Level
	// subjects are those of the rows; nil means all rows of the report.
	subjects []usage.Subject
	// accountNames and customerNames are those of the rows.
	accountNames, customerNames *names
	// below is the group of the customers of the group's accounts.
	below struct {
		once  sync.Once
		group *group
	}
	mu sync.Mutex
	// choices are those of the customers of the group's accounts that were made so far.
	choices map[string]*choosing
}

// newGroup returns a group of rows of a report; nil subjects mean all of them.
func newGroup(report *Report, level usage.Level, subjects []usage.Subject) *group {
	g := &group{report: report, level: level, subjects: subjects}
	g.accountNames = &names{reading: report.reading, subjects: g.accounts}
	g.customerNames = &names{reading: report.reading, subjects: g.all}
	return g
}

// pageGroup returns the group of a page of a report, which is one for all pages with the
// same rows.
func (r *Report) pageGroup(level usage.Level, subjects []usage.Subject) *group {
	page := newGroup(r, level, subjects)
	if r.reading == nil {
		return page
	}
	r.reading.mu.Lock()
	defer r.reading.mu.Unlock()
	for _, other := range r.reading.pages {
		if other.report == r && other.level == level && slices.Equal(other.subjects, subjects) {
			return other
		}
	}
	r.reading.pages = append(r.reading.pages, page)
	return page
}

// accounts returns the accounts of the group's rows, each once.
func (g *group) accounts() []usage.Subject {
	var accounts []usage.Subject
	for _, subject := range g.all() {
		if last := len(accounts) - 1; last < 0 || accounts[last].AccountID != subject.AccountID {
			accounts = append(accounts, usage.Subject{AccountID: subject.AccountID})
		}
	}
	return accounts
}

// customers returns the group of the customers of a group of accounts.
func (g *group) customers() *group {
	g.below.once.Do(func() {
		if g.below.group != nil {
			return
		}
		below := []usage.Subject{}
		for _, account := range g.subjects {
			for _, row := range g.report.customersOf(account.AccountID) {
				below = append(below, usage.Subject{AccountID: row.AccountID, CustomerID: row.CustomerID})
			}
		}
		g.below.group = newGroup(g.report, usage.ByCustomer, below)
		g.below.group.accountNames = g.accountNames
	})
	return g.below.group
}

// all returns the subjects of the group's rows.
func (g *group) all() []usage.Subject {
	if g.subjects != nil {
		return g.subjects
	}
	var all []usage.Subject
	if g.level == usage.ByAccount {
		for _, row := range g.report.Accounts {
			all = append(all, usage.Subject{AccountID: row.AccountID})
		}
		return all
	}
	for _, row := range g.report.Customers {
		all = append(all, usage.Subject{AccountID: row.AccountID, CustomerID: row.CustomerID})
	}
	return all
}

// share returns an amount's part of the report's total.
func (g *group) share(amount usage.Usage, of listing.Measure) *float64 {
	total := of.Of(g.report.Report.Totals)
	if total == 0 {
		return nil
	}
	share := float64(of.Of(amount)) / float64(total)
	return &share
}

// compared returns what the report that the group's is compared with has for a subject.
func (g *group) compared(subject usage.Subject, with *Report, err error) (*Totals, error) {
	if with == nil || err != nil {
		return nil, err
	}
	return with.totalsOf(g.level, subject), nil
}

// chosen returns the rows of the customers of the group's accounts that are chosen, and their
// group.
func (g *group) chosen(ctx context.Context, choice Choice) (*selection, *group, error) {
	g.mu.Lock()
	if g.choices == nil {
		g.choices = map[string]*choosing{}
	}
	one := g.choices[choice.text()]
	if one == nil {
		one = &choosing{}
		g.choices[choice.text()] = one
	}
	g.mu.Unlock()
	one.once.Do(func() {
		if one.rows, one.err = g.report.choose(ctx, usage.ByCustomer, choice); one.err != nil {
			return
		}
		if g.subjects != nil {
			accounts := map[string]bool{}
			for _, account := range g.subjects {
				accounts[account.AccountID] = true
			}
			one.rows.lines = slices.DeleteFunc(slices.Clone(one.rows.lines), func(l listing.Line) bool { return !accounts[l.Subject.AccountID] })
		}
		one.group = g.report.pageGroup(usage.ByCustomer, one.rows.subjects())
	})
	return one.rows, one.group, one.err
}

// choosing is a choice of the customers below a group.
type choosing struct {
	once  sync.Once
	rows  *selection
	group *group
	err   error
}

// seriesKey names what one statement reads. Groups of all rows of a report are one, so
// that nothing is read again for another alias.
type seriesKey struct {
	report *Report
	level  usage.Level
	step   usage.Step
	// addedUp is what its points are added up for, or empty where they are shown.
	addedUp usage.Dimension
	// rows is a group of some rows, or nil.
	rows *group
}

func (g *group) seriesKey(step usage.Step, addedUp usage.Dimension) seriesKey {
	key := seriesKey{report: g.report, level: g.level, step: step, addedUp: addedUp}
	if whole := g.report.family.series(g); whole != nil {
		return whole.seriesKey(step, addedUp)
	}
	if g.subjects != nil {
		key.rows = g
	}
	return key
}

// series returns the series of one of the group's subjects.
func (g *group) series(ctx context.Context, subject usage.Subject, step usage.Step, fillZero bool) ([]Point, error) {
	set, all, err := g.points(ctx, subject, step, "")
	if err != nil {
		return nil, err
	}
	shown, of := make([]Point, 0, len(all)), &points{g.report, g.level, subject, step}
	var from time.Time // that of a point is the end of the one before
	for i, point := range all {
		if i == 0 || !point.From.Equal(all[i-1].To) {
			from = set.Query.Shown(point.From)
		}
		to := set.Query.Shown(point.To)
		if fillZero || point.Usage != (usage.Usage{}) {
			shown = append(shown, Point{from, to, point.To.After(set.AsOf), point.Usage, of})
		}
		from = to
	}
	return shown, nil
}

// points reads the series of one of the group's subjects, to be shown or added up.
func (g *group) points(ctx context.Context, subject usage.Subject, step usage.Step, addedUp usage.Dimension) (*usage.SeriesSet, []usage.Point, error) {
	key := g.seriesKey(step, addedUp)
	set, err := g.report.reading.series.Load(ctx, key)()
	if err != nil {
		fail(ctx, err)
		return nil, nil, err
	}
	if err := SpendPoints(ctx, len(set.Buckets), 1, Flat); err != nil {
		return nil, nil, err
	}
	if key.report != g.report && key.level != g.level {
		subject = g.report.family.subject // what the member has altogether
	}
	return set, set.Of(subject), nil
}

// loadSeries reads series: those of one report, level and step by one statement,
// whatever the groups.
func (r *Reading) loadSeries(_ context.Context, keys []seriesKey) []*dataloader.Result[*usage.SeriesSet] {
	type statement struct {
		report  *Report
		level   usage.Level
		step    usage.Step
		addedUp usage.Dimension
	}
	queries := map[statement]*usage.SeriesQuery{}
	for _, key := range keys {
		at := statement{key.report, key.level, key.step, key.addedUp}
		query := queries[at]
		if query == nil {
			query = &usage.SeriesQuery{Query: at.report.Query, Step: at.step, AddedUp: at.addedUp, Subjects: []usage.Subject{}}
			query.Level = at.level
			queries[at] = query
		}
		if key.rows == nil {
			query.Subjects = nil // all of them, whoever else is asked for
		} else if query.Subjects != nil {
			query.Subjects = append(query.Subjects, key.rows.subjects...)
		}
	}
	ctx, db := r.database()
	loaded := map[statement]*dataloader.Result[*usage.SeriesSet]{}
	for at, query := range queries {
		query.Subjects = distinct(query.Subjects)
		set, err := r.readSeries(ctx, db, at.report, *query)
		loaded[at] = &dataloader.Result[*usage.SeriesSet]{Data: set, Error: err}
	}
	results := make([]*dataloader.Result[*usage.SeriesSet], len(keys))
	for i, key := range keys {
		results[i] = loaded[statement{key.report, key.level, key.step, key.addedUp}]
	}
	return results
}

// readSeries reads series, unless they are too many. Where the range has both ends that
// is known, about, before they are read: each row has a point in each bucket.
func (r *Reading) readSeries(ctx context.Context, db usage.Snapshot, report *Report, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	expected := 0
	if span, ok := query.Range.Normal(); ok && !span.From.IsZero() && !span.To.IsZero() {
		expected = query.BucketsAtLeast(span) * report.subjectsOf(query)
	}
	if err := r.count(expected); err != nil {
		return nil, err
	}
	set, err := db.Series(ctx, query)
	if err == nil {
		err = r.count(max(0, set.Points()-expected))
	}
	return set, err
}

// subjectsOf returns how many subjects with usage a series of a report's rows has.
func (r *Report) subjectsOf(query usage.SeriesQuery) int {
	switch {
	case query.Subjects != nil:
		return len(query.Subjects)
	case query.Level == usage.Together:
		return 1
	case query.Level == usage.ByAccount:
		return len(r.Report.Accounts)
	}
	return len(r.Report.Customers)
}

// distinct returns each subject once, and nil for nil.
func distinct(subjects []usage.Subject) []usage.Subject {
	slices.SortFunc(subjects, func(a, b usage.Subject) int {
		if byAccount := strings.Compare(a.AccountID, b.AccountID); byAccount != 0 {
			return byAccount
		}
		return strings.Compare(a.CustomerID, b.CustomerID)
	})
	return slices.Compact(subjects)
}
