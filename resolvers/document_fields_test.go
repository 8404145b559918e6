package resolvers_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"aiusage/auth"
	"aiusage/usage"
)

// world is what the model answers from: all sessions and names, who asks, and what has been
// answered so far.
type world struct {
	schema   *ast.Schema
	sessions []usage.Session // of which those that start at no instant have no StartedAt
	names    map[usage.Subject]string
	seen     seen
	// noted is what a document has come to: fields, and of which sort their values were. reached is how many
	// documents have come to that.
	noted   map[string]bool
	reached seen

	who         *auth.Principal // nil for nobody
	now         time.Time
	int64AsText bool
	// points and pages are how many points of series and pages of sessions an answer has so far.
	points, pages int
	// cut are ranges that have been cut into buckets.
	cut map[string][]usage.Range
	// placeholders are the variables for cursors of the field that is executed.
	placeholders []string
	// offered are cursors that variables may stand for next: those of their own lists.
	offered map[string][]cursorOf

	// ids are what has been answered with an id, by that and by what it is of, idsOf the ids of each
	// kind; cursors are places.
	ids     map[string]identityOf
	idOf    map[string]string
	idsOf   map[string][]string
	cursors map[string]cursorOf
	// cursorAt are the latest cursors of places, in the order in which these were answered first.
	cursorAt map[cursorOf]string
	places   []cursorOf
}

// What of an answer the model does not know by itself, but how it hangs together.
type (
	// identityOf is an id: the same text for the same of, and read again as again says.
	identityOf struct {
		of    string
		again func(w *world) *object
	}
	// cursorOf is a cursor: of which list, and after what.
	cursorOf struct{ list, place string }
	// instantOf is when something was read, in a zone.
	instantOf struct{ zone *time.Location }
	// aboutNow is either value, because just now it may be about to change.
	aboutNow struct{}
	// asAnswered is what the model has nothing to say about. graphql-js looks at its shape.
	asAnswered struct{}
)

// report is a report that was asked for.
type report struct {
	accountID, customerID   string
	accountIDs, customerIDs []string // nil: all
	span                    usage.Range
	zone                    *time.Location
	asOf                    time.Time
	// needs is what usage has to be told apart by for what is asked of it.
	needs string
}

// row is what a report has of a subject; the whole has none.
type tableRow struct {
	*report
	subject usage.Subject
	amount  usage.Usage
}

// amount is an amount of use with an id.
type amountOf struct {
	usage.Usage
	id identityOf
}

type pointOf struct {
	*tableRow
	step string
	span usage.Range
	usage.Usage
}

type listedAccount struct{ id string }

type listedCustomer struct{ subject usage.Subject }

type listedSession struct {
	usage.Session
	zone *time.Location
}

// pageOf is a page of a list.
type pageOf struct {
	edge          string // its type
	nodes         []any
	cursors       []cursorOf
	before, after bool
	total         int
}

type edgeOf struct {
	cursor cursorOf
	node   any
}

func instant(t time.Time, zone *time.Location) any {
	if t.IsZero() {
		return nil
	}
	return t.In(zone).Format(time.RFC3339Nano)
}

// scope returns the accounts that may be seen by who asks (nil: all), or why nothing may be.
func (w *world) scope() ([]string, error) {
	switch {
	case w.who == nil:
		return nil, unauthenticated
	case slices.Contains(w.who.Roles, auth.SystemAdministrator):
		return nil, nil
	case !slices.Contains(w.who.Roles, auth.AccountAdministrator) || len(w.who.Accounts) == 0:
		return nil, forbidden
	}
	return w.who.Accounts, nil
}

func (w *world) sees(account string) bool {
	scope, err := w.scope()
	return err == nil && (scope == nil || slices.Contains(scope, account))
}

// in returns the sessions in a range of what a report is about, of a subject of it.
func (w *world) in(r *report, span usage.Range, of usage.Subject) (found []usage.Session) {
	among := func(ids []string, id string) bool { return ids == nil || slices.Contains(ids, id) }
	for _, s := range w.sessions {
		switch {
		case r.accountID != "" && s.AccountID != r.accountID, r.customerID != "" && s.CustomerID != r.customerID,
			!among(r.accountIDs, s.AccountID), !among(r.customerIDs, s.CustomerID), !w.sees(s.AccountID),
			of.AccountID != "" && s.AccountID != of.AccountID, of.CustomerID != "" && s.CustomerID != of.CustomerID,
			s.StartedAt.IsZero() && (span != usage.Range{}),
			s.StartedAt.Before(span.From), !span.To.IsZero() && !s.StartedAt.Before(span.To):
			continue
		}
		found = append(found, s)
	}
	return found
}

func (w *world) total(r *report, span usage.Range, of usage.Subject) (total usage.Usage) {
	for _, s := range w.in(r, span, of) {
		total = total.Plus(s.Usage())
	}
	return total
}

// subjects returns those with sessions in a report, by accounts or customers.
func (w *world) subjects(r *report, customers bool) map[usage.Subject]usage.Usage {
	found := map[usage.Subject]usage.Usage{}
	for _, s := range w.in(r, r.span, usage.Subject{}) {
		of := usage.Subject{AccountID: s.AccountID}
		if customers {
			if of.CustomerID = s.CustomerID; of.CustomerID == "" {
				continue
			}
		}
		found[of] = found[of].Plus(s.Usage())
	}
	return found
}

// text returns an argument that is a text, "" where it was not given.
func (a arguments) text(name string) string {
	text, _ := a[name].(string)
	return text
}

func (a arguments) truth(name string) bool { truth, _ := a[name].(bool); return truth }

func (a arguments) object(name string) arguments {
	object, _ := a[name].(map[string]any)
	return object
}

// ids returns a list of ids of an argument.
func (a arguments) ids(name string) ([]string, error) {
	list, given := a[name].([]any)
	if !given {
		return nil, nil
	}
	ids := []string{}
	for _, one := range list {
		id, err := filterID(one.(string))
		if err != nil || id == "" {
			return nil, badInput
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// filterID is an id that is asked for: spaces at its end do not matter.
func filterID(id string) (string, error) {
	trimmed := strings.TrimRight(id, " ")
	if trimmed == "" && id != "" {
		trimmed = " "
	}
	if utf8.RuneCountInString(trimmed) > 64 {
		return "", badInput
	}
	return trimmed, nil
}

// dates are the dates of a question, or those of its range that says of which kind it is.
func (a arguments) dates() (start, end, period string, given bool, err error) {
	start, end, period = a.text("startDate"), a.text("endDate"), a.text("period")
	given = start != "" || end != "" || period != ""
	typed := a.object("range")
	if typed == nil {
		return start, end, period, given, nil
	}
	if given {
		return "", "", "", true, badInput
	}
	for _, kind := range []string{"days", "instants"} {
		if of := typed.object(kind); of != nil {
			for _, text := range []string{of.text("from"), of.text("to")} {
				if text != "" && strings.Contains(text, "T") != (kind == "instants") {
					return "", "", "", true, badInput
				}
			}
			return of.text("from"), of.text("to"), "", true, nil
		}
	}
	return "", "", typed.text("period"), true, nil
}

// reportOf returns the report that arguments ask for.
func (w *world) reportOf(a arguments) (*report, error) {
	start, end, period, _, err := a.dates()
	if err != nil {
		return nil, err
	}
	r := &report{zone: time.UTC}
	if name := a.text("timeZone"); name != "" {
		if r.zone, err = time.LoadLocation(name); err != nil || name == "Local" {
			return nil, badInput
		}
	}
	if r.accountID, err = filterID(a.text("accountId")); err != nil {
		return nil, err
	}
	if r.customerID, err = filterID(a.text("customerId")); err != nil {
		return nil, err
	}
	if r.accountIDs, err = a.ids("accountIds"); err != nil {
		return nil, err
	}
	if r.customerIDs, err = a.ids("customerIds"); err != nil {
		return nil, err
	}
	if period != "" && (start != "" || end != "") {
		return nil, badInput
	}
	if period != "" {
		r.span, err = usage.Period(period).Range(w.now, r.zone)
	} else {
		r.span, err = usage.ParseRange(start, end, r.zone)
	}
	if err != nil {
		return nil, badInput
	}
	scope, err := w.scope()
	if err == nil && scope != nil && r.accountID != "" && !slices.Contains(scope, r.accountID) {
		err = forbidden
	}
	return r, err
}

// comparisonFrom returns what a report is compared with, as it is asked for.
func comparisonFrom(a arguments, another bool) (c usage.Comparison, err error) {
	start, end, period, given, err := a.dates()
	c = usage.Comparison{Shift: usage.Shift(a.text("shift")), Elapsed: a.truth("elapsed"), StartDate: start, EndDate: end, Period: usage.Period(period), Another: another || given}
	return c.Normal(), err
}

// compared returns the report that one is compared with, or nil. It tells whether that is known.
func (w *world) compared(whose string, r *report, c usage.Comparison) (with *report, known bool, err error) {
	if c.Elapsed && r.asOf.IsZero() {
		return nil, false, nil
	}
	query, found, err := c.Of(usage.Query{Range: r.span, Zone: r.zone}, cmp.Or(r.asOf, w.now), time.Time{})
	if err != nil {
		return nil, true, badInput
	}
	if !found {
		return nil, true, nil
	}
	other := *r
	other.span = query.Range
	if c.Elapsed {
		whole := c
		whole.Elapsed = false
		if query, _, _ := whole.Of(usage.Query{Range: r.span, Zone: r.zone}, r.asOf, time.Time{}); w.total(r, query.Range, usage.Subject{}) != w.total(r, other.span, usage.Subject{}) {
			w.note("a part that has elapsed, of " + whose)
		}
	}
	return &other, true, nil
}

// key names a report, however it is asked for.
func (r *report) key() string {
	both := func(one string, some []string) string {
		switch {
		case one == "" && some == nil:
			return "all"
		case one != "" && some != nil && !slices.Contains(some, one):
			return "none"
		case one != "":
			some = []string{one}
		}
		return fmt.Sprintf("%q", some)
	}
	return fmt.Sprintf("%s %s %s %s %s", r.zone, r.span.From.UTC(), r.span.To.UTC(), both(r.accountID, r.accountIDs), both(r.customerID, r.customerIDs))
}

// again returns how a report is read by its id, and by a part of it: by whom may see it only.
func (r *report) again(of usage.Subject, part func(w *world, r *report) *object) func(*world) *object {
	return func(w *world) *object {
		anew := *r
		anew.asOf = time.Time{}
		single := anew.accountID
		if single == "" && len(anew.accountIDs) == 1 {
			single = anew.accountIDs[0]
		}
		if single != "" && anew.accountIDs != nil && !slices.Contains(anew.accountIDs, single) {
			single = ""
		}
		if single != "" && !w.sees(single) || of.AccountID != "" && !w.sees(of.AccountID) || !r.about(of) {
			return nil
		}
		return part(w, &anew)
	}
}

// about tells whether a subject is among those that filters leave.
func (r *report) about(of usage.Subject) bool {
	passes := func(id, one string, some []string) bool {
		return id == "" || (one == "" || one == id) && (some == nil || slices.Contains(some, id))
	}
	return passes(of.AccountID, r.accountID, r.accountIDs) && passes(of.CustomerID, r.customerID, r.customerIDs)
}

func (r *report) id() identityOf {
	return identityOf{"report " + r.key(), r.again(usage.Subject{}, func(_ *world, r *report) *object { return &object{"AIUsage", r} })}
}

func (r *report) amountOf(w *world, kind string, of usage.Subject, amount func(w *world, r *report) usage.Usage) *object {
	var make func(w *world, r *report) *object
	make = func(w *world, r *report) *object {
		return &object{"AIUsageTotals", &amountOf{amount(w, r), identityOf{fmt.Sprintf("%s %q %s", kind, of, r.key()), r.again(of, make)}}}
	}
	return make(w, r)
}

func (t *tableRow) typeName() string {
	if t.subject.CustomerID != "" {
		return "AICustomerUsage"
	}
	return "AIAccountUsage"
}

func (t *tableRow) id() identityOf {
	return identityOf{fmt.Sprintf("row %q %s", t.subject, t.key()), t.again(t.subject, func(w *world, r *report) *object {
		row := &tableRow{r, t.subject, w.total(r, r.span, t.subject)}
		return &object{row.typeName(), row}
	})}
}

// label names the bucket of a step that an instant is in, on the clocks of its zone.
func label(t time.Time, step string) (bucket [5]int) {
	switch step {
	case "YEAR":
		return [5]int{t.Year()}
	case "MONTH":
		return [5]int{t.Year(), int(t.Month())}
	case "WEEK":
		bucket[0], bucket[1] = t.ISOWeek()
		return bucket
	case "DAY":
		return [5]int{t.Year(), t.YearDay()}
	}
	_, offset := t.Zone()
	if bucket = [5]int{t.Year(), t.YearDay(), t.Hour(), offset}; step == "QUARTER_HOUR" {
		bucket[4] = t.Minute() / 15
	}
	return bucket
}

// maxPointsOfSeries bounds a series.
const maxPointsOfSeries = 10_000

// buckets cuts the range of a report into the buckets of a step. An open start is the hour of the
// first session that the report may be of, and an open end the later of now and the last one.
func (w *world) buckets(r *report, step string) ([]usage.Range, error) {
	span := r.span
	var first, last time.Time
	for _, s := range w.in(r, usage.Range{From: time.Unix(0, 0)}, usage.Subject{}) {
		if first.IsZero() || s.StartedAt.Before(first) {
			first = s.StartedAt
		}
		if s.StartedAt.After(last) {
			last = s.StartedAt
		}
	}
	if span.From.IsZero() || span.To.IsZero() {
		if first.IsZero() {
			return nil, nil
		}
		if span.From.IsZero() {
			span.From = first.Truncate(time.Hour)
		}
		if span.To.IsZero() {
			if w.now.After(last) {
				last = w.now
			}
			span.To = last.Truncate(time.Hour).Add(time.Hour)
		}
	}
	// A session starts on a millisecond, so that bounds between two of them are the next one.
	span.From, span.To = ceil(span.From), ceil(span.To)
	key := fmt.Sprint(span, r.zone, step)
	if w.cut == nil {
		w.cut = map[string][]usage.Range{}
	}
	if _, known := w.cut[key]; !known {
		w.cut[key] = cut(span, r.zone, step)
	}
	if len(w.cut[key]) > maxPointsOfSeries {
		return nil, badInput
	}
	return w.cut[key], nil
}

// ceil is the first millisecond from an instant on.
func ceil(t time.Time) time.Time { return t.Add(time.Millisecond - 1).Truncate(time.Millisecond) }

// cut cuts a range into the buckets of a step, up to one more than a series may have.
func cut(span usage.Range, zone *time.Location, step string) (all []usage.Range) {
	const quarter = 15 * time.Minute // on which all clocks change
	for from := span.From; from.Before(span.To); {
		if len(all) > maxPointsOfSeries {
			break
		}
		bucket := label(from.In(zone), step)
		skip := map[string]int{"YEAR": 364 * 96, "MONTH": 27 * 96, "WEEK": 6 * 96, "DAY": 22 * 4, "HOUR": 1}[step]
		to := from.Truncate(quarter)
		if skipped := to.Add(time.Duration(skip) * quarter); label(skipped.In(zone), step) == bucket {
			to = skipped // as all between are of the same
		}
		for to = to.Add(quarter); label(to.In(zone), step) == bucket; to = to.Add(quarter) {
		}
		if to.After(span.To) {
			to = span.To
		}
		all = append(all, usage.Range{From: from, To: to})
		from = to
	}
	return all
}

// series returns the points of a row.
func (w *world) series(t *tableRow, step string, fill bool) ([]any, error) {
	buckets, err := w.buckets(t.report, step)
	if err != nil {
		return nil, err
	}
	w.points += len(buckets)
	amounts := make([]usage.Usage, len(buckets))
	for _, s := range w.in(t.report, t.span, t.subject) {
		if at, found := slices.BinarySearchFunc(buckets, s.StartedAt, func(b usage.Range, t time.Time) int {
			switch {
			case !t.Before(b.To):
				return -1
			case t.Before(b.From):
				return 1
			}
			return 0
		}); found && !s.StartedAt.IsZero() {
			amounts[at] = amounts[at].Plus(s.Usage())
		}
	}
	points := []any{}
	for i, bucket := range buckets {
		if fill || amounts[i].Sessions > 0 {
			points = append(points, &object{"AIUsagePoint", &pointOf{t, step, bucket, amounts[i]}})
		}
	}
	return points, nil
}

func (p *pointOf) id() identityOf {
	return identityOf{fmt.Sprintf("point %q %s %s %s", p.subject, p.step, p.span.From.UTC(), p.key()), p.again(p.subject, func(w *world, r *report) *object {
		points, err := w.series(&tableRow{r, p.subject, usage.Usage{}}, p.step, true)
		if err != nil {
			return nil
		}
		for _, one := range points {
			if of := one.(*object); of.value.(*pointOf).span.From.Equal(p.span.From) {
				return of
			}
		}
		return nil
	})}
}

// found tells whether a text has another in it, in whichever case, with accents or without. Accents
// alone are in what has just these.
func found(search, text string) bool {
	if folded(search) == "" {
		return strings.Contains(text, search)
	}
	return strings.Contains(folded(text), folded(search))
}

// chosen returns the rows of a list in the order of their ids, and what they are compared with.
func (w *world) chosen(r *report, customers bool, a arguments) (rows []*tableRow, with *report, known bool, err error) {
	filter := a.object("filter")
	compare, err := comparisonFrom(a.object("compare"), false)
	if err != nil || utf8.RuneCountInString(filter.text("search")) > 255 {
		return nil, nil, true, badInput
	}
	include := cmp.Or(a.text("include"), "CURRENT")
	order := a.object("orderBy")
	byComparison := slices.Contains([]string{"PREVIOUS", "CHANGE", "CHANGE_RELATIVE"}, order.text("field"))
	now, before := w.subjects(r, customers), map[usage.Subject]usage.Usage{}
	if include != "CURRENT" || byComparison {
		if with, known, err = w.compared("a list", r, compare); err != nil || !known {
			return nil, nil, known, err
		}
		if with != nil {
			before = w.subjects(with, customers)
		}
	}
	whose := map[usage.Subject]bool{}
	for of := range now {
		_, too := before[of]
		whose[of] = include != "PREVIOUS" || too
	}
	for of := range before {
		whose[of] = whose[of] || include != "CURRENT"
	}
	for _, of := range slices.SortedFunc(maps.Keys(whose), usage.Subject.Compare) {
		id, name := cmp.Or(of.CustomerID, of.AccountID), w.names[of]
		minimum := filter.object("minimum")
		least, _ := minimum["value"].(int64)
		named, byName := filter["named"].(bool)
		if whose[of] && minimum != nil {
			w.note("a row with a minimum of " + map[int]string{-1: "less", 0: "just that", 1: "more"}[cmp.Compare(measured(minimum.text("measure"), now[of]), least)])
		}
		if whose[of] && (minimum == nil || measured(minimum.text("measure"), now[of]) >= least) && (!byName || named == (name != "")) &&
			(found(filter.text("search"), id) || found(filter.text("search"), name)) {
			rows = append(rows, &tableRow{r, of, now[of]})
		}
	}
	return rows, with, true, nil
}

// rowsOf resolves a list of rows, of one account where that is given.
func rowsOf(customers bool) resolve {
	return func(w *world, value any, a arguments) (any, error) {
		account := ""
		of, is := value.(*report)
		if !is {
			row := value.(*tableRow)
			of, account = row.report, row.subject.AccountID
		}
		rows, _, known, err := w.chosen(of, customers, a)
		if err != nil || !known {
			return asAnswered{}, err
		}
		listed := []any{}
		for _, row := range rows {
			if account == "" || row.subject.AccountID == account {
				listed = append(listed, &object{row.typeName(), row})
			}
		}
		return listed, nil
	}
}

// sorted sorts rows in the order that is asked for.
func (w *world) sorted(rows []*tableRow, with *report, order arguments) {
	field, direction, measure := cmp.Or(order.text("field"), "ID"), order.text("direction"), order.text("measure")
	collator := collate.New(language.Und, collate.Numeric)
	value := func(t *tableRow) *big.Rat {
		now := measured(measure, t.amount)
		switch field {
		case "SHARE":
			if total := measured(measure, w.total(t.report, t.span, usage.Subject{})); total != 0 {
				return big.NewRat(now, total)
			}
			return nil
		case "PREVIOUS", "CHANGE", "CHANGE_RELATIVE":
			if with == nil {
				return nil
			}
			before := measured(measure, w.total(with, with.span, t.subject))
			switch {
			case field == "PREVIOUS":
				return big.NewRat(before, 1)
			case field == "CHANGE":
				return big.NewRat(now-before, 1)
			case before == 0:
				return nil
			}
			return big.NewRat(now-before, before)
		}
		return big.NewRat(measured(field, t.amount), 1)
	}
	sign := 1
	if direction == "DESC" {
		sign = -1
	}
	last := func(a, b bool) int {
		return map[bool]int{true: 1, false: -1}[a] * map[bool]int{true: 1, false: 0}[a != b]
	}
	slices.SortStableFunc(rows, func(a, b *tableRow) int {
		byID := a.subject.Compare(b.subject)
		switch field {
		case "ID":
			return sign * byID
		case "NAME":
			x, y := w.names[a.subject], w.names[b.subject]
			if x == "" || y == "" {
				w.note("a row without a name by " + direction)
				return cmp.Or(last(x == "", y == ""), byID)
			}
			return cmp.Or(sign*collator.CompareString(x, y), byID)
		}
		x, y := value(a), value(b)
		if x == nil || y == nil {
			w.note("a row without a value by " + field + direction)
			return cmp.Or(last(x == nil, y == nil), byID)
		}
		return cmp.Or(sign*x.Cmp(y), byID)
	})
}

// size returns how many are on a page.
func (a arguments) size(most int64) (size int, backward bool, err error) {
	first, forward := a["first"].(int64)
	last, backward := a["last"].(int64)
	switch {
	case forward && backward, forward && (first < 0 || first > most), backward && (last < 0 || last > most):
		return 0, false, badInput
	case forward:
		return int(first), false, nil
	case backward:
		return int(last), true, nil
	}
	return 100, false, nil
}

// place returns the place that a cursor names in a list, or -1.
func (w *world) place(list, cursor string, places []string) (at int, err error) {
	if cursor == "" {
		return -1, nil
	}
	known, is := w.cursors[cursor]
	if !is || known.list != list {
		return -1, badInput
	}
	return slices.Index(places, known.place), nil
}

// page cuts a page out of a list. bounded tells that cursors say whether there is something beyond.
func (w *world) page(list, edge string, nodes []any, places []string, a arguments, most int64, bounded bool) (any, error) {
	size, backward, err := a.size(most)
	if err != nil {
		return nil, err
	}
	after, err := w.place(list, a.text("after"), places)
	if err != nil {
		return nil, err
	}
	before, err := w.place(list, a.text("before"), places)
	if err != nil {
		return nil, err
	}
	begin, end := after+1, len(nodes)
	if a.text("before") != "" {
		end = max(begin, before)
	}
	from, to := begin, min(end, begin+size)
	if backward {
		from, to = max(begin, end-size), end
	}
	page := &pageOf{edge: edge, nodes: nodes[from:to], before: from > 0, after: to < len(nodes), total: len(nodes)}
	if bounded {
		page.before, page.after = page.before || a.text("after") != "", page.after || a.text("before") != ""
	}
	_, paged := a["after"]
	_, pagedBack := a["before"]
	w.note(fmt.Sprint("cursors of ", edge, paged, pagedBack, len(nodes) > 1))
	w.note(fmt.Sprint("a page of ", edge, a.text("after") != "", a.text("before") != "", backward, min(from, 2), min(len(nodes)-to, 2), from < to))
	for _, place := range places[from:to] {
		page.cursors = append(page.cursors, cursorOf{list, place})
	}
	for _, variable := range w.placeholders {
		w.offered[variable] = append(w.offered[variable], page.cursors...)
	}
	return &object{strings.TrimSuffix(edge, "Edge") + "Connection", page}, nil
}

// rowsPage resolves a connection of rows.
func rowsPage(customers bool, edge string) resolve {
	return func(w *world, value any, a arguments) (any, error) {
		r := value.(*report)
		order := a.object("orderBy")
		rows, with, known, err := w.chosen(r, customers, a)
		if err != nil || !known {
			return asAnswered{}, err
		}
		w.sorted(rows, with, order)
		if len(rows) > 1 {
			w.note(fmt.Sprint("several rows by ", order.text("field"), order.text("direction"), with != nil))
		}
		var nodes []any
		var places []string
		for _, row := range rows {
			nodes, places = append(nodes, &object{row.typeName(), row}), append(places, fmt.Sprintf("%q", row.subject))
		}
		filter, include := a.object("filter"), cmp.Or(a.text("include"), "CURRENT")
		compare, _ := comparisonFrom(a.object("compare"), false)
		field, measure := cmp.Or(order.text("field"), "ID"), ""
		compares := slices.Contains([]string{"PREVIOUS", "CHANGE", "CHANGE_RELATIVE"}, field)
		if compares || field == "SHARE" {
			measure = cmp.Or(order.text("measure"), "AI_MINUTES")
		}
		list := fmt.Sprintf("%v %s %q %q %v %v %s %s %s", customers, r.zone, r.accountID, r.customerID, r.accountIDs, r.customerIDs, r.span, field, cmp.Or(order.text("direction"), "ASC"))
		list += fmt.Sprintf(" %s %q %v %v %s", measure, filter.text("search"), filter["minimum"], filter["named"], include)
		if compares || include != "CURRENT" {
			list += fmt.Sprint(compare, a.object("compare").object("range") != nil)
		}
		return w.page(list, edge, nodes, places, a, 10_000, false)
	}
}

// sessionsPage resolves a connection of sessions.
func sessionsPage(w *world, value any, a arguments) (any, error) {
	var of *tableRow
	span := usage.Range{}
	switch value := value.(type) {
	case *report:
		of, span = &tableRow{report: value}, value.span
	case *tableRow:
		of, span = value, value.span
	case *pointOf:
		of, span = value.tableRow, value.span
	}
	if w.pages++; w.pages > 100 {
		return asAnswered{}, nil
	}
	found := w.in(of.report, span, of.subject)
	slices.SortFunc(found, func(a, b usage.Session) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), strings.Compare(a.SessionID, b.SessionID))
	})
	var nodes []any
	var places []string
	for _, s := range found {
		nodes, places = append(nodes, &object{"AISession", &listedSession{s, of.zone}}), append(places, s.SessionID)
	}
	list := fmt.Sprintf("sessions %q %q %q %q %s %s", cmp.Or(of.subject.AccountID, of.accountID), cmp.Or(of.subject.CustomerID, of.customerID), of.accountIDs, of.customerIDs, span.From.UTC(), span.To.UTC())
	return w.page(list, "AISessionEdge", nodes, places, a, 1000, true)
}

// known are the accounts, or the customers, that have a name or sessions, by their ids.
func (w *world) known(customers bool) (all []usage.Subject) {
	found := map[usage.Subject]bool{}
	add := func(of usage.Subject) {
		if !customers {
			of.CustomerID = ""
		}
		if customers == (of.CustomerID != "") && w.sees(of.AccountID) {
			found[of] = true
		}
	}
	for _, s := range w.sessions {
		add(usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID})
	}
	for of := range w.names {
		if of.CustomerID == "" || customers {
			add(of)
		}
	}
	return slices.SortedFunc(maps.Keys(found), usage.Subject.Compare)
}

// directory resolves a connection of accounts or customers, of an account where that is given.
func directoryOf(customers bool, edge string) resolve {
	return func(w *world, value any, a arguments) (any, error) {
		account, err := filterID(a.text("accountId"))
		if of, is := value.(*listedAccount); is {
			account = of.id
		}
		search := a.text("search")
		if _, _, wrong := a.size(1000); err != nil || wrong != nil || utf8.RuneCountInString(search) > 255 {
			return nil, badInput
		}
		list := fmt.Sprintf("%s %q %q", edge, account, search)
		for _, cursor := range []string{a.text("after"), a.text("before")} {
			if _, err := w.place(list, cursor, nil); err != nil {
				return nil, err
			}
		}
		if _, err := w.scope(); err != nil {
			return nil, err
		}
		if account != "" && !w.sees(account) {
			return nil, forbidden
		}
		var nodes []any
		var places []string
		for _, of := range w.known(customers) {
			if account != "" && of.AccountID != account || !found(search, cmp.Or(of.CustomerID, of.AccountID)) && !found(search, w.names[of]) {
				continue
			}
			node := &object{"Account", &listedAccount{of.AccountID}}
			if customers {
				node = &object{"Customer", &listedCustomer{of}}
			}
			nodes, places = append(nodes, node), append(places, fmt.Sprintf("%q", of))
		}
		return w.page(list, edge, nodes, places, a, 1000, true)
	}
}

func (w *world) name(of usage.Subject) any {
	if name := w.names[of]; name != "" {
		return name
	}
	return nil
}

func accountOf(id string) *object { return &object{"Account", &listedAccount{id}} }

func customerOf(of usage.Subject) any {
	if of.CustomerID == "" {
		return nil
	}
	return &object{"Customer", &listedCustomer{of}}
}

func (l *listedAccount) identity() identityOf {
	return identityOf{"account " + l.id, func(w *world) *object {
		if !slices.Contains(w.known(false), usage.Subject{AccountID: l.id}) {
			return nil
		}
		return accountOf(l.id)
	}}
}

func (l *listedCustomer) identity() identityOf {
	return identityOf{fmt.Sprintf("customer %q", l.subject), func(w *world) *object {
		if !slices.Contains(w.known(true), l.subject) {
			return nil
		}
		return &object{"Customer", l}
	}}
}

func (l *listedSession) identity() identityOf {
	return identityOf{fmt.Sprintf("session %q %q", l.AccountID, l.SessionID), func(w *world) *object {
		if !w.sees(l.AccountID) {
			return nil
		}
		return &object{"AISession", &listedSession{l.Session, time.UTC}}
	}}
}

// viewer returns who is asking.
func (w *world) viewer() *object { return &object{"Viewer", *w.who} }

// node returns what an id stands for, for who asks.
func (w *world) node(id string) any {
	known, is := w.ids[id]
	if !is {
		return nil
	}
	kind, _, _ := strings.Cut(known.of, " ")
	if found := known.again(w); found != nil {
		w.note("found by id: " + kind)
		return found
	}
	w.note("hidden by id: " + kind)
	return nil
}

// drivers resolves what a change is made of.
func driversOf(w *world, value any, a arguments) (any, error) {
	r := value.(*report)
	first := a["first"].(int64)
	compare, err := comparisonFrom(a.object("compare"), false)
	if err != nil || first < 0 || first > 10_000 {
		return nil, badInput
	}
	with, known, err := w.compared("drivers", r, compare)
	if err != nil || !known {
		return asAnswered{}, err
	}
	if with == nil {
		return nil, nil
	}
	by, of := a.text("by"), a.text("of")
	const undated = 24
	parts := map[driverKey]*driverOf{}
	add := func(in *report, to func(*driverOf) *usage.Usage) {
		for _, s := range w.in(in, in.span, usage.Subject{}) {
			key, local := driverKey{}, s.StartedAt.In(r.zone)
			switch {
			case by == "ACCOUNT":
				key.AccountID = s.AccountID
			case by == "CUSTOMER":
				key.Subject = usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID}
			case s.StartedAt.IsZero():
				key.part = undated
				w.note("drivers without a date by " + by)
			case by == "HOUR_OF_DAY":
				key.part = local.Hour()
			default:
				key.part = (int(local.Weekday()) + 6) % 7
			}
			if parts[key] == nil {
				parts[key] = &driverOf{key: key, by: by, of: of}
			}
			amount := to(parts[key])
			*amount = amount.Plus(s.Usage())
		}
	}
	add(r, func(d *driverOf) *usage.Usage { return &d.current })
	add(with, func(d *driverOf) *usage.Usage { return &d.previous })
	size := func(d *driverOf) int64 { return max(d.change(), -d.change()) }
	sorted := slices.SortedFunc(maps.Values(parts), func(a, b *driverOf) int {
		return cmp.Or(cmp.Compare(size(b), size(a)), a.key.Compare(b.key.Subject), cmp.Compare(a.key.part, b.key.part))
	})
	result := &changeOf{whole: driverOf{by: by, of: of}, rest: driverOf{of: of}, count: int64(max(0, len(sorted)-int(first)))}
	result.largest = []any{}
	for i, part := range sorted {
		sum := []*driverOf{&result.whole}
		if i < int(first) {
			result.largest = append(result.largest, &object{"AIUsageDriver", part})
		} else {
			sum = append(sum, &result.rest)
		}
		for _, to := range sum {
			to.current, to.previous = to.current.Plus(part.current), to.previous.Plus(part.previous)
		}
	}
	return &object{"AIUsageDrivers", result}, nil
}

type driverKey struct {
	usage.Subject
	part int
}

type driverOf struct {
	key               driverKey
	by, of            string
	current, previous usage.Usage
}

func (d *driverOf) change() int64 { return measured(d.of, d.current) - measured(d.of, d.previous) }

type changeOf struct {
	whole, rest driverOf
	largest     []any
	count       int64
}

// restOf is the rest of a change.
type restOf struct{ *changeOf }

// get makes a resolver of a function that needs nothing else.
func get[T any](of func(T) any) resolve {
	return func(_ *world, value any, _ arguments) (any, error) { return of(value.(T)), nil }
}

// amounts adds the fields of an amount to those of a type.
func amounts[T any](typeName string, of func(T) usage.Usage) {
	modelFields[typeName+".aiMinutes"] = get(func(v T) any { return of(v).Minutes })
	modelFields[typeName+".aiSeconds"] = get(func(v T) any { return of(v).Seconds })
	modelFields[typeName+".sessions"] = get(func(v T) any { return of(v).Sessions })
}

// connection adds the fields of a connection and its edges.
func connection(edge string) {
	of := strings.TrimSuffix(edge, "Edge") + "Connection"
	modelFields[of+".edges"] = get(func(p *pageOf) any {
		edges := []any{}
		for i, node := range p.nodes {
			edges = append(edges, &object{edge, edgeOf{p.cursors[i], node}})
		}
		return edges
	})
	modelFields[of+".nodes"] = get(func(p *pageOf) any { return append([]any{}, p.nodes...) })
	modelFields[of+".pageInfo"] = get(func(p *pageOf) any { return &object{"PageInfo", p} })
	modelFields[of+".totalCount"] = get(func(p *pageOf) any { return int64(p.total) })
	modelFields[edge+".cursor"] = get(func(e edgeOf) any { return e.cursor })
	modelFields[edge+".node"] = get(func(e edgeOf) any { return e.node })
}

// modelFields are the fields of the schema as the model has them.
var modelFields = map[string]resolve{
	"Query.aiUsage": func(w *world, _ any, a arguments) (any, error) {
		r, err := w.reportOf(a)
		return &object{"AIUsage", r}, err
	},
	"Query.accounts":  directoryOf(false, "AccountEdge"),
	"Query.customers": directoryOf(true, "CustomerEdge"),
	"Query.viewer": func(w *world, _ any, _ arguments) (any, error) {
		if w.who == nil {
			return nil, unauthenticated
		}
		return w.viewer(), nil
	},
	"Query.account": func(w *world, _ any, a arguments) (any, error) {
		id, err := filterID(a.text("accountId"))
		if _, denied := w.scope(); denied != nil || err != nil {
			return nil, cmp.Or(denied, err)
		}
		return asNull((&listedAccount{id}).identity().again(w)), nil
	},
	"Query.customer": func(w *world, _ any, a arguments) (any, error) {
		account, err := filterID(a.text("accountId"))
		if _, denied := w.scope(); denied != nil || err != nil {
			return nil, cmp.Or(denied, err)
		}
		if strings.TrimSpace(account) == "" || !w.sees(account) {
			return nil, nil
		}
		customer, err := filterID(a.text("customerId"))
		if err != nil {
			return nil, err
		}
		return asNull((&listedCustomer{usage.Subject{AccountID: account, CustomerID: customer}}).identity().again(w)), nil
	},
	"Query.node": func(w *world, _ any, a arguments) (any, error) {
		if _, err := w.scope(); err != nil {
			return nil, err
		}
		return w.node(a.text("id")), nil
	},
	"Query.nodes": func(w *world, _ any, a arguments) (any, error) {
		ids := a["ids"].([]any)
		if len(ids) > 100 {
			return nil, badInput
		}
		if _, err := w.scope(); err != nil {
			return nil, err
		}
		nodes := []any{}
		for _, id := range ids {
			nodes = append(nodes, w.node(id.(string)))
		}
		return nodes, nil
	},

	"AIUsage.id":           get(func(r *report) any { return r.id() }),
	"AIUsage.from":         get(func(r *report) any { return instant(r.span.From, r.zone) }),
	"AIUsage.to":           get(func(r *report) any { return instant(r.span.To, r.zone) }),
	"AIUsage.timeZone":     get(func(r *report) any { return r.zone.String() }),
	"AIUsage.asOf":         get(func(r *report) any { return instantOf{r.zone} }),
	"AIUsage.retainedFrom": get(func(r *report) any { return nil }),
	"AIUsage.totals": func(w *world, value any, _ arguments) (any, error) {
		return value.(*report).amountOf(w, "totals", usage.Subject{}, func(w *world, r *report) usage.Usage { return w.total(r, r.span, usage.Subject{}) }), nil
	},
	"AIUsage.accountUsage":            rowsOf(false),
	"AIUsage.customerUsage":           rowsOf(true),
	"AIUsage.accountUsageConnection":  rowsPage(false, "AIAccountUsageEdge"),
	"AIUsage.customerUsageConnection": rowsPage(true, "AICustomerUsageEdge"),
	"AIUsage.series": func(w *world, value any, a arguments) (any, error) {
		return list(w.series(&tableRow{report: value.(*report)}, a.text("granularity"), a.truth("fillZero")))
	},
	"AIUsage.previous":           reportWith(false),
	"AIUsage.compareTo":          reportWith(true),
	"AIUsage.drivers":            driversOf,
	"AIUsage.sessionsConnection": sessionsPage,
	"AIUsage.plan":               get(func(r *report) any { return planOf{r} }),

	"AIUsageDrivers.by":       get(func(c *changeOf) any { return c.whole.by }),
	"AIUsageDrivers.of":       get(func(c *changeOf) any { return c.whole.of }),
	"AIUsageDrivers.current":  get(func(c *changeOf) any { return measured(c.whole.of, c.whole.current) }),
	"AIUsageDrivers.previous": get(func(c *changeOf) any { return measured(c.whole.of, c.whole.previous) }),
	"AIUsageDrivers.change":   get(func(c *changeOf) any { return c.whole.change() }),
	"AIUsageDrivers.largest":  get(func(c *changeOf) any { return c.largest }),
	"AIUsageDrivers.rest":     get(func(c *changeOf) any { return &object{"AIUsageDriversRest", restOf{c}} }),

	"AIUsageDriversRest.count":    get(func(r restOf) any { return r.count }),
	"AIUsageDriversRest.current":  get(func(r restOf) any { return measured(r.rest.of, r.rest.current) }),
	"AIUsageDriversRest.previous": get(func(r restOf) any { return measured(r.rest.of, r.rest.previous) }),
	"AIUsageDriversRest.change":   get(func(r restOf) any { return r.rest.change() }),

	"AIUsageDriver.account": get(func(d *driverOf) any {
		if d.key.AccountID == "" {
			return nil
		}
		return accountOf(d.key.AccountID)
	}),
	"AIUsageDriver.customer": get(func(d *driverOf) any { return customerOf(d.key.Subject) }),
	"AIUsageDriver.hour": get(func(d *driverOf) any {
		if d.by != "HOUR_OF_DAY" || d.key.part > 23 {
			return nil
		}
		return int64(d.key.part)
	}),
	"AIUsageDriver.weekday": get(func(d *driverOf) any {
		if d.by != "WEEKDAY" || d.key.part > 6 {
			return nil
		}
		return []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}[d.key.part]
	}),
	"AIUsageDriver.status": get(func(d *driverOf) any {
		switch {
		case d.previous.Sessions == 0:
			return "BEGUN"
		case d.current.Sessions == 0:
			return "STOPPED"
		}
		return "CONTINUED"
	}),
	"AIUsageDriver.current":  get(func(d *driverOf) any { return measured(d.of, d.current) }),
	"AIUsageDriver.previous": get(func(d *driverOf) any { return measured(d.of, d.previous) }),
	"AIUsageDriver.change":   get(func(d *driverOf) any { return d.change() }),

	"AIUsageTotals.id": get(func(t *amountOf) any { return t.id }),

	"AIAccountUsage.withoutCustomer": func(w *world, value any, _ arguments) (any, error) {
		row := value.(*tableRow)
		w.note("a part without a customer for what needs " + row.needs)
		return row.amountOf(w, "without", row.subject, func(w *world, r *report) (total usage.Usage) {
			for _, s := range w.in(r, r.span, row.subject) {
				if s.CustomerID == "" {
					total = total.Plus(s.Usage())
				}
			}
			return total
		}), nil
	},
	"AIAccountUsage.customerUsage": rowsOf(true),
	"AICustomerUsage.customerId":   get(func(t *tableRow) any { return t.subject.CustomerID }),
	"AICustomerUsage.customer":     get(func(t *tableRow) any { return customerOf(t.subject) }),

	"AIUsagePoint.id":   get(func(p *pointOf) any { return p.id() }),
	"AIUsagePoint.from": get(func(p *pointOf) any { return instant(p.span.From, p.zone) }),
	"AIUsagePoint.to":   get(func(p *pointOf) any { return instant(p.span.To, p.zone) }),
	"AIUsagePoint.partial": func(w *world, value any, _ arguments) (any, error) {
		end := value.(*pointOf).span.To
		if end.Sub(w.now).Abs() < time.Minute {
			return aboutNow{}, nil
		}
		return end.After(w.now), nil
	},
	"AIUsagePoint.sessionsConnection": sessionsPage,

	"AISession.id":        get(func(s *listedSession) any { return s.identity() }),
	"AISession.sessionId": get(func(s *listedSession) any { return s.SessionID }),
	"AISession.account":   get(func(s *listedSession) any { return accountOf(s.AccountID) }),
	"AISession.customer": get(func(s *listedSession) any {
		return customerOf(usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID})
	}),
	"AISession.startedAt":        get(func(s *listedSession) any { return instant(s.StartedAt, s.zone) }),
	"AISession.durationSeconds":  get(func(s *listedSession) any { return s.DurationSeconds }),
	"AISession.aiMinutes":        get(func(s *listedSession) any { return s.Minutes() }),
	"AISession.roundedUpSeconds": get(func(s *listedSession) any { return 60*s.Minutes() - s.DurationSeconds }),

	"PageInfo.hasNextPage":     get(func(p *pageOf) any { return p.after }),
	"PageInfo.hasPreviousPage": get(func(p *pageOf) any { return p.before }),
	"PageInfo.startCursor": get(func(p *pageOf) any {
		if len(p.cursors) == 0 {
			return nil
		}
		return p.cursors[0]
	}),
	"PageInfo.endCursor": get(func(p *pageOf) any {
		if len(p.cursors) == 0 {
			return nil
		}
		return p.cursors[len(p.cursors)-1]
	}),

	"Account.id":        get(func(l *listedAccount) any { return l.identity() }),
	"Account.accountId": get(func(l *listedAccount) any { return l.id }),
	"Account.name": func(w *world, value any, _ arguments) (any, error) {
		return w.name(usage.Subject{AccountID: value.(*listedAccount).id}), nil
	},
	"Account.customers": directoryOf(true, "CustomerEdge"),
	"Account.usage": func(w *world, value any, a arguments) (any, error) {
		a["accountId"] = value.(*listedAccount).id
		r, err := w.reportOf(a)
		return &object{"AIUsage", r}, err
	},

	"Customer.id":         get(func(l *listedCustomer) any { return l.identity() }),
	"Customer.accountId":  get(func(l *listedCustomer) any { return l.subject.AccountID }),
	"Customer.account":    get(func(l *listedCustomer) any { return accountOf(l.subject.AccountID) }),
	"Customer.customerId": get(func(l *listedCustomer) any { return l.subject.CustomerID }),
	"Customer.name": func(w *world, value any, _ arguments) (any, error) {
		return w.name(value.(*listedCustomer).subject), nil
	},
	"Customer.usage": func(w *world, value any, a arguments) (any, error) {
		a["accountId"], a["customerId"] = value.(*listedCustomer).subject.AccountID, value.(*listedCustomer).subject.CustomerID
		r, err := w.reportOf(a)
		return &object{"AIUsage", r}, err
	},

	"Viewer.id": get(func(p auth.Principal) any {
		return identityOf{"viewer " + p.Name, func(w *world) *object {
			if w.who.Name != p.Name {
				return nil
			}
			return w.viewer()
		}}
	}),
	"Viewer.name": get(func(p auth.Principal) any { return p.Name }),
	"Viewer.roles": get(func(p auth.Principal) any {
		roles := []any{}
		for _, role := range p.Roles {
			if role == auth.SystemAdministrator || role == auth.AccountAdministrator {
				roles = append(roles, role)
			}
		}
		return roles
	}),
	"Viewer.accounts": func(w *world, value any, _ arguments) (any, error) {
		scope, err := w.scope()
		if err == nil && scope == nil {
			return nil, nil
		}
		accounts := []any{}
		for _, id := range scope {
			accounts = append(accounts, accountOf(id))
		}
		return accounts, nil
	},
}

// list is a list and no nil.
func list(items []any, err error) (any, error) {
	if items == nil {
		items = []any{}
	}
	return items, err
}

func asNull(o *object) any {
	if o == nil {
		return nil
	}
	return o
}

// reportWith resolves a report that another is compared with.
func reportWith(another bool) resolve {
	return func(w *world, value any, a arguments) (any, error) {
		c, err := comparisonFrom(a, another)
		if err != nil {
			return nil, err
		}
		with, known, err := w.compared("a report", value.(*report), c)
		switch {
		case err != nil || !known:
			return asAnswered{}, err
		case with == nil:
			return nil, nil
		}
		with.asOf = time.Time{}
		return &object{"AIUsage", with}, nil
	}
}

// amountWith resolves what a row has in what its report is compared with.
func amountWith(another bool) resolve {
	return func(w *world, value any, a arguments) (any, error) {
		row := value.(*tableRow)
		c, err := comparisonFrom(a, another)
		if err != nil {
			return nil, err
		}
		with, known, err := w.compared("a row", row.report, c)
		switch {
		case err != nil || !known:
			return asAnswered{}, err
		case with == nil:
			return nil, nil
		}
		kind := "amount"
		return with.amountOf(w, kind, row.subject, func(w *world, r *report) usage.Usage { return w.total(r, r.span, row.subject) }), nil
	}
}

func init() {
	amounts("AIUsageTotals", func(t *amountOf) usage.Usage { return t.Usage })
	amounts("AIUsagePoint", func(p *pointOf) usage.Usage { return p.Usage })
	for _, typeName := range []string{"AIAccountUsage", "AICustomerUsage"} {
		amounts(typeName, func(t *tableRow) usage.Usage { return t.amount })
		modelFields[typeName+".id"] = get(func(t *tableRow) any { return t.id() })
		modelFields[typeName+".accountId"] = get(func(t *tableRow) any { return t.subject.AccountID })
		modelFields[typeName+".account"] = get(func(t *tableRow) any { return accountOf(t.subject.AccountID) })
		modelFields[typeName+".minutes"] = get(func(t *tableRow) any { return t.amount.Minutes })
		modelFields[typeName+".aiMinutes"] = func(_ *world, value any, _ arguments) (any, error) {
			if minutes := value.(*tableRow).amount.Minutes; minutes <= math.MaxInt32 {
				return minutes, nil
			}
			return nil, outOfRange
		}
		modelFields[typeName+".series"] = func(w *world, value any, a arguments) (any, error) {
			return list(w.series(value.(*tableRow), a.text("granularity"), a.truth("fillZero")))
		}
		modelFields[typeName+".previous"] = amountWith(false)
		modelFields[typeName+".compareTo"] = amountWith(true)
		modelFields[typeName+".sessionsConnection"] = sessionsPage
		modelFields[typeName+".share"] = func(w *world, value any, a arguments) (any, error) {
			row := value.(*tableRow)
			total := measured(a.text("of"), w.total(row.report, row.span, usage.Subject{}))
			if total == 0 {
				return nil, nil
			}
			return float64(measured(a.text("of"), row.amount)) / float64(total), nil
		}
	}
	modelFields["Subscription.aiUsageChanged"] = modelFields["Query.aiUsage"]
	for _, edge := range []string{"AIAccountUsageEdge", "AICustomerUsageEdge", "AISessionEdge", "AccountEdge", "CustomerEdge"} {
		connection(edge)
	}
}
