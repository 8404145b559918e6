package answer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aiusage/usage"
)

func queryOf(t *testing.T, request usage.Request) usage.Query {
	t.Helper()
	query, err := request.Query(nil, time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return query
}

// Questions that mean the same have the same id, and all others have another.
func TestAnIDIsThatOfAQuestionHoweverItIsAsked(t *testing.T) {
	one := func(account, customer string, accounts, customers []string, start, end, zone string, period usage.Period) usage.Request {
		return usage.Request{AccountID: account, CustomerID: customer, Among: &usage.Among{AccountIDs: accounts, CustomerIDs: customers},
			StartDate: start, EndDate: end, TimeZone: zone, Period: period}
	}
	alike := [][]usage.Request{
		{one("", "", nil, nil, "", "", "", ""), one("", "", nil, nil, "", "", "UTC", ""), one("", "", nil, nil, "", "9999-12-31", "", "")},
		{one("", "", nil, nil, "", "", "Europe/Berlin", "")},
		{one("x", "", nil, nil, "", "", "", ""), one("x  ", "", nil, nil, "", "", "", ""), one("", "", []string{"x", "x "}, nil, "", "", "", ""),
			one("x", "", []string{"y", "x"}, nil, "", "", "", "")},
		{one("", "", []string{}, nil, "", "", "", ""), one("x", "", []string{"y"}, nil, "", "", "", "")},
		{one("", "", []string{"x", "y"}, nil, "", "", "", ""), one("", "", []string{"y", "x", "y"}, nil, "", "", "", "")},
		{one("", "x", nil, nil, "", "", "", ""), one("", "", nil, []string{"x"}, "", "", "", "")},
		{one("", "", nil, []string{}, "", "", "", ""), one("", "x", nil, []string{"y"}, "", "", "", "")},
		{one("x", "y", nil, nil, "", "", "", "")},
		{one("", "", nil, nil, "2026-03-10", "2026-03-10", "", ""), one("", "", nil, nil, "", "", "", usage.Today),
			one("", "", nil, nil, "2026-03-10T01:00:00+01:00", "2026-03-11T00:00:00.000Z", "", "")},
		{one("", "", nil, nil, "2026-03-10", "", "", "")},
		{one("", "", nil, nil, "", "2026-03-10", "", "")},
		{one("", "", nil, nil, "2026-03-09", "2026-03-09", "", ""), one("", "", nil, nil, "", "", "", usage.Yesterday)},
		{one("", "", nil, nil, "2026-03-10T00:00:00.000000001Z", "2026-03-10", "", "")},
	}
	seen := map[string]int{}
	for i, requests := range alike {
		for _, request := range requests {
			id := (&Report{Report: &usage.Report{Query: queryOf(t, request)}}).ID()
			if at, known := seen[id]; known && at != i {
				t.Errorf("%+v has the id of %+v", request, alike[at][0])
			} else if !known && request != requests[0] {
				t.Errorf("%+v has another id than %+v", request, requests[0])
			}
			seen[id] = i
		}
	}
}

func drawIdentity(t *rapid.T) identity {
	id := rapid.Map(rapid.OneOf(rapid.StringN(1, 8, 64), rapid.SampledFrom([]string{" ", "a", "ß", "\x00"})), canonicalID)
	ids := func(name string) []string {
		sorted, err := usage.FilterIDs(usage.ArgAccountIDs, rapid.SliceOfN(id, 0, 4).Draw(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return sorted
	}
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "open") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(earliest+1, latest-1).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
	i := identity{part: part{kind: kind(rapid.SampledFrom([]byte("rtaAwcCpqQnNvs")).Draw(t, "kind"))}}
	if i.kind.hasReport() {
		zone, _ := usage.LoadZone("", rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"}).Draw(t, "zone"))
		i.query = usage.Query{Zone: zone, Range: usage.Range{From: instant.Draw(t, "from"), To: instant.Draw(t, "to")}, StartsBy: usage.ArgID, EndsBy: usage.ArgID}
		if rapid.Bool().Draw(t, "some") {
			if i.query.AccountIDs = ids("accounts"); len(i.query.AccountIDs) == 1 {
				i.query.AccountID, i.query.AccountIDs = i.query.AccountIDs[0], nil
			}
			i.query.Accounts = i.query.AccountIDs
		}
		if rapid.Bool().Draw(t, "some") {
			if i.query.CustomerIDs = ids("customers"); len(i.query.CustomerIDs) == 1 {
				i.query.CustomerID, i.query.CustomerIDs = i.query.CustomerIDs[0], nil
			}
		}
	}
	if i.kind == ofViewer {
		i.viewer = rapid.StringN(1, 8, 64).Draw(t, "viewer")
	}
	if i.kind == ofSession {
		i.session = rapid.StringN(1, 8, 64).Draw(t, "session")
	}
	if !strings.ContainsRune("rtpv", rune(i.kind)) {
		i.subject.AccountID = id.Draw(t, "account")
	}
	if strings.ContainsRune("cCQN", rune(i.kind)) {
		i.subject.CustomerID = id.Draw(t, "customer")
	}
	if i.kind.isPoint() {
		i.step, i.from = rapid.SampledFrom(usage.Steps).Draw(t, "step"), instant.Draw(t, "at")
	}
	return i
}

// told is a text for all that an identity has.
func told(i identity) string {
	zone := fmt.Sprint(i.query.Zone)
	i.query.Zone = nil
	return fmt.Sprintf("%#v %s", i, zone)
}

// What is read from an id is what it was made of, and different things have different ids.
func TestAnIDHoldsWhatItIsMadeOf(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawIdentity(rt), drawIdentity(rt)
		read, err := parseIdentity(a.text())
		if err != nil || told(read) != told(a) {
			rt.Errorf("%#v\nread as %#v, %v", a, read, err)
		}
		if same := told(a) == told(b); same != (a.text() == b.text()) {
			rt.Errorf("%#v and %#v: same id %v", a, b, !same)
		}
		if a.kind.hasReport() {
			if got := string(prefixesOf(a.query).append([]byte("x"), a.part)); got != "x"+a.text() {
				rt.Errorf("appended %s, want %s", got, a.text())
			}
		}
	})
}

// Each object has one id: whatever else is written is none, however near it comes.
func TestNoOtherTextIsAnID(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		document, err := encoding.DecodeString(drawIdentity(rt).text())
		if err != nil {
			rt.Fatal(err)
		}
		switch rapid.IntRange(0, 3).Draw(rt, "fault") {
		case 0:
			document[rapid.IntRange(0, len(document)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "byte")
		case 1:
			document = document[:rapid.IntRange(0, len(document)).Draw(rt, "length")]
		case 2:
			document = append(document, rapid.SliceOfN(rapid.Byte(), 1, 3).Draw(rt, "more")...)
		case 3:
			at := rapid.IntRange(0, len(document)).Draw(rt, "at")
			document = slices.Insert(document, at, rapid.Byte().Draw(rt, "byte"))
		}
		text := encoding.EncodeToString(document)
		if read, err := parseIdentity(text); err == nil && read.text() != text {
			rt.Errorf("%s is read as %s", text, read.text())
		}
	})
	good := identity{part: part{kind: ofAccount, subject: usage.Subject{AccountID: "acc-1"}}}.text()
	for _, text := range []string{"", "x", good + "=", good + "A", "acc-1", "!" + good[1:], encoding.EncodeToString(append([]byte{identityVersion + 1}, "n\x00\x05acc-1"...))} {
		if read, err := parseIdentity(text); err == nil {
			t.Errorf("%q is read as %+v", text, read)
		}
	}
}

// The id of a row of a report of very many accounts is short, one of its own, and not to be read.
func TestIDsOfRowsAreBounded(t *testing.T) {
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf("account-%04d", i))
	}
	report := identity{part: part{kind: ofReport}, query: queryOf(t, usage.Request{Among: &usage.Among{AccountIDs: many}})}
	if read, err := parseIdentity(report.text()); err != nil || len(read.query.AccountIDs) != 1000 {
		t.Errorf("the report's: %v", err)
	}
	row, less := report, report
	row.kind, row.subject = ofAccountRow, usage.Subject{AccountID: "account-0001"}
	less.kind, less.subject, less.query = row.kind, row.subject, queryOf(t, usage.Request{Among: &usage.Among{AccountIDs: many[1:]}})
	if _, err := parseIdentity(row.text()); err == nil || len(row.text()) > 100 || row.text() == less.text() {
		t.Errorf("a row's: %s (%v), of a shorter list %s", row.text(), err, less.text())
	}
}

// What nobody can have been given is not there: a row of an account, or a customer, that the
// report's filters leave out.
func TestNothingIsFoundBesideTheFilters(t *testing.T) {
	for _, c := range []struct {
		request usage.Request
		found   bool
	}{
		{usage.Request{}, true},
		{usage.Request{AccountID: "a", CustomerID: "c"}, true},
		{usage.Request{Among: &usage.Among{AccountIDs: []string{"a", "b"}, CustomerIDs: []string{"c", "d"}}}, true},
		{usage.Request{AccountID: "b"}, false},
		{usage.Request{CustomerID: "d"}, false},
		{usage.Request{Among: &usage.Among{AccountIDs: []string{"b", "d"}}}, false},
		{usage.Request{Among: &usage.Among{CustomerIDs: []string{}}}, false},
	} {
		query := queryOf(t, c.request)
		report := (*Reading)(nil).Node(usage.NewReport(query, time.Now(), nil))
		for _, of := range []kind{ofCustomerRow, ofCustomerTotals} {
			asked := identity{part: part{kind: of, subject: usage.Subject{AccountID: "a ", CustomerID: "c"}}, query: query}
			node, err := Identity{asked}.In(t.Context(), report, nil)
			if err != nil || (node != nil) != c.found {
				t.Errorf("%+v: got %v, %v", c.request, node, err)
			}
		}
	}
}
