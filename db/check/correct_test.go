package check

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// correcting is a server on which sums are corrected. In so many transactions numbers have another
// stamp than they were read with.
func correcting(renumbered int) *scripted {
	server := counting(0, usage.Subject{AccountID: "a", CustomerID: "x"})
	numbers := server.answers
	server.answers = func(statement string) ([]string, [][]driver.Value) {
		switch {
		case strings.Contains(statement, "FOR UPDATE"):
			return []string{"phase", "generation", "corrections"}, [][]driver.Value{{"ready", int64(5), int64(0)}}
		case strings.Contains(statement, "FROM usage_subject_stamp"):
			stamp := int64(7)
			if begun := server.count("BEGIN"); begun > 0 && begun <= renumbered && strings.Contains(server.sent[len(server.sent)-2], "FOR UPDATE") {
				stamp++
			}
			return []string{"stamp", "upto"}, [][]driver.Value{{stamp, int64(9)}}
		}
		return numbers(statement)
	}
	return server
}

// count returns how many of the statements that were sent have a text.
func (s *scripted) count(text string) (sent int) {
	for _, statement := range s.sent {
		if strings.Contains(statement, text) {
			sent++
		}
	}
	return sent
}

// correct corrects a customer's day on the server.
func (s *scripted) correct(t *testing.T, known *numbers) error {
	t.Helper()
	db := s.open(t)
	if known.db == nil {
		known.db = db
	}
	ready := &phase.State{Phase: phase.Ready, Generation: 5}
	found := []Difference{{Table: sums.Customers, Grain: usage.Day, AccountID: "a", CustomerID: "x", ofSessions: true, Bucket: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Want: usage.Usage{Minutes: 1}}}
	return New(db, phase.NewTracker(db, phase.Levels), func(context.Context) error { return nil }).correct(t.Context(), &snapshot{state: ready}, known, found, "")
}

// A correction is tried again with the numbers that there are by then, a few times; and with
// those that are known, where they are still right, without reading them again.
func TestACorrectionIsTriedAgainWithOtherNumbers(t *testing.T) {
	for renumbered := range 8 {
		server, known := correcting(renumbered), &numbers{}
		err := server.correct(t, known)
		tried := min(renumbered+1, maxRenumbered)
		if (renumbered >= maxRenumbered) != errors.Is(err, phase.ErrChanged) || err != nil && renumbered < maxRenumbered {
			t.Errorf("after %d times: %v", renumbered, err)
		}
		if begun, read := server.count("BEGIN"), server.count("FROM usage_subjects"); begun != tried || read != tried {
			t.Errorf("after %d times: tried %d times, with numbers that were read %d times", renumbered, begun, read)
		}
		if err != nil {
			continue
		}
		if err := server.correct(t, known); err != nil || server.count("FROM usage_subjects") != tried {
			t.Errorf("another one: %v; the numbers are read again", err)
		}
	}
}

// No statement of a correction fails unnoticed, and a sum that leaves its type is no fault of
// the server.
func TestACorrectionIsDoneOrAnError(t *testing.T) {
	failing(t, "correcting", func() *scripted { return correcting(1) }, func(server *scripted) error {
		return pool.Translate(server.correct(t, &numbers{}))
	})
	whole := correcting(0)
	if err := whole.correct(t, &numbers{}); err != nil {
		t.Fatal(err)
	}
	for at, statement := range whole.sent {
		if !strings.Contains(statement, "INTO "+sums.Customers.Name()) {
			continue
		}
		full := correcting(0)
		full.fails, full.err = at+1, &mysql.MySQLError{Number: pool.ErOutOfRangeColumn}
		err := full.correct(t, &numbers{})
		// Reports are to read sessions then, for which the state is looked at; here it cannot be read.
		if after := full.sent[at+1:]; !errors.Is(err, full.err) || err == full.err || len(after) == 0 || !strings.Contains(after[0], "FROM usage_level_state") {
			t.Errorf("a sum that is too large: %v, then %q", err, after)
		}
	}
}

// Rows of numbers that cannot be read are an error, and so is a connection that is lost after some.
func TestNumbersThatCannotBeRead(t *testing.T) {
	for _, wrong := range []driver.Value{"many", int64(-1), nil} {
		server := counting(0)
		server.answers = func(statement string) ([]string, [][]driver.Value) {
			if strings.Contains(statement, "FROM usage_subject_stamp") {
				return []string{"stamp", "upto"}, [][]driver.Value{{int64(7), int64(9)}}
			}
			return []string{"", "", "", ""}, [][]driver.Value{{"a", "x", int64(1), wrong}}
		}
		if err := (&numbers{db: server.open(t)}).read(t.Context()); err == nil {
			t.Errorf("%v is taken for a number", wrong)
		}
	}
	cut := counting(0, usage.Subject{AccountID: "a"})
	whole := cut.answers
	cut.answers = func(statement string) ([]string, [][]driver.Value) {
		cut.breaks = strings.Contains(statement, "FROM usage_subjects")
		return whole(statement)
	}
	lost(t, "after some numbers", (&numbers{db: cut.open(t)}).read(t.Context()))
}
