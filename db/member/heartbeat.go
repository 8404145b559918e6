package member

import "fmt"

// A replica has what its primary had a while ago, and cannot tell when that was: what it says of
// itself is right only as long as it hears of its primary. So gateways on the primary write what
// time it is there into a row, every second, and whoever reads the row in the same snapshot as
// the sessions knows that these are all there which had been stored by then.

const (
	// HeartbeatRow is the row of usage_level_state, and HeartbeatPhase its phase, whose generation
	// is that time, in microseconds since 1970.
	HeartbeatRow   = 5
	HeartbeatPhase = "heartbeat"
)

// Age is how the age of what a server has is known, as connections to it keep it in a variable of
// theirs (AgeVariable).
type Age int

const (
	// Current: the server has all that was stored.
	Current Age = iota
	// ByHeartbeat: it has what others have stored later than they do, and the heartbeat says how much later.
	ByHeartbeat
	// Unknown: as ByHeartbeat, but the row of the heartbeat is the server's own.
	Unknown
)

// AgeVariable is the user-defined variable of a connection that has its Age, unless that is Current.
const AgeVariable = "aiusage_age"

// AgeOf tells how the age of what a server has is known. stale: nobody waits there for what was
// written on others. aside: others are written to, so one that says nothing of these follows them in
// a way that it does not tell, or does not follow them any more.
func (m Member) AgeOf(stale, aside bool) Age {
	switch {
	case m.Replicates && m.OwnTables:
		return Unknown
	case m.Replicates, aside && m.Kind == Alone, stale && m.Kind != Alone:
		return ByHeartbeat
	}
	return Current
}

// Beats tells whether gateways write the heartbeat there: on a server that others may follow. One
// that is set to take no writes may be a former primary.
func (m Member) Beats() bool {
	return m.Folds() && !m.ReadOnly && (m.Logs || m.Kind != Alone)
}

// CurrentNow is Heartbeat's value where the server has all that was stored.
const CurrentNow = -1

// Heartbeat is the time up to which the snapshot of the statement around it has all that was stored,
// in microseconds since 1970: 0 where that is not known.
var Heartbeat = fmt.Sprintf("CASE @%s WHEN %d THEN COALESCE((SELECT generation FROM usage_level_state WHERE state_id = %d AND phase = '%s'), 0) WHEN %d THEN 0 ELSE %d END",
	AgeVariable, ByHeartbeat, HeartbeatRow, HeartbeatPhase, Unknown, CurrentNow)
