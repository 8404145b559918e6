package read

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/column"
	"aiusage/db/subjects"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// spring is when the sums of these tests begin.
var spring = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// days is a span from one day of spring to another with its shares.
func days(from, to int, shares ...usage.Share) usage.Edge {
	return usage.Edge{Range: usage.Range{From: spring.AddDate(0, 0, from), To: spring.AddDate(0, 0, to)}, Shares: shares}
}

// answered are what rows come to, in their order: account, customer, point and minutes.
type answered []string

func (a *answered) take(subject usage.Subject, point int, amount usage.Usage) error {
	*a = append(*a, fmt.Sprintf("%s/%s %d: %d %d %d", subject.AccountID, subject.CustomerID, point, amount.Minutes, amount.Seconds, amount.Sessions))
	return nil
}

// rawRow is a row as the driver gives it.
func rawRow(texts ...string) (columns []sql.RawBytes) {
	for _, text := range texts {
		columns = append(columns, sql.RawBytes(text))
	}
	return columns
}

// planOfEachKind has two points, of which the sums of the second day of a month are taken from the first.
func planOfEachKind() usage.Plan {
	first, both := usage.Share{Point: 0, Times: 1}, []usage.Share{{Point: 0, Times: -1}, {Point: 1, Times: 2}}
	return usage.Plan{
		Level: usage.ByCustomer,
		Pieces: []usage.Piece{
			{Grid: usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar}, Edge: days(0, 1, first)},
			{Grid: usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar}, Edge: days(1, 2, both...)},
			{Grid: usage.Grid{Grain: usage.Month, Calendar: usage.UTCCalendar}, Edge: days(31, 61, first)},
		},
		Edges:  []usage.Edge{days(61, 62, first), days(62, 63, both...)},
		Kept:   []usage.Edge{days(63, 64, first), days(64, 65, both...)},
		Summed: []usage.Edge{days(0, 1, first), days(1, 2, both...), days(31, 61, first)},
	}
}

// Each row counts as often as the span that it is in, in the points that this is part of.
func TestEachKindOfRowCountsWhereItsSpanDoes(t *testing.T) {
	at := func(day int) int64 { return spring.AddDate(0, 0, day).Unix() }
	const daily = 2 // the code of the grid
	if code := (usage.Grid{Grain: usage.Day}).Code(); code != daily {
		t.Fatal(code)
	}
	packed := string(sums.Pack(map[int]usage.Usage{3: {Minutes: 4, Seconds: 240, Sessions: 2}}))
	for what, c := range map[string]struct {
		level usage.Level
		row   []sql.RawBytes
		want  answered
	}{
		"a sum of a day":                  {usage.ByCustomer, rawRow(fmt.Sprint(daily, " ", at(0), " 1 60 3"), "a", "x"), answered{"a/x 0: 1 60 3"}},
		"one that is taken away":          {usage.ByCustomer, rawRow(fmt.Sprint(daily, " ", at(1), " 1 60 3"), "a", "x"), answered{"a/x 0: -1 -60 -3", "a/x 1: 2 120 6"}},
		"one of a month":                  {usage.ByCustomer, rawRow(fmt.Sprint(daily+1, " ", at(31), " 1 60 3"), "a", "x"), answered{"a/x 0: 1 60 3"}},
		"one of another grid":             {usage.ByCustomer, rawRow(fmt.Sprint(daily+1, " ", at(0), " 1 60 3"), "a", "x"), nil},
		"one beyond all pieces":           {usage.ByCustomer, rawRow(fmt.Sprint(daily, " ", at(2), " 1 60 3"), "a", "x"), nil},
		"a change":                        {usage.ByCustomer, rawRow(fmt.Sprint("100 ", at(1)+86399, " 1 60 3"), "a", "x"), answered{"a/x 0: -1 -60 -3", "a/x 1: 2 120 6"}},
		"a change between spans":          {usage.ByCustomer, rawRow(fmt.Sprint("100 ", at(2), " 1 60 3"), "a", "x"), nil},
		"sessions of an edge":             {usage.ByCustomer, rawRow("101 1 1 60 3", "a", "x"), answered{"a/x 0: -1 -60 -3", "a/x 1: 2 120 6"}},
		"what counts thrice":              {usage.ByCustomer, rawRow("102 3 1 60 3", "a", "x"), answered{"a/x 0: 3 180 9"}},
		"what counts less than not":       {usage.ByCustomer, rawRow("102 -2 1 60 3", "a", "x"), answered{"a/x 0: -2 -120 -6"}},
		"what counts not at all":          {usage.ByCustomer, rawRow("102 0 1 60 3", "a", "x"), answered{"a/x 0: 0 0 0"}},
		"what was kept of a day":          {usage.ByCustomer, rawRow(fmt.Sprint("103 ", at(64), " 0 0 0"), "a", "x", packed), answered{"a/x 0: -4 -240 -2", "a/x 1: 8 480 4"}},
		"what was kept of another":        {usage.ByCustomer, rawRow(fmt.Sprint("103 ", at(65), " 0 0 0"), "a", "x", packed), nil},
		"changes together":                {usage.ByCustomer, rawRow("106 0 1 60 3", "a", "x"), answered{"a/x 0: 1 60 3"}},
		"an account's":                    {usage.ByAccount, rawRow("106 0 1 60 3", "a", "x"), answered{"a/ 0: 1 60 3"}},
		"a sum of an account by customer": {usage.ByAccount, rawRow(fmt.Sprint(daily, " ", at(0), " 1 60 3"), "a", "x"), answered{"a/ 0: 1 60 3"}},
		"everybody's":                     {usage.Together, rawRow(fmt.Sprint(daily, " ", at(0), " 1 60 3")), answered{"/ 0: 1 60 3"}},
	} {
		var got answered
		r := newReading(&question{SeriesQuery: usage.SeriesQuery{Query: usage.Query{Level: c.level}}, plan: planOfEachKind()}, got.take)
		if err := r.row(c.row); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q, %v", what, got, c.want, err)
		}
		if len(c.want) == 0 {
			continue
		}
		// Whoever takes it may have no room for it.
		full := errors.New("full")
		r.answer = func(usage.Subject, int, usage.Usage) error { return full }
		if err := r.row(c.row); !errors.Is(err, full) {
			t.Errorf("%s: what cannot be taken is not told: %v", what, err)
		}
	}
	if err := newReading(&question{}, (&answered{}).take).row(rawRow("103 0 0 0 0", "a", "x", "not packed")); err == nil {
		t.Error("what is not packed is read")
	}
	full, taken := errors.New("full"), 0
	r := newReading(&question{plan: planOfEachKind()}, func(usage.Subject, int, usage.Usage) error {
		if taken++; taken == 1 {
			return full
		}
		return nil
	})
	two := string(sums.Pack(map[int]usage.Usage{3: {Sessions: 1}, 4: {Sessions: 1}}))
	if err := r.row(rawRow(fmt.Sprint("103 ", at(63), " 0 0 0"), "a", "x", two)); !errors.Is(err, full) || taken != 2 {
		t.Errorf("one quarter-hour of two that cannot be taken: %v after %d", err, taken)
	}
}

// The piece that undated sessions are in is not one of those in order.
func TestThePieceOfUndatedSessionsIsNoBucket(t *testing.T) {
	plan := planOfEachKind()
	plan.Pieces = append(plan.Pieces, usage.Piece{Grid: usage.Grid{Grain: usage.Month}, Edge: usage.Edge{Range: usage.Range{From: column.Undated, To: usage.Month.Next(column.Undated)}, Shares: []usage.Share{{Times: 5}}}})
	if r := newReading(&question{plan: plan}, nil); len(r.grids) != 2 || len(r.grids[3]) != 1 || len(r.grids[2]) != 2 {
		t.Errorf("got %v", r.grids)
	}
}

// Sums of accounts have numbers, whose names may come before or after them.
func TestSumsOfAccountsAreOfWhomTheirNumbersName(t *testing.T) {
	plan := planOfEachKind()
	plan.Level = usage.ByAccount
	name, other := rawRow("104 7 0 0 0", "a", ""), rawRow("104 8 0 0 0", "b", "")
	one, two := rawRow(fmt.Sprint("2 ", spring.Unix(), " 1 60 3 7"), "", ""), rawRow(fmt.Sprint("2 ", spring.AddDate(0, 0, 1).Unix(), " 1 60 3 8"), "", "")
	end := rawRow("105 1772366400123456 0 0 0 -5", "", "")
	want := answered{"a/ 0: 1 60 3", "b/ 0: -1 -60 -3", "b/ 1: 2 120 6"}
	for what, rows := range map[string][][]sql.RawBytes{
		"before": {name, other, one, two, end}, "after": {one, two, name, other, end}, "between": {name, one, two, other, end}, "at the end": {one, two, end, other, name},
	} {
		var got answered
		r := newReading(&question{SeriesQuery: usage.SeriesQuery{Query: usage.Query{Level: usage.ByAccount}}, plan: plan}, got.take)
		for _, row := range rows {
			if err := r.row(row); err != nil {
				t.Fatal(err)
			}
		}
		last, err := r.end()
		if err != nil || last.token != -5 || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q, %v", what, got, want, err)
		}
	}
	r := newReading(&question{SeriesQuery: usage.SeriesQuery{Query: usage.Query{Level: usage.ByAccount}}, plan: plan}, (&answered{}).take)
	for _, row := range [][]sql.RawBytes{name, two, end} {
		if err := r.row(row); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.end(); err == nil || !strings.Contains(err.Error(), "number 8") {
		t.Errorf("a sum of nobody: %v", err)
	}
	full := errors.New("full")
	r = newReading(&question{SeriesQuery: usage.SeriesQuery{Query: usage.Query{Level: usage.ByAccount}}, plan: plan}, func(usage.Subject, int, usage.Usage) error { return full })
	for _, row := range [][]sql.RawBytes{one, name, end} {
		if err := r.row(row); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.end(); !errors.Is(err, full) {
		t.Errorf("what cannot be taken is not told: %v", err)
	}
}

// Numbers stand for the subjects in memory only where the last row has their stamp, and those
// that are not there make an answer count for nothing.
func TestNumbersStandForSubjectsInMemory(t *testing.T) {
	known := subjects.Numbered(9, map[int64]usage.Subject{4: {AccountID: "b", CustomerID: "y"}, 6: {AccountID: "a", CustomerID: "x"}}, 100)
	reading := func(byNumber bool, to *[]ranked) (*reading, *answered) {
		var got answered
		return newReading(&question{SeriesQuery: usage.SeriesQuery{Query: usage.Query{Level: usage.ByCustomer}}, plan: planOfEachKind(), subjects: known, byNumber: byNumber, ranked: to}, got.take), &got
	}
	sum, often := fmt.Sprint("2 ", spring.Unix(), " 1 60 3 "), "102 -1 1 60 3 "
	r, got := reading(true, nil)
	if err := errors.Join(r.row(rawRow(sum+"4")), r.row(rawRow(often+"6"))); err != nil || !slices.Equal(*got, answered{"b/y 0: 1 60 3", "a/x 0: -1 -60 -3"}) {
		t.Errorf("got %q, %v", *got, err)
	}
	for _, row := range []string{sum + "5", often + "5", "105 1 8 0 0 1"} {
		if err := r.row(rawRow(row)); !errors.Is(err, errOtherSubjects) {
			t.Errorf("%q: %v", row, err)
		}
	}
	if err := r.row(rawRow("105 1 9 0 0 1")); err != nil || r.last.token != 1 {
		t.Errorf("their stamp: %v, %+v", err, r.last)
	}
	var by []ranked
	r, got = reading(true, &by)
	if err := r.row(rawRow(often + "4")); err != nil || len(*got) != 0 || !slices.Equal(by, []ranked{{2, usage.Usage{Minutes: -1, Seconds: -60, Sessions: -3}}}) {
		t.Errorf("got %v and %q, %v", by, *got, err)
	}
	if err := r.row(rawRow(often + "5")); !errors.Is(err, errOtherSubjects) || len(by) != 1 {
		t.Errorf("a number that is not in memory: %v, %v", by, err)
	}
	// Where ids come, numbers and their stamp do not matter.
	r, got = reading(false, &by)
	if err := errors.Join(r.row(rawRow(sum+"5", "c", "z")), r.row(rawRow(often+"5", "c", "z")), r.row(rawRow("105 1 8 0 0 1", "", ""))); err != nil || !slices.Equal(*got, answered{"c/z 0: 1 60 3", "c/z 0: -1 -60 -3"}) || len(by) != 1 {
		t.Errorf("got %q and %v, %v", *got, by, err)
	}
}

// Ids are those of their rows, also where the driver writes the next ones into the same bytes.
func TestIDsAreThoseOfTheirRows(t *testing.T) {
	bytes := []byte("aa")
	var ids text
	first := ids.of(bytes)
	again := ids.of(bytes)
	copy(bytes, "bb")
	if second := ids.of(bytes); first != "aa" || again != "aa" || second != "bb" || ids.of([]byte("aa")) != "aa" {
		t.Errorf("got %q, %q and %q", first, again, second)
	}
}

// Rows that cannot be read, and a connection that is lost between them, are errors, which leave
// no rows open.
func TestRowsThatCannotBeReadAreErrors(t *testing.T) {
	for what, c := range map[string]struct {
		rows  [][]driver.Value
		count int
		is    error
	}{
		"cut off":          {[][]driver.Value{{"106 0 1 60 3", "a", ""}}, 3, mysql.ErrInvalidConn},
		"without rows":     {nil, 3, mysql.ErrInvalidConn},
		"no numbers":       {[][]driver.Value{{"x", "a", ""}}, 3, nil},
		"too many columns": {[][]driver.Value{{"106 0 1 60 3", "a", ""}}, 2, nil},
		"too large":        {[][]driver.Value{{"106 0 9223372036854775808 60 3", "a", ""}}, 3, usage.ErrTooLarge},
	} {
		server := dbtest.Breaking([]string{"numbers", "account", "customer"}, c.rows...)
		rows, err := server.QueryContext(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		var got answered
		err = newReading(&question{SeriesQuery: usage.SeriesQuery{Query: usage.Query{Level: usage.ByAccount}}}, got.take).all(rows, c.count)
		if err == nil || what == "too many columns" && !strings.Contains(err.Error(), "destination") || c.is != nil && !errors.Is(err, c.is) || c.is == nil && errors.Is(err, mysql.ErrInvalidConn) {
			t.Errorf("%s: %v", what, err)
		}
		if what == "cut off" && !reflect.DeepEqual(got, answered{"a/ 0: 1 60 3"}) {
			t.Errorf("%s: got %q", what, got)
		}
		if open := server.Stats().InUse; open != 0 {
			t.Errorf("%s: %d connections are in use", what, open)
		}
		server.Close()
	}
}

// An amount is taken as often as is said, and one beyond 64 bits stays beyond them.
func TestAmountsAreTakenSoOften(t *testing.T) {
	one := usage.Usage{Minutes: 2, Seconds: 90, Sessions: 1}
	for often, want := range map[int]usage.Usage{
		0: {}, 1: one, 2: {Minutes: 4, Seconds: 180, Sessions: 2}, 5: {Minutes: 10, Seconds: 450, Sessions: 5},
		-1: {Minutes: -2, Seconds: -90, Sessions: -1}, -3: {Minutes: -6, Seconds: -270, Sessions: -3},
	} {
		if got := times(one, often); got != want {
			t.Errorf("%d times: got %+v, want %+v", often, got, want)
		}
	}
	if err := times(usage.Usage{Minutes: 1 << 62}, 3).Fits(); !errors.Is(err, usage.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
