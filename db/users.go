package db

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/auth"
	"aiusage/usage"
)

// UserByName returns the user with a name in normal form (auth.NormalizeName),
// or a NotFound error.
func (s *Store) UserByName(ctx context.Context, name string) (auth.User, error) {
	users, err := s.users(ctx, " WHERE users.user_name = ?", name)
	if err != nil {
		return auth.User{}, err
	}
	if len(users) == 0 {
		return auth.User{}, noSuchUser(name)
	}
	return users[0], nil
}

// Users returns all users, ordered by name.
func (s *Store) Users(ctx context.Context) ([]auth.User, error) { return s.users(ctx, "") }

func (s *Store) users(ctx context.Context, where string, args ...any) ([]auth.User, error) {
	rows, err := s.db.QueryxContext(ctx, `
		SELECT users.user_name, users.password_hash, COALESCE(user_roles.role, '')
		FROM users LEFT JOIN user_roles ON user_roles.user_name = users.user_name`+where+`
		ORDER BY users.user_name, user_roles.role`, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var users []auth.User
	for rows.Next() {
		var user auth.User
		var role string
		if err := rows.Scan(&user.Name, &user.PasswordHash, &role); err != nil {
			return nil, translate(err)
		}
		if last := len(users) - 1; last < 0 || users[last].Name != user.Name {
			users = append(users, user)
		}
		if role != "" {
			last := &users[len(users)-1]
			last.Roles = append(last.Roles, role)
		}
	}
	return users, translate(rows.Err())
}

// HasUsers tells whether anybody can sign in.
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	var found bool
	err := s.db.GetContext(ctx, &found, `SELECT EXISTS(SELECT 1 FROM users)`)
	return found, translate(err)
}

// AddUser stores a new user. A name that is taken is an InvalidArgument error.
func (s *Store) AddUser(ctx context.Context, user auth.User) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, `INSERT INTO users (user_name, password_hash, created_at) VALUES (?, ?, ?)`,
		user.Name, user.PasswordHash, time.Now().UTC())
	if hasNumber(err, erDupEntry) {
		return usage.Errorf(usage.InvalidArgument, "there is a user %s already", user.Name)
	}
	if err != nil {
		return translate(err)
	}
	if err := insertRoles(ctx, tx, user); err != nil {
		return translate(err)
	}
	return translate(tx.Commit())
}

func insertRoles(ctx context.Context, tx *sqlx.Tx, user auth.User) error {
	for _, role := range user.Roles {
		_, err := tx.ExecContext(ctx, `INSERT INTO user_roles (user_name, role) VALUES (?, ?)`, user.Name, role)
		if err != nil {
			return err
		}
	}
	return nil
}

// SetPasswordHash replaces the password of a user, who must exist (NotFound).
func (s *Store) SetPasswordHash(ctx context.Context, name, hash string) error {
	result, err := s.db.ExecContext(ctx, `UPDATE users SET password_hash = ? WHERE user_name = ?`, hash, name)
	return onOneUser(result, err, name)
}

// RemoveUser removes a user, who must exist (NotFound), with all roles.
func (s *Store) RemoveUser(ctx context.Context, name string) error {
	result, err := s.db.ExecContext(ctx, `DELETE FROM users WHERE user_name = ?`, name)
	return onOneUser(result, err, name)
}

// onOneUser tells whether a statement changed the one user it was about.
func onOneUser(result interface{ RowsAffected() (int64, error) }, err error, name string) error {
	if err != nil {
		return translate(err)
	}
	changed, err := result.RowsAffected()
	if err == nil && changed == 0 {
		return noSuchUser(name)
	}
	return translate(err)
}

func noSuchUser(name string) error {
	return usage.Errorf(usage.NotFound, "there is no user %s", name)
}
