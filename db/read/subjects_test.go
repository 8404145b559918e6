package read

import (
	"database/sql"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"aiusage/db/subjects"
	"aiusage/usage"
)

// same tells whether the tables take two ids for the same.
func same(a, b string) bool { return strings.TrimRight(a, " ") == strings.TrimRight(b, " ") }

// However ids of one subject are spelled in the parts of an answer, it comes once, spelled in
// the shortest way there is and with all of its usage, in the order of the ids.
func TestSubjectsAreAddedUpHoweverTheyAreSpelled(t *testing.T) {
	draw := rand.New(rand.NewPCG(5, 6))
	among := func(texts ...string) string { return texts[draw.IntN(len(texts))] }
	for range 3000 {
		var given []usage.SubjectUsage
		for range draw.IntN(6) {
			given = append(given, usage.SubjectUsage{
				AccountID: among("a", "a", "a ", "a  ", " a", "b", "b "), CustomerID: among("", "", "c", "c", "c ", "  ", " c"),
				Usage: usage.Usage{Minutes: draw.Int64N(3), Seconds: draw.Int64N(90), Sessions: draw.Int64N(3) - 1},
			})
		}
		var want []usage.SubjectUsage
		for _, one := range given {
			if slices.ContainsFunc(want, func(w usage.SubjectUsage) bool {
				return same(w.AccountID, one.AccountID) && same(w.CustomerID, one.CustomerID)
			}) {
				continue
			}
			sum := usage.SubjectUsage{AccountID: one.AccountID, CustomerID: one.CustomerID}
			for _, other := range given {
				if !same(one.AccountID, other.AccountID) {
					continue
				}
				if len(other.AccountID) < len(sum.AccountID) {
					sum.AccountID = other.AccountID
				}
				if !same(one.CustomerID, other.CustomerID) {
					continue
				}
				if len(other.CustomerID) < len(sum.CustomerID) {
					sum.CustomerID = other.CustomerID
				}
				sum.Minutes, sum.Seconds, sum.Sessions = sum.Minutes+other.Minutes, sum.Seconds+other.Seconds, sum.Sessions+other.Sessions
			}
			if same(sum.CustomerID, "") {
				sum.CustomerID = ""
			}
			want = append(want, sum)
		}
		want = slices.DeleteFunc(want, func(one usage.SubjectUsage) bool { return one.Sessions == 0 })
		slices.SortFunc(want, func(a, b usage.SubjectUsage) int {
			return slices.Compare([]string{a.AccountID, a.CustomerID}, []string{b.AccountID, b.CustomerID})
		})
		if len(want) == 0 {
			want = nil
		}
		before := slices.Clone(given)
		if got := addUp(given); !reflect.DeepEqual(got, want) {
			t.Fatalf("of %+v:\ngot  %+v\nwant %+v", before, got, want)
		}
	}
}

// Amounts by rank add up to what the same amounts by subject do.
func TestAmountsByRankAddUpAsOthersDo(t *testing.T) {
	ids := []string{"a", "b", "a ", "", "B", "aa", "ä"}
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 7))
		some := ids[:1+random.IntN(len(ids))]
		drawn := func() usage.Subject {
			return usage.Subject{AccountID: some[random.IntN(len(some))], CustomerID: some[random.IntN(len(some))]}
		}
		amount := func() usage.Usage {
			n := random.Int64N(3) - 1
			return usage.Usage{Minutes: n, Seconds: 60 * n, Sessions: n}
		}
		byNumber := map[int64]usage.Subject{}
		for number := range random.Int64N(8) {
			subject := drawn()
			if !slices.Contains(slices.Collect(maps.Values(byNumber)), subject) {
				byNumber[3*number] = subject
			}
		}
		known := subjects.Numbered(1, byNumber, 100)
		var by []ranked
		var others, all []usage.SubjectUsage
		add := func(to *[]usage.SubjectUsage, subject usage.Subject, amount usage.Usage) {
			*to = append(*to, usage.SubjectUsage{AccountID: subject.AccountID, CustomerID: subject.CustomerID, Usage: amount})
		}
		for number, subject := range byNumber {
			for range random.IntN(3) {
				rank, _ := known.Rank(number)
				by = append(by, ranked{rank, amount()})
				add(&all, subject, by[len(by)-1].amount)
			}
		}
		for range random.IntN(4) {
			subject, amount := drawn(), amount()
			add(&others, subject, amount)
			add(&all, subject, amount)
		}
		if got, want := addUpWith(by, known, others), addUp(slices.Clone(all)); !slices.Equal(got, want) {
			t.Fatalf("seed %d, of %+v:\ngot  %+v\nwant %+v", seed, all, got, want)
		}
	}
}

// A row of the last kind has the instant of the answer and its token, and no usage.
func TestTheLastRowHasInstantAndToken(t *testing.T) {
	r := &reading{question: &question{}, answer: func(usage.Subject, int, usage.Usage) error { return nil }}
	row := func(texts ...string) []sql.RawBytes {
		var columns []sql.RawBytes
		for _, text := range texts {
			columns = append(columns, sql.RawBytes(text))
		}
		return columns
	}
	if err := r.row(row("102 1 1 60 1", "a", "")); err != nil || r.last != (lastRow{}) {
		t.Errorf("a row of another kind is taken for the last: %+v, %v", r.last, err)
	}
	if _, err := r.end(); err == nil {
		t.Error("an answer without its last row is believed")
	}
	err := r.row(row("105 1772366400123456 0 0 0 -5", "", ""))
	if err != nil || r.last.token != -5 || r.last.Now.Format("2006-01-02T15:04:05.999999999Z07:00") != "2026-03-01T12:00:00.123Z" {
		t.Errorf("got %+v, %v", r.last, err)
	}
}

// Numbers are read as they are written, up to 64 bits, and nothing else is.
func TestNumbersOfARow(t *testing.T) {
	for text, want := range map[string]numbers{
		"3 1772323200 -1 60 1":  {3, 1772323200, usage.Usage{Minutes: -1, Seconds: 60, Sessions: 1}, 0},
		"3 1772323200 0 0 0 77": {3, 1772323200, usage.Usage{}, 77},
		"103 -1 9223372036854775807 -9223372036854775808 999999999999999999 1000000000000000000": {103, -1,
			usage.Usage{Minutes: math.MaxInt64, Seconds: math.MinInt64, Sessions: 999999999999999999}, 1000000000000000000},
		"3 -0 007 0 0": {3, 0, usage.Usage{Minutes: 7}, 0},
	} {
		if got, err := numbersOf([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "3", "3 1 2 3", "3 1 2 3 4 5 6", "3 1 2 3 x", "3 1 2 3 4 x", "3 1  3 4", "3 1 - 3 4", "3 1 2.0 3 4", " 3 1 2 3 4", "3 1 2 3 4 "[:10] + "\x00"} {
		if got, err := numbersOf([]byte(text)); err == nil || errors.Is(err, usage.ErrTooLarge) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"3 1 9223372036854775808 3 4", "3 1 2 -9223372036854775809 4", "3 1 2 3 4 99999999999999999999999999999999999999"} {
		if got, err := numbersOf([]byte(text)); !errors.Is(err, usage.ErrTooLarge) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

// What may be negative in a sum of sessions is told, and what is nothing is not.
func TestLessThanNothingIsNegative(t *testing.T) {
	for amount, want := range map[usage.Usage]bool{
		{}: false, {Minutes: 1, Seconds: 1, Sessions: 1}: false,
		{Minutes: -1, Seconds: 1, Sessions: 1}: true, {Minutes: 1, Seconds: -1, Sessions: 1}: true, {Minutes: 1, Seconds: 1, Sessions: -1}: true,
	} {
		if negative(amount) != want {
			t.Errorf("%+v: negative %v", amount, !want)
		}
	}
}
