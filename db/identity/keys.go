package identity

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/auth"
	"aiusage/db/pool"
	"aiusage/usage"
)

// AddAPIKey stores a new API key by its hash.
func (i *Identities) AddAPIKey(ctx context.Context, key auth.APIKey) error {
	return i.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO api_keys (key_id, key_hash, label, role, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
			key.ID, key.Hash, key.Label, key.Role, key.CreatedAt.UTC(), nullable(key.ExpiresAt))
		if err != nil {
			return err
		}
		for _, account := range distinct(key.Accounts) {
			_, err := tx.ExecContext(ctx, `INSERT INTO api_key_accounts (key_id, account_id) VALUES (?, ?)`, key.ID, account)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// APIKeyByHash returns the key with a hash, whether it is still good or not, or
// NotFound.
func (i *Identities) APIKeyByHash(ctx context.Context, hash string) (auth.APIKey, error) {
	keys, err := i.apiKeys(ctx, " WHERE api_keys.key_hash = ?", hash)
	if err != nil {
		return auth.APIKey{}, err
	}
	if len(keys) == 0 {
		return auth.APIKey{}, usage.Errorf(usage.NotFound, "there is no such API key")
	}
	return keys[0], nil
}

// APIKeys returns all keys, revoked and expired ones too, ordered by when they
// were made.
func (i *Identities) APIKeys(ctx context.Context) ([]auth.APIKey, error) { return i.apiKeys(ctx, "") }

func (i *Identities) apiKeys(ctx context.Context, where string, args ...any) ([]auth.APIKey, error) {
	rows, err := i.db.QueryContext(ctx, `
		SELECT api_keys.key_id, api_keys.key_hash, api_keys.label, api_keys.role, api_keys.created_at,
		       api_keys.expires_at, api_keys.last_used_at, api_keys.revoked_at,
		       COALESCE(api_key_accounts.account_id, '')
		FROM api_keys LEFT JOIN api_key_accounts ON api_key_accounts.key_id = api_keys.key_id`+where+`
		ORDER BY api_keys.created_at, api_keys.key_id, api_key_accounts.account_id`, args...)
	if err != nil {
		return nil, pool.Translate(err)
	}
	defer rows.Close()
	var keys []auth.APIKey
	for rows.Next() {
		var key auth.APIKey
		var expires, used, revoked sql.NullTime
		var account string
		err := rows.Scan(&key.ID, &key.Hash, &key.Label, &key.Role, &key.CreatedAt, &expires, &used, &revoked, &account)
		if err != nil {
			return nil, pool.Translate(err)
		}
		key.ExpiresAt, key.LastUsedAt, key.RevokedAt = expires.Time, used.Time, revoked.Time
		if last := len(keys) - 1; last < 0 || keys[last].ID != key.ID {
			keys = append(keys, key)
		}
		if account != "" {
			last := &keys[len(keys)-1]
			last.Accounts = append(last.Accounts, account)
		}
	}
	return keys, pool.Translate(rows.Err())
}

// TouchAPIKey records when a key was used, where the server takes writes: a secondary or a replica
// gets what is recorded elsewhere.
func (i *Identities) TouchAPIKey(ctx context.Context, id string, at time.Time) error {
	if takes, err := i.takesWrites(ctx); err != nil || !takes {
		return err
	}
	_, err := i.db.ExecContext(ctx, `
		UPDATE api_keys SET last_used_at = ? WHERE key_id = ? AND (last_used_at IS NULL OR last_used_at < ?)`,
		at.UTC(), id, at.UTC())
	return pool.Translate(err)
}

// RevokeAPIKey revokes a key. A key that nobody has made is a
// NotFound error; one that was revoked before keeps its instant.
func (i *Identities) RevokeAPIKey(ctx context.Context, id string, at time.Time) error {
	result, err := i.db.ExecContext(ctx, `UPDATE api_keys SET revoked_at = COALESCE(revoked_at, ?) WHERE key_id = ?`, at.UTC(), id)
	if err != nil {
		return pool.Translate(err)
	}
	if changed, err := result.RowsAffected(); err != nil || changed > 0 {
		return pool.Translate(err)
	}
	var found bool
	err = i.db.GetContext(ctx, &found, `SELECT EXISTS(SELECT 1 FROM api_keys WHERE key_id = ?)`, id)
	if err == nil && !found {
		return usage.Errorf(usage.NotFound, "there is no API key with this id")
	}
	return pool.Translate(err)
}

// nullable stores a zero instant as NULL.
func nullable(t time.Time) sql.NullTime { return sql.NullTime{Time: t.UTC(), Valid: !t.IsZero()} }
