package rollup

import (
	"database/sql/driver"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/usage"
)

const changeColumns = "change_id, account_id, customer_id, quarter, minutes, seconds, sessions"

// waiting are changes of a subject that has a number.
func waiting(ids ...int64) answer {
	one := answer{words: "FROM usage_changes WHERE change_id > ?", columns: changeColumns}
	for _, id := range ids {
		one.rows = append(one.rows, []driver.Value{id, "a", "c", march, int64(1), int64(60), int64(1)})
	}
	return one
}

// known are the numbers of that subject.
var known = row("FROM usage_subjects", "account_id, customer_id, account_no, subject_no", "a", "c", int64(3), int64(4))

// deleted is that so many changes were deleted.
func deleted(count int) answer {
	return answer{words: "DELETE FROM usage_changes", rows: make([][]driver.Value, count)}
}

// Changes are folded batch by batch behind the last one, each told with all before it.
func TestFoldingGoesOnBehindTheLastBatch(t *testing.T) {
	first, second, both := waiting(7, 9), waiting(12), deleted(2)
	first.when = func(s *scripted) bool { return s.count(first.words) == 1 }
	both.when = func(s *scripted) bool { return s.count(both.words) == 1 }
	for _, batch := range []int64{0, 2} {
		server := &scripted{t: t, answers: withDefaults(first, second, known, both, deleted(1))}
		r := server.open()
		r.batch.Store(batch)
		var told, batches []int
		r.OnFold = func(changes int, took time.Duration) { batches = append(batches, changes) }
		folded, err := r.Fold(t.Context(), func(folded int) { told = append(told, folded) })
		var bounds [][]any
		for _, args := range server.args {
			if len(args) == 2 {
				bounds = append(bounds, args)
			}
		}
		want := [][]any{{int64(0), batch}, {int64(9), int64(minFolded)}}
		if batch == 0 { // not one more than there are
			want = [][]any{{int64(0), int64(firstFolded)}}
		}
		if err != nil || folded != len(want)+1 || !slices.EqualFunc(bounds, want, slices.Equal) {
			t.Errorf("%d at a time: %d folded, %v, between %v", batch, folded, err, bounds)
		}
		if kept := r.batch.Load(); kept != want[len(want)-1][1] && batch != 0 || batch == 0 && kept != 0 {
			t.Errorf("%d at a time: the next batch takes %d", batch, kept)
		}
		if each := []int{2, 1}[:len(want)]; !slices.Equal(batches, each) || !slices.Equal(told, []int{2, 3}[:len(want)]) {
			t.Errorf("%d at a time: told %d, batches %d", batch, told, batches)
		}
	}
}

// Where there is nothing to fold, nothing is told and nothing written.
func TestFoldingNothing(t *testing.T) {
	server := &scripted{t: t, answers: withDefaults(waiting())}
	r := server.open()
	r.OnFold = func(int, time.Duration) { t.Error("a batch was told") }
	if folded, err := r.Fold(t.Context(), func(int) { t.Error("progress was told") }); err != nil || folded != 0 || server.count("INSERT")+server.count("DELETE FROM") != 0 {
		t.Errorf("%d folded, %v: %q", folded, err, server.sent)
	}
}

// A server that deletes other changes than were added, as one whose locks do not hold, has nothing
// be folded.
func TestWhatIsNotDeletedIsNotFolded(t *testing.T) {
	for _, count := range []int{0, 1, 3} {
		server := &scripted{t: t, answers: withDefaults(waiting(7, 9), known, deleted(count))}
		r := server.open()
		r.OnFold = func(int, time.Duration) { t.Error("a batch was told") }
		if folded, err := r.Fold(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "of 2 folded changes") || folded != 0 || server.count("COMMIT") != 0 {
			t.Errorf("%d of 2 deleted: %d folded, %v", count, folded, err)
		}
		if held := r.db.Stats().InUse; held != 0 {
			t.Errorf("%d connections are not given back", held)
		}
	}
}

// A batch that cannot be stored is not told. A sum that does not fit has reports read sessions.
func TestABatchThatCannotBeStored(t *testing.T) {
	whole := &scripted{t: t, answers: withDefaults(waiting(7), known, deleted(1))}
	if folded, err := whole.open().Fold(t.Context(), nil); err != nil || folded != 1 || whole.sent[len(whole.sent)-1] != "COMMIT" {
		t.Fatalf("%d folded, %v", folded, err)
	}
	server := &scripted{t: t, answers: whole.answers, fails: len(whole.sent), err: mysql.ErrInvalidConn}
	r := server.open()
	r.OnFold = func(int, time.Duration) { t.Error("a batch was told") }
	if folded, err := r.Fold(t.Context(), func(int) { t.Error("progress was told") }); !errors.Is(err, mysql.ErrInvalidConn) || folded != 0 {
		t.Errorf("%d folded, %v", folded, err)
	}
	server = &scripted{t: t, answers: append([]answer{failed("INSERT INTO usage_total_rollups", pool.ErOutOfRangeColumn)}, whole.answers...)}
	if folded, err := server.open().Fold(t.Context(), nil); err == nil || folded != 0 || server.count("UPDATE usage_level_state SET phase = 'raw'") != 1 {
		t.Errorf("too large: %d folded, %v after %q", folded, err, server.sent)
	}
}

// A subject that gets no number is told once it has been given one in vain.
func TestASubjectThatGetsNoNumber(t *testing.T) {
	server := &scripted{t: t, answers: withDefaults(append([]answer{none("SELECT account_id, customer_id, account_no, subject_no FROM usage_subjects", "account_id, customer_id, account_no, subject_no")}, change...)...)}
	server.fails, server.err = 100, errors.New("it is tried for ever")
	if _, _, err := server.open().FoldBatch(t.Context(), 0, 10, (*sqlx.Tx).Commit); err == nil || !strings.Contains(err.Error(), "cannot be given a number") {
		t.Errorf("got %v", err)
	}
	if server.count("INSERT IGNORE INTO usage_subjects") != 1 || server.count("DELETE FROM usage_changes") != 0 {
		t.Errorf("sent %q", server.sent)
	}
}

// Changes are added up by quarter-hour and subject, as the database compares ids. What is read only
// in part is no batch.
func TestChangesThatAreTaken(t *testing.T) {
	later := march.Add(15 * time.Minute)
	all := answer{words: "FROM usage_changes", columns: changeColumns, rows: [][]driver.Value{
		{int64(3), "a", "c", march, int64(1), int64(60), int64(1)}, {int64(4), "a ", "c", march, int64(-3), int64(-180), int64(-1)},
		{int64(6), "b ", "c", march, int64(5), int64(300), int64(1)}, {int64(7), "a", "c", later, int64(7), int64(420), int64(1)}, {int64(8), "b", "", march, int64(9), int64(540), int64(1)}, {int64(9), "b", "c", march, int64(2), int64(120), int64(1)}}}
	take := func(one answer) (changes, error) {
		tx, err := (&scripted{t: t, answers: []answer{one}}).open().db.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return takeChanges(t.Context(), tx, 0, 10)
	}
	got, err := take(all)
	want := map[changed]usage.Usage{{0, march.Unix()}: {Minutes: -2, Seconds: -120}, {1, march.Unix()}: {Minutes: 7, Seconds: 420, Sessions: 2},
		{0, later.Unix()}: {Minutes: 7, Seconds: 420, Sessions: 1}, {2, march.Unix()}: {Minutes: 9, Seconds: 540, Sessions: 1}}
	if err != nil || !slices.Equal(got.ids, []uint64{3, 4, 6, 7, 8, 9}) || !maps.Equal(got.amounts, want) ||
		!slices.Equal(got.subjects, []usage.Subject{{AccountID: "a", CustomerID: "c"}, {AccountID: "b ", CustomerID: "c"}, {AccountID: "b"}}) {
		t.Errorf("got %+v, %v", got, err)
	}
	lost := all
	lost.breaks = true
	if _, err := take(lost); !errors.Is(err, mysql.ErrInvalidConn) {
		t.Errorf("lost: %v", err)
	}
	unreadable := all
	unreadable.rows = [][]driver.Value{{int64(3), "a", nil, march, int64(1), int64(60), int64(1)}, all.rows[0]}
	if _, err := take(unreadable); err == nil {
		t.Error("a change without a subject is taken")
	}
}
