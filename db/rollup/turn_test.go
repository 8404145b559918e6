package rollup

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/member"
	"aiusage/db/phase"
	"aiusage/db/pool"
)

// Where gateways on other servers may fold as well, who has the turn folds alone.
func TestFoldingByTurns(t *testing.T) {
	shared := []member.Member{{Kind: member.Galera}, {Kind: member.Group, ManyPrimaries: true}}
	alone := []member.Member{{Kind: member.Alone}, {Kind: member.Group}}
	oldest := row("SELECT change_id FROM usage_changes", "change_id", int64(7))
	for _, taken := range []bool{true, false} {
		for i, server := range append(shared, alone...) {
			s := &scripted{t: t, answers: withDefaults(row("SELECT reason = ?", "taken", taken), oldest, waiting(7), known, deleted(1))}
			left, err := s.open().foldOn(t.Context(), server)
			folded, turns := s.count("DELETE FROM usage_changes"), s.count("SELECT reason = ?")
			switch isAlone := i >= len(shared); {
			case err != nil:
				t.Errorf("%v: %v", server, err)
			case isAlone && (folded != 1 || turns != 0 || left != 7), !isAlone && taken && (folded != 1 || turns != 1 || left != 7), !isAlone && !taken && (folded != 0 || turns != 1 || left != 0):
				t.Errorf("%v, taken %v: %d folded, %d turns, %d is left", server, taken, folded, turns, left)
			}
		}
	}
	// For nothing no turn is taken.
	for _, server := range append(shared, alone...) {
		s := &scripted{t: t, answers: withDefaults(none("SELECT change_id FROM usage_changes", "change_id"))}
		if left, err := s.open().foldOn(t.Context(), server); err != nil || left != 0 || s.count("INSERT")+s.count("BEGIN") != 0 {
			t.Errorf("%v: %d is left, %v: %q", server, left, err, s.sent)
		}
	}
}

// A gateway does not fold where others do, and folds for nobody where reports read sessions.
func TestFoldingWhereNobodyReliesOnIt(t *testing.T) {
	s := &scripted{t: t}
	if left, err := s.open().foldOn(t.Context(), member.Member{Kind: member.Alone, Replicates: true}); err != nil || left != 0 || len(s.sent) != 0 {
		t.Errorf("on a replica: %d is left, %v: %q", left, err, s.sent)
	}
	raw := state(levels, phase.Raw, nil, true)
	failed := answer{words: "SELECT change_id FROM usage_changes", err: &mysql.MySQLError{Number: pool.ErNoSuchTable}}
	for _, changes := range []answer{row("SELECT change_id FROM usage_changes", "change_id", int64(7)), failed} {
		s = &scripted{t: t, answers: withDefaults(raw, changes, waiting(7), known, deleted(1))}
		if left, err := s.open().foldOn(t.Context(), member.Member{Kind: member.Alone}); err != nil || left != 0 || s.count("DELETE FROM usage_changes") != len(changes.rows) {
			t.Errorf("raw: %d is left, %v: %q", left, err, s.sent)
		}
	}
}

// Each process folds under a name of its own.
func TestEachProcessHasItsTurn(t *testing.T) {
	one, other := (&scripted{t: t}).open().turn.name, (&scripted{t: t}).open().turn.name
	if one == "" || one == other {
		t.Errorf("%q and %q", one, other)
	}
}

// What the server is has to be known.
func TestNothingIsDoneOnAServerThatCannotBeReached(t *testing.T) {
	s := &scripted{t: t}
	r := s.open()
	r.db.Close()
	if err := r.Beat(t.Context()); err == nil {
		t.Error("the heartbeat was written")
	}
	if err := r.FoldRound(t.Context()); err == nil || r.folding.failures != 1 {
		t.Error("it was folded")
	}
	if err := r.lookAfter(t.Context(), r.NewComparer()); err == nil {
		t.Error("sums were compared")
	}
	if err := r.changingTriggers(t.Context(), func(*sqlx.Conn) error { return nil }); err == nil {
		t.Error("triggers were changed")
	}
	if _, err := r.RollupStatus(t.Context()); err == nil {
		t.Error("there is a status")
	}
	if _, err := r.install(t.Context()); err == nil {
		t.Error("triggers were installed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	var told atomic.Int64
	r.KeepRollups(ctx, func(error) { told.Add(1); cancel() })
	if told.Load() == 0 || len(s.sent) != 0 {
		t.Errorf("told %d times, after %q", told.Load(), s.sent)
	}
}

// Who folds for longer than a turn lasts takes it again, now and then.
func TestATurnIsKeptWhileThereIsMuchToFold(t *testing.T) {
	many := make([]int64, minFolded)
	for i := range many {
		many[i] = int64(10 + i)
	}
	nth := func(n int, one answer) answer {
		one.when = func(s *scripted) bool { return s.count("FROM usage_changes WHERE change_id > ?") == n }
		return one
	}
	s := &scripted{t: t, answers: withDefaults(row("SELECT reason = ?", "taken", true), row("SELECT change_id FROM usage_changes", "change_id", int64(7)), known,
		nth(1, waiting(7, 9)), nth(1, deleted(2)), nth(2, waiting(many...)), nth(2, deleted(minFolded)), waiting(1_000_000), deleted(1))}
	r := s.open()
	r.batch.Store(2)
	// The clock: at the begin, after the first batch, after the second, when the turn is taken again, and after the third.
	clock := []time.Duration{0, turnLasts / 4, turnLasts / 2, turnLasts / 2, turnLasts * 3 / 4}
	r.Now = func() time.Time {
		now := march.Add(clock[0])
		clock = clock[1:]
		return now
	}
	if _, err := r.foldInTurn(t.Context()); err != nil || len(clock) != 0 || s.count("DELETE FROM usage_changes") != 3 || s.count("SELECT reason = ?") != 2 {
		t.Errorf("%v: %d batches, %d turns", err, s.count("DELETE FROM usage_changes"), s.count("SELECT reason = ?"))
	}
}

// Who looks after sums adopts what was dropped, compares and checks, but not those of a replica.
func TestWhoLooksAfterSums(t *testing.T) {
	s := &scripted{t: t}
	r := s.open()
	if err := r.lookAfterOn(t.Context(), member.Member{Replicates: true}, r.NewComparer()); err != nil || len(s.sent) != 0 {
		t.Errorf("on a replica: %v after %q", err, s.sent)
	}
	answers := append(suited(presentHere(ownTriggers...), row("CAST(CREATE_TIME AS CHAR)", "created", "2026-03-01")), nothing)
	sent := failing(t, "looking after", answers, func(ctx context.Context, r *Rollups) error {
		return r.lookAfter(ctx, r.NewComparer())
	})
	for _, words := range []string{"CREATE_TIME", "ORDER BY started_at LIMIT 1", "information_schema.STATISTICS"} {
		if !slices.ContainsFunc(sent, func(one string) bool { return strings.Contains(one, words) }) {
			t.Errorf("no %s: %q", words, sent)
		}
	}
}

// How a round went is noted, unless it was canceled.
func TestARoundIsNoted(t *testing.T) {
	oldest := row("SELECT change_id FROM usage_changes", "change_id", int64(7))
	lost := answer{words: "SELECT change_id FROM usage_changes", err: mysql.ErrInvalidConn}
	folds := withDefaults(oldest, waiting(7), known, deleted(1))
	r := (&scripted{t: t, answers: folds}).open()
	r.Now = func() time.Time { return march }
	if err := r.FoldRound(t.Context()); err != nil || r.folding.oldest != 7 || !r.folding.since.Equal(march) {
		t.Errorf("%v, %+v", err, &r.folding)
	}
	r = (&scripted{t: t, answers: withDefaults(lost)}).open()
	if err := r.FoldRound(t.Context()); !errors.Is(err, mysql.ErrInvalidConn) || r.folding.failures != 1 {
		t.Errorf("lost: %v, %+v", err, &r.folding)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.FoldRound(ended); !errors.Is(err, context.Canceled) || r.folding.failures != 1 {
		t.Errorf("canceled: %v, %+v", err, &r.folding)
	}
}

// The heartbeat is written where others may follow, by who has the turn.
func TestWhereTheHeartbeatIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		server member.Member
		taken  bool
		writes int
	}{
		"alone, logging":     {member.Member{Kind: member.Alone, Logs: true}, false, 1},
		"alone":              {member.Member{Kind: member.Alone}, false, 0},
		"not known":          {member.Member{}, false, 1}, // as this one is
		"a node in turn":     {member.Member{Kind: member.Galera}, true, 1},
		"a node out of turn": {member.Member{Kind: member.Galera}, false, 0},
		"a replica":          {member.Member{Kind: member.Alone, Logs: true, Replicates: true}, true, 0},
	} {
		answers := withDefaults(row("SELECT reason = ?", "taken", c.taken))
		s := &scripted{t: t, answers: answers}
		if err := s.open().beatOn(t.Context(), c.server); err != nil || s.count("'heartbeat'") != c.writes {
			t.Errorf("%s: %v, %q", name, err, s.sent)
		}
		if c.writes == 0 && !c.server.Beats() {
			continue
		}
		failing(t, name, answers, func(ctx context.Context, r *Rollups) error { return r.beatOn(ctx, c.server) })
		if c.server == (member.Member{}) {
			failing(t, name, answers, func(ctx context.Context, r *Rollups) error { return r.Beat(ctx) })
		}
		denied := &mysql.MySQLError{Number: pool.ErTableAccessDenied}
		for at := range s.sent {
			s := &scripted{t: t, answers: answers, fails: at + 1, err: denied}
			if err := s.open().beatOn(t.Context(), c.server); err != nil || len(s.sent) != at+1 { // others write it
				t.Errorf("%s, where the account may not: %v, %q", name, err, s.sent)
			}
		}
	}
}

func TestAnAccountThatMayNotWriteTheHeartbeat(t *testing.T) {
	if err := isNoWriter(nil); err != nil {
		t.Error(err)
	}
	if err := isNoWriter(&mysql.MySQLError{Number: pool.ErNoSuchTable}); err == nil {
		t.Error("another error is left out")
	}
}

// Who fills sums folds first, and is told where that fails.
func TestWhoFillsIsToldThatFoldingFails(t *testing.T) {
	lost := answer{words: "FROM usage_changes WHERE change_id > ?", err: mysql.ErrInvalidConn}
	s := &scripted{t: t, answers: append(suited(lost, state(levels, phase.Filling, nil, true), locked(levels, phase.Filling), row("SELECT MAX(raw_from)", "last", nil)), nothing)}
	s.fails, s.err = 300, errors.New("it is filled for ever")
	if err := s.open().FillRollups(t.Context(), nil); !errors.Is(err, mysql.ErrInvalidConn) {
		t.Errorf("%v after %q", err, s.sent[:min(len(s.sent), 20)])
	}
}
