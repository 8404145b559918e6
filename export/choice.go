package export

import (
	"slices"

	"aiusage/listing"
	"aiusage/usage"
)

// choose reads what the choice of subjects needs, and returns those that were asked for in
// their order, of how many they were chosen, and how many of these the filter leaves.
func (r *reading) choose() (chosen []usage.SubjectUsage, all, found int, err error) {
	rows := subjectsOf(r.report)
	if r.request.isPlain() {
		chosen = rows
		if r.request.Top > 0 {
			chosen = rows[:min(len(rows), r.request.Top)]
		}
		return chosen, len(rows), len(rows), r.readNamesOf(chosen)
	}
	lines := linesOf(rows)
	if r.previous != nil {
		lines = listing.Among(lines, linesOf(subjectsOf(r.previous)), r.request.Include)
	}
	all = len(lines)
	lines = r.request.Filter.WithMinimum(lines)
	order := r.request.Order.Normal()
	if r.request.Filter.NeedsNames() || order.Field == listing.ByName {
		if err := r.readNames(lines); err != nil {
			return nil, 0, 0, err
		}
		lines = r.request.Filter.WithNames(lines, r.query.Level, r.name)
	}
	_, at := order.Positions(r.report.Totals, r.before, r.name).Sort(lines)
	if found = len(at); r.request.Top > 0 {
		at = at[:min(len(at), r.request.Top)]
	}
	chosen = make([]usage.SubjectUsage, len(at))
	for i, which := range at {
		line := lines[which]
		chosen[i] = usage.SubjectUsage{AccountID: line.Subject.AccountID, CustomerID: line.Subject.CustomerID, Usage: line.Amount}
	}
	return chosen, all, found, r.readNamesOf(chosen)
}

// isPlain tells whether all rows of the report were asked for in their own order.
func (r Request) isPlain() bool {
	return r.Filter.IsNone() && !r.Include.Compares() && r.Order.Normal() == listing.Order{}.Normal()
}

func linesOf(rows []usage.SubjectUsage) []listing.Line {
	lines := make([]listing.Line, len(rows))
	for i, row := range rows {
		lines[i] = listing.Line{Subject: row.Subject(), Amount: row.Usage, At: i}
	}
	return lines
}

// readPrevious reads what the report is compared with, if it is.
func (r *reading) readPrevious() (err error) {
	if !r.request.Compares() {
		return nil
	}
	query, ok, err := r.request.Compare.Of(r.query, r.report.AsOf, r.report.RetainedFrom)
	if err != nil {
		return err
	}
	if !ok {
		return ErrNothingBefore
	}
	if r.previous, err = r.snapshot.Report(r.ctx, query); err != nil {
		return err
	}
	before := subjectsOf(r.previous)
	r.before = make(map[usage.Subject]usage.Usage, len(before))
	for _, row := range before {
		r.before[row.Subject().Trimmed()] = row.Usage
	}
	return nil
}

// readNamesOf reads the names of the rows that are shown, unless it has been done.
func (r *reading) readNamesOf(chosen []usage.SubjectUsage) error {
	if !r.request.Names || r.names != nil {
		return nil
	}
	return r.readNames(linesOf(chosen))
}

// readNames reads the names of rows, and those of the accounts that they are of.
func (r *reading) readNames(lines []listing.Line) error {
	wanted := map[usage.Subject]bool{}
	for _, line := range lines {
		wanted[line.Subject], wanted[usage.Subject{AccountID: line.Subject.AccountID}] = true, true
	}
	var subjects []usage.Subject
	for subject := range wanted {
		subjects = append(subjects, subject)
	}
	slices.SortFunc(subjects, usage.Subject.Compare)
	found, err := r.snapshot.Names(r.ctx, subjects)
	if err != nil {
		return err
	}
	r.names = make(map[usage.Subject]string, len(found))
	for subject, name := range found {
		r.names[subject.Trimmed()] = name
	}
	return nil
}

// name is that of a row: what belongs to no customer has none among customers.
func (r *reading) name(subject usage.Subject) string {
	if r.query.Level == usage.ByCustomer && subject.CustomerID == "" {
		return ""
	}
	return r.names[subject.Trimmed()]
}
