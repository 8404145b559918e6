package read_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// world is a database with sessions, their sums in part and the rest as changes, and what
// is known of it here.
type world struct {
	t      *testing.T
	db     *pool.Pool
	random *rand.Rand
	reader *read.Reader
	levels *phase.Tracker
	// sessions are all that there ever were, those that have been dropped included.
	sessions  []usage.Session
	calendars []usage.Calendar
	kept      time.Time
}

// around is where the sessions are: a change of clocks in Europe, Lord Howe's of half an
// hour, and the first days of a month and a year.
var around = []time.Time{
	time.Date(2025, 3, 29, 12, 0, 0, 0, time.UTC), time.Date(2025, 4, 5, 6, 0, 0, 0, time.UTC),
	time.Date(2024, 12, 30, 12, 0, 0, 0, time.UTC), time.Date(2025, 3, 31, 18, 0, 0, 0, time.UTC),
}

func (w *world) must(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Fatal(err)
	}
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(w.t.Context(), statement, args...); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

func among[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// newWorld makes sessions, and their sums by the calendars of UTC and another zone.
func newWorld(t *testing.T, connections *pool.Pool, seed uint64, zone string) *world {
	t.Helper()
	w := &world{t: t, db: connections, random: rand.New(rand.NewPCG(seed, 1)), levels: phase.NewTracker(connections, phase.Levels)}
	w.reader = read.New(connections, w.levels, phase.NewTracker(connections, phase.Hours))
	for _, table := range []string{"ai_sessions", "usage_changes", "usage_customer_rollups", "usage_account_rollups", "usage_account_series", "usage_total_rollups", "usage_calendars", "usage_quarters", "usage_level_state", "usage_subjects", "usage_accounts"} {
		w.exec("DELETE FROM " + table)
	}
	location, err := time.LoadLocation(zone)
	w.must(err)
	w.calendars = []usage.Calendar{usage.UTCCalendar}
	if zone != "UTC" {
		w.calendars = append(w.calendars, usage.Calendar{No: 1, Zone: location})
		w.exec("INSERT INTO usage_calendars (calendar_no, zone, rules, phase) VALUES (1, ?, ?, 'ready')", zone, usage.ZoneRules(location))
	}
	totals, changes := map[sums.Row]usage.Usage{}, map[sums.Key]map[time.Time]usage.Usage{}
	subjects := []usage.Subject{{AccountID: "a"}, {AccountID: "a", CustomerID: "x"}, {AccountID: "a", CustomerID: "y"}, {AccountID: "B", CustomerID: "x"}, {AccountID: "c "}}
	w.must(sums.Introduce(t.Context(), connections, slices.Clone(subjects)))
	keys := map[usage.Subject]sums.Key{}
	rows, err := connections.QueryContext(t.Context(), "SELECT account_id, customer_id, account_no, subject_no FROM usage_subjects")
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var subject usage.Subject
		var key sums.Key
		w.must(rows.Scan(&subject.AccountID, &subject.CustomerID, &key.AccountNo, &key.SubjectNo))
		keys[subject] = key
	}
	w.must(rows.Err())
	for i := range 150 {
		start := among(w.random, around...).Add(time.Duration(w.random.IntN(4*24*60)) * time.Minute)
		if w.random.IntN(4) == 0 {
			start = start.Truncate(15 * time.Minute).Add(among(w.random, 0, -time.Millisecond))
		}
		subject := among(w.random, subjects...)
		session := usage.Session{SessionID: fmt.Sprint(i), AccountID: subject.AccountID, CustomerID: subject.CustomerID, StartedAt: start, DurationSeconds: w.random.Int64N(200)}
		w.sessions = append(w.sessions, session)
		w.exec("INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, NULLIF(?, ''), ?, ?)",
			session.SessionID, session.AccountID, session.CustomerID, start, session.DurationSeconds)
		key, quarter, amount := keys[subject], usage.QuarterHour.Floor(start), session.Usage()
		if w.random.IntN(3) > 0 {
			sums.Spread(totals, w.calendars, key, quarter, amount)
			continue
		}
		// It was counted elsewhere first, and has been moved since.
		other := quarter.Add(time.Duration(w.random.IntN(9)-4) * 15 * time.Minute)
		sums.Spread(totals, w.calendars, key, other, amount)
		if changes[key] == nil {
			changes[key] = map[time.Time]usage.Usage{}
		}
		changes[key][other] = changes[key][other].Minus(amount)
		changes[key][quarter] = changes[key][quarter].Plus(amount)
	}
	for subject, key := range keys {
		for quarter, amount := range changes[key] {
			w.exec("INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES (?, ?, ?, ?, ?, ?)",
				subject.AccountID, subject.CustomerID, quarter, amount.Minutes, amount.Seconds, amount.Sessions)
		}
	}
	w.must(connections.InTransaction(t.Context(), func(tx *sqlx.Tx) error { return sums.Add(t.Context(), tx, totals) }))
	w.exec("INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', ?, 0)", phase.NewGeneration())
	w.must(sums.StampFirst(t.Context(), connections))
	return w
}

// drop drops the sessions before an instant, and keeps their quarter-hours.
func (w *world) drop(before time.Time) {
	w.t.Helper()
	days := map[usage.Subject]map[time.Time]map[int]usage.Usage{}
	for _, session := range w.sessions {
		if !session.StartedAt.Before(before) {
			continue
		}
		subject, day := usage.Subject{AccountID: session.AccountID, CustomerID: session.CustomerID}, usage.Day.Floor(session.StartedAt)
		if days[subject] == nil {
			days[subject] = map[time.Time]map[int]usage.Usage{}
		}
		if days[subject][day] == nil {
			days[subject][day] = map[int]usage.Usage{}
		}
		quarter := int(session.StartedAt.Sub(day) / (15 * time.Minute))
		days[subject][day][quarter] = days[subject][day][quarter].Plus(session.Usage())
	}
	for subject, its := range days {
		for day, quarters := range its {
			w.exec(`INSERT INTO usage_quarters (account_no, day, subject_no, quarters)
				SELECT account_no, ?, subject_no, ? FROM usage_subjects WHERE account_id = ? AND customer_id = ?`, day, sums.Pack(quarters), subject.AccountID, subject.CustomerID)
		}
	}
	w.exec("DELETE FROM ai_sessions WHERE started_at < ?", before)
	w.exec("UPDATE usage_level_state SET raw_from = ?, generation = ?", before, phase.NewGeneration())
	w.kept = before
	w.levels.Forget()
}

// query draws a question.
func (w *world) query(zones []string) usage.SeriesQuery {
	zone, err := time.LoadLocation(among(w.random, zones...))
	w.must(err)
	query := usage.SeriesQuery{Query: usage.Query{
		AccountID:  among(w.random, "", "", "", "a", "B", "nobody", "c"),
		CustomerID: among(w.random, "", "", "", "", "x"),
		Accounts:   among(w.random, nil, nil, nil, []string{"a"}, []string{"B", "c "}, []string{}),
		Level:      among(w.random, usage.ByCustomer, usage.ByAccount, usage.Together),
		Zone:       zone,
	}}
	at := func() time.Time {
		at := among(w.random, around...).Add(time.Duration(w.random.IntN(6*24*60)-24*60) * time.Minute)
		switch w.random.IntN(4) {
		case 0:
			return usage.Grid{Grain: usage.Day, Calendar: usage.Calendar{No: 1, Zone: zone}}.Floor(at)
		case 1:
			return at
		}
		return at.Truncate(15 * time.Minute)
	}
	query.Range = usage.Range{From: at(), To: at()}
	if query.Range.To.Before(query.Range.From) {
		query.Range.From, query.Range.To = query.Range.To, query.Range.From
	}
	if w.random.IntN(6) == 0 {
		query.Range.From = time.Time{}
	}
	if w.random.IntN(6) == 0 {
		query.Range.To = time.Time{}
	}
	query.StartsBy, query.EndsBy = usage.ArgStartDate, usage.ArgEndDate
	return query
}

// wanted tells whether a session counts for a question.
func wanted(query usage.SeriesQuery, session usage.Session) bool {
	same := func(a, b string) bool { return strings.TrimRight(a, " ") == strings.TrimRight(b, " ") }
	seen := query.Accounts == nil || slices.ContainsFunc(query.Accounts, func(id string) bool { return same(id, session.AccountID) })
	asked := query.Subjects == nil || slices.ContainsFunc(query.Subjects, func(one usage.Subject) bool {
		return same(one.AccountID, session.AccountID) && (query.Level == usage.ByAccount || same(one.CustomerID, session.CustomerID))
	})
	return seen && asked && (query.AccountID == "" || same(query.AccountID, session.AccountID)) && (query.CustomerID == "" || query.CustomerID == session.CustomerID)
}

// report is what the sessions come to, told apart at the level of a question.
func (w *world) report(query usage.SeriesQuery, span usage.Range) map[usage.Subject]usage.Usage {
	sums := map[usage.Subject]usage.Usage{}
	for _, session := range w.sessions {
		if wanted(query, session) && !session.StartedAt.Before(span.From) && (span.To.IsZero() || session.StartedAt.Before(span.To)) {
			subject := query.Level.Of(usage.Subject{AccountID: session.AccountID, CustomerID: session.CustomerID}).Trimmed()
			sums[subject] = sums[subject].Plus(session.Usage())
		}
	}
	return sums
}

// rows are what a report has, told apart at the level of its question.
func rows(report *usage.Report) map[usage.Subject]usage.Usage {
	sums := map[usage.Subject]usage.Usage{}
	switch report.Query.Level {
	case usage.Together:
		if report.Totals != (usage.Usage{}) {
			sums[usage.Subject{}] = report.Totals
		}
	case usage.ByAccount:
		for _, row := range report.Accounts {
			sums[usage.Subject{AccountID: row.AccountID}.Trimmed()] = row.Usage
		}
	default:
		for _, row := range report.Subjects {
			sums[row.Subject().Trimmed()] = row.Usage
		}
	}
	return sums
}

// ask asks a report, and series in random steps, and compares them with the sessions.
func (w *world) ask(zones []string) (refused bool) {
	w.t.Helper()
	query := w.query(zones)
	snapshot := w.reader.Snapshot(w.t.Context())
	defer snapshot.Close()
	report, err := snapshot.Report(w.t.Context(), query.Query)
	if w.isRefusal(err) {
		return true
	}
	w.must(err)
	if got, want := rows(report), w.report(query, query.Range); !reflect.DeepEqual(got, want) {
		w.t.Fatalf("%+v:\ngot  %v\nwant %v\n%+v", query, got, want, report.Plan)
	}
	query.Step = among(w.random, usage.Daily, usage.Daily, usage.Weekly, usage.Monthly, usage.Hourly, usage.QuarterHourly, usage.Yearly)
	if query.Level != usage.Together && w.random.IntN(2) == 0 {
		query.Subjects = []usage.Subject{query.Level.Of(usage.Subject{AccountID: "a"}), query.Level.Of(usage.Subject{AccountID: "B", CustomerID: "x"})}
	}
	set, err := snapshot.Series(w.t.Context(), query)
	if w.isRefusal(err) || isTooLong(err) {
		return true
	}
	w.must(err)
	want := make([]map[usage.Subject]usage.Usage, len(set.Buckets))
	for i, bucket := range set.Buckets {
		want[i] = w.report(query, bucket)
	}
	for _, subject := range []usage.Subject{{}, {AccountID: "a"}, {AccountID: "a", CustomerID: "x"}, {AccountID: "a", CustomerID: "y"}, {AccountID: "B"}, {AccountID: "B", CustomerID: "x"}, {AccountID: "c"}} {
		for i, point := range set.Of(subject) {
			if point.Usage != want[i][subject] {
				w.t.Fatalf("%+v %s:\n%v of %v: got %v, want %v", query, query.Step, subject, point.Range, point.Usage, want[i][subject])
			}
		}
	}
	return false
}

// isRefusal tells whether sessions are needed that have been dropped, and then whether that
// is so: one of the bounds must be within a quarter of an hour.
func (w *world) isRefusal(err error) bool {
	coded, ok := errors.AsType[*usage.Error](err)
	return ok && !w.kept.IsZero() && coded.Code == usage.InvalidArgument && strings.Contains(coded.Message, "have been dropped")
}

func isTooLong(err error) bool {
	coded, ok := errors.AsType[*usage.Error](err)
	return ok && coded.Argument == usage.ArgGranularity && strings.Contains(coded.Message, "at most")
}

var askedZones = []string{"UTC", "UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"}

// At every level, in every zone, by whichever calendars there are sums, with changes that
// wait, reports and series are what the sessions come to; also of sessions that have been
// dropped, as long as no bound is within a quarter of an hour.
func TestAnswersFromSumsByLevelAreThoseOfTheSessions(t *testing.T) {
	for turn, zone := range []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"} {
		t.Run(zone, func(t *testing.T) {
			dbtest.ServerInTurn(t, turn, func(t *testing.T, dsn string) {
				w := newWorld(t, tables.Open(t, dsn), uint64(turn), zone)
				draws := dbtest.Draws(120)
				for i := range draws {
					if i == draws/2 { // half of them with names from memory
						w.must(w.reader.KnowSubjects(t.Context()))
					}
					w.ask(askedZones)
				}
				w.drop(time.Date(2025, 3, 31, 0, 0, 0, 0, time.UTC))
				answered, refused := 0, 0
				for range draws {
					if w.ask(askedZones) {
						refused++
					} else {
						answered++
					}
				}
				if answered < draws/3 || refused < draws/24 {
					t.Errorf("after retention %d were answered and %d refused", answered, refused)
				}
				w.exec("UPDATE usage_level_state SET phase = 'filling', generation = ?", phase.NewGeneration())
				w.levels.Forget()
				for range dbtest.Draws(40) {
					w.ask(askedZones)
				}
			})
		})
	}
}

// Undated sessions count in all of time alone, at each level.
func TestUndatedSessionsByLevel(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		w := newWorld(t, connections, 9, "Europe/Berlin")
		totals := map[sums.Row]usage.Usage{}
		var key sums.Key
		w.must(connections.QueryRowContext(t.Context(), "SELECT account_no, subject_no FROM usage_subjects WHERE account_id = 'a' AND customer_id = 'x'").Scan(&key.AccountNo, &key.SubjectNo))
		sums.Spread(totals, w.calendars, key, column.Undated, usage.Usage{Minutes: 5, Seconds: 300, Sessions: 2})
		w.must(connections.InTransaction(t.Context(), func(tx *sqlx.Tx) error { return sums.Add(t.Context(), tx, totals) }))
		w.exec("INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES ('a', 'x', ?, 1, 60, 1)", column.Undated)
		for _, level := range []usage.Level{usage.ByCustomer, usage.ByAccount, usage.Together} {
			for _, account := range []string{"", "a", "B"} {
				query := usage.SeriesQuery{Query: usage.Query{Level: level, AccountID: account, Zone: time.UTC}}
				for name, span := range map[string]usage.Range{"all": {}, "from": {From: around[2]}, "to": {To: around[1].AddDate(1, 0, 0)}} {
					query.Range = span
					report, err := w.reader.Report(context.Background(), query.Query)
					w.must(err)
					var want usage.Usage
					for _, amount := range w.report(query, span) {
						want = want.Plus(amount)
					}
					if name == "all" && account != "B" {
						want = want.Plus(usage.Usage{Minutes: 6, Seconds: 360, Sessions: 3})
					}
					if report.Totals != want {
						t.Errorf("level %d, account %q, %s: got %v, want %v", level, account, name, report.Totals, want)
					}
				}
			}
		}
	})
}
