package check

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// A gateway is what a scripted server knows of a gateway's tables.
type gateway struct {
	rawFrom, formerFrom time.Time
	calendars           []phase.Registered
	accounts            int
	// looked are the instants that look-ups of each part find, by words of the statement.
	looked map[string]time.Time
}

// server answers what snapshots ask, of which there is no usage.
func (g gateway) server() *scripted {
	orNull := func(at time.Time) driver.Value {
		if at.IsZero() {
			return nil
		}
		return at
	}
	return &scripted{answers: func(statement string) (columns []string, rows [][]driver.Value) {
		switch {
		case strings.Contains(statement, "FROM usage_level_state"):
			return []string{"phase", "reason", "generation", "filled_to", "corrections", "raw_from", "quarters_from", "believed"},
				[][]driver.Value{{"filling", "", int64(1), nil, int64(1), orNull(g.rawFrom), nil, int64(1)}}
		case strings.Contains(statement, "MAX(bucket)"):
			return []string{"first", "last"}, [][]driver.Value{{nil, nil}}
		case strings.Contains(statement, "MAX(raw_from)"):
			return []string{"raw_from"}, [][]driver.Value{{orNull(g.formerFrom)}}
		case strings.Contains(statement, "FROM usage_calendars"):
			for _, one := range g.calendars {
				rows = append(rows, []driver.Value{int64(one.No), one.Zone, one.Rules, one.Phase})
			}
			return []string{"calendar_no", "zone", "rules", "phase"}, rows
		case strings.Contains(statement, "SELECT account_no FROM usage_accounts"):
			for number := range g.accounts {
				rows = append(rows, []driver.Value{int64(number + 1)})
			}
			return []string{"account_no"}, rows
		case strings.Contains(statement, "MAX(account_no)"):
			return []string{"account_no"}, [][]driver.Value{{int64(g.accounts)}}
		case strings.Contains(statement, " AS first"):
			for _, part := range strings.Split(statement, "UNION ALL") {
				found := [][]driver.Value{{nil}}
				for words, at := range g.looked {
					if strings.Contains(part, words) {
						found = [][]driver.Value{{at}}
					}
				}
				rows = append(rows, found...)
			}
			return []string{"first"}, rows
		}
		return []string{""}, nil
	}}
}

// checks are those of a server.
func (g gateway) checks(t *testing.T, server *scripted) *Checks {
	db := server.open(t)
	return New(db, phase.NewTracker(db, phase.Levels), nil)
}

func registered(t *testing.T, no int, zone string, its phase.Phase, off int64) phase.Registered {
	return phase.Registered{No: no, Zone: zone, Rules: usage.ZoneRules(calendar(t, no, zone).Zone) + off, Phase: string(its)}
}

// A snapshot has the calendars that folds add to, of which the rules are known, and all
// accounts. What is done in it may fail, and it begins anew where a table was changed.
func TestWhatASnapshotKnows(t *testing.T) {
	g := gateway{accounts: maxAccounts + 1, rawFrom: begin, calendars: []phase.Registered{
		registered(t, 1, "Europe/Berlin", phase.Ready, 0), registered(t, 2, "Asia/Kolkata", phase.Filling, 0),
		registered(t, 3, "Asia/Tokyo", "leaving", 0), registered(t, 4, "Asia/Seoul", "stale", 0), registered(t, 5, "Pacific/Apia", phase.Ready, 7),
	}}
	err := g.checks(t, g.server()).inSnapshot(t.Context(), func(s *snapshot) error {
		if !slices.Equal(s.registered, g.calendars[:2]) || len(s.accounts) != g.accounts || len(s.accountLists) != 2 {
			t.Errorf("got %+v, %d accounts in %d lists", s.registered, len(s.accounts), len(s.accountLists))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	failing(t, "a snapshot", g.server, func(server *scripted) error {
		return g.checks(t, server).inSnapshot(t.Context(), func(*snapshot) error { return nil })
	})
	for err, want := range map[error]error{errNoRollups: errNoRollups, &mysql.MySQLError{Number: pool.ErTableDefChanged}: phase.ErrChanged} {
		if got := g.checks(t, g.server()).inSnapshot(t.Context(), func(*snapshot) error { return err }); !errors.Is(got, want) {
			t.Errorf("after %v: %v, want %v", err, got, want)
		}
	}
}

// Nothing is compared with sessions while an earlier version has dropped more of them than has
// been taken over.
func TestWhatAnEarlierVersionHasDroppedIsTakenOverFirst(t *testing.T) {
	for _, test := range []struct {
		former, own time.Time
		adopted     bool
	}{
		{time.Time{}, time.Time{}, true}, {time.Time{}, begin, true}, {begin, begin, true}, {begin, begin.Add(1), true},
		{begin, time.Time{}, false}, {begin, begin.Add(-1), false},
	} {
		g := gateway{rawFrom: test.own, formerFrom: test.former}
		err := g.checks(t, g.server()).inSnapshot(t.Context(), func(*snapshot) error { return nil })
		if (err == nil) != test.adopted || err != nil && !errors.Is(err, errNotAdopted) {
			t.Errorf("dropped before %v, of which before %v is taken over: %v", test.former, test.own, err)
		}
	}
}

// The first instant with anything is that of whichever table has the first, account by account
// where only that is quick, unless others have something soon enough.
func TestTheFirstInstantWithAnything(t *testing.T) {
	calendars := []usage.Calendar{usage.UTCCalendar}
	sessions, months := stages(calendars)[0], stages(calendars)[3]
	customers := sessions[len(sessions)-1:]
	soon, later, last := begin.Add(time.Hour), begin.AddDate(0, 0, 3), begin.AddDate(0, 0, 5)
	of := func(account int) string { return fmt.Sprintf("account_no = %d AND", account) }
	for name, test := range map[string]struct {
		looked      map[string]time.Time
		comparisons []comparison
		want        time.Time
	}{
		"nothing":                       {nil, sessions, time.Time{}},
		"a session soon":                {map[string]time.Time{"FROM ai_sessions": soon}, sessions, begin},
		"a session":                     {map[string]time.Time{"FROM ai_sessions": later}, sessions, later},
		"a change":                      {map[string]time.Time{"FROM usage_changes": later, "FROM ai_sessions": last}, sessions, later},
		"a session and a change":        {map[string]time.Time{"FROM usage_changes": last, "FROM ai_sessions": later}, sessions, later},
		"no session":                    {map[string]time.Time{"FROM usage_changes": later, "FROM ai_sessions": later}, months, time.Time{}},
		"an account":                    {map[string]time.Time{of(maxLookups + 7): later}, sessions, later},
		"a former account":              {map[string]time.Time{of(2): later, of(maxLookups + 7): last}, sessions, later},
		"a latter account":              {map[string]time.Time{of(2): last, of(maxLookups + 7): later}, sessions, later},
		"an account after others":       {map[string]time.Time{"FROM ai_sessions": later, of(2): last}, sessions, later},
		"an account before":             {map[string]time.Time{"FROM ai_sessions": last, of(2): later}, sessions, later},
		"of customers, nothing dropped": {map[string]time.Time{"FROM ai_sessions": soon}, customers, soon},
		"no part of a sum":              {map[string]time.Time{"FROM usage_customer_rollups WHERE grain = 0": later}, sessions, time.Time{}},
		"days of an account":            {map[string]time.Time{of(2) + " grain = 2": later}, months, later},
		"hours of an account":           {map[string]time.Time{of(2) + " grain = 1": later}, months, time.Time{}},
		"months":                        {map[string]time.Time{"FROM usage_customer_rollups WHERE grain = 3": later}, months, later},
		"of what was kept":              {map[string]time.Time{"FROM usage_quarters WHERE account_no = 4": later}, sessions, later},
		"kept, nothing dropped":         {map[string]time.Time{"FROM usage_quarters WHERE account_no = 4": later}, sessions, time.Time{}},
		"at the end of what soon":       {map[string]time.Time{"FROM ai_sessions": begin.AddDate(0, 0, 1), of(2): last}, sessions, begin.AddDate(0, 0, 1)},
	} {
		g := gateway{looked: test.looked, accounts: 2 * maxLookups, rawFrom: last}
		if strings.HasSuffix(name, ", nothing dropped") {
			g.rawFrom = begin
		}
		server := g.server()
		err := g.checks(t, server).inSnapshot(t.Context(), func(s *snapshot) error {
			got, found, err := s.first(t.Context(), test.comparisons, begin, begin.AddDate(0, 0, 1))
			if found == got.IsZero() || !got.Equal(test.want) {
				t.Errorf("%s: got %v, found: %v, want %v", name, got, found, test.want)
			}
			return err
		})
		for _, statement := range server.sent {
			if parts := strings.Count(statement, "account_no = "); parts > 3*maxLookups || err != nil {
				t.Errorf("%s: %d look-ups at once, %v", name, parts, err)
			}
		}
	}
}

// Sums differ where any amount does, or where only whose they are does. Of no time nothing is asked.
func TestWhatDiffersInAnything(t *testing.T) {
	day := usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar}
	one := comparison{table: sums.Accounts, grid: day, of: sums.AccountSeries, fine: day}
	for name, test := range map[string]struct {
		row  []driver.Value
		want bool
	}{
		"nothing": {[]driver.Value{int64(0), int64(0), int64(0), int64(1)}, false}, "whose": {[]driver.Value{int64(0), int64(0), int64(0), int64(0)}, true},
		"minutes": {[]driver.Value{int64(1), int64(0), int64(0), int64(1)}, true}, "sessions": {[]driver.Value{int64(0), int64(0), int64(-1), int64(1)}, true},
	} {
		server := &scripted{answers: func(string) ([]string, [][]driver.Value) { return make([]string, 4), [][]driver.Value{test.row} }}
		tx, err := server.open(t).BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		s := &snapshot{tx: tx, state: &phase.State{}}
		if more, got, err := s.differs(t.Context(), one, usage.Range{From: day.Floor(begin), To: day.Next(begin)}); err != nil || got != test.want || more.Minutes != test.row[0] {
			t.Errorf("%s: %v, %v, %v", name, got, more, err)
		}
		before := len(server.sent)
		for _, span := range []usage.Range{{}, {From: begin, To: begin}, {From: begin, To: begin.Add(-time.Hour)}} {
			_, got, err := s.differs(t.Context(), one, span)
			found, again := s.differences(t.Context(), one, span)
			if got || err != nil || again != nil || len(found) > 0 || len(server.sent) > before {
				t.Errorf("in %v: %v, %v, %v, %v, %q", span, got, err, again, found, server.sent[before:])
			}
		}
	}
}

// Of what is looked up and compared when a connection is lost, nobody may think that it is all.
func TestWhatIsLookedUpAndComparedIsAllOrAnError(t *testing.T) {
	g := gateway{accounts: 2 * maxLookups, rawFrom: begin.AddDate(0, 0, 2)}
	day := usage.Range{From: usage.Day.Floor(begin), To: usage.Day.Next(begin)}
	for name, do := range map[string]func(s *snapshot) error{
		"first": func(s *snapshot) error {
			_, _, err := s.first(context.Background(), stages([]usage.Calendar{usage.UTCCalendar})[0], begin, begin)
			return err
		},
		"differences of what was dropped": func(s *snapshot) error {
			_, err := s.differences(context.Background(), comparison{table: sums.Customers, grid: usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar}, ofSessions: true}, day)
			return err
		},
		"differences": func(s *snapshot) error {
			_, err := s.differences(context.Background(), comparison{table: sums.Accounts, grid: usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar},
				of: sums.AccountSeries, fine: usage.Grid{Grain: usage.Day, Calendar: usage.UTCCalendar}}, day)
			return err
		},
	} {
		// In a snapshot of another server, so that these statements alone fail.
		failing(t, name, g.server, func(server *scripted) (err error) {
			tx, err := server.open(t).BeginTxx(context.Background(), nil)
			if err != nil {
				return pool.Translate(err)
			}
			s := &snapshot{tx: tx, state: &phase.State{RawFrom: known(g.rawFrom)}, accountLists: []string{"1,2", "3"}}
			for number := range g.accounts {
				s.accounts = append(s.accounts, uint32(number+1))
			}
			return do(s)
		})
	}
}
