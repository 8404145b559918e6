package read

import (
	"bytes"
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
	Freshness
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

// newReading begins to read what a question's statements give.
func newReading(q *question, answer answers) *reading {
	r := &reading{question: q, answer: answer, grids: map[int64][]usage.Edge{}, names: map[int64]string{}}
	for _, piece := range q.plan.Pieces {
		if !piece.From.Equal(column.Undated) { // which the span without ends holds
			code := int64(piece.Grid.Code())
			r.grids[code] = append(r.grids[code], piece.Edge)
		}
	}
	return r
}

// all reads the rows of a statement, which have so many columns.
func (r *reading) all(rows *sql.Rows, count int) error {
	defer rows.Close()
	columns := make([]sql.RawBytes, count)
	targets := make([]any, len(columns))
	for i := range columns {
		targets[i] = &columns[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		if err := r.row(columns); err != nil {
			return err
		}
	}
	return rows.Err()
}

// end returns what the last row has told, once all are read.
func (r *reading) end() (lastRow, error) {
	if r.last.Now.IsZero() {
		return lastRow{}, errors.New("the database ended an answer before its last row")
	}
	for _, one := range r.unnamed {
		name, known := r.names[one.account]
		if !known {
			return lastRow{}, fmt.Errorf("the account with the number %d is not known", one.account)
		}
		if err := r.answer(usage.Subject{AccountID: name}, one.point, one.amount); err != nil {
			return lastRow{}, err
		}
	}
	return r.last, nil
}

// row reads one row.
func (r *reading) row(columns []sql.RawBytes) error {
	n, err := numbersOf(columns[0])
	if err != nil {
		return err
	}
	columns = columns[1:]
	var shares []usage.Share
	switch n.kind {
	case last:
		r.last = lastRow{freshnessOf(n.at, n.amount.Seconds), n.number}
		if r.byNumber && n.amount.Minutes != r.subjects.Stamp {
			return errOtherSubjects
		}
		return nil
	case change:
		shares = usage.At(r.plan.Summed, time.Unix(n.at, 0))
	case once:
		return r.answer(r.subject(columns), 0, n.amount)
	case edge:
		shares = r.plan.Edges[n.at].Shares
	case direct:
		if r.byNumber && r.ranked != nil {
			rank, known := r.subjects.Rank(n.number)
			if !known {
				return errOtherSubjects
			}
			*r.ranked = append(*r.ranked, ranked{rank, times(n.amount, int(n.at))})
			return nil
		}
		subject, err := r.customer(n, columns)
		if err != nil {
			return err
		}
		return r.answer(subject, 0, times(n.amount, int(n.at)))
	case kept:
		return r.unpack(columns, n.at)
	case number:
		r.names[n.at] = string(columns[0])
		return nil
	default:
		shares = usage.At(r.grids[int64(n.kind)], time.Unix(n.at, 0))
		if r.Level == usage.ByAccount && r.numbersAccounts() {
			return r.ofNumber(n.number, shares, n.amount)
		}
		subject, err := r.customer(n, columns)
		if err != nil {
			return err
		}
		return r.answer.shared(subject, shares, n.amount)
	}
	return r.answer.shared(r.subject(columns), shares, n.amount)
}

// numbers are those of a row, which statement describes.
type numbers struct {
	kind   kind
	at     int64
	amount usage.Usage
	number int64
}

// numbersOf reads the numbers of a row. The error is usage.ErrTooLarge where one is beyond
// 64 bits.
func numbersOf(text []byte) (n numbers, err error) {
	var kindOf int64
	into := [...]*int64{&kindOf, &n.at, &n.amount.Minutes, &n.amount.Seconds, &n.amount.Sessions, &n.number}
	rest := text
	for i := range into {
		if len(rest) == 0 && i == len(into)-1 {
			break // rows without a number
		}
		if *into[i], rest, err = whole(rest); err != nil {
			return n, err
		}
	}
	if len(rest) > 0 {
		return n, fmt.Errorf("a row has more numbers than there are: %q", text)
	}
	n.kind = kind(kindOf)
	return n, nil
}

// whole reads the whole number that a text begins with, and returns what comes behind the
// blank after it. The error is usage.ErrTooLarge for one beyond 64 bits.
func whole(text []byte) (number int64, rest []byte, err error) {
	const safe = 18 // digits always fit
	i, negative := 0, len(text) > 0 && text[0] == '-'
	if negative {
		i++
	}
	for first := i; i < len(text) && text[i] != ' '; i++ {
		if text[i] < '0' || text[i] > '9' || i-first == safe {
			return parsed(text)
		}
		number = 10*number + int64(text[i]-'0')
	}
	if i == 0 || negative && i == 1 {
		return parsed(text)
	}
	if negative {
		number = -number
	}
	return number, text[min(i+1, len(text)):], nil
}

// parsed is whole for long numbers, and says what is wrong with others.
func parsed(text []byte) (int64, []byte, error) {
	one, rest, _ := bytes.Cut(text, []byte(" "))
	number, err := strconv.ParseInt(string(one), 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = usage.ErrTooLarge
	}
	return number, rest, err
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
func (r *reading) customer(n numbers, ids []sql.RawBytes) (usage.Subject, error) {
	if !r.byNumber {
		return r.subject(ids), nil
	}
	subject, known := r.subjects.Of(n.number)
	if !known {
		return usage.Subject{}, errOtherSubjects
	}
	return subject, nil
}

// subject is whose usage a row has. Rows of numbers alone are of everybody.
func (r *reading) subject(ids []sql.RawBytes) usage.Subject {
	if len(ids) == 0 {
		return usage.Subject{}
	}
	return r.Level.Of(usage.Subject{AccountID: r.account.of(ids[0]), CustomerID: string(ids[1])})
}

// ofNumber adds an amount of the account with a number to its points.
func (r *reading) ofNumber(account int64, shares []usage.Share, amount usage.Usage) error {
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
	err := sums.Unpack(columns[2], func(quarter int, amount usage.Usage) {
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
