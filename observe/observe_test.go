package observe

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// told keeps what a sink is told.
type told struct {
	mu           sync.Mutex
	began, ended []Seen
}

func (s *told) Began(_ context.Context, seen Seen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = append(s.began, seen)
}

func (s *told) Ended(_ context.Context, seen Seen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, seen)
}

// The examples of the specification, and what it calls invalid (W3C Trace Context, 3.2.2).
func TestTracesAreTakenOverWhereTheyAreValid(t *testing.T) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for header, want := range map[string]string{
		"00-" + id + "-00f067aa0ba902b7-01":                        id,
		"00-" + id + "-00f067aa0ba902b7-00":                        id,
		"cc-" + id + "-00f067aa0ba902b7-01-what-the-future-brings": id,
		"00-" + id + "-00f067aa0ba902b7-01-more":                   "",
		"ff-" + id + "-00f067aa0ba902b7-01":                        "",
		"00-" + strings.ToUpper(id) + "-00f067aa0ba902b7-01":       "",
		"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01":   "",
		"00-" + id + "-0000000000000000-01":                        "",
		"00-" + id + "-00f067aa0ba902b7":                           "",
		"00-" + id[1:] + "-00f067aa0ba902b7-01":                    "",
		id:                                                         "",
		"":                                                         "",
	} {
		if got := TraceOf(header); got != want {
			t.Errorf("%q: got %q", header, got)
		}
	}
}

func TestOnlySoManyNamesAreToldApart(t *testing.T) {
	names := NewNames(2)
	names.Know("registered")
	for _, c := range []struct {
		name   string
		isGood bool
		want   string
	}{
		{"bad", false, OtherNames}, {"a", true, "a"}, {"", true, Unnamed}, {"b", true, "b"}, {"c", true, OtherNames},
		{"a", false, "a"}, {"registered", false, "registered"}, {"c", true, OtherNames},
	} {
		if got := names.Bounded(c.name, c.isGood); got != c.want {
			t.Errorf("%q: got %q, want %q", c.name, got, c.want)
		}
	}
	if len(names.known) != 3 {
		t.Errorf("%d names are kept", len(names.known))
	}
}

// No request makes its own record large.
func TestARecordIsBounded(t *testing.T) {
	sink := &told{}
	record := NewRecord(sink, Seen{})
	ids := make([]string, 3000)
	for i := range 2000 {
		at := time.Unix(int64(i), 0)
		record.Asked(t.Context(), Question{About: "usage", Accounts: ids, From: at})
		record.Failed(fmt.Sprint(i))
		record.Limited(fmt.Sprint(i))
		record.Ran(fmt.Sprint(i), time.Second, 1)
		record.Planned(func() string { return fmt.Sprint(i) })
		record.Loaded("names", i)
	}
	record.Asks(strings.Repeat("é\xff", 1000), "query", "")
	record.End(t.Context())
	seen := sink.ended[0]
	kept := 0
	for _, one := range seen.Questions {
		kept += len(one.Accounts)
	}
	if len(seen.Questions) != maxQuestions || seen.MoreQuestions != 2000-maxQuestions || kept != maxIDs || seen.Questions[0].Cut || !seen.Questions[1].Cut {
		t.Errorf("%d questions with %d ids, %d more", len(seen.Questions), kept, seen.MoreQuestions)
	}
	if len(seen.Codes) != maxCodes || len(seen.Limits) != maxCodes || len(seen.Plans) != maxPlans || len(seen.Loads) != maxLoads {
		t.Errorf("%d codes, %d limits, %d plans, %d loads", len(seen.Codes), len(seen.Limits), len(seen.Plans), len(seen.Loads))
	}
	if len(seen.Statements) != maxStatements || seen.Rows() != 2000 {
		t.Errorf("%d statements, %d rows", len(seen.Statements), seen.Rows())
	}
	if len(seen.Operation) > longestName+len("…") || !utf8.ValidString(seen.Operation) {
		t.Errorf("the name %q", seen.Operation)
	}
}

// The same question is one, however often it is read anew.
func TestAQuestionIsNotedOnce(t *testing.T) {
	record := NewRecord(&told{}, Seen{})
	for _, question := range []Question{
		{About: "usage"}, {About: "usage"}, {About: "names"}, {About: "usage", Accounts: []string{}}, {About: "usage", Refused: true},
		{About: "usage", From: time.Unix(1, 0)}, {About: "usage", From: time.Unix(1, 0).UTC()}, {About: "usage", Customers: []string{"c"}},
	} {
		record.Asked(t.Context(), question)
	}
	if seen := record.Seen(); len(seen.Questions) != 6 || seen.MoreQuestions != 0 {
		t.Errorf("got %+v", seen.Questions)
	}
}

// A subscription begins once, with the first question that is let through; anything else
// has an end only. Nothing is noted after the end, which is told once.
func TestBeginningsAndEndsAreToldOnce(t *testing.T) {
	for kind, begins := range map[string]int{"subscription": 1, "query": 0} {
		sink := &told{}
		record := NewRecord(sink, Seen{ID: "id"})
		record.Asks("", kind, "")
		record.Asked(t.Context(), Question{Refused: true})
		if len(sink.began) != 0 {
			t.Errorf("a %s that was refused has begun", kind)
		}
		record.Asked(t.Context(), Question{About: "usage"})
		record.Asked(t.Context(), Question{About: "names"})
		record.End(t.Context())
		record.Failed("LATE")
		record.Asked(t.Context(), Question{About: "late"})
		record.End(t.Context())
		if len(sink.began) != begins || len(sink.ended) != 1 || len(record.Seen().Codes) > 0 || len(record.Seen().Questions) != 3 {
			t.Errorf("a %s: %d beginnings, %d ends, %+v", kind, len(sink.began), len(sink.ended), record.Seen())
		}
		if sink.ended[0].HasBegun != (begins == 1) {
			t.Errorf("a %s that has begun: %v", kind, sink.ended[0].HasBegun)
		}
	}
}

func TestAnOperationOnAStreamIsSeenByItself(t *testing.T) {
	sink := &told{}
	record := NewRecord(sink, Seen{ID: "id", Trace: "trace", Door: "websocket", Address: "here"})
	record.Is("ada", "password")
	ctx, end := Operation(NewContext(t.Context(), record))
	From(ctx).Failed("A")
	From(ctx).Sent(5)
	if request, trace := From(ctx).IDs(); request != "id" || trace != "trace" {
		t.Errorf("got %s, %s", request, trace)
	}
	end()
	record.End(t.Context())
	of, whole := sink.ended[0], sink.ended[1]
	if !of.IsChild || of.Principal != "ada" || of.Address != "here" || of.Bytes != 5 || len(of.Codes) != 1 || whole.IsChild || len(whole.Codes) > 0 || whole.Bytes != 0 {
		t.Errorf("got %+v and %+v", of, whole)
	}
}

// Where there is no record, nothing is noted and nothing fails.
func TestWithoutARecordNothingIsNoted(t *testing.T) {
	record := From(t.Context())
	record.At("door", "")
	record.Asked(t.Context(), Question{})
	record.Planned(func() string { t.Error("a plan was asked for"); return "" })
	record.End(t.Context())
	_, end := Operation(t.Context())
	end()
	if seen := record.Seen(); seen.Door != "" {
		t.Errorf("got %+v", seen)
	}
}

func TestWhoHasGoneIsNoted(t *testing.T) {
	sink := &told{}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	NewRecord(sink, Seen{}).End(gone)
	NewRecord(sink, Seen{}).End(t.Context())
	late, cancel := context.WithTimeout(t.Context(), -1) // whose time is up, is there still
	defer cancel()
	NewRecord(sink, Seen{}).End(late)
	if !sink.ended[0].IsGone || sink.ended[1].IsGone || sink.ended[2].IsGone {
		t.Errorf("got %+v", sink.ended)
	}
}
