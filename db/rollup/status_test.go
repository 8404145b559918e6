package rollup

import (
	"testing"
	"time"

	"aiusage/db/check"
	"aiusage/db/phase"
)

// What operators are told of the sums.
func TestTheStatusSaysHowTheSumsAre(t *testing.T) {
	kept, filled, quarters := march, march.Add(time.Hour), march.Add(-time.Hour)
	state := func(phase phase.Phase, reason string, believed bool) answer {
		return row(" AS believed\n\t\tFROM usage_level_state", stateColumns, string(phase), reason, int64(5), filled, int64(2), kept, quarters, believed)
	}
	for name, c := range map[string]struct {
		state     answer
		suspicion string
		want      Status
	}{
		"ready":                   {state(phase.Ready, "", true), "", Status{Phase: phase.Ready}},
		"not adopted":             {state(phase.Ready, "", false), "", Status{Phase: phase.Filling, Reason: notAdopted}},
		"suspected":               {state(phase.Ready, "", true), "suspected", Status{Phase: phase.Ready, Reason: "suspected", Distrusted: true}},
		"suspected, and told why": {state(phase.Raw, "a reason", true), "suspected", Status{Phase: phase.Raw, Reason: "a reason"}},
		"filling":                 {state(phase.Filling, "", true), "", Status{Phase: phase.Filling}},
		"filling, not adopted":    {state(phase.Filling, "", false), "", Status{Phase: phase.Filling}},
		"repaired":                {state(phase.Filling, "a reason", true), "", Status{Phase: phase.Filling, Reason: "a reason", Distrusted: true}},
		"sessions have gone":      {state(phase.Raw, "some "+check.HaveGone, true), "", Status{Phase: phase.Raw, Reason: "some " + check.HaveGone, Distrusted: true}},
		"ready, with a reason":    {state(phase.Ready, "a reason", true), "", Status{Phase: phase.Ready, Reason: "a reason"}},
		"not installed":           {state(phase.Raw, "", true), "", Status{Phase: phase.Raw, Reason: "the rollups are not installed; run the migrate command"}},
	} {
		server := &scripted{t: t, answers: withDefaults(c.state, row("SELECT COUNT(*), (SELECT TIMESTAMPDIFF", "pending, lag, undated", int64(2), int64(3), int64(4)))}
		r := server.open()
		if c.suspicion != "" {
			r.phases.Suspect(c.suspicion)
		}
		r.folding.failures = failedOften
		want := c.want
		want.FilledTo, want.RawFrom, want.QuartersFrom, want.Stuck, want.Pending, want.Lag, want.Undated = filled, kept, quarters, "changes cannot be folded", 2, 3*time.Second, 4
		got, err := r.RollupStatus(t.Context())
		if got.Calendars = nil; err != nil || !equal(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
}

// equal compares without calendars.
func equal(a, b Status) bool {
	return len(a.Calendars)+len(b.Calendars) == 0 && a.Phase == b.Phase && a.Reason == b.Reason && a.Distrusted == b.Distrusted && a.Stuck == b.Stuck && a.Undated == b.Undated &&
		a.FilledTo.Equal(b.FilledTo) && a.RawFrom.Equal(b.RawFrom) && a.QuartersFrom.Equal(b.QuartersFrom) && a.Former == b.Former && a.Pending == b.Pending && a.Lag == b.Lag
}

// An earlier version's sums are told of where there are some that can be read, or will be.
func TestTheStatusSaysHowTheFormerSumsAre(t *testing.T) {
	for _, c := range []struct {
		rows   int64
		former phase.Phase
		want   phase.Phase
	}{{0, phase.Raw, ""}, {0, phase.Ready, ""}, {1, phase.Raw, ""}, {1, phase.Ready, phase.Ready}, {1, phase.Filling, phase.Filling}} {
		server := &scripted{t: t, answers: withDefaults(state(hours, c.former, nil, true), row("SELECT COUNT(*) FROM usage_rollup_state", "count", c.rows),
			row("SELECT COUNT(*), (SELECT TIMESTAMPDIFF", "pending, lag, undated", int64(0), nil, int64(0)))}
		if got, err := server.open().RollupStatus(t.Context()); err != nil || got.Former != c.want {
			t.Errorf("%+v: %q, %v", c, got.Former, err)
		}
	}
}

func TestWhatTheStatusComesTo(t *testing.T) {
	calendars := func(phases ...string) (all []CalendarStatus) {
		for _, one := range phases {
			all = append(all, CalendarStatus{"Europe/Berlin", one})
		}
		return all
	}
	for _, c := range []struct {
		status         Status
		filled, former bool
	}{
		{Status{Phase: phase.Ready}, true, false},
		{Status{Phase: phase.Ready, Former: phase.Ready}, true, false},
		{Status{Phase: phase.Filling, Former: phase.Ready}, false, true},
		{Status{Phase: phase.Raw, Former: phase.Ready}, false, true},
		{Status{Phase: phase.Filling, Former: phase.Filling}, false, false},
		{Status{Phase: phase.Ready, Calendars: calendars("ready", "stale")}, true, false},
		{Status{Phase: phase.Ready, Calendars: calendars("ready", "leaving")}, false, false},
		{Status{Phase: phase.Ready, Calendars: calendars("filling", "ready")}, false, false},
		{Status{Phase: phase.Filling, Calendars: calendars("ready")}, false, false},
	} {
		if c.status.IsFilled() != c.filled || c.status.ReadsFormer() != c.former {
			t.Errorf("%+v: filled %v, reads the former %v", c.status, c.status.IsFilled(), c.status.ReadsFormer())
		}
	}
}
