package answer

import (
	"slices"
	"sync"

	"aiusage/usage"
)

// family is accounts or customers that were listed together. A report of one of them is a
// part of the report of all of them, which is read once, whoever asks first.
type family struct {
	reading *Reading
	// level is what its members are.
	level usage.Level
	// subjects are its members, ordered, each once.
	subjects []usage.Subject

	mu sync.Mutex
	// members are the reports of members by those of all.
	members map[membership]*Report
	// found is what finds the customers of all members, by the way in which they are searched for.
	found map[wayOf]func() (foundCustomers, error)
}

// membership is of a member in a report of all.
type membership struct {
	whole   *Report
	subject usage.Subject
}

// families are those of a list: more members than fit a question are several families.
type families struct {
	once sync.Once
	all  []*family
}

// family returns the family of a list's subjects.
func (n *names) family(level usage.Level) *families {
	n.families.once.Do(func() {
		members := distinct(slices.Clone(n.subjects()))
		for some := range slices.Chunk(members, usage.MaxFilterIDs) {
			n.families.all = append(n.families.all, &family{reading: n.reading, level: level, subjects: some, members: map[membership]*Report{}})
		}
	})
	return &n.families
}

// report returns the report of a member.
func (f *families) report(reading *Reading, subject usage.Subject, query usage.Query) (*Report, error) {
	at := slices.IndexFunc(f.all, func(one *family) bool {
		_, found := slices.BinarySearchFunc(one.subjects, subject, usage.Subject.Compare)
		return found
	})
	if at < 0 {
		return reading.Report(narrowed(query, subject.AccountID))
	}
	return f.all[at].report(subject, query)
}

// report returns the report of a query about a member.
func (f *family) report(subject usage.Subject, query usage.Query) (*Report, error) {
	query = narrowed(query, subject.AccountID)
	if len(f.subjects) == 1 {
		return f.reading.Report(query)
	}
	whole, err := f.reading.Report(f.whole(query))
	if err != nil {
		return nil, err
	}
	key := membership{whole, subject}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.members[key] == nil {
		f.members[key] = whole.member(f, subject, query)
	}
	return f.members[key], nil
}

// narrowed returns a query about what an account has of it. An id that is empty, which only a
// platform writes, would be no filter, so that account is asked for as the only one of several.
func narrowed(query usage.Query, accountID string) usage.Query {
	if query.AccountID = accountID; accountID == "" {
		query.AccountIDs = []string{accountID}
		query.Accounts = query.AccountIDs
	}
	return query
}

// whole is the query about all members.
func (f *family) whole(query usage.Query) usage.Query {
	ids := func(id func(usage.Subject) string) []string {
		all := make([]string, len(f.subjects))
		for i, subject := range f.subjects {
			all[i] = id(subject)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	query.AccountID, query.CustomerID = "", ""
	query.AccountIDs = ids(func(s usage.Subject) string { return s.AccountID })
	if f.level == usage.ByCustomer {
		query.CustomerIDs = ids(func(s usage.Subject) string { return s.CustomerID })
	}
	query.Accounts = query.AccountIDs
	query.Level = min(query.Level, f.level)
	return query
}

// member returns the part of a report that is of a member of a family.
func (r *Report) member(f *family, subject usage.Subject, query usage.Query) *Report {
	query.Level = r.Query.Level
	part := usage.NewReport(query, r.AsOf, r.rowsFor(f.level, subject))
	part.ReadAt, part.Source, part.Plan, part.RetainedFrom = r.ReadAt, r.Source, r.Report.Plan, r.Report.RetainedFrom
	node := f.reading.Node(part)
	node.family = membershipOf{f, r, subject}
	return node
}

// membershipOf says of which family's report a report is a part, or nothing.
type membershipOf struct {
	*family
	whole   *Report
	subject usage.Subject
}

// rowsFor returns the rows that the report of a member is made of.
func (r *Report) rowsFor(level usage.Level, subject usage.Subject) []usage.SubjectUsage {
	if r.Query.Level == usage.ByAccount {
		if at, found := r.rowOf(usage.ByAccount, subject); found {
			row := r.Report.Accounts[at]
			return []usage.SubjectUsage{{AccountID: row.AccountID, Usage: row.Usage}}
		}
		return nil
	}
	if level == usage.ByCustomer {
		if at, found := r.rowOf(usage.ByCustomer, subject); found {
			return r.Report.Customers[at : at+1 : at+1]
		}
		return nil
	}
	at, found := r.rowOf(usage.ByAccount, subject)
	if !found {
		return nil
	}
	rows, account := r.Report.Subjects, r.Report.Accounts[at].AccountID
	begin, _ := slices.BinarySearchFunc(rows, usage.Subject{AccountID: account}, func(row usage.SubjectUsage, of usage.Subject) int {
		return row.Subject().Compare(of)
	})
	end := begin
	for end < len(rows) && rows[end].AccountID == account {
		end++
	}
	return rows[begin:end:end]
}

// series returns the group, in the report of all, whose series has the points of a group of a
// member: that of all rows, which is one for all members, except for a page of rows. It is
// nil where an end of the range is open, as each member's points then begin and end by its
// own usage, and are read by themselves.
func (m membershipOf) series(of *group) *group {
	if span := of.report.Query.Range; m.family == nil || span.From.IsZero() || span.To.IsZero() {
		return nil
	}
	level, finer := m.level, m.level > of.level
	if finer {
		level = of.level
	}
	if of.subjects != nil && (finer || m.level == of.level) {
		return m.whole.pageGroup(level, of.subjects)
	}
	return &group{report: m.whole, level: level}
}
