package identity

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/auth"
	"aiusage/db/pool"
)

// FamiliarAddresses returns the addresses that a user has signed in from since an
// instant, or a NotFound error.
func (i *Identities) FamiliarAddresses(ctx context.Context, name string, since time.Time) (auth.FamiliarAddresses, error) {
	rows, err := i.db.QueryxContext(ctx, `
		SELECT users.password_hash, familiar_addresses.address_hash, familiar_addresses.seen_at
		FROM users
		LEFT JOIN familiar_addresses ON familiar_addresses.user_name = users.user_name AND familiar_addresses.seen_at >= ?
		WHERE users.user_name = ?`, since.UTC(), name)
	if err != nil {
		return auth.FamiliarAddresses{}, pool.Translate(err)
	}
	defer rows.Close()
	found := auth.FamiliarAddresses{SeenAt: map[string]time.Time{}}
	for rows.Next() {
		var hash sql.NullString
		var at sql.NullTime
		if err := rows.Scan(&found.PasswordHash, &hash, &at); err != nil {
			return auth.FamiliarAddresses{}, pool.Translate(err)
		}
		if hash.Valid {
			found.SeenAt[hash.String] = at.Time
		}
	}
	if err := rows.Err(); err != nil {
		return auth.FamiliarAddresses{}, pool.Translate(err)
	}
	if found.PasswordHash == "" {
		return auth.FamiliarAddresses{}, noSuchUser(name)
	}
	return found, nil
}

// AddFamiliarAddress keeps that a user, if there is one, has signed in from an
// address. What is older than a week, than the user's newest 32 or than everybody's
// newest 65,536 is swept away.
func (i *Identities) AddFamiliarAddress(ctx context.Context, name, hash string, at time.Time) error {
	return i.db.InTransaction(ctx, func(tx *sqlx.Tx) error {
		// Two gateways may have seen the same address, in either order.
		_, err := tx.ExecContext(ctx, `
			INSERT INTO familiar_addresses (user_name, address_hash, seen_at) VALUES (?, ?, ?)
			ON DUPLICATE KEY UPDATE seen_at = GREATEST(seen_at, VALUES(seen_at))`, name, hash, at.UTC())
		if pool.HasNumber(err, pool.ErNoReferencedRow) {
			return nil // the user is gone
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM familiar_addresses WHERE seen_at <= ? LIMIT ?`,
			at.Add(-auth.FamiliarFor).UTC(), maxSwept)
		if err != nil {
			return err
		}
		return errors.Join(
			evictOldest(ctx, tx, auth.MaxFamiliarAddresses, ` WHERE user_name = ?`, name),
			evictOldest(ctx, tx, auth.MaxFamiliarAddressesInAll, ``),
		)
	})
}

// evictOldest deletes the addresses, of those that where selects, that are older
// than the newest so many.
func evictOldest(ctx context.Context, tx *sqlx.Tx, keep int, where string, args ...any) error {
	var newest time.Time
	err := tx.GetContext(ctx, &newest,
		`SELECT seen_at FROM familiar_addresses`+where+` ORDER BY seen_at DESC LIMIT 1 OFFSET ?`, append(args, keep)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	and := ` WHERE`
	if where != "" {
		and = where + ` AND`
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM familiar_addresses`+and+` seen_at <= ?`, append(args, newest)...)
	return err
}
