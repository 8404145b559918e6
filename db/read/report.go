package read

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"

	"aiusage/db/mirror"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/subjects"
	"aiusage/usage"
)

// Report answers a query so that every number in it comes from one snapshot of the
// database: from the rollups where they are ready, otherwise
// from the raw sessions. Both give the same answer.
//
// Where sessions were dropped and the range would need some of them, the error
// is an InvalidArgument that names the nearest range that can be answered.
func (r *Reader) Report(ctx context.Context, query usage.Query) (report *usage.Report, err error) {
	err = r.phases.Planned(ctx, func(state *phase.State) error {
		var last lastRow
		report, last, err = r.reportAlone(ctx, query, state)
		if err == nil && last.token != state.Token() {
			err = phase.ErrChanged
		}
		if err == nil {
			err = r.TooOld(last.Freshness)
		}
		return err
	})
	return report, err
}

// reportAlone reads a report as planned on the state, in a transaction of its own where it
// may have many rows: these take less time then (question.apart), and a transaction takes a
// little itself. It is no Snapshot, since whoever holds one may wait for this.
func (r *Reader) reportAlone(ctx context.Context, query usage.Query, state *phase.State) (*usage.Report, lastRow, error) {
	if query.Level != usage.ByCustomer || query.AccountID != "" || !state.Usable() {
		return r.reportOf(ctx, r.db, query, state)
	}
	tx, err := beginReading(ctx, r.db)
	if err != nil {
		return nil, lastRow{}, err
	}
	defer tx.Rollback()
	return r.reportOf(ctx, tx, query, state)
}

// reportIn reads a report as planned on the state.
func (r *Reader) reportIn(ctx context.Context, db sqlx.QueryerContext, query usage.Query, state *phase.State) (*usage.Report, lastRow, error) {
	return recognising(r, state, func(known *subjects.Known) (*usage.Report, lastRow, error) {
		return r.reportBy(ctx, db, query, state, known)
	})
}

// recognising reads an answer with the subjects in memory, and without them where its
// snapshot has others, or has no stamp of them because migrate down has undone that.
func recognising[Answer any](r *Reader, state *phase.State, read func(*subjects.Known) (Answer, lastRow, error)) (Answer, lastRow, error) {
	if state.Usable() && state.Set == phase.Levels {
		memory := r.subjects.Load()
		if known := memory.Known(); known != nil {
			answer, last, err := read(known)
			if undone := pool.HasNumber(err, pool.ErNoSuchTable); !undone && !errors.Is(err, errOtherSubjects) {
				return answer, last, err
			}
			memory.Outdated()
		}
	}
	return read(nil)
}

// reportBy reads a report with the subjects that are known by number.
func (r *Reader) reportBy(ctx context.Context, db sqlx.QueryerContext, query usage.Query, state *phase.State, known *subjects.Known) (*usage.Report, lastRow, error) {
	q := newQuestion(db, usage.SeriesQuery{Query: query}, state, known)
	if span, ok := query.Range.Normal(); ok {
		var err error
		if q.plan, q.points, err = state.Plan(q.SeriesQuery, span); err != nil {
			return nil, lastRow{}, err
		}
	}
	var all []usage.SubjectUsage
	q.ranked = &[]ranked{}
	last, err := r.ask(ctx, db, q, func(subject usage.Subject, _ int, amount usage.Usage) error {
		all = append(all, usage.SubjectUsage{AccountID: subject.AccountID, CustomerID: subject.CustomerID, Usage: amount})
		return nil
	})
	if err != nil {
		return nil, lastRow{}, err
	}
	report := usage.NewReport(query, last.AsOf(), addUpWith(*q.ranked, known, all)).ReadBy(state.Source(q.plan), q.plan)
	report.ReadAt, report.RetainedFrom = last.Now, state.RawFrom.Time
	return report, last, report.Totals.Fits()
}

// ask answers a question from the sessions in memory, or else by its statements.
func (r *Reader) ask(ctx context.Context, db sqlx.QueryerContext, q *question, answer answers) (lastRow, error) {
	if last, answered, err := r.recall(ctx, db, q, answer); answered || err != nil {
		return last, err
	}
	q.accounts = accountsOf(q.SeriesQuery)
	statements := []*statement{q.statement()}
	if q.apart != nil && len(q.apart.parts) > 0 {
		statements = append(statements, q.apart)
	}
	read := newReading(q, answer)
	for _, statement := range statements {
		rows, err := db.QueryContext(ctx, statement.String(), statement.args...)
		if err != nil {
			return lastRow{}, err
		}
		if err := read.all(rows, statement.columns()); err != nil {
			return lastRow{}, err
		}
	}
	return read.end()
}

// recall answers a question from the sessions in memory, if they are those that db has. Its
// statement tells that, and what the last row of the question's statement would.
func (r *Reader) recall(ctx context.Context, db sqlx.QueryerContext, q *question, answer answers) (last lastRow, answered bool, err error) {
	held := r.mirror.Load()
	if q.state.Usable() || !held.Possible() {
		return lastRow{}, false, nil
	}
	var hash string
	var micros, heartbeat int64
	err = db.QueryRowxContext(ctx, freshness+", "+mirror.Hash+", "+q.state.Set.TokenColumn()).Scan(&micros, &heartbeat, &hash, &last.token)
	if err != nil {
		return lastRow{}, false, err
	}
	sessions := held.Of(hash)
	if sessions == nil {
		return lastRow{}, false, nil
	}
	last.Freshness = freshnessOf(micros, heartbeat)
	return last, true, sessions.Each(q.Query, q.plan, func(subject usage.Subject, shares []usage.Share, amount usage.Usage) error {
		return answer.shared(subject, shares, amount)
	})
}

// HasSessions tells whether there is any session.
func (r *Reader) HasSessions(ctx context.Context) (bool, error) {
	var found bool
	err := r.db.GetContext(ctx, &found, `SELECT EXISTS(SELECT 1 FROM ai_sessions)`)
	return found, pool.Translate(err)
}
