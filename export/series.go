package export

import "aiusage/usage"

// points yields a row for each subject and step of time, subject by subject.
func (r *reading) points(yield func(Row, error) bool) {
	if len(r.buckets) == 0 {
		return
	}
	// Of all subjects together there may be more points than one answer may have.
	atOnce := max(1, usage.MaxPointsTogether/len(r.buckets))
	query := r.query
	query.Range = usage.Range{From: r.buckets[0].From, To: r.buckets[len(r.buckets)-1].To}
	for from := 0; from < len(r.subjects); from += atOnce {
		some := r.subjects[from:min(from+atOnce, len(r.subjects))]
		subjects := make([]usage.Subject, len(some))
		for i, row := range some {
			subjects[i] = row.Subject()
		}
		set, err := r.snapshot.Series(r.ctx, usage.SeriesQuery{Query: query, Step: r.request.Series, Subjects: subjects})
		if err != nil {
			yield(Row{}, err)
			return
		}
		if from+atOnce >= len(r.subjects) {
			if err := r.snapshot.Close(); err != nil {
				yield(Row{}, err)
				return
			}
		}
		for _, subject := range subjects {
			if !r.pointsOf(subject, set, yield) {
				return
			}
		}
	}
}

// readBuckets returns the steps of time, which are the same for all subjects: those of
// the report, also where the range has open ends. There are none without a subject.
func (r *reading) readBuckets() ([]usage.Range, error) {
	if len(r.subjects) == 0 {
		return nil, nil
	}
	query := r.query
	query.Level = usage.Together
	set, err := r.snapshot.Series(r.ctx, usage.SeriesQuery{Query: query, Step: r.request.Series})
	if err != nil {
		return nil, err
	}
	return set.Buckets, nil
}

// pointsOf yields the rows of one subject. It returns false when no more are wanted.
func (r *reading) pointsOf(subject usage.Subject, set *usage.SeriesSet, yield func(Row, error) bool) bool {
	row := r.row(subject)
	for _, point := range set.Of(subject) {
		row.From, row.To = r.query.Shown(point.From), r.query.Shown(point.To)
		row.Partial = point.To.After(set.AsOf)
		row.Usage = point.Usage
		if !yield(row, nil) {
			return false
		}
	}
	return true
}
