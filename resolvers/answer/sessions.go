package answer

import (
	"context"
	"slices"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"aiusage/usage"
)

// Session is a session, as a node.
type Session struct {
	*usage.ListedSession
	query usage.Query
	page  *sessionPage
}

// sessionPage is sessions that were listed together, whose names are read at once.
type sessionPage struct{ accounts, customers *names }

// SessionConnection is a page of sessions.
type SessionConnection struct {
	Edges    []SessionEdge
	Nodes    []Session
	PageInfo PageInfo
}

// SessionEdge is a session with its cursor.
type SessionEdge struct {
	Cursor string
	Node   Session
}

// ID is the id of the session.
func (s Session) ID() string { return idOf(s) }

// IsNode says that it has an id.
func (Session) IsNode() {}

// AppendID appends the id.
func (s Session) AppendID(document []byte) []byte {
	return named.append(document, part{kind: ofSession, subject: usage.Subject{AccountID: s.AccountID}, session: s.SessionID})
}

// Account is whose session it is.
func (s Session) Account() Account {
	return Account{AccountID: s.AccountID, names: s.page.accounts}
}

// Customer is the customer whose session it is, or nil.
func (s Session) Customer() *Customer {
	if s.CustomerID == "" {
		return nil
	}
	return &Customer{AccountID: s.AccountID, CustomerID: s.CustomerID, names: s.page.customers, accountNames: s.page.accounts}
}

// StartedAt is when it started, in the time zone of the report, or nil where that is no instant.
func (s Session) StartedAt() *time.Time { return s.query.Show(s.ListedSession.StartedAt) }

// SessionsConnection resolves AIUsage.sessionsConnection.
func (r *Report) SessionsConnection(ctx context.Context, first *int32, after *string, last *int32, before *string) (*SessionConnection, error) {
	return r.sessions(ctx, usage.Together, usage.Subject{}, r.Query.Range, PageArguments{first, last, after, before})
}

// SessionsConnection resolves AIAccountUsage.sessionsConnection.
func (a AccountUsage) SessionsConnection(ctx context.Context, first *int32, after *string, last *int32, before *string) (*SessionConnection, error) {
	report := a.group.report
	return report.sessions(ctx, usage.ByAccount, a.subject(), report.Query.Range, PageArguments{first, last, after, before})
}

// SessionsConnection resolves AICustomerUsage.sessionsConnection.
func (c CustomerUsage) SessionsConnection(ctx context.Context, first *int32, after *string, last *int32, before *string) (*SessionConnection, error) {
	report := c.group.report
	return report.sessions(ctx, usage.ByCustomer, c.subject(), report.Query.Range, PageArguments{first, last, after, before})
}

// SessionsConnection resolves AIUsagePoint.sessionsConnection.
func (p Point) SessionsConnection(ctx context.Context, first *int32, after *string, last *int32, before *string) (*SessionConnection, error) {
	return p.of.report.sessions(ctx, p.of.level, p.of.subject, usage.Range{From: p.From.UTC(), To: p.To.UTC()}, PageArguments{first, last, after, before})
}

// maxSessionPages bounds the pages of sessions in an answer, each of which is read by itself.
const maxSessionPages = 100

// errTooManyPages says that there are more.
var errTooManyPages = usage.Invalid(argFirst,
	"an answer lists the sessions of at most %d reports, rows and points; ask for those of fewer rows or points", maxSessionPages)

// sessions returns a page of the sessions of a part of the report: of all of it, of an account
// or of a customer, as the level says.
func (r *Report) sessions(ctx context.Context, level usage.Level, subject usage.Subject, within usage.Range, arguments PageArguments) (*SessionConnection, error) {
	query := usage.SessionsQuery{Query: r.Query}
	query.Range = within
	if level != usage.Together {
		query.Query = narrowed(query.Query, subject.AccountID)
	}
	if subject.CustomerID != "" {
		query.CustomerID = subject.CustomerID
	}
	belonging := sessionsBelonging(query.Query)
	if err := arguments.sessions(&query, belonging); err != nil {
		return nil, err
	}
	if err := r.reading.countPage(); err != nil {
		return nil, err
	}
	db, snapshot := r.reading.database()
	found, err := snapshot.Sessions(db, query)
	if err != nil {
		return nil, err
	}
	if err := Wanted(ctx); err != nil {
		return nil, err
	}
	return r.reading.sessionConnection(query, belonging, found), nil
}

// countPage counts a page of sessions.
func (r *Reading) countPage() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sessionPages++; r.sessionPages > maxSessionPages {
		return errTooManyPages
	}
	return nil
}

// sessionsBelonging names the list that cursors of a page of sessions belong to.
func sessionsBelonging(query usage.Query) string {
	return belongingOf("sessions", query.AccountID, query.CustomerID, query.AccountIDs, query.CustomerIDs,
		query.Range.From.UTC().String(), query.Range.To.UTC().String())
}

// sessions has a query ask for a page: one more than fits, to know whether there is another.
// Errors are InvalidArgument.
func (a PageArguments) sessions(query *usage.SessionsQuery, belonging string) error {
	size, backward, err := a.size(maxListed)
	if err != nil {
		return err
	}
	query.Limit, query.Backward = size+1, backward
	if query.After, err = sessionPlace(belonging, argAfter, a.After); err != nil {
		return err
	}
	query.Before, err = sessionPlace(belonging, argBefore, a.Before)
	return err
}

// sessionPlace returns the place of a session that a cursor names, or nil.
func sessionPlace(belonging string, argument usage.Argument, text *string) (*usage.SessionPlace, error) {
	found, err := cursorOf(belonging, argument, text)
	if found == nil || err != nil {
		return nil, err
	}
	if found.Session != nil {
		if _, _, ok := found.Session.Around(); ok {
			return found.Session, nil
		}
	}
	return nil, usage.Invalid(argument, "%s is not a cursor", argument).Accepting(acceptedCursor)
}

// sessionConnection returns a page of what was found for a query.
func (r *Reading) sessionConnection(query usage.SessionsQuery, belonging string, found []usage.ListedSession) *SessionConnection {
	if query.Backward {
		slices.Reverse(found)
	}
	found, before, after := listed(usage.Search{Limit: query.Limit, Backward: query.Backward, After: beyond(query.After), Before: beyond(query.Before)}, found)
	connection := &SessionConnection{Nodes: r.sessionsOf(query.Query, found)}
	var cursors []string
	for _, node := range connection.Nodes {
		cursors = append(cursors, cursor{Of: belonging, Session: &node.Place}.text())
		connection.Edges = append(connection.Edges, SessionEdge{cursors[len(cursors)-1], node})
	}
	connection.PageInfo = pageInfo(cursors, before, after)
	return connection
}

// beyond tells listed whether there is a cursor.
func beyond(place *usage.SessionPlace) *usage.Subject {
	if place == nil {
		return nil
	}
	return &usage.Subject{}
}

// sessionsOf returns sessions that were found together.
func (r *Reading) sessionsOf(query usage.Query, found []usage.ListedSession) []Session {
	subjects := func(of func(usage.ListedSession) (usage.Subject, bool)) func() []usage.Subject {
		return func() (all []usage.Subject) {
			for _, session := range found {
				if subject, is := of(session); is {
					all = append(all, subject)
				}
			}
			return distinct(all)
		}
	}
	page := &sessionPage{
		accounts: &names{reading: r, subjects: subjects(func(s usage.ListedSession) (usage.Subject, bool) {
			return usage.Subject{AccountID: s.AccountID}, true
		})},
		customers: &names{reading: r, subjects: subjects(func(s usage.ListedSession) (usage.Subject, bool) {
			return usage.Subject{AccountID: s.AccountID, CustomerID: s.CustomerID}, s.CustomerID != ""
		})},
	}
	nodes := make([]Session, len(found))
	for i := range found {
		nodes[i] = Session{&found[i], query, page}
	}
	return nodes
}

// sessionKey names a session to look up.
type sessionKey struct{ account, session string }

// loadSessions looks sessions up by one statement.
func (r *Reading) loadSessions(_ context.Context, keys []sessionKey) []*dataloader.Result[*Session] {
	query := usage.SessionsQuery{Query: usage.Query{Zone: time.UTC}, Limit: len(keys)}
	for _, key := range keys {
		query.Accounts, query.SessionIDs = append(query.Accounts, key.account), append(query.SessionIDs, key.session)
	}
	slices.Sort(query.Accounts)
	query.Accounts = slices.Compact(query.Accounts)
	ctx, db := r.database()
	found, err := db.Sessions(ctx, query)
	nodes := r.sessionsOf(query.Query, found)
	results := make([]*dataloader.Result[*Session], len(keys))
	for i, key := range keys {
		results[i] = &dataloader.Result[*Session]{Error: err}
		// Databases may take what is not quite the same for the same.
		at := slices.IndexFunc(nodes, func(node Session) bool {
			return node.SessionID == key.session && usage.TrimID(node.AccountID) == usage.TrimID(key.account)
		})
		if at >= 0 {
			results[i].Data = &nodes[at]
		}
	}
	return results
}
