package faults

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"
)

// platform writes sessions as the platform does, past the gateway and one step after the other,
// and tries each step until it has been taken.
type platform struct {
	ledger *ledger
	db     *sql.DB
	conn   *sql.Conn
	// id is the number of the connection at the server.
	id int64
	// step is the number of the next step.
	step int
}

// pace is how long the platform rests after a step.
const pace = 15 * time.Millisecond

// write writes until stop is called, which returns once the step under way has been taken.
func (p *platform) write(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			p.takeStep(context.Background())
			time.Sleep(pace)
		}
	}()
	return func() {
		t.Helper()
		cancel()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatal("the platform cannot write")
		}
	}
}

// takeStep takes the next step.
func (p *platform) takeStep(ctx context.Context) {
	number := p.step
	p.step++
	id := fmt.Sprint("session-", number)
	one := sessionOf(number)
	earlier := fmt.Sprint("session-", number-4)
	switch _, known := p.ledger.sessions[earlier]; { // nobody else steps meanwhile
	case known && number%5 == 3:
		one, id = p.ledger.sessions[earlier], earlier
		one.account, one.seconds = "moved", one.seconds+61
		p.ledger.begin(map[string]session{id: one})
		p.run(ctx, `UPDATE ai_sessions SET account_id = ?, duration_seconds = ? WHERE session_id = ?`, one.account, one.seconds, id)
	case known && number%7 == 6:
		p.ledger.begin(nil, earlier)
		p.run(ctx, `DELETE FROM ai_sessions WHERE session_id = ?`, earlier)
	default:
		p.store(ctx, id, one)
	}
}

// store takes a step that stores a new session.
func (p *platform) store(ctx context.Context, id string, one session) {
	p.ledger.begin(map[string]session{id: one})
	p.run(ctx, `INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, NULLIF(?, ''), ?, ?)
		ON DUPLICATE KEY UPDATE duration_seconds = VALUES(duration_seconds)`,
		id, one.account, one.customer, one.start.Format("2006-01-02 15:04:05.000"), one.seconds)
}

// run runs the statement of a step that has begun, until it has been taken.
func (p *platform) run(ctx context.Context, statement string, args ...any) {
	for p.try(ctx, statement, args) != nil && ctx.Err() == nil {
		time.Sleep(pace)
	}
	p.ledger.commit()
}

// sessionOf is the session that a step stores.
func sessionOf(number int) session {
	one := session{account: fmt.Sprint("account-", number%3), seconds: int64(1 + number*37%400),
		start: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).Add(time.Duration(number*10_007%420_000) * time.Minute / 2).Add(time.Millisecond)}
	if number%2 == 0 {
		one.customer = fmt.Sprint("customer-", number%5)
	}
	return one
}

// try runs a statement. What was under way on a connection that has failed is ended first, since
// it would otherwise take the step later on.
func (p *platform) try(ctx context.Context, statement string, args []any) (err error) {
	if p.conn == nil {
		if err := p.connect(ctx); err != nil {
			return err
		}
	}
	if _, err = p.conn.ExecContext(ctx, statement, args...); err != nil {
		p.conn.Close()
		p.conn = nil
	}
	return err
}

// connect opens another connection once the last one is gone from the server.
func (p *platform) connect(ctx context.Context) error {
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return err
	}
	var id int64
	if err = conn.QueryRowContext(ctx, `SELECT CONNECTION_ID()`).Scan(&id); err == nil {
		err = p.endLast(ctx, conn, id)
	}
	if err != nil {
		conn.Close()
		return err
	}
	p.conn, p.id = conn, id
	return nil
}

// endLast returns without an error when the last connection is not at the server any more. A
// server that was started anew has other connections by the same numbers.
func (p *platform) endLast(ctx context.Context, conn *sql.Conn, id int64) error {
	if p.id == 0 || p.id >= id {
		return nil
	}
	var there int
	err := conn.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ? AND USER = 'platform'`, p.id).Scan(&there)
	if err != nil || there == 0 {
		return err
	}
	_, _ = conn.ExecContext(ctx, fmt.Sprint("KILL ", p.id)) // which may have ended by itself
	return fmt.Errorf("connection %d has not ended yet", p.id)
}
