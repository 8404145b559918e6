package rollup

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/sums"
	"aiusage/usage"
)

// subjectsOf are customers of an account, of whom each has the number 10 after its own.
func subjectsOf(count int) (all []usage.Subject, rows [][]driver.Value) {
	for i := range count {
		all = append(all, usage.Subject{AccountID: "a", CustomerID: fmt.Sprint(i)})
		rows = append(rows, []driver.Value{"a", fmt.Sprint(i), int64(3), int64(i + 10)})
	}
	return all, rows
}

func stamped(stamp, upto int64) answer {
	return row("FROM usage_subject_stamp WHERE", "stamp, upto", stamp, upto)
}

// numberRows are the numbers that the database has.
func numberRows(rows [][]driver.Value) answer {
	return answer{words: "FROM usage_subjects", columns: "account_id, customer_id, account_no, subject_no", rows: rows}
}

// found finds numbers on a server, and returns how many statements looked some of them up, and how
// many all.
func (s *scripted) found(n *numbers, subjects []usage.Subject) (keys []sums.Key, unknown []usage.Subject, some, all int, err error) {
	before, beforeAll := s.count("FROM usage_subjects"), s.count("FROM usage_subjects\n\t\tWHERE")
	tx, err := s.open().db.BeginTxx(s.t.Context(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer tx.Rollback()
	keys, unknown, err = n.find(s.t.Context(), tx, subjects)
	some = s.count("FROM usage_subjects\n\t\tWHERE") - beforeAll
	return keys, unknown, some, s.count("FROM usage_subjects") - before - some, err
}

// Few subjects are looked up by their ids, and many are read with all others, unless there are too
// many of those.
func TestNumbersAreLookedUpOrReadWithAllOthers(t *testing.T) {
	for _, c := range []struct{ upto, subjects, some, all int }{
		{100, 5, 1, 0}, {100, 6, 0, 1}, {0, 1, 0, 1},
		{maxNumbers, 10_001, 0, 1}, {maxNumbers + 1, 10_001, 11, 0}, {maxNumbers, 1000, 1, 0}, {maxNumbers, 1001, 2, 0},
	} {
		subjects, rows := subjectsOf(c.subjects)
		server := &scripted{t: t, answers: []answer{stamped(1, int64(c.upto)), numberRows(rows)}}
		keys, unknown, some, all, err := server.found(&numbers{}, subjects)
		if err != nil || len(unknown) != 0 || some != c.some || all != c.all {
			t.Errorf("%+v: %d lookups, %d of all, %d unknown, %v", c, some, all, len(unknown), err)
		}
		for i, key := range keys {
			if key != (sums.Key{AccountNo: 3, SubjectNo: uint32(i + 10)}) {
				t.Fatalf("%+v: the number of %v is %v", c, subjects[i], key)
			}
		}
	}
}

// What has no number among all is looked up once more, by its account and customer, and then unknown.
func TestSubjectsWithoutANumber(t *testing.T) {
	_, rows := subjectsOf(2)
	rows[1][0] = "a  "
	server := &scripted{t: t, answers: []answer{stamped(1, 20), numberRows(rows)}}
	asked := []usage.Subject{{AccountID: "a ", CustomerID: "0"}, {AccountID: "b", CustomerID: "x"}, {AccountID: "a", CustomerID: "1  "}, {AccountID: "b", CustomerID: "y"}}
	n := &numbers{}
	keys, unknown, some, all, err := server.found(n, asked)
	if want := []sums.Key{{AccountNo: 3, SubjectNo: 10}, {}, {AccountNo: 3, SubjectNo: 11}, {}}; err != nil || !slices.Equal(keys, want) || some != 1 || all != 1 ||
		!slices.Equal(unknown, []usage.Subject{asked[1], asked[3]}) {
		t.Errorf("got %v, unknown %v, %d lookups, %d of all, %v", keys, unknown, some, all, err)
	}
	if last := server.sent[len(server.sent)-1]; !strings.Contains(last, "account_id = ?") || !strings.Contains(last, "customer_id IN (?, ?)") || !slices.Equal(server.args[len(server.args)-1], []any{"b", "x", "y"}) {
		t.Errorf("looked up %s of %v", last, server.args[len(server.args)-1])
	}
	// Those that are known are not asked for again, however they are written.
	if _, unknown, some, all, err := server.found(n, []usage.Subject{{AccountID: "a", CustomerID: "0 "}, asked[2]}); err != nil || len(unknown) != 0 || some+all != 0 {
		t.Errorf("known: %v, %d lookups, %d of all, %v", unknown, some, all, err)
	}
}

// What is known holds while the stamp does, and a number that the stamp does not stand for is not
// kept.
func TestNumbersAreKnownByTheirStamp(t *testing.T) {
	subjects, rows := subjectsOf(2)
	for name, c := range map[string]struct {
		first, then answer
		looked      bool
	}{
		"the same":           {stamped(1, 100), stamped(1, 100), false},
		"another":            {stamped(1, 100), stamped(2, 100), true},
		"more numbers":       {stamped(1, 100), stamped(1, 101), true},
		"none":               {none("FROM usage_subject_stamp WHERE", "stamp, upto"), none("FROM usage_subject_stamp WHERE", "stamp, upto"), true},
		"numbers before it":  {stamped(1, 11), stamped(1, 11), false},
		"numbers without it": {stamped(1, 10), stamped(1, 10), true},
	} {
		n := &numbers{}
		first := &scripted{t: t, answers: []answer{c.first, numberRows(rows)}}
		if _, unknown, _, _, err := first.found(n, subjects); err != nil || len(unknown) != 0 {
			t.Errorf("%s: %v, %v", name, unknown, err)
		}
		then := &scripted{t: t, answers: []answer{c.then, numberRows(rows)}}
		keys, _, some, all, err := then.found(n, subjects)
		if err != nil || some+all > 0 != c.looked || !slices.Equal(keys, []sums.Key{{AccountNo: 3, SubjectNo: 10}, {AccountNo: 3, SubjectNo: 11}}) {
			t.Errorf("%s: %v, %d lookups, %v", name, keys, some+all, err)
		}
	}
}

// No more are kept than there is memory for.
func TestNumbersAreForgottenWhereThereAreTooMany(t *testing.T) {
	subjects, rows := subjectsOf(1)
	n := &numbers{stamp: sums.Stamp{Stamp: 1, Upto: 100}, known: map[usage.Subject]sums.Key{subjects[0]: {AccountNo: 3, SubjectNo: 10}}}
	for i := range maxNumbers - 1 {
		n.known[usage.Subject{AccountID: strconv.Itoa(i)}] = sums.Key{}
	}
	for _, more := range []int{0, 1} {
		server := &scripted{t: t, answers: []answer{stamped(1, 100), numberRows(rows)}}
		if _, unknown, some, all, err := server.found(n, subjects); err != nil || len(unknown) != 0 || some+all != more || more == 1 && len(n.known) != 1 {
			t.Errorf("%d more: %d lookups, %d known, %v", more, some+all, len(n.known), err)
		}
		n.known[usage.Subject{AccountID: "one more"}] = sums.Key{}
	}
}

// Numbers that are read only in part are none.
func TestNumbersThatCannotBeRead(t *testing.T) {
	subjects, rows := subjectsOf(2)
	lost := numberRows(rows)
	lost.breaks = true
	if _, _, _, _, err := (&scripted{t: t, answers: []answer{stamped(1, 100), lost}}).found(&numbers{}, subjects); !errors.Is(err, mysql.ErrInvalidConn) {
		t.Errorf("lost: %v", err)
	}
	unreadable := numberRows([][]driver.Value{{"a", nil, int64(3), int64(9)}, rows[0], rows[1]})
	if _, _, _, _, err := (&scripted{t: t, answers: []answer{stamped(1, 100), unreadable}}).found(&numbers{}, subjects); err == nil {
		t.Error("a subject without an id has a number")
	}
}
