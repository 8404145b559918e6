package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"aiusage/failure"
	"aiusage/observe"
	"aiusage/usage"
)

// The outcomes in the audit trail.
const (
	outcomeOK      = "ok"
	outcomeRefused = "refused"
	outcomeFailed  = "failed"
)

// Audit writes one record of the audit trail: what was done or tried, by whom,
// from where, and what became of it. A caller must not pass what anybody typed,
// which may be a secret in the wrong place: who is empty unless it is known to
// be somebody.
func Audit(ctx context.Context, log *slog.Logger, event, who, from string, err error, more ...slog.Attr) {
	level, outcome := slog.LevelInfo, outcomeOK
	attrs := []slog.Attr{slog.String("event", event), slog.String("who", who), slog.String("from", from)}
	if err != nil {
		level, outcome = slog.LevelWarn, outcomeRefused
		coded := usage.AsError(err)
		if !failure.IsCallers(coded.Code) {
			outcome = outcomeFailed
		}
		attrs = append(attrs, slog.String("reason", coded.In(usage.Names{}).Message))
	}
	attrs = append(attrs, slog.String("outcome", outcome))
	log.LogAttrs(ctx, level, "audit", append(attrs, more...)...)
}

// audit records what a request did or tried.
func (a *Authenticator) audit(r *http.Request, event, who string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if err != nil {
		observe.From(r.Context()).Refused(who)
	}
	Audit(r.Context(), a.options.Log, event, who, a.client(r).String(), err, slog.String("path", r.URL.Path))
}

// audited returns the principal with a way to record what it is refused later.
func (a *Authenticator) audited(r *http.Request, principal Principal) Principal {
	from, path := a.client(r).String(), r.URL.Path
	principal.refused = func(ctx context.Context, err error) {
		Audit(ctx, a.options.Log, "access", principal.Name, from, err, slog.String("path", path))
	}
	return principal
}
