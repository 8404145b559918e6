// Package auth knows who is asking and what they may see. Every door and the
// command line put the asking Principal into the context here, and the resolver
// asks for it here.
package auth

import (
	"context"
	"slices"

	"aiusage/usage"
)

// SystemAdministrator is the role that sees every account. The legacy
// operation requires it by contract.
const SystemAdministrator = "SystemAdministrator"

// Roles lists the roles a user can have.
var Roles = []string{SystemAdministrator}

// Principal is who is asking.
type Principal struct {
	// Name identifies the principal in logs: a user's name, or "operator" for
	// the command line.
	Name  string
	Roles []string
}

// Operator is the principal of the command line: whoever can reach the
// database with the gateway's own credentials may see everything.
var Operator = Principal{Name: "operator", Roles: []string{SystemAdministrator}}

// HasRole tells whether the principal has a role.
func (p Principal) HasRole(role string) bool { return slices.Contains(p.Roles, role) }

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
		return usage.Errorf(usage.PermissionDenied, "the role %s is required", role)
	}
	return nil
}
