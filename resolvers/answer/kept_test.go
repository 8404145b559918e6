package answer

import (
	"testing"
	"time"

	"aiusage/usage"
)

// What is kept for one question is no answer to another, nor to the same one of
// somebody who may see other accounts.
func TestAKeptReportIsFoundByItsOwnQuestionOnly(t *testing.T) {
	berlin, err := usage.LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	asOf := day.Add(time.Hour)
	queries := map[string]usage.Query{
		"all": {}, "an account": {AccountID: "a"}, "a customer": {CustomerID: "a"}, "another account": {AccountID: "b"},
		"of those who see a": {Accounts: []string{"a"}}, "of those who see b": {Accounts: []string{"b"}},
		"of those who see both": {Accounts: []string{"a", "b"}}, "of those who see one": {Accounts: []string{`a" "b`}},
		"of those who see none": {Accounts: []string{}},
		"from a day":            {Range: usage.Range{From: day}}, "to a day": {Range: usage.Range{To: day}},
	}
	kept := NewKept()
	reports := map[string]*usage.Report{}
	for name, query := range queries {
		query.Zone = time.UTC
		queries[name] = query
		reports[name] = &usage.Report{Query: query, ReadAt: asOf}
		kept.keep(reports[name])
	}
	place := cursor{ReadAt: asOf.UnixMilli(), AccountID: "a"}.text()
	for name, query := range queries {
		if got := kept.Find(query, place); got != reports[name] {
			t.Errorf("%s: got %+v", name, got)
		}
		query.Range = usage.Range{From: query.Range.From.In(berlin), To: query.Range.To.In(berlin)}
		if got := kept.Find(query, place); got != reports[name] {
			t.Errorf("%s, its instants shown elsewhere: got %+v", name, got)
		}
		query.Zone = berlin
		if got := kept.Find(query, place); got != nil {
			t.Errorf("%s in another zone: got %+v", name, got)
		}
	}
	later := cursor{ReadAt: asOf.UnixMilli() + 1, AccountID: "a"}.text()
	for name, text := range map[string]string{"a later report": later, "no cursor": "", "nonsense": "!", "no JSON": "bm9uc2Vuc2U"} {
		if got := kept.Find(queries["all"], text); got != nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// A report answers what tells usage apart as far as it does, or less far, and nothing finer.
func TestAKeptReportIsFoundForWhatIsCoarser(t *testing.T) {
	asOf := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	place := cursor{ReadAt: asOf.UnixMilli()}.text()
	levels := []usage.Level{usage.ByCustomer, usage.ByAccount, usage.Together}
	for _, stored := range levels {
		kept, query := NewKept(), usage.Query{Zone: time.UTC, Level: stored}
		kept.keep(&usage.Report{Query: query, ReadAt: asOf})
		for _, query.Level = range levels {
			if got := kept.Find(query, place); (got != nil) != (stored <= query.Level) {
				t.Errorf("kept at level %d and asked for at %d: got %+v", stored, query.Level, got)
			}
		}
	}
}

// Whatever is said of a place is in its cursor, and what is not given is none.
func TestACursorIsReadAsItWasWritten(t *testing.T) {
	want := cursor{Of: "x", ReadAt: 5, Value: -7, Base: 3, None: true, Name: "n", AccountID: "ä", CustomerID: "\x00"}
	text := want.text()
	if got, err := parseCursor("after", &text); err != nil || *got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	empty := ""
	for _, none := range []*string{nil, &empty} {
		if got, err := parseCursor("after", none); got != nil || err != nil {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	for _, text := range []string{"!", text + "=", "bm9uc2Vuc2U", text[:len(text)-4]} {
		got, err := parseCursor("after", &text)
		if coded := usage.AsError(err); got != nil || coded.Argument != "after" || coded.In(usage.Names{}).Message != "after is not a cursor" || len(coded.Accepted) == 0 {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}
