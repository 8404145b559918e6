package mcp

import (
	"context"
	"slices"

	"aiusage/resolvers/answer"
	"aiusage/usage"
)

var (
	firstSessions = count(argFirst, maxRows, "20", "How many sessions are listed at most.")
	after         = argument{name: argAfter, kind: "string", says: "The next of the answer before, for those that come after it; with the same other arguments."}
)

var usageSessions = tool{
	name: "usage_sessions", title: "The sessions of a range",
	says: "The single sessions that usage adds up, in the order of their starts, a page at a time: how long each was, and how it was rounded. " +
		"Sessions that were dropped after a retention time are not there any more; the error then names the day from which they are.",
	arguments: slices.Concat(span, []argument{accountID, customerID, firstSessions, after}),
	output:    schemaOf[Sessions](),
	ask:       askSessions,
}

// Sessions is the answer of usage_sessions.
type Sessions struct {
	About
	Totals   Amount    `json:"totals" jsonschema:"all usage in the range, of all its sessions"`
	Sessions []Session `json:"sessions" jsonschema:"a page of the sessions, in the order of their starts"`
	LeftOut  int64     `json:"leftOut" jsonschema:"how many of all sessions of the range are not on this page"`
	Next     string    `json:"next,omitempty" jsonschema:"what to ask for as after, for the next page; absent on the last one"`
}

// Session is a session.
type Session struct {
	SessionID string  `json:"sessionId" jsonschema:"the id of the session"`
	StartedAt *string `json:"startedAt" jsonschema:"when it started (RFC 3339, in timeZone); null where that is no instant"`
	Whose
	Duration  int64 `json:"durationSeconds" jsonschema:"how long it was, in seconds"`
	Minutes   int64 `json:"aiMinutes" jsonschema:"the same, rounded up to whole minutes"`
	RoundedUp int64 `json:"roundedUpSeconds" jsonschema:"by how many seconds rounding has made it longer"`
}

func askSessions(q *question) (reply, error) {
	query, err := q.query(usage.Together)
	if err != nil {
		return nil, err
	}
	sessions := &Sessions{Sessions: []Session{}}
	return sessions, q.inReading(query, func(ctx context.Context, report *answer.Report) error {
		first, after := int32(q.given.number(firstSessions)), q.given[argAfter]
		page, err := report.SessionsConnection(ctx, &first, &after, nil, nil)
		if err != nil {
			return err
		}
		sessions.About = q.about(query, report.AsOf, view{})
		if sessions.Totals, err = amountOf(report.Totals); err != nil {
			return err
		}
		return sessions.take(ctx, query, page)
	})
}

// take takes a page.
func (s *Sessions) take(ctx context.Context, query usage.Query, page *answer.SessionConnection) error {
	for _, node := range page.Nodes {
		whose, err := whoseOf(ctx, node.Account(), node.Customer())
		if err != nil {
			return err
		}
		one := Session{SessionID: node.SessionID, Whose: whose, Duration: node.DurationSeconds, Minutes: node.Minutes, RoundedUp: node.RoundedUp()}
		if at := node.StartedAt(); at != nil {
			one.StartedAt = instant(query, *at)
		}
		s.Sessions = append(s.Sessions, one)
	}
	shown, err := fitting(s.Sessions)
	if err != nil {
		return err
	}
	s.Sessions = s.Sessions[:shown]
	if shown > 0 && (shown < len(page.Edges) || page.PageInfo.HasNextPage) {
		s.Next = page.Edges[shown-1].Cursor
	}
	s.LeftOut = s.Totals.Sessions - int64(shown)
	return nil
}

// text implements reply.
func (s *Sessions) text() string {
	w := &words{}
	w.begin("Sessions", s.About)
	w.line("All of them together: %v.", s.Totals)
	for i, one := range s.Sessions {
		w.line("%d. session %s, started %s, %s: %d seconds, rounded up by %d to %d AI minutes", i+1, named(one.SessionID, ""), end(one.StartedAt),
			one.inWords(true), one.Duration, one.RoundedUp, one.Minutes)
	}
	w.line("Shown: %d. Not on this page: %d.", len(s.Sessions), s.LeftOut)
	w.next(s.Next)
	return w.finish(s.About)
}
