package read_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/read"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

// book is a database with sums of subjects, whose statements are recorded.
type book struct {
	world
	statements *dbtest.Statements
	// recorded reads through the connections that are.
	recorded *read.Reader
	day      time.Time
}

// eachBook runs a test on each engine that has sums.
func eachBook(t *testing.T, test func(b *book)) {
	dbtest.AnyServer(t, func(t *testing.T, dsn string) {
		connections := tables.Open(t, dsn)
		recorded, statements := dbtest.Record(t, dsn)
		opened, err := pool.Open(recorded, pool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { opened.Close() })
		b := &book{world: world{t: t, db: connections}, statements: statements, recorded: newReader(opened), day: time.Date(2025, 3, 10, 0, 0, 0, 0, time.UTC)}
		b.exec("INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections) VALUES (1, 'ready', '', ?, 0)", phase.NewGeneration())
		b.introduce("a x", "b", "a")
		test(b)
	})
}

// subjectOf reads "account customer".
func subjectOf(name string) usage.Subject {
	account, customer, _ := strings.Cut(name, " ")
	return usage.Subject{AccountID: account, CustomerID: customer}
}

// introduce gives subjects numbers, and each a sum of as many minutes as its number, which
// says whose it is whatever it is called.
func (b *book) introduce(names ...string) {
	b.t.Helper()
	for _, name := range names {
		b.must(sums.Introduce(b.t.Context(), b.db, []usage.Subject{subjectOf(name)}))
	}
	b.exec("DELETE FROM usage_customer_rollups")
	b.exec("INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) SELECT 2, ?, account_no, subject_no, subject_no, 0, 1 FROM usage_subjects", b.day)
	b.exec("INSERT INTO usage_customer_rollups (grain, bucket, account_no, subject_no, minutes, seconds, sessions) SELECT 2, ?, account_no, subject_no, subject_no, 0, 1 FROM usage_subjects", b.day.AddDate(0, 0, 1))
}

// named is whose each number is.
func (b *book) named() map[usage.Subject]int64 {
	b.t.Helper()
	rows, err := b.db.QueryContext(b.t.Context(), "SELECT account_id, customer_id, subject_no FROM usage_subjects")
	b.must(err)
	defer rows.Close()
	named := map[usage.Subject]int64{}
	for rows.Next() {
		var subject usage.Subject
		var number int64
		b.must(rows.Scan(&subject.AccountID, &subject.CustomerID, &number))
		named[subject] = number
	}
	b.must(rows.Err())
	return named
}

// holds fails unless a reader, or a snapshot of one, reports each number as its subject's. It
// tells whether the ids were looked up for that.
func (b *book) holds(what string, source interface {
	usage.Snapshot
}, want map[usage.Subject]int64) (lookedUp bool) {
	b.t.Helper()
	b.statements.Take()
	query := usage.Query{Level: usage.ByCustomer, Zone: time.UTC, Range: usage.Range{From: b.day, To: b.day.AddDate(0, 0, 1)}}
	report, err := source.Report(b.t.Context(), query)
	b.must(err)
	got := map[usage.Subject]int64{}
	for _, row := range report.Subjects {
		got[row.Subject()] = row.Minutes
	}
	if !maps.Equal(got, want) {
		b.t.Errorf("%s: a report has %v, want %v", what, got, want)
	}
	query.Range.To = b.day.AddDate(0, 0, 2)
	set, err := source.Series(b.t.Context(), usage.SeriesQuery{Query: query, Step: usage.Daily})
	b.must(err)
	for subject, minutes := range want {
		if points := set.Of(subject); points[0].Minutes != minutes || points[1].Minutes != minutes {
			b.t.Errorf("%s: a series of %v has %v, want %d", what, subject, points, minutes)
		}
	}
	for _, statement := range b.statements.Take() {
		if strings.Contains(statement, "usage_customer_rollups") {
			lookedUp = lookedUp || strings.Contains(statement, "usage_subjects")
		}
	}
	return lookedUp
}

// Once they are in memory, subjects are not looked up any more; and whatever becomes of the
// numbers, each sum is that of the subject that the database says.
func TestNumbersStandForWhomTheDatabaseSays(t *testing.T) {
	renumber := func(b *book, more ...string) { // two subjects change places
		b.exec("UPDATE usage_subjects SET subject_no = subject_no + 100 WHERE account_id = 'a' AND customer_id = 'x'")
		b.exec("UPDATE usage_subjects SET subject_no = subject_no - 1 WHERE account_id = 'b'")
		b.exec("UPDATE usage_subjects SET subject_no = subject_no - 99 WHERE account_id = 'a' AND customer_id = 'x'")
		b.introduce(more...)
	}
	for name, change := range map[string]func(b *book){
		"another subject": func(b *book) { b.introduce("c z") },
		"subjects of an earlier version": func(b *book) {
			b.exec("INSERT INTO usage_subjects (account_no, account_id, customer_id) VALUES (1, 'a', 'old')")
			b.introduce()
		},
		"a backup that was restored": func(b *book) { renumber(b, "b y") },
		"a backup that has the same numbers": func(b *book) {
			renumber(b)
			b.exec("UPDATE usage_subject_stamp SET stamp = stamp - 1")
		},
		"no stamp": func(b *book) {
			renumber(b)
			b.exec("DELETE FROM usage_subject_stamp")
		},
		"numbers that an earlier version gave twice": func(b *book) {
			b.exec("INSERT INTO usage_subjects (account_no, account_id, customer_id) VALUES (1, 'a', 'one')")
			b.must(b.recorded.KnowSubjects(b.t.Context())) // which does not have it: nobody has stamped it
			b.exec("UPDATE usage_subjects SET customer_id = 'other' WHERE customer_id = 'one'")
			b.introduce()
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachBook(t, func(b *book) {
				snapshot := func(what string, want map[usage.Subject]int64) bool {
					s := b.recorded.Snapshot(b.t.Context())
					defer s.Close()
					return b.holds(what, s, want)
				}
				snapshot("not in memory", b.named())
				b.must(b.recorded.KnowSubjects(b.t.Context()))
				if snapshot("in memory", b.named()) {
					b.t.Error("subjects in memory are looked up")
				}
				before, had := b.recorded.Snapshot(b.t.Context()), b.named()
				defer before.Close()
				b.holds("before", before, had)
				change(b)
				snapshot("changed", b.named())
				b.must(b.recorded.KnowSubjects(b.t.Context()))
				if snapshot("read anew", b.named()) != (name == "no stamp" || strings.Contains(name, "earlier version")) {
					b.t.Error("subjects that are in memory are looked up, or others are not")
				}
				if name != "no stamp" {
					b.holds("a snapshot of before, with what is in memory now", before, had)
				}
			})
		})
	}
}

// Where migrate down has taken the stamp away under a gateway that is running, it looks
// subjects up.
func TestSubjectsAreLookedUpWithoutAStamp(t *testing.T) {
	eachBook(t, func(b *book) {
		b.must(b.recorded.KnowSubjects(b.t.Context()))
		b.exec("DROP TABLE usage_subject_stamp")
		s := b.recorded.Snapshot(b.t.Context())
		defer s.Close()
		if !b.holds("undone", s, b.named()) {
			b.t.Error("subjects without a stamp are not looked up")
		}
	})
}
