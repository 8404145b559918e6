package check

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
)

// A filling is what a scripted server has where sums are to be filled: a session, which they
// lack until they are corrected, and calendars.
type filling struct {
	phase     string
	reason    string
	calendars []phase.Registered
	// lacks are words of the comparisons that find a sum lacking a session, one after the
	// other: each until it is corrected, of which corrected are the statements.
	lacks     []string
	corrected []string
	// sums are how many rows each statement that deletes some finds.
	sums map[string]int64
	// generation is that of the state.
	generation int64
	// meanwhile happens when something is compared for the first time, with words of it.
	meanwhile func()
	words     string
}

var instantIn = regexp.MustCompile(`TIMESTAMP'([0-9: -]+)'`)

func (f *filling) server() *scripted {
	return &scripted{answers: f.answer, changes: f.change}
}

func (f *filling) answer(statement string) (columns []string, rows [][]driver.Value) {
	one := func(values ...driver.Value) ([]string, [][]driver.Value) {
		return make([]string, len(values)), [][]driver.Value{values}
	}
	switch {
	case strings.Contains(statement, "FROM usage_level_state") && strings.Contains(statement, "FOR UPDATE"):
		return []string{"phase", "generation", "corrections"}, [][]driver.Value{{f.phase, f.generation, int64(1)}}
	case strings.Contains(statement, "FROM usage_level_state"):
		return []string{"phase", "reason", "generation", "filled_to", "corrections", "raw_from", "quarters_from", "believed"},
			[][]driver.Value{{f.phase, f.reason, f.generation, nil, int64(1), nil, nil, int64(1)}}
	case strings.Contains(statement, "MAX(raw_from)"):
		return one(nil)
	case strings.Contains(statement, "SELECT MIN(bucket), MAX(bucket)"):
		return one(nil, nil)
	case strings.Contains(statement, "LOCK IN SHARE MODE"):
		for _, calendar := range f.calendars {
			if calendar.Phase == leaving {
				rows = append(rows, []driver.Value{int64(calendar.No)})
			}
		}
		return []string{"calendar_no"}, rows
	case strings.Contains(statement, "FROM usage_calendars"):
		for _, one := range f.calendars {
			rows = append(rows, []driver.Value{int64(one.No), one.Zone, one.Rules, one.Phase})
		}
		return []string{"calendar_no", "zone", "rules", "phase"}, rows
	case strings.Contains(statement, "FROM usage_subject_stamp"):
		return one(int64(7), int64(1))
	case strings.Contains(statement, "FROM usage_subjects"):
		return make([]string, 4), [][]driver.Value{{"1", "0", int64(1), int64(1)}, {"1", nil, int64(1), int64(0)}}
	case strings.Contains(statement, "account_no FROM usage_accounts"), strings.Contains(statement, "MAX(account_no)"):
		return one(int64(1))
	case strings.Contains(statement, " AS first"):
		if from, err := time.Parse(time.DateTime, instantIn.FindStringSubmatch(statement)[1]); err == nil && from.After(begin) {
			return one(nil)
		}
		return one(begin)
	case strings.Contains(statement, "AS sides"):
		if f.meanwhile != nil && strings.Contains(statement, f.words) {
			f.meanwhile()
			f.meanwhile = nil
		}
		if len(f.lacks) > 0 && strings.Contains(statement, f.lacks[0]) {
			return one("1", "0", begin, []byte("1"), []byte("60"), []byte("1"), []byte("0"), []byte("0"), []byte("0"))
		}
		return make([]string, 9), nil
	}
	return one(begin) // all other look-ups find the session
}

func (f *filling) change(statement string, args []driver.NamedValue) int64 {
	set := func(its string, of func(phase.Registered) bool) (changed int64) {
		for i, one := range f.calendars {
			if of(one) {
				f.calendars[i].Phase = its
				changed++
			}
		}
		return changed
	}
	is := func(no int, one phase.Registered) bool {
		return slices.ContainsFunc(args, func(arg driver.NamedValue) bool { return arg.Value == int64(no) })
	}
	switch {
	case strings.Contains(statement, "SET corrections"):
		f.lacks = f.lacks[1:]
		f.corrected = append(f.corrected, statement)
		return 1
	case strings.Contains(statement, "UPDATE usage_level_state"):
		for _, its := range []string{"filling", "ready"} {
			if strings.Contains(statement, "AND phase = '"+its+"'") && f.phase != its {
				return 0
			}
		}
		if strings.Contains(statement, "AND generation = ?") && args[len(args)-1].Value != f.generation {
			return 0
		}
		if strings.Contains(statement, "SET phase = 'ready'") {
			f.phase = "ready"
		}
		return 1
	case strings.Contains(statement, "SET phase = 'ready'"):
		return set("ready", func(one phase.Registered) bool {
			return is(one.No, one) && (one.Phase == "filling" || !strings.Contains(statement, "AND phase = 'filling'"))
		})
	case strings.Contains(statement, "SET phase = 'leaving'"):
		return set(leaving, func(one phase.Registered) bool {
			return !is(one.No, one) && (one.Phase != "filling" || !strings.Contains(statement, "AND phase <> 'filling'"))
		})
	case strings.Contains(statement, "SET phase = 'stale'"):
		return set("stale", func(one phase.Registered) bool { return is(one.No, one) })
	case strings.Contains(statement, "DELETE FROM usage_calendars"):
		before := len(f.calendars)
		f.calendars = slices.DeleteFunc(f.calendars, func(one phase.Registered) bool { return is(one.No, one) && one.Phase == leaving })
		return int64(before - len(f.calendars))
	case strings.Contains(statement, "DELETE FROM"):
		key := strings.Join(strings.Fields(statement), " ")
		deleted := f.sums[key]
		delete(f.sums, key)
		return deleted
	}
	return 0
}

// fill fills on a server, with folds that are a statement each.
func (f *filling) fill(t *testing.T, server *scripted) error {
	db := server.open(t)
	checks := New(db, phase.NewTracker(db, phase.Levels), func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "fold")
		return pool.Translate(err)
	})
	return checks.FillRollups(t.Context(), nil)
}

// told are the phases of the calendars and of the sums.
func (f *filling) told() string {
	text := f.phase
	for _, one := range f.calendars {
		text += fmt.Sprint(" ", one.No, " ", one.Phase)
	}
	return text
}

// Filling sums and a calendar ends in both being read, and in nothing of those that leave, or in
// an error that says why not.
func TestFillingIsDoneOrAnError(t *testing.T) {
	for name, test := range map[string]struct {
		begin func(t *testing.T) *filling
		want  string
	}{
		"sums": {func(t *testing.T) *filling {
			return &filling{phase: "filling", lacks: []string{undatedBucket, "ai_sessions", "usage_total_rollups"}, calendars: []phase.Registered{
				registered(t, 2, "Asia/Bangkok", phase.Ready, 7)}}
		}, "ready 2 stale"},
		"a calendar": {func(t *testing.T) *filling {
			return &filling{phase: "ready", lacks: []string{"ai_sessions"}, calendars: []phase.Registered{
				registered(t, 1, "Asia/Kolkata", leaving, 0), registered(t, 4, "Asia/Seoul", leaving, 0), registered(t, 2, "Asia/Bangkok", phase.Filling, 0), registered(t, 3, "Asia/Tokyo", phase.Filling, 7)},
				sums: map[string]int64{"DELETE FROM usage_customer_rollups WHERE grain = 12 ORDER BY bucket LIMIT 5000": 3}}
		}, "ready 2 ready 3 filling"},
		"nothing": {func(t *testing.T) *filling { return &filling{phase: "raw"} }, "raw"},
	} {
		var f *filling
		do := func(server *scripted) error { return f.fill(t, server) }
		server := func() *scripted {
			f = test.begin(t)
			return f.server()
		}
		if err := do(server()); err != nil || f.told() != test.want || len(f.lacks) > 0 {
			t.Errorf("%s: %v, %s, want %s; lacks %q", name, err, f.told(), test.want, f.lacks)
		}
		for i, statement := range f.corrected { // what is undated, what is of sessions, and what is made of that
			if strings.Contains(statement, "filled_to") != (name == "sums" && i == 1) {
				t.Errorf("%s: the correction %d is %s", name, i, statement)
			}
		}
		failing(t, name, server, do)
	}
}

// Sums that are installed anew meanwhile are filled from the start, and a calendar that is not
// wanted any more meanwhile is not read.
func TestWhatIsFilledMayChangeMeanwhile(t *testing.T) {
	const dated = "TIMESTAMP(DATE(started_at))"
	f := &filling{phase: "filling", lacks: []string{dated}, words: dated}
	f.meanwhile = func() { f.generation++ }
	server := f.server()
	if err := f.fill(t, server); err != nil || f.told() != "ready" {
		t.Errorf("%v, %s", err, f.told())
	}
	undated := 0 // compared before anything is corrected
	for _, statement := range server.sent {
		if strings.Contains(statement, "SET corrections") {
			break
		}
		if strings.Contains(statement, "FROM ai_sessions") && strings.Contains(statement, undatedBucket) && strings.Contains(statement, "customer_id") {
			undated++
		}
	}
	if undated != 2 {
		t.Errorf("what is undated has been compared %d times", undated)
	}
	for name, meanwhile := range map[string]func(f *filling){
		"another calendar": func(f *filling) {
			f.calendars[0].Phase = leaving
			f.calendars = append(f.calendars, registered(t, 2, "Pacific/Apia", phase.Filling, 0))
		},
		"no sums": func(f *filling) { f.phase = "filling" },
	} {
		f := &filling{phase: "ready", lacks: []string{"ai_sessions"}, calendars: []phase.Registered{registered(t, 1, "Asia/Bangkok", phase.Filling, 0)}}
		want := "ready 1 ready"
		if f.meanwhile = func() { meanwhile(f) }; name == "another calendar" {
			want = "ready 2 ready"
		}
		if err := f.fill(t, f.server()); err != nil || f.told() != want {
			t.Errorf("%s: %v, %s, want %s", name, err, f.told(), want)
		}
	}
}

// Sums are read once they have been filled, unless they have been installed anew since; and then
// no calendar whose days begin elsewhere for whoever has filled them.
func TestFillingEndsInTheSumsThatItBeganIn(t *testing.T) {
	for generation, want := range map[int64]string{5: "ready 1 stale 2 ready", 4: "filling 1 ready 2 ready"} {
		f := &filling{phase: "filling", generation: 5, calendars: []phase.Registered{registered(t, 1, "Asia/Bangkok", phase.Ready, 7), registered(t, 2, "Asia/Tokyo", phase.Ready, 0)}}
		if err := New(f.server().open(t), nil, nil).finishFilling(t.Context(), generation); err != nil || f.told() != want {
			t.Errorf("of generation %d: %v, %s, want %s", generation, err, f.told(), want)
		}
	}
}

// A calendar is read where it has been filled and there are sums.
func TestWhichCalendarIsRead(t *testing.T) {
	for name, test := range map[string]struct {
		phase, calendar string
		read            bool
	}{
		"filled": {"ready", "filling", true}, "no sums": {"filling", "filling", false}, "not any more": {"ready", leaving, false},
	} {
		calendar := registered(t, 1, "Asia/Bangkok", phase.Phase(test.calendar), 0)
		f := &filling{phase: test.phase, calendars: []phase.Registered{calendar}}
		err := New(f.server().open(t), nil, nil).readCalendar(t.Context(), calendar)
		if (err == nil) != test.read || err != nil && !errors.Is(err, phase.ErrChanged) || (f.calendars[0].Phase == "ready") != test.read && test.phase == "ready" {
			t.Errorf("%s: %v, %s", name, err, f.told())
		}
	}
}

// Of a calendar that leaves, its days and months are deleted everywhere, and nothing of another.
func TestWhatIsDeletedOfACalendar(t *testing.T) {
	f := &filling{phase: "ready", calendars: []phase.Registered{registered(t, 7, "Asia/Kolkata", leaving, 0)}, sums: map[string]int64{
		"DELETE FROM usage_customer_rollups WHERE grain = 24 ORDER BY bucket LIMIT 5000": 3,
	}}
	server := f.server()
	if err := f.fill(t, server); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, statement := range server.sent {
		if strings.Contains(statement, "DELETE FROM usage_") {
			got = append(got, strings.Join(strings.Fields(statement), " "))
		}
	}
	customers := "DELETE FROM usage_customer_rollups WHERE grain = 24 ORDER BY bucket LIMIT 5000"
	want := []string{
		customers, customers, "DELETE FROM usage_customer_rollups WHERE grain = 25 ORDER BY bucket LIMIT 5000",
		"DELETE FROM usage_account_rollups WHERE grain = 24 ORDER BY bucket LIMIT 5000", "DELETE FROM usage_account_rollups WHERE grain = 25 ORDER BY bucket LIMIT 5000",
		"DELETE FROM usage_account_series WHERE account_no IN (1) AND grain = 24 LIMIT 5000", "DELETE FROM usage_account_series WHERE account_no IN (1) AND grain = 25 LIMIT 5000",
		"DELETE FROM usage_total_rollups WHERE grain = 24 ORDER BY bucket LIMIT 5000", "DELETE FROM usage_total_rollups WHERE grain = 25 ORDER BY bucket LIMIT 5000",
		"DELETE FROM usage_calendars WHERE calendar_no = ? AND phase = 'leaving'",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	f.calendars = []phase.Registered{registered(t, 7, "Asia/Kolkata", phase.Filling, 0)}
	server = f.server()
	if err := New(server.open(t), nil, nil).deleteLeaving(t.Context(), 7, customers); err != nil || slices.Contains(server.sent, customers) {
		t.Errorf("of a calendar that is wanted again: %v, %q", err, server.sent)
	}
}
