// Package auth knows who is asking and what they may see. Every door and the
// command line put the asking Principal into the context here, and what reads
// usage asks here how far that principal may look.
package auth

import (
	"context"
	"slices"

	"aiusage/usage"
)

// The roles.
const (
	// SystemAdministrator sees every account. The legacy operation requires it
	// by contract.
	SystemAdministrator = "SystemAdministrator"
	// AccountAdministrator sees the accounts it is given, through GraphQL only.
	AccountAdministrator = "AccountAdministrator"
)

// Roles lists the roles there are.
var Roles = []string{SystemAdministrator, AccountAdministrator}

// MaxAccounts is the most accounts that one principal may be given. Who needs
// more is a SystemAdministrator.
const MaxAccounts = 1000

// Principal is who is asking.
type Principal struct {
	// Name identifies the principal in logs: a user's name, "key:" and the id of
	// an API key, "token:" and the subject of a token, or "operator" for the
	// command line.
	Name  string
	Roles []string
	// Accounts are those of an AccountAdministrator, each once, without spaces at their end.
	Accounts []string

	// proved is the user whose password the request carried, if it did.
	proved *User
	// refused records in the audit trail what the principal may not do.
	refused func(context.Context, error)
}

// Operator is the principal of the command line: whoever can reach the
// database with the gateway's own credentials may see everything.
var Operator = Principal{Name: "operator", Roles: []string{SystemAdministrator}}

// HasRole tells whether the principal has a role.
func (p Principal) HasRole(role string) bool { return slices.Contains(p.Roles, role) }

// Sees returns the accounts that the principal may see: nil for all of them, and
// otherwise a list with at least one. Whoever may see none gets a
// PermissionDenied error.
func (p Principal) Sees() ([]string, error) {
	switch {
	case p.HasRole(SystemAdministrator):
		return nil, nil
	case !p.HasRole(AccountAdministrator):
		return nil, usage.Errorf(usage.PermissionDenied,
			"one of the roles %s and %s is required", SystemAdministrator, AccountAdministrator)
	case len(p.Accounts) == 0:
		return nil, usage.Errorf(usage.PermissionDenied, "no account is assigned to you; ask an administrator for one")
	}
	return p.Accounts, nil
}

type contextKey struct{}

// NewContext returns a context that carries the principal.
func NewContext(ctx context.Context, principal Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, principal)
}

// FromContext returns the principal of a context and whether it has one.
func FromContext(ctx context.Context) (Principal, bool) {
	principal, ok := ctx.Value(contextKey{}).(Principal)
	return principal, ok
}

// RequireRole returns nil when the context's principal has the role, an
// Unauthenticated error when there is no principal, and a PermissionDenied
// error otherwise.
func RequireRole(ctx context.Context, role string) error {
	principal, ok := FromContext(ctx)
	if !ok {
		return ErrNoCredentials
	}
	if !principal.HasRole(role) {
		return principal.refuse(ctx, usage.Errorf(usage.PermissionDenied, "the role %s is required", role))
	}
	return nil
}

// refuse records a refusal and returns it.
func (p Principal) refuse(ctx context.Context, err error) error {
	if p.refused != nil {
		p.refused(ctx, err)
	}
	return err
}

// Restrict returns the query as the context's principal may ask it: with the
// accounts they see of those it asks for, and nothing else changed. An account id that is not theirs
// is refused without asking the database, so that the answer cannot tell whether
// there is such an account. The errors are Unauthenticated without a principal
// and PermissionDenied otherwise.
func Restrict(ctx context.Context, query usage.Query) (usage.Query, error) {
	restricted, err := restrict(ctx, query)
	if err != nil {
		restricted = query
	}
	witnessOf(ctx)(ctx, restricted, err)
	if err != nil {
		return usage.Query{}, err
	}
	return restricted, nil
}

// CheckAccount tells whether the context's principal may see an account, without taking it
// for a question of theirs about that. The errors are Restrict's.
func CheckAccount(ctx context.Context, id string) error {
	_, err := restrict(ctx, usage.Query{AccountID: id})
	return err
}

func restrict(ctx context.Context, query usage.Query) (usage.Query, error) {
	principal, ok := FromContext(ctx)
	if !ok {
		return usage.Query{}, ErrNoCredentials
	}
	accounts, err := principal.Sees()
	if err != nil {
		return usage.Query{}, principal.refuse(ctx, err)
	}
	if accounts != nil && query.AccountID != "" && !slices.Contains(accounts, usage.TrimID(query.AccountID)) {
		return usage.Query{}, principal.refuse(ctx, notYours())
	}
	return query.Within(accounts), nil
}

// notYours is the refusal of an account id that the principal may not see.
func notYours() error {
	err := usage.Errorf(usage.PermissionDenied, "%s is not one of the accounts you may see", usage.ArgAccountID)
	err.Argument = usage.ArgAccountID
	return err
}

// CheckAccess tells whether somebody may be given a set of roles and accounts.
// Accounts go with the role AccountAdministrator, and that role with at least
// one. Errors are InvalidArgument.
func CheckAccess(roles, accounts []string) error {
	for _, role := range roles {
		if !slices.Contains(Roles, role) {
			return usage.Errorf(usage.InvalidArgument, "there is no role %q; there are %s and %s",
				role, SystemAdministrator, AccountAdministrator)
		}
	}
	switch limited := slices.Contains(roles, AccountAdministrator); {
	case limited && len(accounts) == 0:
		return usage.Errorf(usage.InvalidArgument, "the role %s needs at least one account", AccountAdministrator)
	case !limited && len(accounts) > 0:
		return usage.Errorf(usage.InvalidArgument, "accounts go with the role %s only", AccountAdministrator)
	case len(accounts) > MaxAccounts:
		return usage.Errorf(usage.InvalidArgument, "at most %d accounts can be given", MaxAccounts)
	}
	for _, account := range accounts {
		if account == "" {
			return usage.Errorf(usage.InvalidArgument, "an account id is empty")
		}
		if err := usage.CheckID(usage.ArgAccountID, account); err != nil {
			return err
		}
	}
	return nil
}
