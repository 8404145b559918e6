package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aiusage/observe"
)

// asked is what a request that belongs into the audit looks like.
func asked(id string) observe.Seen {
	return observe.Seen{ID: id, Door: "graphql", Principal: "ada", Status: 200}
}

// ids returns the ids of the requests in a file, and fails where a line is none.
func ids(t *testing.T, file string) (found []string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		var one Entry
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Errorf("%s: %q: %v", file, line, err)
		}
		found = append(found, one.RequestID)
	}
	return found
}

func TestAFileIsItsOwnersAndAppendedTo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit")
	for _, id := range []string{"1", "2"} {
		log, err := Open(file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		log.Ended(asked(id))
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(t, file); !reflect.DeepEqual(got, []string{"1", "2"}) {
		t.Errorf("got %q", got)
	}
	if is, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && is.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", is.Mode(), err)
	}
	if _, err := Open(filepath.Join(file, "below"), Options{}); err == nil {
		t.Error("a file below a file was opened")
	}
}

// Tools that rotate rename the file, and then have it opened anew: what was asked before is
// in the one, what is asked after in the other, and nothing is lost.
func TestAFileIsRotated(t *testing.T) {
	folder := t.TempDir()
	file, old := filepath.Join(folder, "audit"), filepath.Join(folder, "audit.1")
	log, err := Open(file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	log.Ended(asked("before"))
	if err := os.Rename(file, old); err != nil {
		t.Fatal(err)
	}
	log.Reopen()
	for range 1000 { // the file is there once it has been opened
		if _, err := os.Stat(file); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	log.Ended(asked("after"))
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if before, after := ids(t, old), ids(t, file); !reflect.DeepEqual(before, []string{"before"}) || !reflect.DeepEqual(after, []string{"after"}) {
		t.Errorf("got %q and %q", before, after)
	}
}

// failing is a file that writes only so many bytes of each line until it is mended.
type failing struct {
	bytes.Buffer
	takes  int
	mended atomic.Bool
}

func (f *failing) Write(line []byte) (int, error) {
	if f.mended.Load() {
		return f.Buffer.Write(line)
	}
	n := min(f.takes, len(line))
	f.Buffer.Write(line[:n])
	return n, syscall.ENOSPC
}

func (*failing) Close() error { return nil }

// A full disk loses entries, which is counted and said; once there is room, what follows is
// whole lines again.
func TestAFullDiskIsSaidAndSurvived(t *testing.T) {
	for _, takes := range []int{0, 10} {
		file := &failing{takes: takes}
		var said bytes.Buffer
		var lost atomic.Int64
		failed := make(chan struct{}, 10)
		log := begin(file, nil, Options{Log: slog.New(slog.NewTextHandler(&said, nil)), Failed: func() { lost.Add(1); failed <- struct{}{} }})
		for range 3 {
			log.Ended(asked("lost"))
			<-failed
		}
		file.mended.Store(true)
		log.Ended(asked("kept"))
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if lost.Load() != 3 || strings.Count(said.String(), "level=ERROR") != 1 || !strings.Contains(said.String(), "no space left") {
			t.Errorf("%d are lost; said %s", lost.Load(), said.String())
		}
		lines := strings.Split(strings.TrimSuffix(file.String(), "\n"), "\n")
		var last Entry
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.RequestID != "kept" {
			t.Errorf("after %d bytes of each: got %q", takes, file.String())
		}
	}
}

// stuck is a file that takes nothing until it is let go.
type stuck struct {
	goOn chan struct{}
	io.Writer
}

func (s stuck) Write(line []byte) (int, error) {
	<-s.goOn
	return s.Writer.Write(line)
}

// A disk that takes its time keeps no answer waiting, and memory is bounded.
func TestASlowDiskKeepsNobodyWaiting(t *testing.T) {
	var written bytes.Buffer
	out := stuck{make(chan struct{}), &written}
	var lost atomic.Int64
	log := To(out, Options{Failed: func() { lost.Add(1) }})
	const asking = waiting + 100
	for range asking {
		log.Ended(asked("1")) // would wait for ever
	}
	close(out.goOn)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if kept := strings.Count(written.String(), "\n"); lost.Load() < 99 || kept+int(lost.Load()) != asking {
		t.Errorf("%d are lost and %d kept of %d", lost.Load(), kept, asking)
	}
}

func TestAfterTheEndEntriesAreLostAndSaidSo(t *testing.T) {
	var lost atomic.Int64
	log := To(io.Discard, Options{Failed: func() { lost.Add(1) }})
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() { log.Ended(asked("1")) })
	}
	if err := errors.Join(log.Close(), log.Close()); err != nil {
		t.Error(err)
	}
	group.Wait()
	before := lost.Load()
	if log.Ended(asked("2")); lost.Load() != before+1 {
		t.Errorf("%d are lost, then %d", before, lost.Load())
	}
	(*Log)(nil).Ended(asked("3")) // there is no audit
}

func TestWhatBelongsIntoTheAudit(t *testing.T) {
	for name, c := range map[string]struct {
		seen observe.Seen
		want bool
	}{
		"a question":                     {observe.Seen{Door: "graphql", Principal: "ada"}, true},
		"a page":                         {observe.Seen{Door: "page", Principal: "ada"}, false},
		"a page for nobody":              {observe.Seen{Door: "page", Codes: []string{"UNAUTHENTICATED"}}, true},
		"a probe":                        {observe.Seen{Door: "probe"}, false},
		"a probe of a database away":     {observe.Seen{Door: "probe", Codes: []string{"SERVICE_UNAVAILABLE"}}, false},
		"the schema, open to all":        {observe.Seen{Door: "graphql"}, false},
		"a fault while looking who asks": {observe.Seen{Door: "legacy", Codes: []string{"INTERNAL_SERVER_ERROR"}}, true},
		"a connection":                   {observe.Seen{Door: "websocket", Principal: "ada", IsStream: true}, false},
		"an operation on it":             {observe.Seen{Door: "websocket", Principal: "ada", IsChild: true}, true},
		"a connection that is refused":   {observe.Seen{Door: "websocket", Codes: []string{"TOO_MANY_REQUESTS"}}, true},
		"elsewhere, from another site":   {observe.Seen{Door: "other", Codes: []string{"FORBIDDEN"}}, true},
	} {
		if got := isOfInterest(c.seen); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// An instant that cannot be written does not cost the entry that has it.
func TestAnEntryIsWrittenWhateverItsInstants(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit")
	log, err := Open(file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := asked("1")
	for _, year := range []int{-3, 0, 1, 2026, 9999, 10000} {
		at := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		seen.Questions = append(seen.Questions, observe.Question{About: "usage", From: at, To: at})
	}
	log.Ended(seen)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var entry Entry
	if err := json.Unmarshal(content, &entry); err != nil || len(entry.Asked) != len(seen.Questions) {
		t.Fatalf("%v: %s", err, content)
	}
	for i, written := range []bool{false, true, true, true, true, false} {
		if one := entry.Asked[i]; (one.From != nil) != written || (one.To != nil) != written {
			t.Errorf("%v: got %v", seen.Questions[i].From, one.From)
		}
	}
}

// The manual has each member, and no other.
func TestEveryMemberIsDocumented(t *testing.T) {
	manual, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	for _, one := range []reflect.Type{reflect.TypeFor[Entry](), reflect.TypeFor[Asked]()} {
		for i := range one.NumField() {
			name, _, _ := strings.Cut(one.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(string(manual), "\n| `"+name+"` |") {
				t.Errorf("docs/audit.md does not have the member %s of %s", name, one.Name())
			}
			number++
		}
	}
	if rows := strings.Count(string(manual), "\n| `"); rows != number {
		t.Errorf("docs/audit.md has %d members, not %d", rows, number)
	}
}
