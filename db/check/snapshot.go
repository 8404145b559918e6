package check

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// A snapshot is one state of the database, and what comparisons in it have to know.
type snapshot struct {
	tx *sqlx.Tx
	// state is that of before. Whoever acts on what the snapshot shows has to see that it
	// has not changed: it is older than the snapshot, so nothing goes unnoticed.
	state *phase.State
	// registered are the calendars that are added to, of which this process knows the
	// rules, by their phase.
	registered []phase.Registered
	// accounts are the numbers of all accounts, and accountLists the same in lists for
	// statements. Rows that are ordered by account are found by naming it: joined to the
	// accounts, servers would read all rows of each, because they use no condition on time
	// then.
	accounts     []uint32
	accountLists []string
}

// errNotAdopted says that sessions have been dropped whose sums are not in these tables yet.
var errNotAdopted = usage.Errorf(usage.Unavailable, "a gateway of an earlier version has dropped sessions, and what it has kept of them is still to be taken over; run the command again in a minute")

// inSnapshot calls do with a snapshot, and ends it. The error is phase.ErrChanged where a
// table was changed meanwhile.
func (c *Checks) inSnapshot(ctx context.Context, do func(*snapshot) error) error {
	state, err := c.phases.Read(ctx)
	if err != nil {
		return err
	}
	tx, err := c.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return pool.Translate(err)
	}
	defer tx.Rollback()
	s := &snapshot{tx: tx, state: state}
	if err = s.begin(ctx); err == nil {
		err = do(s)
	}
	if pool.HasNumber(err, pool.ErTableDefChanged) {
		return phase.ErrChanged
	}
	return err
}

// begin reads what comparisons have to know.
func (s *snapshot) begin(ctx context.Context) error {
	if err := s.adopted(ctx); err != nil {
		return err
	}
	registered, err := phase.RegisteredCalendars(ctx, s.tx)
	if err != nil {
		return err
	}
	for _, one := range registered {
		if _, same := one.Calendar(); same && (one.Phase == string(phase.Ready) || one.Phase == string(phase.Filling)) {
			s.registered = append(s.registered, one)
		}
	}
	s.accounts, err = accountNumbers(ctx, s.tx)
	s.accountLists = listsOf(s.accounts, maxAccounts)
	return err
}

// adopted makes sure that all sessions that were dropped have been made up for. The
// snapshot in which they are gone shows that they may be: that is written down before.
func (s *snapshot) adopted(ctx context.Context) error {
	var former sql.NullTime
	err := s.tx.GetContext(ctx, &former, `SELECT MAX(raw_from) FROM usage_rollup_state`)
	if err != nil {
		return pool.Translate(err)
	}
	if s.state.RawFrom.Time.Before(former.Time) {
		return errNotAdopted
	}
	return nil
}

// calendars returns that of UTC and those registered with one of the phases.
func (s *snapshot) calendars(wanted func(phase.Registered) bool) []usage.Calendar {
	calendars := []usage.Calendar{usage.UTCCalendar}
	for _, one := range s.registered {
		if calendar, _ := one.Calendar(); wanted(one) {
			calendars = append(calendars, calendar)
		}
	}
	return calendars
}

// added are the calendars whose sums are added to.
func (s *snapshot) added() []usage.Calendar {
	return s.calendars(func(phase.Registered) bool { return true })
}

// isReady tells whether the sums of a calendar are read.
func isReady(one phase.Registered) bool { return one.Phase == string(phase.Ready) }

// dropped tells whether sessions that start at an instant may have been dropped. Those that
// are undated never are.
func (s *snapshot) dropped(at time.Time) bool {
	return at.Before(s.state.RawFrom.Time) && !isUndatedBucket(at)
}

// maxAccounts bounds the accounts that a part of a statement names.
const maxAccounts = 1000

func accountNumbers(ctx context.Context, db sqlx.QueryerContext) (numbers []uint32, err error) {
	err = sqlx.SelectContext(ctx, db, &numbers, `SELECT account_no FROM usage_accounts ORDER BY account_no`)
	return numbers, pool.Translate(err)
}

// listsOf returns numbers as lists such as "1,2,3" of so many at most.
func listsOf(numbers []uint32, most int) (lists []string) {
	for len(numbers) > 0 {
		some := numbers[:min(most, len(numbers))]
		numbers = numbers[len(some):]
		texts := make([]string, len(some))
		for i, number := range some {
			texts[i] = strconv.FormatUint(uint64(number), 10)
		}
		lists = append(lists, strings.Join(texts, ","))
	}
	return lists
}

// clip leaves of a span what a comparison has sums for: before there are quarter-hours,
// hours are the finest.
func (s *snapshot) clip(one comparison, span usage.Range) usage.Range {
	from := s.state.QuartersFrom.Time
	hours := one.grid.Grain == usage.Hour
	switch {
	case hours && one.ofSessions && isUndated(span):
		return usage.Range{}
	case isUndated(span):
	case hours && one.ofSessions:
		span.To = earlier(span.To, from)
	case one.table == sums.AccountSeries && (hours || one.ofSessions):
		span.From = later(span.From, from)
	}
	return span
}

// undatedSpan has the bucket of what is undated, in every grid of UTC.
var undatedSpan = usage.Range{From: column.Undated, To: usage.Month.Next(column.Undated)}

func isUndatedBucket(at time.Time) bool { return at.Equal(column.Undated) }

func isUndated(span usage.Range) bool { return span == undatedSpan }
