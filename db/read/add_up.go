package read

import (
	"cmp"
	"slices"

	"aiusage/db/subjects"
	"aiusage/usage"
)

// ranked is an amount of a subject in memory, by its rank among these.
type ranked struct {
	rank   int32
	amount usage.Usage
}

// addUpWith is addUp with amounts by rank, too.
func addUpWith(by []ranked, known *subjects.Known, others []usage.SubjectUsage) []usage.SubjectUsage {
	if len(by) == 0 {
		return addUp(others)
	}
	slices.SortFunc(by, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	sums := make([]usage.SubjectUsage, 0, len(by)+len(others))
	alike := !known.Blanks && !slices.ContainsFunc(others, endsWithBlank)
	if alike {
		bySubject(others)
	}
	for _, one := range by {
		subject := known.At(one.rank)
		for alike && len(others) > 0 && others[0].Subject().Compare(subject) < 0 {
			sums, others = append(sums, others[0]), others[1:]
		}
		sums = append(sums, usage.SubjectUsage{AccountID: subject.AccountID, CustomerID: subject.CustomerID, Usage: one.amount})
	}
	sums = append(sums, others...)
	if alike {
		return together(sums)
	}
	return addUp(sums)
}

// addUp sorts subjects as usage.Report has them, adds those that come more than
// once, and leaves out those without a session: what was added and taken away
// again may be in different parts.
func addUp(subjects []usage.SubjectUsage) []usage.SubjectUsage {
	spellAlike(subjects)
	bySubject(subjects)
	return together(subjects)
}

func bySubject(subjects []usage.SubjectUsage) {
	slices.SortFunc(subjects, func(a, b usage.SubjectUsage) int { return a.Subject().Compare(b.Subject()) })
}

// together adds neighbours of the same subject, and leaves out those without a session.
func together(subjects []usage.SubjectUsage) []usage.SubjectUsage {
	sums := subjects[:0]
	for _, subject := range subjects {
		if last := len(sums) - 1; last >= 0 && sums[last].AccountID == subject.AccountID && sums[last].CustomerID == subject.CustomerID {
			sums[last].Usage = sums[last].Plus(subject.Usage)
			continue
		}
		sums = append(sums, subject)
	}
	sums = slices.DeleteFunc(sums, func(s usage.SubjectUsage) bool { return s.Sessions == 0 })
	if len(sums) == 0 {
		return nil
	}
	return sums
}
