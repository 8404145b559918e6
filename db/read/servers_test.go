package read

import (
	"context"
	"errors"
	"testing"
	"time"

	"aiusage/usage"
)

// asideOf returns servers with one aside, and what is asked of them.
func asideOf() (servers *Servers, name func(*Reader) string) {
	servers = NewServers(&Reader{MaxStaleness: time.Minute})
	servers.ReadAside(&Reader{})
	return servers, func(r *Reader) string {
		if r == servers.Reader {
			return "written"
		}
		return "aside"
	}
}

// What cannot be answered aside, or only by what is too old, is answered by the server that is written to,
// and so is all else until the others have been found to be well.
func TestTheServerThatIsWrittenToAnswersForOthers(t *testing.T) {
	for what, c := range map[string]struct {
		err   error
		moves bool
	}{
		"an answer":         {nil, false},
		"not reached":       {usage.Errorf(usage.Unavailable, "gone"), true},
		"too old":           {usage.Errorf(usage.Stale, "old"), true},
		"a bad question":    {usage.Errorf(usage.InvalidArgument, "bad"), false},
		"a fault":           {errors.New("fault"), false},
		"whoever asks left": {context.Canceled, false},
	} {
		servers, name := asideOf()
		if servers.aside.MaxStaleness != time.Minute || !servers.ReadsAside() {
			t.Fatalf("%+v", servers.aside)
		}
		got, err := ask(servers, func(r *Reader) (string, error) {
			if r == servers.aside {
				return name(r), c.err
			}
			return name(r), nil
		})
		if c.moves && (got != "written" || err != nil) || !c.moves && (got != "aside" || !errors.Is(err, c.err)) || servers.ReadsAside() == c.moves {
			t.Errorf("%s: answered by %s, %v; others are asked: %v", what, got, err, servers.ReadsAside())
		}
		asked := 0
		if got, err := ask(servers, func(r *Reader) (string, error) { asked++; return name(r), nil }); (got == "written") != c.moves || err != nil || asked != 1 {
			t.Errorf("%s: then answered by %s after %d, %v", what, got, asked, err)
		}
	}
	alone := NewServers(&Reader{})
	if got, err := ask(alone, func(r *Reader) (bool, error) { return r == alone.Reader, nil }); !got || err != nil || alone.ReadsAside() {
		t.Errorf("without others: %v, %v", got, err)
	}
}

// A snapshot moves to the server that is written to before its first answer alone, and stays there.
func TestASnapshotOfOthersMovesBeforeItsFirstAnswer(t *testing.T) {
	gone, bad := usage.Errorf(usage.Unavailable, "gone"), usage.Errorf(usage.InvalidArgument, "bad")
	for what, c := range map[string]struct {
		errs []error // of what is asked one after the other
		want string  // by whom each is answered in the end
	}{
		"at once":                 {[]error{gone, nil}, "ww"},
		"after a bad question":    {[]error{bad, gone, nil}, "aww"},
		"not after an answer":     {[]error{nil, gone, nil}, "aaa"},
		"not back after it moved": {[]error{gone, gone, nil}, "www"},
		"not after an error":      {[]error{nil, bad, gone, nil}, "aaaa"},
	} {
		servers, _ := asideOf()
		snapshot := servers.Snapshot(t.Context()).(*movable)
		first := snapshot.at
		if first.reader != servers.aside {
			t.Fatal("it begins elsewhere")
		}
		got := ""
		for _, err := range c.errs {
			by := ""
			_, told := askIn(snapshot, func(s *Snapshot) (string, error) {
				by = "w"
				if s.reader == servers.aside {
					by = "a"
				}
				return by, err
			})
			if got += by; !errors.Is(told, err) {
				t.Errorf("%s: told %v, want %v", what, told, err)
			}
		}
		if moved := snapshot.at != first; got != c.want || first.ended != moved || snapshot.at.ctx != t.Context() {
			t.Errorf("%s: answered by %s, want %s; the first was closed: %v", what, got, c.want, first.ended)
		}
		if err := snapshot.Close(); err != nil || !snapshot.at.ended {
			t.Errorf("%s: closed: %v, %v", what, snapshot.at.ended, err)
		}
	}
	servers, _ := asideOf()
	servers.away.Store(true)
	if snapshot, ok := servers.Snapshot(t.Context()).(*Snapshot); !ok || snapshot.reader != servers.Reader {
		t.Errorf("while others are away: %T", snapshot)
	}
}
