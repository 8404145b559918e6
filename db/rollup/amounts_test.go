package rollup

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/sums"
	"aiusage/usage"
)

func times(n int64) usage.Usage { return usage.Usage{Minutes: n, Seconds: 60 * n, Sessions: n} }

// What differs anywhere differs, whichever of two has it.
func TestAmountsDifferWhereverTheyDo(t *testing.T) {
	one, other := quarterly{sums.Key{AccountNo: 1, SubjectNo: 2}, march}, quarterly{sums.Key{AccountNo: 1, SubjectNo: 3}, march}
	for name, c := range map[string]struct {
		a, b amounts
		want bool
	}{
		"nothing":         {amounts{}, amounts{}, false},
		"the same":        {amounts{one: times(1), other: times(2)}, amounts{other: times(2), one: times(1)}, false},
		"another amount":  {amounts{one: times(1)}, amounts{one: times(2)}, true},
		"one more":        {amounts{one: times(1)}, amounts{one: times(1), other: times(2)}, true},
		"one less":        {amounts{one: times(1), other: times(2)}, amounts{one: times(1)}, true},
		"nothing of some": {amounts{one: times(1)}, amounts{one: times(1), other: {}}, false},
	} {
		if got := c.a.differs(c.b); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAmountsByTheHour(t *testing.T) {
	key, other := sums.Key{AccountNo: 1, SubjectNo: 2}, sums.Key{AccountNo: 1, SubjectNo: 3}
	got := amounts{{key, march}: times(1), {key, march.Add(45 * time.Minute)}: times(2), {key, march.Add(time.Hour)}: times(4), {other, march.Add(15 * time.Minute)}: times(8)}.byHour()
	if want := (amounts{{key, march}: times(3), {key, march.Add(time.Hour)}: times(4), {other, march}: times(8)}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// However many quarter-hours there are, all are kept, and that some are not is told.
func TestManyQuarterHoursAreKept(t *testing.T) {
	all := amounts{}
	for i := range 2*maxPacked + 500 {
		key := sums.Key{AccountNo: 1, SubjectNo: uint32(i/2 + 1)}
		all[quarterly{key, march.AddDate(0, 0, i%2)}] = times(1)
		all[quarterly{key, march.AddDate(0, 0, i%2).Add(45 * time.Minute)}] = times(2)
	}
	keep := func(server *scripted) error {
		tx, err := server.open().db.BeginTxx(t.Context(), nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		return all.keepQuarters(t.Context(), tx)
	}
	whole := &scripted{t: t}
	if err := keep(whole); err != nil || whole.count("INSERT INTO usage_quarters") != 3 {
		t.Errorf("%d statements, %v", whole.count("INSERT INTO usage_quarters"), err)
	}
	packed := string(sums.Pack(map[int]usage.Usage{0: times(1), 3: times(2)}))
	kept := map[string]bool{}
	for _, args := range whole.changed {
		for ; len(args) > 0; args = args[4:] {
			kept[fmt.Sprint(args[0], args[1], args[2])] = true
			if quarters, ok := args[3].([]byte); !ok || string(quarters) != packed {
				t.Fatalf("kept is %v", args[3])
			}
		}
	}
	if len(kept) != 2*maxPacked+500 {
		t.Errorf("%d days of subjects are kept", len(kept))
	}
	for at := range whole.sent {
		if err := keep(&scripted{t: t, fails: at + 1, err: mysql.ErrInvalidConn}); !errors.Is(err, mysql.ErrInvalidConn) {
			t.Errorf("without statement %d: %v", at+1, err)
		}
	}
}

// What is kept of a day is added, unless it cannot be read.
func TestWhatIsKeptOfADayIsAdded(t *testing.T) {
	key, other := sums.Key{AccountNo: 3, SubjectNo: 4}, sums.Key{AccountNo: 5, SubjectNo: 6}
	add := func(one answer) (amounts, error) {
		all := amounts{{key, march}: times(1)}
		tx, err := (&scripted{t: t, answers: []answer{one}}).open().db.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return all, all.addQuarters(t.Context(), tx, march)
	}
	kept := answer{words: "usage_quarters", columns: "account_no, subject_no, quarters", rows: [][]driver.Value{
		{int64(3), int64(4), sums.Pack(map[int]usage.Usage{0: times(2), 95: times(4)})}, {int64(5), int64(6), sums.Pack(map[int]usage.Usage{1: times(8)})}}}
	got, err := add(kept)
	want := amounts{{key, march}: times(3), {key, march.Add(23*time.Hour + 45*time.Minute)}: times(4), {other, march.Add(15 * time.Minute)}: times(8)}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	kept.rows = append([][]driver.Value{{int64(3), int64(4), []byte("x")}}, kept.rows...)
	if _, err := add(kept); err == nil {
		t.Error("what cannot be read is left out")
	}
	if _, err := add(answer{words: "usage_quarters", err: mysql.ErrInvalidConn}); !errors.Is(err, mysql.ErrInvalidConn) {
		t.Errorf("lost: %v", err)
	}
}

// What is read only in part, or does not fit, is no amount.
func TestAmountsThatCannotBeRead(t *testing.T) {
	whole := []driver.Value{int64(3), int64(4), "", "", march, int64(1), int64(60), int64(1)}
	with := func(column int, value driver.Value) []driver.Value {
		changed := append([]driver.Value{}, whole...)
		changed[column] = value
		return changed
	}
	for name, c := range map[string]struct {
		rows   [][]driver.Value
		breaks bool
		isIt   func(error) bool
	}{
		"whole":         {[][]driver.Value{whole, whole}, false, func(err error) bool { return err == nil }},
		"lost":          {[][]driver.Value{whole}, true, func(err error) bool { return errors.Is(err, mysql.ErrInvalidConn) }},
		"too large":     {[][]driver.Value{with(5, []byte("9223372036854775808")), whole}, false, func(err error) bool { return errors.Is(err, usage.ErrTooLarge) }},
		"of no instant": {[][]driver.Value{with(4, []byte("2026-02-31")), whole}, false, func(err error) bool { return err != nil }},
	} {
		server := &scripted{t: t, answers: []answer{{words: "SELECT", columns: amountColumns, rows: c.rows, breaks: c.breaks}}}
		tx, err := server.open().db.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := amounts{}
		count, unknown, err := got.add(t.Context(), tx, "SELECT")
		if !c.isIt(err) {
			t.Errorf("%s: %v", name, err)
		}
		if want := (amounts{{sums.Key{AccountNo: 3, SubjectNo: 4}, march}: {Minutes: 2, Seconds: 120, Sessions: 2}}); err == nil && (count != 2 || len(unknown) != 0 || !maps.Equal(got, want)) {
			t.Errorf("%s: %d rows, %v, %v", name, count, unknown, got)
		}
	}
}
