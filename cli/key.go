package cli

import (
	"context"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"aiusage/auth"
	"aiusage/usage"
)

type keyCommand struct {
	Create keyCreateCommand `cmd:"" help:"Make an API key and print it. It is shown this once and kept nowhere."`
	List   keyListCommand   `cmd:"" help:"List API keys: what they are for, what they may see, and when they were used last."`
	Revoke keyRevokeCommand `cmd:"" help:"Revoke an API key, which is then no longer accepted."`
}

type keyCreateCommand struct {
	Label   string   `arg:"" help:"What the key is for, such as 'billing export'."`
	Role    string   `required:"" placeholder:"ROLE" help:"SystemAdministrator, who sees every account, or AccountAdministrator, who sees some, and not by the legacy operation."`
	Account []string `sep:"none" placeholder:"ID" help:"An account that an AccountAdministrator may see. Can be given more than once."`
	Expires string   `placeholder:"DATE" help:"When the key expires: a day (2027-01-01, as it begins in UTC) or an instant (2027-01-01T10:00:00Z). Without it, the key does not expire."`
}

// Run makes a key.
func (c keyCreateCommand) Run(ctx context.Context, p *process) error {
	expires, err := parseExpiry(c.Expires)
	if err != nil {
		return err
	}
	secret, key, err := auth.NewAPIKey(c.Label, c.Role, c.Account, time.Now(), expires)
	if err != nil {
		return err
	}
	return p.withUsers(ctx, func(store *database) error {
		err := store.AddAPIKey(ctx, key)
		p.audit(ctx, "key-create", err, slog.String("key", key.ID), slog.String("label", key.Label),
			slog.String("role", key.Role), slog.Any("accounts", key.Accounts))
		if err != nil {
			return err
		}
		// The key alone on standard output, for a program to take.
		fmt.Fprintf(p.stderr, "made API key %s; it is shown only now:\n", key.ID)
		if _, err := fmt.Fprintln(p.stdout, secret); err != nil {
			return fmt.Errorf("%w; nobody has seen the API key, but there is one: revoke it with 'aiusage key revoke %s', and make another", err, key.ID)
		}
		return nil
	})
}

// parseExpiry reads a day or an instant.
func parseExpiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if expires, err := time.Parse(form, text); err == nil {
			return expires, nil
		}
	}
	return time.Time{}, usage.Errorf(usage.InvalidArgument,
		"--expires is neither a day such as 2027-01-01 nor an instant such as 2027-01-01T10:00:00Z")
}

type keyListCommand struct{}

// Run lists keys.
func (keyListCommand) Run(ctx context.Context, p *process) error {
	return p.withUsers(ctx, func(store *database) error {
		keys, err := store.APIKeys(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, key := range keys {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", key.ID, key.Label,
				describeAccess([]string{key.Role}, key.Accounts), keyState(key, time.Now()), lastUse(key))
		}
		return table.Flush()
	})
}

// keyState says until when a key is valid, or since when it is not.
func keyState(key auth.APIKey, now time.Time) string {
	switch {
	case !key.RevokedAt.IsZero():
		return "revoked " + key.RevokedAt.UTC().Format(time.RFC3339)
	case key.ExpiresAt.IsZero():
		return "does not expire"
	case !now.Before(key.ExpiresAt):
		return "expired " + key.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return "expires " + key.ExpiresAt.UTC().Format(time.RFC3339)
}

func lastUse(key auth.APIKey) string {
	if key.LastUsedAt.IsZero() {
		return "never used"
	}
	return "used " + key.LastUsedAt.UTC().Format("2006-01-02T15:04Z")
}

type keyRevokeCommand struct {
	ID string `arg:"" help:"The key's id, as 'key list' shows it."`
}

// Run revokes a key.
func (c keyRevokeCommand) Run(ctx context.Context, p *process) error {
	return p.withUsers(ctx, func(store *database) error {
		err := store.RevokeAPIKey(ctx, c.ID, time.Now())
		if err != nil {
			return err
		}
		p.audit(ctx, "key-revoke", nil, slog.String("key", c.ID))
		fmt.Fprintf(p.stdout, "revoked API key %s\n", c.ID)
		return nil
	})
}
