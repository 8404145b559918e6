package pool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"aiusage/db/member"
	"aiusage/usage"
)

// A connection is given out only where its server may be used. A server that was restarted has
// new connections only, so it is asked when one is opened; what a server that goes on has become
// is asked once in a while for all of its connections.

// lookEvery is how old what is known of a server may be when a connection is given out, and
// lookAtLeast when somebody else is asking just then.
const (
	lookEvery   = time.Second
	lookAtLeast = 3 * time.Second
)

// lookout knows what servers are.
type lookout struct {
	mu    sync.Mutex
	known map[address]*known
}

// known is a server as it was last looked at, when, and when somebody last began to. newest is the
// last connection that was asked when it was opened.
type known struct {
	member    member.Member
	at, begun time.Time
	newest    place
}

// isDue tells whether a caller has to look at a server, whose turn it is then.
func (l *lookout) isDue(at address, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.known[at]
	if one != nil && (now.Sub(one.at) < lookEvery || now.Sub(one.begun) < lookEvery && now.Sub(one.at) < lookAtLeast) {
		return false
	}
	if one != nil {
		one.begun = now
	}
	return true
}

// last is what a server was when it was last looked at.
func (l *lookout) last(at address) member.Member {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one := l.known[at]; one != nil {
		return one.member
	}
	return member.Member{}
}

// hasSeen tells whether a server has just been looked at, which a new connection leads to: since it was
// looked at, it has counted on, and so was not started again.
func (l *lookout) hasSeen(at place, now time.Time) (found member.Member, seen bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.known[at.address]
	if one == nil || now.Sub(one.at) >= lookEvery && !one.member.Fixed || !at.canEnd(one.newest) {
		return found, false
	}
	return one.member, true
}

// note keeps what a server is, and by which new connection that was seen, unless it is an old one.
func (l *lookout) note(by place, isNew bool, found member.Member, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[address]*known{}
	}
	if one := l.known[by.address]; one != nil && !isNew {
		by = one.newest
	}
	l.known[by.address] = &known{found, now, now, by}
}

// look asks a server, by one of its connections, what it is.
func (k *killer) look(ctx context.Context, conn driver.QueryerContext, at place, isNew bool) (member.Member, error) {
	began := time.Now()
	found, err := member.Look(ctx, asked{conn}, k.lookout.last(at.address))
	if err != nil {
		return found, err
	}
	found.OwnTables = found.OwnTables || found.Replicates && k.ownTables
	k.lookout.note(at, isNew, found, began)
	return found, nil
}

// refusal is the error of a server that may not be used, or nil.
func refusal(of member.Member) error {
	if of.Refusal == "" {
		return nil
	}
	return &usage.Error{Code: usage.Unavailable, Message: of.Refusal, Cause: &member.Refused{Member: of}}
}

// admit asks the server of a new connection what it is, and sets the connection for that.
func (k *killer) admit(ctx context.Context, conn connection, at place) (member.Member, error) {
	found, seen := k.lookout.hasSeen(at, time.Now())
	var err error
	if !seen {
		found, err = k.look(ctx, conn, at, true)
	}
	if err == nil {
		err = refusal(found)
	}
	if err != nil {
		return found, err
	}
	for _, statement := range k.settingsFor(found) {
		if _, err := conn.ExecContext(ctx, statement, nil); err != nil {
			return found, err
		}
	}
	return found, nil
}

// settingsFor are the statements that set a connection for what its server is, beside what is set
// everywhere.
func (k *killer) settingsFor(found member.Member) (statements []string) {
	if k.reading || !found.TakesWrites() {
		// The server itself then refuses whatever would not be on the others.
		statements = append(statements, "SET SESSION TRANSACTION READ ONLY")
	}
	if age := found.AgeOf(k.staleReads, k.reading); age != member.Current {
		statements = append(statements, fmt.Sprintf("SET @%s = %d", member.AgeVariable, age))
	}
	switch {
	case k.staleReads:
	case found.Kind == member.Galera:
		// Reads, changes and the beginning of transactions wait for what other nodes had written before.
		statements = append(statements, "SET SESSION wsrep_sync_wait = 7")
	case found.Kind == member.Group:
		// On the primary as well: one that is cut off learns late that there is another.
		statements = append(statements, "SET SESSION group_replication_consistency = 'BEFORE'")
	}
	return statements
}

// isFit tells whether the server of a connection is still what the connection was set for.
func (c *killable) isFit(ctx context.Context) bool {
	at := c.place.address
	switch {
	case c.member.Fixed:
		return true
	case !c.killer.lookout.isDue(at, time.Now()):
		return c.killer.lookout.last(at).Fits(c.member)
	}
	found, err := c.killer.look(ctx, c.connection, c.place, false)
	return err == nil && found.Fits(c.member)
}

// mayCommit looks once more before a transaction that may have written ends, unless that has just
// been done, or the server itself refuses what does not reach the others.
func (c *killable) mayCommit(ctx context.Context) error {
	if c.member.Fixed || c.member.Kind != member.Group && !c.killer.lookout.isDue(c.place.address, time.Now()) {
		return nil
	}
	found, err := c.killer.look(ctx, c.connection, c.place, false)
	switch {
	case err != nil:
		return err
	case found.Refusal != "":
		return refusal(found)
	case !found.Fits(c.member):
		return &usage.Error{Code: usage.Unavailable, Message: becameAnother, Cause: &member.Refused{Member: found}}
	}
	return nil
}

// What callers are told.
const (
	becameAnother = "the database server has taken another part among its servers; try again"
	onReplica     = "the database server repeats what is written on another, so the gateway writes nothing there; name the primary server in the DSN"
	onSecondary   = "the database server is a secondary member of its group, which takes no writes; name the primary in the DSN"
)

// explainRefusal puts into words why a server of several has refused a write.
func (c *killable) explainRefusal(err error) error {
	if err == nil || c.member.TakesWrites() || !refusesWrites(err) {
		return err
	}
	words := onSecondary
	if c.member.Replicates {
		words = onReplica
	}
	return &usage.Error{Code: usage.Unavailable, Message: words, Cause: err}
}

// Member says what the server is that the pool's connections lead to.
func (p *Pool) Member(ctx context.Context) (found member.Member, err error) {
	conn, err := p.Connx(ctx)
	if err != nil {
		return found, Translate(err)
	}
	defer conn.Close()
	err = conn.Raw(func(raw any) error {
		if own, ok := raw.(*killable); ok {
			found = own.member
		}
		return nil
	})
	return found, Translate(err)
}

// asked is a connection that member.Look asks.
type asked struct{ conn driver.QueryerContext }

// Rows returns the rows of a statement as texts.
func (a asked) Rows(ctx context.Context, statement string) (found []member.Row, denied, absent bool, err error) {
	rows, err := a.conn.QueryContext(ctx, member.Mark+statement, nil)
	switch {
	case HasNumber(err, ErTableAccessDenied, 1143, ErSpecificDenied, ErDBAccessDenied):
		return nil, true, false, nil
	case HasNumber(err, ErNoSuchTable):
		return nil, false, true, nil
	case err != nil:
		return nil, false, false, err
	}
	defer rows.Close()
	columns := rows.Columns()
	values := make([]driver.Value, len(columns))
	for {
		err := rows.Next(values)
		if errors.Is(err, io.EOF) {
			return found, false, false, nil
		}
		if err != nil {
			return nil, false, false, err
		}
		row := member.Row{}
		for i, value := range values {
			if value != nil {
				row[strings.ToLower(columns[i])] = text(value)
			}
		}
		found = append(found, row)
	}
}

// isRefusal tells whether err says that a server may not be used just now.
func isRefusal(err error) bool {
	_, refused := errors.AsType[*member.Refused](err)
	return refused
}
