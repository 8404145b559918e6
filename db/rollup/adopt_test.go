package rollup

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db/check"
	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/usage"
)

// adopting are the answers to who adopts the hours of an earlier version on two days, the second
// one until six o'clock.
func adopting(answers ...answer) []answer {
	after := func(days int, one answer) answer {
		one.when = func(s *scripted) bool { return s.count("raw_from = ?, quarters_from = ?") >= days }
		return one
	}
	end := march.Add(30 * time.Hour)
	return withDefaults(append(answers,
		after(2, state(levels, phase.Ready, end, true)), after(1, state(levels, phase.Ready, march.Add(24*time.Hour), false)), state(levels, phase.Ready, nil, false),
		state(hours, phase.Ready, end, true), row("SELECT COUNT(*) FROM usage_rollup_state", "count", int64(1)),
		after(1, row("SELECT MIN(bucket) FROM usage_rollups", "first", march.Add(26*time.Hour))), row("SELECT MIN(bucket) FROM usage_rollups", "first", march.Add(4*time.Hour)),
		row("SELECT MIN(hour) FROM usage_deltas", "first", nil), none("LOCK IN SHARE MODE", "a, b, c, d"),
		none("FROM usage_rollups WHERE grain = ? AND bucket >= ? AND bucket < ?", amountColumns), none("FROM usage_deltas", amountColumns),
		none("FROM ai_sessions", amountColumns), none("FROM usage_changes", amountColumns),
		none("WHERE r.grain = ?", "account_no, subject_no, bucket, minutes, seconds, sessions"))...)
}

// Each day is tried again where the state has just been changed, and told with the span of all.
func TestEachDayIsAdoptedThoughOthersChangeTheState(t *testing.T) {
	changed := row("SELECT phase, generation, corrections FROM usage_level_state", "phase, generation, corrections", "ready", int64(6), int64(2))
	changed.when = func(s *scripted) bool { return s.count(changed.words)%(pool.MaxAttempts-2) != 0 }
	server := &scripted{t: t, answers: adopting(changed)}
	var told []check.CheckProgress
	if err := server.open().Adopt(t.Context(), func(one check.CheckProgress) { told = append(told, one) }); err != nil {
		t.Fatal(err)
	}
	span := usage.Range{From: march.Add(4 * time.Hour), To: march.Add(30 * time.Hour)}
	want := []check.CheckProgress{{Grain: usage.Hour, At: march.Add(24 * time.Hour), Span: span}, {Grain: usage.Hour, At: march.Add(30 * time.Hour), Span: span}}
	if !slices.Equal(told, want) {
		t.Errorf("told %+v, want %+v", told, want)
	}
	// For ever it is not tried.
	changed.when = func(s *scripted) bool { return s.count(changed.words) < 100 }
	server = &scripted{t: t, answers: adopting(changed)}
	if err := server.open().Adopt(t.Context(), nil); !errors.Is(err, phase.ErrChanged) || server.count(changed.words) != 1+pool.MaxAttempts {
		t.Errorf("after %d times: %v", server.count(changed.words), err)
	}
}

// Nothing is adopted while nobody relies on sums, and nothing filled where what was dropped is
// nowhere.
func TestWhatCannotBeAdopted(t *testing.T) {
	server := &scripted{t: t, answers: adopting(state(levels, phase.Raw, nil, false))}
	if err := server.open().Adopt(t.Context(), nil); err != nil || len(server.sent) != 1 {
		t.Errorf("raw: %v after %q", err, server.sent)
	}
	server = &scripted{t: t, answers: adopting(row("TABLE_NAME IN ('usage_rollups', 'usage_deltas')", "count", int64(1)))}
	err := server.open().FillRollups(t.Context(), nil)
	if coded, ok := errors.AsType[*usage.Error](err); !ok || coded.Code != usage.Unavailable || !strings.Contains(coded.Message, "its tables are gone") {
		t.Errorf("without a table: %v", err)
	}
	if last := server.sent[len(server.sent)-1]; !strings.Contains(last, "information_schema.TABLES") {
		t.Errorf("goes on after it: %q", server.sent)
	}
}

// The first hour is looked up where its sums are, and where its changes wait. The last hour that
// was dropped is it where there is nothing.
func TestTheFirstHourToAdopt(t *testing.T) {
	to := march.Add(6 * time.Hour)
	for name, c := range map[string]struct{ sum, change, want any }{
		"nothing":           {nil, nil, to.Add(-time.Hour)},
		"a sum":             {march, nil, march},
		"a change":          {nil, march, march},
		"a sum first":       {march, march.Add(time.Hour), march},
		"a change first":    {march.Add(time.Hour), march, march},
		"the last hour":     {march.Add(5 * time.Hour), nil, march.Add(5 * time.Hour)},
		"later than it was": {march.Add(8 * time.Hour), nil, to.Add(-time.Hour)},
	} {
		server := &scripted{t: t, answers: []answer{row("SELECT MIN(bucket) FROM usage_rollups", "first", c.sum), row("SELECT MIN(hour) FROM usage_deltas", "first", c.change)}}
		got, err := server.open().firstFormerHour(t.Context(), time.Time{}, to)
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
		for _, args := range server.args {
			if !slices.Equal(args, []any{usage.Earliest, to}) {
				t.Errorf("%s: looked for between %v", name, args)
			}
		}
		if _, err := server.open().firstFormerHour(t.Context(), march, to); err != nil || !slices.Equal(server.args[2], []any{march, to}) {
			t.Errorf("%s: looked for between %v, %v", name, server.args[2:], err)
		}
	}
}

// What needs numbers for subjects is done again once they have been given, and not for ever.
func TestSubjectsGetNumbersBeforeItIsDoneAgain(t *testing.T) {
	for _, c := range []struct{ succeeds, times int }{{1, 1}, {2, 2}, {1 + pool.MaxAttempts, 1 + pool.MaxAttempts}, {100, 1 + pool.MaxAttempts}} {
		server := &scripted{t: t, answers: withDefaults(change...)}
		times := 0
		err := server.open().withNumbers(t.Context(), func() ([]usage.Subject, error) {
			if times++; times == c.succeeds {
				return nil, nil
			}
			return []usage.Subject{{AccountID: "a", CustomerID: "c"}}, errUnknown
		})
		if (err == nil) != (c.succeeds == c.times) || times != c.times || server.count("INSERT IGNORE INTO usage_subjects") != times-1 {
			t.Errorf("succeeding at %d: %d times, %v", c.succeeds, times, err)
		}
	}
	other := errors.New("another")
	server := &scripted{t: t}
	if err := server.open().withNumbers(context.Background(), func() ([]usage.Subject, error) { return nil, other }); err != other {
		t.Errorf("another error: %v", err)
	}
}
