// Package member tells what part a server has among servers that keep the same data, and so
// what a gateway may do there: a node of a Galera cluster, a member of a group (Group
// Replication), a replica of another server, or none of these.
package member

// Kind is what a server is.
type Kind string

const (
	// Alone: it keeps its data with no other.
	Alone Kind = "alone"
	// Galera: a node of a cluster that writes on all its nodes.
	Galera Kind = "galera"
	// Group: a member of a group of MySQL's Group Replication.
	Group Kind = "group"
)

// Member is a server as it was looked at.
type Member struct {
	Kind Kind
	// Fixed tells that it cannot become anything else: the embedded engine.
	Fixed bool
	// State is that of a node or member, in the server's own word: Synced, ONLINE.
	State string
	// Secondary tells that a member of a group takes no writes.
	Secondary bool
	// ManyPrimaries tells that all members of its group take writes.
	ManyPrimaries bool
	// ReadOnly tells that the server is set to take no writes but those of privileged accounts.
	ReadOnly bool
	// Replicates tells that the server repeats what is written on another, in the gateway's
	// database among others.
	Replicates bool
	// OwnTables tells that the gateway's tables are nevertheless this server's own, because
	// migrate was told so.
	OwnTables bool
	// Logs tells that what is written there is logged, so that others can repeat it.
	Logs bool
	// Refusal says why nothing may be asked of the server now, nor written to it.
	Refusal string
	// Unseen is what the gateway's account may not see, and the privilege for it.
	Unseen string
}

// Fits tells whether a connection that was set for one server is as it has to be for what
// the server has become.
func (m Member) Fits(before Member) bool {
	for _, one := range []*Member{&m, &before} {
		one.State, one.Unseen = "", ""
	}
	return m == before
}

// IsPrimary tells whether, of several servers, this is one to write on.
func (m Member) IsPrimary() bool { return m.TakesWrites() && !m.Replicates && !m.ReadOnly }

// TakesWrites tells whether the gateway may write there.
func (m Member) TakesWrites() bool {
	return m.Refusal == "" && !m.Secondary && (!m.Replicates || m.OwnTables)
}

// Folds tells whether the gateway looks after the sums there. Where it does not, others do: the
// sums of a replica come from its primary, and what is its own has none.
func (m Member) Folds() bool { return m.TakesWrites() && !m.Replicates }

// String says what the server is, for people.
func (m Member) String() string {
	text := "a server of its own"
	switch {
	case m.Kind == Galera:
		text = "a node of a Galera cluster"
	case m.Kind == Group && m.Secondary:
		text = "a secondary member of a group"
	case m.Kind == Group && m.ManyPrimaries:
		text = "a member of a group with several primaries"
	case m.Kind == Group:
		text = "a member of a group"
	case m.Replicates && m.OwnTables:
		return "a replica, in which the gateway's tables are its own"
	case m.Replicates:
		return "a replica"
	}
	if m.State != "" {
		text += " (" + m.State + ")"
	}
	if m.Replicates {
		text += ", and a replica of another server"
	}
	return text
}

// What callers are told where a server may not be used. They may read it, so it names no host.
const (
	notReady     = "this node of the database's cluster is not ready, or has lost the others"
	outside      = "the database server belongs to a group of servers, and is outside of it; nothing is asked of it until it is back (START GROUP_REPLICATION)"
	notYet       = "the database server has not caught up with its group yet"
	outsideOf    = "the database server was a node of a cluster, and is outside of it; nothing is asked of it until it is back"
	groupHidden  = "the database server belongs to a group of servers, and the gateway's account may not see whether it is in it; have an administrator run: " + groupGrant
	groupGrant   = "GRANT SELECT ON performance_schema.replication_group_members TO the gateway's account"
	mayReplicate = "whether the server is a replica cannot be seen by this user"
)

// Refused is the error of a server that may not be used.
type Refused struct{ Member Member }

func (r *Refused) Error() string { return r.Member.String() + ": " + r.Member.Refusal }
