package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"aiusage/db/pool"
)

// MarkWeakPassword notes that a password hash of a user, who must exist, is that of a
// weak password, which says nothing about any other.
func (i *Identities) MarkWeakPassword(ctx context.Context, name, hash string) error {
	_, err := i.db.ExecContext(ctx, `
		INSERT INTO user_weak_passwords (user_name, password_mark) VALUES (?, ?)
		ON DUPLICATE KEY UPDATE password_mark = VALUES(password_mark)`, name, passwordMark(hash))
	return pool.Translate(err)
}

// WeakPasswords returns the names of the users whose password is a weak one that was
// taken all the same.
func (i *Identities) WeakPasswords(ctx context.Context) (map[string]bool, error) {
	var rows []struct {
		Name string `db:"user_name"`
		Hash string `db:"password_hash"`
		Mark string `db:"password_mark"`
	}
	// Compared here: engines give SHA2() different collations.
	err := i.db.SelectContext(ctx, &rows, `
		SELECT users.user_name, users.password_hash, user_weak_passwords.password_mark
		FROM users JOIN user_weak_passwords ON user_weak_passwords.user_name = users.user_name`)
	if err != nil {
		return nil, pool.Translate(err)
	}
	weak := map[string]bool{}
	for _, row := range rows {
		if passwordMark(row.Hash) == row.Mark {
			weak[row.Name] = true
		}
	}
	return weak, nil
}

func passwordMark(hash string) string {
	sum := sha256.Sum256([]byte(hash))
	return hex.EncodeToString(sum[:])
}
