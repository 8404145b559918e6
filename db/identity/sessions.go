package identity

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/auth"
	"aiusage/db/pool"
	"aiusage/usage"
)

// The most sessions that one user has, so that a program that signs in for every
// request cannot fill the table, and the most that one sign-in sweeps away.
const (
	maxUserSessions = 1000
	maxSwept        = 1000
)

// AddSession stores a new session, and ends the user's oldest ones beyond a
// thousand. Sessions that were over by the new one's beginning are swept away.
func (i *Identities) AddSession(ctx context.Context, session auth.Session) error {
	return i.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO auth_sessions (session_hash, user_name, password_mark, created_at, idle_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?)`,
			session.Hash, session.UserName, session.PasswordMark,
			session.CreatedAt.UTC(), session.IdleAt.UTC(), session.ExpiresAt.UTC())
		if err != nil {
			return err
		}
		// idle_at is never after expires_at.
		_, err = tx.ExecContext(ctx, `DELETE FROM auth_sessions WHERE idle_at <= ? LIMIT ?`, session.CreatedAt.UTC(), maxSwept)
		if err != nil {
			return err
		}
		return endOldest(ctx, tx, session.UserName)
	})
}

// endOldest ends the sessions of a user that are older than the newest thousand.
func endOldest(ctx context.Context, tx *sqlx.Tx, name string) error {
	var newest time.Time
	err := tx.GetContext(ctx, &newest, `
		SELECT created_at FROM auth_sessions WHERE user_name = ?
		ORDER BY created_at DESC LIMIT 1 OFFSET ?`, name, maxUserSessions)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM auth_sessions WHERE user_name = ? AND created_at <= ?`, name, newest)
	return err
}

// SessionByHash returns the session with a hash, over or not, or NotFound.
func (i *Identities) SessionByHash(ctx context.Context, hash string) (auth.Session, error) {
	var session auth.Session
	err := i.db.QueryRowContext(ctx, `
		SELECT session_hash, user_name, password_mark, created_at, idle_at, expires_at
		FROM auth_sessions WHERE session_hash = ?`, hash).
		Scan(&session.Hash, &session.UserName, &session.PasswordMark,
			&session.CreatedAt, &session.IdleAt, &session.ExpiresAt)
	if errors.Is(err, sql.ErrNoRows) {
		return auth.Session{}, usage.Errorf(usage.NotFound, "there is no such session")
	}
	return session, pool.Translate(err)
}

// ExtendSession moves the instant at which a session is over unless it is used, where the server
// takes writes.
func (i *Identities) ExtendSession(ctx context.Context, hash string, idleAt time.Time) error {
	if takes, err := i.takesWrites(ctx); err != nil || !takes {
		return err
	}
	_, err := i.db.ExecContext(ctx, `UPDATE auth_sessions SET idle_at = ? WHERE session_hash = ? AND idle_at < ?`,
		idleAt.UTC(), hash, idleAt.UTC())
	return pool.Translate(err)
}

// RemoveSession ends a session, if there is one with this hash.
func (i *Identities) RemoveSession(ctx context.Context, hash string) error {
	_, err := i.db.ExecContext(ctx, `DELETE FROM auth_sessions WHERE session_hash = ?`, hash)
	return pool.Translate(err)
}
