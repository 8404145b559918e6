package gateway

import (
	"context"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/usage"
)

// still is a database in which nothing changes but the time.
type still struct {
	Store
	now    time.Time
	state  string
	failed error
	// behind is how far the server is behind another.
	behind time.Duration
}

func (s *still) Snapshot(context.Context) usage.Snapshot { return stillSnapshot{s} }

type stillSnapshot struct{ *still }

func (s stillSnapshot) Report(_ context.Context, query usage.Query) (*usage.Report, error) {
	return usage.NewReport(query, s.now, nil), nil
}

func (s stillSnapshot) Series(_ context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	buckets, err := usage.Buckets(query.Range, query.Step, query.Zone)
	set := usage.NewSeriesSet(query, buckets)
	set.AsOf = s.now
	return set, err
}

func (stillSnapshot) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
	return nil, nil
}

func (stillSnapshot) Sessions(context.Context, usage.SessionsQuery) ([]usage.ListedSession, error) {
	return nil, nil
}

func (s stillSnapshot) State(context.Context) (string, time.Time, time.Time, error) {
	if s.failed != nil {
		return "", time.Time{}, time.Time{}, s.failed
	}
	return s.state, s.now.Add(-s.behind), s.now, nil
}

func (stillSnapshot) Close() error { return nil }

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

// What depends on the time is the same until the time makes another answer of it, by the
// clock of the gateway or of the database.
func TestAnAnswerIsTheSameUntilTheTimeTurnsIt(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	march := usage.Request{StartDate: "2026-03-01", EndDate: "2026-03-31"}
	for name, c := range map[string]struct {
		request usage.Request
		zone    *time.Location
		step    usage.Step
		read    string
		same    []string
		other   []string
	}{
		"dates": {request: march, read: "2026-03-10T10:00:00Z", same: []string{"2026-03-10T10:00:00Z", "2026-03-31T23:59:59Z", "2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"}},
		"a period": {request: usage.Request{Period: usage.ThisMonth}, zone: berlin, read: "2026-03-10T10:00:00Z",
			same: []string{"2026-03-10T22:59:59.999Z", "2026-03-09T23:00:00Z"}, other: []string{"2026-03-10T23:00:00Z", "2026-03-09T22:59:59.999Z", "2026-04-01T00:00:00Z"}},
		"points that are over": {request: march, step: usage.Daily, read: "2026-04-10T10:00:00Z",
			same: []string{"2026-04-01T00:00:00Z", "2027-01-01T00:00:00Z"}, other: []string{"2026-03-31T23:59:59.999Z"}},
		"points to come": {request: march, step: usage.Daily, read: "2026-02-10T10:00:00Z",
			same: []string{"2026-02-01T00:00:00Z", "2026-03-01T23:59:59.999Z"}, other: []string{"2026-03-02T00:00:00Z"}},
		"a point that is not over": {request: march, step: usage.Daily, read: "2026-03-10T10:00:00Z",
			same: []string{"2026-03-10T00:00:00Z", "2026-03-10T23:59:59.999Z"}, other: []string{"2026-03-11T00:00:00Z", "2026-03-09T23:59:59.999Z"}},
		"points of a period": {request: usage.Request{Period: usage.Today}, step: usage.Hourly, read: "2026-03-10T10:20:00Z",
			same: []string{"2026-03-10T10:00:00Z", "2026-03-10T10:59:59.999Z"}, other: []string{"2026-03-10T11:00:00Z", "2026-03-11T10:20:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			database := &still{now: at(c.read), state: "as it is"}
			clock := database.now
			conditions := newConditions(database, nil)
			conditions.now = func() time.Time { return clock }
			principal := auth.NewContext(t.Context(), auth.Operator)
			ctx, visit := conditions.begin(principal, clock, name)
			query, err := c.request.Query(c.zone, clock)
			if err != nil {
				t.Fatal(err)
			}
			snapshot := observed{database}.Snapshot(ctx)
			if _, err := snapshot.Report(ctx, query); err != nil {
				t.Fatal(err)
			}
			if c.step != "" {
				if _, err := snapshot.Series(ctx, usage.SeriesQuery{Query: query, Step: c.step}); err != nil {
					t.Fatal(err)
				}
			}
			validator := visit.Validator()
			if validator == "" {
				t.Fatal("there is no validator")
			}
			current := func(gateway, server string) bool {
				clock, database.now = at(gateway), at(server)
				ctx, visit := conditions.begin(principal, clock, name)
				return visit.Current(ctx, []string{validator}) == validator
			}
			for _, now := range c.same {
				if !current(now, now) {
					t.Errorf("at %s it is another one", now)
				}
			}
			for _, now := range c.other {
				for _, clocks := range [][2]string{{now, now}, {now, c.read}, {c.read, now}} {
					if current(clocks[0], clocks[1]) {
						t.Errorf("with the clocks at %s it is still the same", clocks)
					}
				}
			}
			read := at(c.read)
			for _, other := range c.other {
				// The server has been asked at the one instant and is as it was at the other, before.
				asked, asOf := at(other), read
				if asked.Before(asOf) {
					asked, asOf = asOf, asked
				}
				database.behind = asked.Sub(asOf)
				if current(c.read, asked.Format(time.RFC3339Nano)) {
					t.Errorf("as of %s, asked at %s, it is still the same", asOf, asked)
				}
			}
			database.behind = 0
			for _, state := range []string{"another", ""} {
				database.state = state
				if current(c.read, c.read) {
					t.Errorf("in the state %q it is still the same", state)
				}
			}
		})
	}
}

// A period is understood after the visit has begun; where a day began in between, its answer is
// over at once.
func TestAPeriodOfTheNextDayIsOverAtOnce(t *testing.T) {
	database := &still{now: at("2026-03-11T00:00:00Z"), state: "as it is"}
	conditions := newConditions(database, nil)
	ctx, visit := conditions.begin(t.Context(), at("2026-03-10T23:59:59.999Z"))
	query, err := usage.Request{Period: usage.Today}.Query(nil, database.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (observed{database}).Report(ctx, query); err != nil {
		t.Fatal(err)
	}
	ctx, again := conditions.begin(t.Context(), at("2026-03-11T00:00:00Z"))
	if validator := visit.Validator(); validator == "" || again.Current(ctx, []string{validator}) != "" {
		t.Errorf("%q is taken for the answer of the next day", validator)
	}
}

// Whatever is read in two states, or of too many names, has no validator.
func TestWhatIsReadInTwoStatesHasNoValidator(t *testing.T) {
	database := &still{now: at("2026-03-10T10:00:00Z"), state: "before"}
	query := usage.Query{Zone: time.UTC}
	many := make([]usage.Subject, maxNames+1)
	for i := range many {
		many[i].AccountID = string(rune(i + 0x4e00))
	}
	for name, do := range map[string]func(context.Context, observed){
		"a change in between": func(ctx context.Context, o observed) {
			database.state = "after"
			_, _ = o.Report(ctx, query)
		},
		"a search":        func(ctx context.Context, o observed) { visitOf(ctx).spoil() },
		"too many names":  func(ctx context.Context, o observed) { _, _ = o.Snapshot(ctx).Names(ctx, many) },
		"a state unknown": func(ctx context.Context, o observed) { database.failed = context.Canceled; _, _ = o.Report(ctx, query) },
	} {
		database.state, database.failed = "before", nil
		ctx, visit := newConditions(database, nil).begin(t.Context(), database.now)
		if _, err := (observed{database}).Report(ctx, query); err != nil {
			t.Fatal(err)
		}
		if visit.Validator() == "" {
			t.Fatalf("%s: there is none before", name)
		}
		do(ctx, observed{database})
		if got := visit.Validator(); got != "" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
