package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"aiusage/auth"
)

type userCommand struct {
	Add    userAddCommand    `cmd:"" help:"Add a user. The password is asked for, or read from one line of standard input."`
	List   userListCommand   `cmd:"" help:"List users and their roles."`
	Passwd userPasswdCommand `cmd:"" help:"Change a user's password, which ends the user's sessions."`
	Access userAccessCommand `cmd:"" help:"Replace a user's roles and accounts."`
	Remove userRemoveCommand `cmd:"" help:"Remove a user, who can then no longer sign in."`
}

// access is what somebody may see.
type access struct {
	Role    []string `sep:"none" placeholder:"ROLE" help:"SystemAdministrator, who sees every account, or AccountAdministrator, who sees some, and not by the legacy operation. Can be given more than once."`
	Account []string `sep:"none" placeholder:"ID" help:"An account that an AccountAdministrator may see. Can be given more than once."`
}

// weakFlag lets a weak password through.
type weakFlag struct {
	WeakPassword bool `help:"Take a password that is short or commonly used, for an old caller that cannot be given another. 'user list' shows it."`
}

type userAddCommand struct {
	Name string `arg:"" help:"The name to sign in with; case does not matter."`
	access
	weakFlag
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
		password, err := p.newPassword(ctx, name, c.WeakPassword)
		if err != nil {
			return err
		}
		user := auth.User{Name: name, PasswordHash: password.hash, Roles: c.Role, Accounts: c.Account}
		err = store.AddUser(ctx, user)
		if err == nil && password.weak {
			err = store.MarkWeakPassword(ctx, name, password.hash)
		}
		p.audit(ctx, "user-add", err, slog.String("user", name), slog.Any("roles", c.Role), slog.Any("accounts", c.Account),
			slog.Bool("weak_password", password.weak))
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "added user %s%s\n", name, password.remark())
		p.warnOfNoRole(name, c.Role)
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
		p.warnOfNoRole(name, c.Role)
		return nil
	})
}

// warnOfNoRole says so when somebody may sign in and see nothing.
func (p *process) warnOfNoRole(name string, roles []string) {
	if len(roles) == 0 {
		fmt.Fprintf(p.stderr, "%[1]s has no role and so may see nothing; give one with 'aiusage user access %[1]s --role ROLE'\n", name)
	}
}

// audit records what was done on the command line. A terminal keeps no record, and
// whoever sits there has just read what was done, so it gets none, unless records are
// for programs.
func (p *process) audit(ctx context.Context, event string, err error, more ...slog.Attr) {
	if file, ok := p.stderr.(*os.File); ok && term.IsTerminal(int(file.Fd())) && p.flags.LogForm != "json" {
		return
	}
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
		weak, err := store.WeakPasswords(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, user := range users {
			remark := ""
			if weak[user.Name] {
				remark = "\tweak password"
			}
			fmt.Fprintf(table, "%s\t%s%s\n", user.Name, describeAccess(user.Roles, user.Accounts), remark)
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
	weakFlag
}

// Run changes a password.
func (c userPasswdCommand) Run(ctx context.Context, p *process) error {
	return p.withUser(ctx, c.Name, func(store *database, name string) error {
		password, err := p.newPassword(ctx, name, c.WeakPassword)
		if err != nil {
			return err
		}
		// The mark comes first, and holds for the new password only: one that is weak is
		// never without.
		if password.weak {
			err = store.MarkWeakPassword(ctx, name, password.hash)
		}
		if err == nil {
			err = store.SetPasswordHash(ctx, name, password.hash)
		}
		p.audit(ctx, "user-passwd", err, slog.String("user", name), slog.Bool("weak_password", password.weak))
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "changed the password of user %s%s\n", name, password.remark())
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
