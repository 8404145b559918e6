package read

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"aiusage/db/column"
	"aiusage/db/sums"
	"aiusage/usage"
)

// lastRow is what the last row of a statement tells about it.
type lastRow struct {
	asOf  time.Time
	token int64
}

// answers takes what the rows of a statement come to: how much of a subject there is in a
// point.
type answers func(subject usage.Subject, point int, amount usage.Usage) error

// shared takes an amount that counts in several points, or not once.
func (a answers) shared(subject usage.Subject, shares []usage.Share, amount usage.Usage) error {
	for _, share := range shares {
		if err := a(subject, share.Point, times(amount, share.Times)); err != nil {
			return err
		}
	}
	return nil
}

// reading is the reading of the rows of a question.
type reading struct {
	*question
	answer answers
	// grids are the pieces of the plan, by the code of their grid.
	grids map[int64][]usage.Edge
	// names are the accounts of the numbers that have been named, and unnamed the sums of
	// those that have not, which may come first.
	names   map[int64]string
	unnamed []numbered
	account text
	last    lastRow
}

// numbered is an amount of the account with a number.
type numbered struct {
	account int64
	point   int
	amount  usage.Usage
}

// text makes texts of bytes, the same one of the same bytes that come again.
type text struct{ last string }

func (t *text) of(bytes []byte) string {
	if string(bytes) != t.last {
		t.last = string(bytes)
	}
	return t.last
}

// read reads the rows of a question's statement.
func (q *question) read(rows *sql.Rows, answer answers) (lastRow, error) {
	r := &reading{question: q, answer: answer, grids: map[int64][]usage.Edge{}, names: map[int64]string{}}
	for _, piece := range q.plan.Pieces {
		if !piece.From.Equal(column.Undated) { // which the span without ends holds
			code := int64(piece.Grid.Code())
			r.grids[code] = append(r.grids[code], piece.Edge)
		}
	}
	columns := make([]sql.RawBytes, 9, 10)
	if len(q.plan.Kept) > 0 {
		columns = columns[:10]
	}
	targets := make([]any, len(columns))
	for i := range columns {
		targets[i] = &columns[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return lastRow{}, err
		}
		if err := r.row(columns); err != nil {
			return lastRow{}, err
		}
	}
	if err := rows.Err(); err != nil {
		return lastRow{}, err
	}
	if r.last.asOf.IsZero() {
		return lastRow{}, errors.New("the database ended an answer before its last row")
	}
	for _, one := range r.unnamed {
		name, known := r.names[one.account]
		if !known {
			return lastRow{}, fmt.Errorf("the account with the number %d is not known", one.account)
		}
		if err := answer(usage.Subject{AccountID: name}, one.point, one.amount); err != nil {
			return lastRow{}, err
		}
	}
	return r.last, nil
}

// row reads one row.
func (r *reading) row(columns []sql.RawBytes) error {
	var numbers [7]int64 // kind, at, minutes, seconds, sessions, stamp, token
	for i := range numbers {
		column := i + 2 // behind the ids
		if i >= 5 {
			column = len(columns) - 7 + i
		}
		var err error
		if numbers[i], err = whole(columns[column]); err != nil {
			return err
		}
	}
	at, amount, stamp := numbers[1], usage.Usage{Minutes: numbers[2], Seconds: numbers[3], Sessions: numbers[4]}, numbers[5]
	if stamp != 0 {
		r.last = lastRow{instantOf(stamp), numbers[6]}
		if r.byNumber && amount.Minutes != r.subjects.Stamp {
			return errOtherSubjects
		}
		return nil
	}
	var shares []usage.Share
	switch kind := kind(numbers[0]); kind {
	case change:
		shares = usage.At(r.plan.Summed, time.Unix(at, 0))
	case edge:
		shares = r.plan.Edges[at].Shares
	case direct:
		subject, err := r.customer(columns)
		if err != nil {
			return err
		}
		return r.answer(subject, 0, times(amount, int(at)))
	case kept:
		return r.unpack(columns, at)
	case number:
		r.names[at] = string(columns[0])
		return nil
	default:
		shares = usage.At(r.grids[int64(kind)], time.Unix(at, 0))
		if r.Level == usage.ByAccount && r.numbersAccounts() {
			return r.ofNumber(columns[0], shares, amount)
		}
		subject, err := r.customer(columns)
		if err != nil {
			return err
		}
		return r.answer.shared(subject, shares, amount)
	}
	return r.answer.shared(r.subject(columns), shares, amount)
}

// instantOf is the instant that stamp has.
func instantOf(micros int64) time.Time {
	return time.UnixMicro(micros).UTC().Truncate(time.Millisecond)
}

// numbersAccounts tells whether sums have the number of an account for its id.
func (r *reading) numbersAccounts() bool { return r.plan.Level == usage.ByAccount }

// errOtherSubjects says that numbers do not stand for the subjects in memory, or not all of
// them do, so that what has been answered counts for nothing.
var errOtherSubjects = errors.New("the sums are of other subjects than those in memory")

// customer is whose usage a row of sums of customers has.
func (r *reading) customer(columns []sql.RawBytes) (usage.Subject, error) {
	if !r.byNumber {
		return r.subject(columns), nil
	}
	number, err := whole(columns[0])
	if err != nil {
		return usage.Subject{}, err
	}
	subject, known := r.subjects.Of(number)
	if !known {
		return usage.Subject{}, errOtherSubjects
	}
	return subject, nil
}

// subject is whose usage a row has.
func (r *reading) subject(columns []sql.RawBytes) usage.Subject {
	return r.Level.Of(usage.Subject{AccountID: r.account.of(columns[0]), CustomerID: string(columns[1])})
}

// ofNumber adds an amount of the account with a number to its points.
func (r *reading) ofNumber(value sql.RawBytes, shares []usage.Share, amount usage.Usage) error {
	account, err := whole(value)
	if err != nil {
		return err
	}
	if name, known := r.names[account]; known {
		return r.answer.shared(usage.Subject{AccountID: name}, shares, amount)
	}
	for _, share := range shares {
		r.unnamed = append(r.unnamed, numbered{account, share.Point, times(amount, share.Times)})
	}
	return nil
}

// unpack adds what was kept of a day to its points.
func (r *reading) unpack(columns []sql.RawBytes, day int64) error {
	subject := r.subject(columns)
	var failed error
	err := sums.Unpack(columns[7], func(quarter int, amount usage.Usage) {
		at := time.Unix(day, 0).Add(time.Duration(quarter) * 15 * time.Minute)
		if err := r.answer.shared(subject, usage.At(r.plan.Kept, at), amount); err != nil {
			failed = err
		}
	})
	return errors.Join(err, failed)
}

// times is an amount taken so often.
func times(amount usage.Usage, often int) usage.Usage {
	switch {
	case often < 0:
		return usage.Usage{}.Minus(times(amount, -often))
	case often == 1:
		return amount
	}
	var sum usage.Usage
	for range often {
		sum = sum.Plus(amount)
	}
	return sum
}

// whole reads a whole number as engines give it. A sum without rows is NULL. The error is
// usage.ErrTooLarge for one beyond 64 bits.
func whole(value sql.RawBytes) (int64, error) {
	if value == nil {
		return 0, nil
	}
	number, err := strconv.ParseInt(string(value), 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, usage.ErrTooLarge
	}
	return number, err
}
