package importer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"aiusage/usage"
)

// table of sessions as the database keeps one.
type stored map[string]usage.Session

// write stores rows one after the other, and counts.
func (s stored) write(_ context.Context, batch []usage.Session) (counts Counts, err error) {
	for _, row := range batch {
		before, known := s[row.SessionID]
		switch {
		case !known:
			counts.Inserted++
		case before == row:
			counts.Unchanged++
		default:
			counts.Updated++
			if before.AccountID != row.AccountID || before.CustomerID != row.CustomerID {
				counts.Moved++
			}
		}
		s[row.SessionID] = row
	}
	return counts, nil
}

func (s stored) byID(_ context.Context, batch []usage.Session) (found []usage.Session, err error) {
	for _, row := range batch {
		if known, ok := s[row.SessionID]; ok {
			found = append(found, known)
		}
	}
	return found, nil
}

func TestARehearsalCountsWhatTheImportThenDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		text := sessionHeader
		for range random.IntN(60) {
			text += fmt.Sprintf("s%d,a%d,%s,2026-03-01T10:00:0%d.%03dZ,%d\n", random.IntN(20), random.IntN(2),
				[]string{"", "c1"}[random.IntN(2)], random.IntN(2), random.IntN(2), random.IntN(2))
		}
		file := fileOf(t, "sessions.csv", text)
		have := stored{}
		for n := range random.IntN(10) {
			id := fmt.Sprintf("s%d", n)
			have[id] = usage.Session{SessionID: id, AccountID: "a1", StartedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), DurationSeconds: 1}
		}
		for _, noMoves := range []bool{false, true} {
			rehearsal := &Rehearsal{Known: have.byID, Keep: 3}
			options := Options{BatchSize: 1 + random.IntN(7), NoMoves: noMoves, Stored: rehearsal.Stored}
			want, err := Sessions(t.Context(), []string{file}, nil, rehearsal.Write, options)
			if err != nil {
				t.Fatal(err)
			}
			table := maps.Clone(have)
			options.Stored = table.byID
			var rows []usage.Session
			got, err := Sessions(t.Context(), []string{file}, nil, func(ctx context.Context, batch []usage.Session) (Counts, error) {
				rows = append(rows, batch...)
				return table.write(ctx, batch)
			}, options)
			if err != nil {
				t.Fatal(err)
			}
			if got.Totals != want.Totals {
				t.Fatalf("rehearsed %+v, imported %+v:\n%s", want.Totals, got.Totals, text)
			}
			if first := rows[:min(3, len(rows))]; !slices.Equal(rehearsal.First, first) {
				t.Fatalf("showed %v, stored %v", rehearsal.First, first)
			}
		}
	}
}

func TestARehearsalFailsWhereTheImportWould(t *testing.T) {
	dropped := errors.New("dropped")
	rehearsal := &Rehearsal{Known: stored{}.byID, Refuse: func(s usage.Session) error {
		if s.SessionID == "s2" {
			return dropped
		}
		return nil
	}}
	file := fileOf(t, "sessions.csv", sessionHeader+"s1,a,,2026-03-01T10:00:00Z,1\ns2,a,,2026-03-01T10:00:00Z,1\ns3,a,,2026-03-01T10:00:00Z,1\n")
	summary, err := Sessions(t.Context(), []string{file}, nil, rehearsal.Write, Options{BatchSize: 1})
	if !errors.Is(err, dropped) || summary.Inserted != 1 {
		t.Errorf("%+v, %v", summary.Totals, err)
	}
}

func TestASummaryTellsHowFilesWereUnderstood(t *testing.T) {
	csv := fileOf(t, "calls.csv", "id;org;begin;ms\n1;a;2026-03-01T10:00:00Z;1500\n")
	summary, err := Sessions(t.Context(), []string{csv}, nil, discard[usage.Session], Options{
		Columns: map[string]string{"session_id": "id", "started_at": "begin", "duration_seconds": "ms:ms", "customer_id": "", "account_id": "org"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []File{{csv, CSV, ';', "utf-8", ""}}; !slices.Equal(summary.Files, want) {
		t.Errorf("files %v, want %v", summary.Files, want)
	}
	want := []Column{
		{Name: "session_id", From: "id"}, {Name: "account_id", From: "org"}, {Name: "customer_id"},
		{Name: "started_at", From: "begin"}, {Name: "duration_seconds", From: "ms", Milliseconds: true},
	}
	if !slices.Equal(summary.Columns, want) {
		t.Errorf("columns %v, want %v", summary.Columns, want)
	}
	ended := fileOf(t, "calls.ndjson", `{"session_id":"1","started_at":"2026-03-01T10:00:00Z","end":"2026-03-01T10:01:00Z"}`+"\n")
	summary, err = Sessions(t.Context(), []string{ended}, nil, discard[usage.Session], Options{
		Columns: map[string]string{"ended_at": "end", "customer_id": ""}, Constants: map[string]string{"account_id": "a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []File{{ended, NDJSON, 0, "utf-8", ""}}; !slices.Equal(summary.Files, want) {
		t.Errorf("files %v, want %v", summary.Files, want)
	}
	want = []Column{
		{Name: "session_id", From: "session_id"}, {Name: "account_id", Constant: "a"}, {Name: "customer_id"},
		{Name: "started_at", From: "started_at"}, {Name: "ended_at", From: "end"},
	}
	if !slices.Equal(summary.Columns, want) {
		t.Errorf("columns %v, want %v", summary.Columns, want)
	}
}
