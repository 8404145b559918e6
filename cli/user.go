package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"aiusage/auth"
	"aiusage/usage"
)

type userCommand struct {
	Add    userAddCommand    `cmd:"" help:"Add a user. The password is asked for, or read from one line of standard input."`
	List   userListCommand   `cmd:"" help:"List users and their roles."`
	Passwd userPasswdCommand `cmd:"" help:"Change a user's password."`
	Remove userRemoveCommand `cmd:"" help:"Remove a user, who can sign in no more."`
}

type userAddCommand struct {
	Name string   `arg:"" help:"The name to sign in with; case does not matter."`
	Role []string `placeholder:"ROLE" help:"A role of the user: SystemAdministrator, who sees every account. Can be given more than once."`
}

// Run adds a user.
func (c userAddCommand) Run(ctx context.Context, p *process) error {
	name, err := auth.NormalizeName(c.Name)
	if err != nil {
		return err
	}
	for _, role := range c.Role {
		if !slices.Contains(auth.Roles, role) {
			return usage.Errorf(usage.InvalidArgument, "there is no role %q; there is %s", role, strings.Join(auth.Roles, ", "))
		}
	}
	return p.withUsers(ctx, func(store *database) error {
		hash, err := p.newPasswordHash(ctx)
		if err != nil {
			return err
		}
		if err := store.AddUser(ctx, auth.User{Name: name, PasswordHash: hash, Roles: c.Role}); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "added user %s\n", name)
		return nil
	})
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
			roles := strings.Join(user.Roles, ", ")
			if roles == "" {
				roles = "no role"
			}
			fmt.Fprintf(table, "%s\t%s\n", user.Name, roles)
		}
		return table.Flush()
	})
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
		if err := store.SetPasswordHash(ctx, name, hash); err != nil {
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
		if err := store.RemoveUser(ctx, name); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "removed user %s\n", name)
		return nil
	})
}

// withUsers runs do on the database.
func (p *process) withUsers(ctx context.Context, do func(*database) error) error {
	store, err := p.open(ctx)
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
