package sums

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

// Everybody who adds to sums takes them in the order of their table's key.
func TestTheOrderOfSumsIsThatOfTheirKey(t *testing.T) {
	begin := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	var want []Row
	for _, table := range Tables {
		for first := range 2 {
			for second := range 2 {
				for third := range 2 {
					for fourth := range uint32(2) {
						row := Row{Table: table, Grid: first, Bucket: begin.Add(time.Duration(second) * time.Hour), AccountNo: uint32(third), SubjectNo: fourth}
						if table == AccountSeries {
							row = Row{Table: table, AccountNo: uint32(first), SubjectNo: uint32(second), Grid: third, Bucket: begin.Add(time.Duration(fourth) * time.Hour)}
						}
						want = append(want, row)
					}
				}
			}
		}
	}
	got := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	slices.SortFunc(got, compare)
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestARowOfSumsAsText(t *testing.T) {
	row := Row{Grid: 3, Bucket: time.Date(99, 3, 1, 0, 0, 0, 0, time.UTC), AccountNo: 17, SubjectNo: 4711}
	for table, want := range map[Table]string{
		Customers:     "(3,'0099-03-01 00:00:00',17,4711,-5,300,1)",
		Accounts:      "(3,'0099-03-01 00:00:00',17,-5,300,1)",
		AccountSeries: "(17,3,'0099-03-01 00:00:00',-5,300,1)",
		Totals:        "(3,'0099-03-01 00:00:00',-5,300,1)",
	} {
		var got strings.Builder
		row.Table = table
		row.write(&got, table.keys(), usage.Usage{Minutes: -5, Seconds: 300, Sessions: 1})
		if got.String() != want {
			t.Errorf("%s: got %s, want %s", table.Name(), got.String(), want)
		}
	}
}
