package read

import (
	"context"
	"time"

	"aiusage/db/member"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Freshness says how old a state of the database is.
type Freshness struct {
	// Now is the instant by the server's clock.
	Now time.Time
	// Follows tells that the server has what others store a while later than they do.
	Follows bool
	// Seen is the instant up to which it has all that was stored, and zero where that is not known.
	Seen time.Time
}

// freshnessOf is what a statement tells with stamp and member.Heartbeat.
func freshnessOf(micros, heartbeat int64) Freshness {
	f := Freshness{Now: instantOf(micros)}
	switch heartbeat {
	case member.CurrentNow:
		f.Seen = f.Now
		return f
	case 0:
	default:
		// The clock of the primary may be ahead.
		f.Seen = instantOf(min(micros, heartbeat))
	}
	f.Follows = true
	return f
}

// AsOf is the instant that answers say they are of. Where nobody knows how old the state is, it is
// that of the question.
func (f Freshness) AsOf() time.Time {
	if f.Seen.IsZero() {
		return f.Now
	}
	return f.Seen
}

// Behind is how far the server is behind others, and known whether anybody knows.
func (f Freshness) Behind() (behind time.Duration, known bool) {
	return f.Now.Sub(f.AsOf()), !f.Seen.IsZero()
}

// freshness asks for what freshnessOf takes. More columns may follow.
var freshness = "SELECT " + stamp + ", " + member.Heartbeat

// Freshness tells how old what the server has is.
func (r *Reader) Freshness(ctx context.Context) (Freshness, error) {
	var micros, heartbeat int64
	err := r.db.QueryRowContext(ctx, freshness).Scan(&micros, &heartbeat)
	if err != nil {
		return Freshness{}, pool.Translate(err)
	}
	return freshnessOf(micros, heartbeat), nil
}

// TooOld returns a Stale error where a state of the database is older than MaxStaleness.
func (r *Reader) TooOld(f Freshness) error {
	behind, known := f.Behind()
	switch {
	case r.MaxStaleness == 0 || !f.Follows || known && behind <= r.MaxStaleness:
		return nil
	case !known:
		return usage.Errorf(usage.Stale, "how far the database server is behind its primary is not known, and answers may be %s behind at most", r.MaxStaleness)
	}
	return usage.Errorf(usage.Stale, "the database server is %s behind its primary, and answers may be %s behind at most; try again later",
		behind, r.MaxStaleness)
}
