package observe

import "sync"

// Names bounds the values of a label that callers can choose: the first so many are known by
// themselves, with those that an operator has registered, and all others together. They have
// parentheses where no name of GraphQL can have them.
type Names struct {
	mu    sync.Mutex
	known map[string]struct{}
	room  int
}

const (
	// Unnamed stands for what has no name.
	Unnamed = "(none)"
	// OtherNames stands for all names beyond the bound.
	OtherNames = "(other)"
)

// NewNames returns Names that have room for most.
func NewNames(most int) *Names { return &Names{known: map[string]struct{}{}, room: most} }

// Know adds names that an operator has registered.
func (n *Names) Know(names ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, name := range names {
		n.known[name] = struct{}{}
	}
}

// Bounded returns the value for a name. One that is new takes room only where isGood: names
// of what was refused would else take that of those that are used.
func (n *Names) Bounded(name string, isGood bool) string {
	if name == "" {
		return Unnamed
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, known := n.known[name]; known {
		return name
	}
	if n.room == 0 || !isGood {
		return OtherNames
	}
	n.room--
	n.known[name] = struct{}{}
	return name
}
