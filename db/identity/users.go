package identity

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/auth"
	"aiusage/db/pool"
	"aiusage/usage"
)

// UserByName returns the user with a name in normal form (auth.NormalizeName),
// or a NotFound error.
func (i *Identities) UserByName(ctx context.Context, name string) (auth.User, error) {
	users, err := i.users(ctx, " WHERE users.user_name = ?", name)
	if err != nil {
		return auth.User{}, err
	}
	if len(users) == 0 {
		return auth.User{}, noSuchUser(name)
	}
	return users[0], nil
}

// Users returns all users, ordered by name.
func (i *Identities) Users(ctx context.Context) ([]auth.User, error) { return i.users(ctx, "") }

func (i *Identities) users(ctx context.Context, where string, args ...any) ([]auth.User, error) {
	// A row for each pair of a role and an account: roles are few.
	rows, err := i.db.QueryxContext(ctx, `
		SELECT users.user_name, users.password_hash,
		       COALESCE(user_roles.role, ''), COALESCE(user_accounts.account_id, '')
		FROM users
		LEFT JOIN user_roles ON user_roles.user_name = users.user_name
		LEFT JOIN user_accounts ON user_accounts.user_name = users.user_name`+where+`
		ORDER BY users.user_name, user_roles.role, user_accounts.account_id`, args...)
	if err != nil {
		return nil, pool.Translate(err)
	}
	defer rows.Close()
	var users []auth.User
	for rows.Next() {
		var user auth.User
		var role, account string
		if err := rows.Scan(&user.Name, &user.PasswordHash, &role, &account); err != nil {
			return nil, pool.Translate(err)
		}
		if last := len(users) - 1; last < 0 || users[last].Name != user.Name {
			users = append(users, user)
		}
		addAccess(&users[len(users)-1], role, account)
	}
	return users, pool.Translate(rows.Err())
}

// addAccess adds one row of users to a user. Every role comes with all accounts.
func addAccess(user *auth.User, role, account string) {
	if role != "" && (len(user.Roles) == 0 || user.Roles[len(user.Roles)-1] != role) {
		user.Roles = append(user.Roles, role)
	}
	if account != "" && len(user.Roles) <= 1 {
		user.Accounts = append(user.Accounts, account)
	}
}

// HasUsers tells whether anybody can sign in.
func (i *Identities) HasUsers(ctx context.Context) (bool, error) {
	var found bool
	err := i.db.GetContext(ctx, &found, `SELECT EXISTS(SELECT 1 FROM users)`)
	return found, pool.Translate(err)
}

// AddUser stores a new user. A name that is taken is an InvalidArgument error.
func (i *Identities) AddUser(ctx context.Context, user auth.User) error {
	tx, err := i.db.BeginTxx(ctx, nil)
	if err != nil {
		return pool.Translate(err)
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, `INSERT INTO users (user_name, password_hash, created_at) VALUES (?, ?, ?)`,
		user.Name, user.PasswordHash, time.Now().UTC())
	if pool.HasNumber(err, pool.ErDupEntry) {
		return usage.Errorf(usage.InvalidArgument, "there is a user %s already", user.Name)
	}
	if err != nil {
		return pool.Translate(err)
	}
	if err := insertAccess(ctx, tx, user.Name, user.Roles, user.Accounts); err != nil {
		return pool.Translate(err)
	}
	return pool.Translate(tx.Commit())
}

// insertAccess gives a user roles and accounts. One named twice is given once.
func insertAccess(ctx context.Context, tx *sqlx.Tx, name string, roles, accounts []string) error {
	for _, role := range distinct(roles) {
		_, err := tx.ExecContext(ctx, `INSERT INTO user_roles (user_name, role) VALUES (?, ?)`, name, role)
		if err != nil {
			return err
		}
	}
	for _, account := range distinct(accounts) {
		_, err := tx.ExecContext(ctx, `INSERT INTO user_accounts (user_name, account_id) VALUES (?, ?)`, name, account)
		if err != nil {
			return err
		}
	}
	return nil
}

// distinct returns the values in order, each once.
func distinct(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }

// SetAccess replaces the roles and accounts of a user, who must exist (NotFound).
// It holds from the user's next request on.
func (i *Identities) SetAccess(ctx context.Context, name string, roles, accounts []string) error {
	return i.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		var found bool
		err := tx.GetContext(ctx, &found, `SELECT EXISTS(SELECT 1 FROM users WHERE user_name = ?)`, name)
		if err != nil {
			return err
		}
		if !found {
			return noSuchUser(name)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM user_roles WHERE user_name = ?`, name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM user_accounts WHERE user_name = ?`, name); err != nil {
			return err
		}
		return insertAccess(ctx, tx, name, roles, accounts)
	})
}

// SetPasswordHash replaces the password of a user, who must exist (NotFound),
// and ends the user's sessions.
func (i *Identities) SetPasswordHash(ctx context.Context, name, hash string) error {
	return i.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE users SET password_hash = ? WHERE user_name = ?`, hash, name)
		if err := onOneUser(result, err, name); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM auth_sessions WHERE user_name = ?`, name)
		return err
	})
}

// RemoveUser removes a user, who must exist (NotFound), with all roles, accounts
// and sessions.
func (i *Identities) RemoveUser(ctx context.Context, name string) error {
	result, err := i.db.ExecContext(ctx, `DELETE FROM users WHERE user_name = ?`, name)
	return onOneUser(result, err, name)
}

// onOneUser tells whether a statement changed the one user it was about.
func onOneUser(result interface{ RowsAffected() (int64, error) }, err error, name string) error {
	if err != nil {
		return pool.Translate(err)
	}
	changed, err := result.RowsAffected()
	if err == nil && changed == 0 {
		return noSuchUser(name)
	}
	return pool.Translate(err)
}

func noSuchUser(name string) error {
	return usage.Errorf(usage.NotFound, "there is no user %s", name)
}
