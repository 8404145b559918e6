package read

import (
	"database/sql"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

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

// The stamp of the last row tells it from the others, and is its instant.
func TestTheLastRowIsTheOneWithAStamp(t *testing.T) {
	r := &reading{question: &question{}, answer: func(usage.Subject, int, usage.Usage) error { return nil }}
	row := func(texts ...string) []sql.RawBytes {
		var columns []sql.RawBytes
		for _, text := range texts {
			columns = append(columns, sql.RawBytes(text))
		}
		return columns
	}
	if err := r.row(row("a", "", "102", "1", "1", "60", "1", "0", "5")); err != nil || r.last != (lastRow{}) {
		t.Errorf("a row without a stamp is taken for the last: %+v, %v", r.last, err)
	}
	err := r.row(row("", "", "0", "0", "0", "0", "0", "1772366400123456", "-5"))
	if err != nil || r.last.token != -5 || r.last.asOf.Format("2006-01-02T15:04:05.999999999Z07:00") != "2026-03-01T12:00:00.123Z" {
		t.Errorf("got %+v, %v", r.last, err)
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
