package observe

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// At notes the door, and what was asked for there.
func (r *Record) At(door, operation string) {
	r.note(func(s *Seen) { s.Door, s.Operation = door, cut(operation) })
}

// Asks notes an operation of GraphQL.
func (r *Record) Asks(operation, kind, document string) {
	r.note(func(s *Seen) { s.Operation, s.Kind, s.Document = cut(operation), kind, document })
}

// Streams notes that the answer has no end of its own.
func (r *Record) Streams(door string) {
	r.note(func(s *Seen) { s.Door, s.IsStream = door, true })
}

// Is notes who asks, and by what they are known.
func (r *Record) Is(principal, credential string) {
	r.note(func(s *Seen) { s.Principal, s.Credential = principal, credential })
}

// Tries notes by what credentials somebody wants to be known.
func (r *Record) Tries(credential string) {
	r.note(func(s *Seen) { s.Credential = credential })
}

// Refused notes whose credentials were refused.
func (r *Record) Refused(who string) { r.note(func(s *Seen) { s.Tried = who }) }

// Failed notes the code of an error in the answer.
func (r *Record) Failed(code string) {
	r.note(func(s *Seen) { s.Codes = appendOnce(s.Codes, code, maxCodes) })
}

// Limited notes that a limit was reached.
func (r *Record) Limited(limit string) {
	r.note(func(s *Seen) { s.Limits = appendOnce(s.Limits, limit, maxCodes) })
}

// Answered notes the answer as HTTP has it.
func (r *Record) Answered(status int, bytes int64, isCut bool) {
	r.note(func(s *Seen) { s.Status, s.Bytes, s.IsCut = status, s.Bytes+bytes, isCut })
}

// Switched notes that a connection speaks another protocol from now on.
func (r *Record) Switched(status int) { r.note(func(s *Seen) { s.Status = status }) }

// Sent counts bytes that were sent on a stream.
func (r *Record) Sent(bytes int) { r.note(func(s *Seen) { s.Bytes += int64(bytes) }) }

// Planned notes how a report was put together. plan is asked only where there is somebody
// to tell.
func (r *Record) Planned(plan func() string) {
	r.note(func(s *Seen) { s.Plans = appendOnce(s.Plans, plan(), maxPlans) })
}

// Loaded notes a batch of a loader.
func (r *Record) Loaded(loader string, size int) {
	r.note(func(s *Seen) {
		if len(s.Loads) < maxLoads {
			s.Loads = append(s.Loads, Load{loader, size})
		}
	})
}

// Waited notes that the answer had to wait for its turn.
func (r *Record) Waited(waited time.Duration) { r.note(func(s *Seen) { s.Waited += waited }) }

// Ran notes a statement.
func (r *Record) Ran(name string, took time.Duration, rows int64) {
	r.note(func(s *Seen) {
		at := slices.IndexFunc(s.Statements, func(one Statement) bool { return one.Name == name })
		if at < 0 && len(s.Statements) == maxStatements {
			at = maxStatements - 1 // so that the sum of rows stays right
		}
		if at < 0 {
			at = len(s.Statements)
			s.Statements = append(s.Statements, Statement{Name: name})
		}
		one := &s.Statements[at]
		one.Times, one.Rows, one.Took = one.Times+1, one.Rows+rows, one.Took+took
	})
}

// Asked notes what was asked about. With the first question, something that lasts has begun.
func (r *Record) Asked(ctx context.Context, question Question) {
	if r == nil {
		return
	}
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return
	}
	begins := r.seen.addQuestion(question) && r.seen.Kind == "subscription" && !question.Refused && !r.seen.HasBegun
	r.seen.HasBegun = r.seen.HasBegun || begins
	seen := r.seen.clone()
	r.mu.Unlock()
	if begins {
		r.sink.Began(ctx, seen)
	}
}

// addQuestion adds a question that is new.
func (s *Seen) addQuestion(question Question) (isNew bool) {
	room := maxIDs
	for _, one := range s.Questions {
		room -= len(one.Accounts) + len(one.Customers)
	}
	question.Accounts, question.Cut = firstIDs(question.Accounts, room, question.Cut)
	question.Customers, question.Cut = firstIDs(question.Customers, room-len(question.Accounts), question.Cut)
	if slices.ContainsFunc(s.Questions, question.equals) {
		return false
	}
	if len(s.Questions) >= maxQuestions {
		s.MoreQuestions++
		return true
	}
	s.Questions = append(s.Questions, question)
	return true
}

// firstIDs returns the ids that there is room for, and whether some are missing.
func firstIDs(ids []string, room int, isCut bool) ([]string, bool) {
	if len(ids) > room {
		return ids[:room], true
	}
	return ids, isCut
}

func (q Question) equals(other Question) bool {
	return q.About == other.About && q.Refused == other.Refused && q.From.Equal(other.From) && q.To.Equal(other.To) &&
		(q.Accounts == nil) == (other.Accounts == nil) && slices.Equal(q.Accounts, other.Accounts) &&
		(q.Customers == nil) == (other.Customers == nil) && slices.Equal(q.Customers, other.Customers)
}

// cut cuts a name that a caller has chosen, between two characters.
func cut(name string) string {
	name = strings.ToValidUTF8(name, "�")
	if len(name) <= longestName {
		return name
	}
	end := longestName
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + "…"
}
