package cli

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"

	"aiusage/auth"
)

type userCommand struct {
	Add    userAddCommand    `cmd:"" help:"Add a user. The password is asked for, or read from one line of standard input."`
	List   userListCommand   `cmd:"" help:"List users and their roles."`
	Passwd userPasswdCommand `cmd:"" help:"Change a user's password, which ends the user's sessions."`
	Access userAccessCommand `cmd:"" help:"Replace a user's roles and accounts."`
	Remove userRemoveCommand `cmd:"" help:"Remove a user, who can sign in no more."`
}

// access is what somebody may see.
type access struct {
	Role    []string `sep:"none" placeholder:"ROLE" help:"SystemAdministrator, who sees every account, or AccountAdministrator, who sees some, and not by the legacy operation. Can be given more than once."`
	Account []string `sep:"none" placeholder:"ID" help:"An account that an AccountAdministrator may see. Can be given more than once."`
}

type userAddCommand struct {
	Name string `arg:"" help:"The name to sign in with; case does not matter."`
	access
}

// Run adds a user.
func (c userAddCommand) Run(ctx context.Context, p *process) error {
	name, err := auth.NormalizeName(c.Name)
	if err != nil {
		return err
	}
	if err := auth.CheckAccess(c.Role, c.Account); err != nil {
		return err
	}
	return p.withOpen(ctx, p.openOrCreate, func(store *database) error {
		hash, err := p.newPasswordHash(ctx)
		if err != nil {
			return err
		}
		user := auth.User{Name: name, PasswordHash: hash, Roles: c.Role, Accounts: c.Account}
		err = store.AddUser(ctx, user)
		p.audit(ctx, "user-add", err, slog.String("user", name), slog.Any("roles", c.Role), slog.Any("accounts", c.Account))
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "added user %s\n", name)
		return nil
	})
}

type userAccessCommand struct {
	Name string `arg:"" help:"The user's name."`
	access
}

// Run replaces what a user may see.
func (c userAccessCommand) Run(ctx context.Context, p *process) error {
	if err := auth.CheckAccess(c.Role, c.Account); err != nil {
		return err
	}
	return p.withUser(ctx, c.Name, func(store *database, name string) error {
		err := store.SetAccess(ctx, name, c.Role, c.Account)
		p.audit(ctx, "user-access", err, slog.String("user", name), slog.Any("roles", c.Role), slog.Any("accounts", c.Account))
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "changed the access of user %s\n", name)
		return nil
	})
}

// audit records what was done on the command line.
func (p *process) audit(ctx context.Context, event string, err error, more ...slog.Attr) {
	auth.Audit(ctx, p.log, event, auth.Operator.Name, "command line", err, more...)
}

type userListCommand struct{}

// Run lists users.
func (userListCommand) Run(ctx context.Context, p *process) error {
	return p.withUsers(ctx, func(store *database) error {
		users, err := store.Users(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, user := range users {
			fmt.Fprintf(table, "%s\t%s\n", user.Name, describeAccess(user.Roles, user.Accounts))
		}
		return table.Flush()
	})
}

// describeAccess puts roles and accounts in words.
func describeAccess(roles, accounts []string) string {
	words := strings.Join(roles, ", ")
	if words == "" {
		words = "no role"
	}
	if len(accounts) > 0 {
		words += " of " + strings.Join(accounts, ", ")
	}
	return words
}

type userPasswdCommand struct {
	Name string `arg:"" help:"The user's name."`
}

// Run changes a password.
func (c userPasswdCommand) Run(ctx context.Context, p *process) error {
	return p.withUser(ctx, c.Name, func(store *database, name string) error {
		hash, err := p.newPasswordHash(ctx)
		if err != nil {
			return err
		}
		err = store.SetPasswordHash(ctx, name, hash)
		p.audit(ctx, "user-passwd", err, slog.String("user", name))
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "changed the password of user %s\n", name)
		return nil
	})
}

type userRemoveCommand struct {
	Name string `arg:"" help:"The user's name."`
}

// Run removes a user.
func (c userRemoveCommand) Run(ctx context.Context, p *process) error {
	return p.withUser(ctx, c.Name, func(store *database, name string) error {
		err := store.RemoveUser(ctx, name)
		p.audit(ctx, "user-remove", err, slog.String("user", name))
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "removed user %s\n", name)
		return nil
	})
}

// withUsers runs do on the database.
func (p *process) withUsers(ctx context.Context, do func(*database) error) error {
	return p.withOpen(ctx, p.open, do)
}

// withOpen runs do on the database that open opens.
func (p *process) withOpen(ctx context.Context, open func(context.Context) (*database, error), do func(*database) error) error {
	store, err := open(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	return do(store)
}

// withUser runs do with the normal form of the name of a user who exists.
func (p *process) withUser(ctx context.Context, name string, do func(*database, string) error) error {
	normal, err := auth.NormalizeName(name)
	if err != nil {
		return err
	}
	return p.withUsers(ctx, func(store *database) error {
		if _, err := store.UserByName(ctx, normal); err != nil {
			return err
		}
		return do(store, normal)
	})
}

// newPasswordHash asks for a new password and returns its hash.
func (p *process) newPasswordHash(ctx context.Context) (string, error) {
	password, err := p.readPassword(ctx)
	if err != nil {
		return "", err
	}
	return auth.HashPassword(password)
}
