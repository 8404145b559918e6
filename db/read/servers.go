package read

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"aiusage/usage"
)

// Servers answers as a Reader does: by servers that are for reading, if there are any, and by the one
// that is written to (Reader) while these cannot be used, or are further behind than answers may be.
// Each keeps in memory what it is to be asked by, as the other may have it otherwise just then.
type Servers struct {
	*Reader
	// aside is the reader of the servers that are for reading, or nil.
	aside *Reader
	// away tells that these were not to be used when they were last asked.
	away atomic.Bool
}

// NewServers returns servers with none beside the one that is written to.
func NewServers(written *Reader) *Servers { return &Servers{Reader: written} }

// ReadAside has questions be answered by others from now on. It is to be called before anything is
// asked, and after MaxStaleness is set.
func (s *Servers) ReadAside(others *Reader) {
	others.MaxStaleness = s.MaxStaleness
	s.aside = others
}

// ReadsAside tells whether servers that are for reading answer just now.
func (s *Servers) ReadsAside() bool { return s.aside != nil && !s.away.Load() }

// leaves tells whether the server that is written to is to be asked instead, because of an error of others.
func (s *Servers) leaves(err error) bool {
	if err == nil {
		return false
	}
	code := usage.AsError(err).Code
	if code != usage.Unavailable && code != usage.Stale {
		return false
	}
	s.away.Store(true)
	return true
}

// ask asks others, or the server that is written to.
func ask[T any](s *Servers, question func(*Reader) (T, error)) (T, error) {
	if s.ReadsAside() {
		answer, err := question(s.aside)
		if !s.leaves(err) {
			return answer, err
		}
	}
	return question(s.Reader)
}

// How often servers for reading are looked at, and how long they may take to answer that.
const (
	lookAsideEvery    = time.Second
	lookAsidePatience = 3 * time.Second
)

// WatchAside looks at the servers for reading again and again, until ctx ends. changed is told when
// answers begin to come from the server that is written to, with the reason, and when they
// come from the others again.
func (s *Servers) WatchAside(ctx context.Context, changed func(why error)) {
	if s.aside == nil {
		return
	}
	ticker := time.NewTicker(lookAsideEvery)
	defer ticker.Stop()
	for said := false; ctx.Err() == nil; {
		err := s.lookAside(ctx)
		if ctx.Err() == nil && (err != nil) != said {
			said = err != nil
			changed(err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// lookAside tells whether the servers for reading can be used, and has them be asked if so.
func (s *Servers) lookAside(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookAsidePatience)
	defer cancel()
	shows, err := s.aside.Freshness(ctx)
	if err == nil {
		err = s.aside.TooOld(shows)
	}
	s.away.Store(err != nil)
	return err
}

// Report answers a query as Reader.Report does.
func (s *Servers) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	return ask(s, func(r *Reader) (*usage.Report, error) { return r.Report(ctx, query) })
}

// Series answers a query as Reader.Series does.
func (s *Servers) Series(ctx context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	return ask(s, func(r *Reader) (*usage.SeriesSet, error) { return r.Series(ctx, query) })
}

// Accounts answers as Reader.Accounts does.
func (s *Servers) Accounts(ctx context.Context, ids []string) ([]usage.Account, error) {
	return ask(s, func(r *Reader) ([]usage.Account, error) { return r.Accounts(ctx, ids) })
}

// FindAccounts answers as Reader.FindAccounts does.
func (s *Servers) FindAccounts(ctx context.Context, search usage.Search) ([]usage.Account, error) {
	return ask(s, func(r *Reader) ([]usage.Account, error) { return r.FindAccounts(ctx, search) })
}

// FindCustomers answers as Reader.FindCustomers does.
func (s *Servers) FindCustomers(ctx context.Context, search usage.Search) ([]usage.Customer, error) {
	return ask(s, func(r *Reader) ([]usage.Customer, error) { return r.FindCustomers(ctx, search) })
}

// Freshness tells how old what answers come from is.
func (s *Servers) Freshness(ctx context.Context) (Freshness, error) {
	return ask(s, func(r *Reader) (Freshness, error) {
		shows, err := r.Freshness(ctx)
		if err == nil && r == s.aside {
			err = r.TooOld(shows)
		}
		return shows, err
	})
}

// KnownCustomers returns how many customers there are in memory.
func (s *Servers) KnownCustomers() int {
	if s.ReadsAside() {
		return s.aside.KnownCustomers()
	}
	return s.Reader.KnownCustomers()
}

// Anticipate has answers come from memory, by whichever server they are.
func (s *Servers) Anticipate() {
	s.Reader.Anticipate()
	if s.aside != nil {
		s.aside.Anticipate()
	}
}

// Snapshot returns a snapshot, which must be closed. It ends with the context.
func (s *Servers) Snapshot(ctx context.Context) usage.Snapshot {
	if !s.ReadsAside() {
		return s.Reader.Snapshot(ctx)
	}
	return &movable{servers: s, ctx: ctx, at: s.aside.snapshotOf(ctx)}
}

// movable is a snapshot of servers for reading until they cannot give a first answer. Then it is one of the
// server that is written to; what has been answered once has to fit what comes later.
type movable struct {
	servers *Servers
	ctx     context.Context

	mu sync.Mutex
	at *Snapshot
	// stays tells that it has answered, or has moved.
	stays bool
}

func askIn[T any](m *movable, question func(*Snapshot) (T, error)) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	answer, err := question(m.at)
	if m.stays || !m.servers.leaves(err) {
		m.stays = m.stays || err == nil
		return answer, err
	}
	_ = m.at.Close()
	m.at, m.stays = m.servers.snapshotOf(m.ctx), true
	return question(m.at)
}

// Report answers a query.
func (m *movable) Report(ctx context.Context, query usage.Query) (*usage.Report, error) {
	return askIn(m, func(s *Snapshot) (*usage.Report, error) { return s.Report(ctx, query) })
}

// Series answers a query.
func (m *movable) Series(ctx context.Context, query usage.SeriesQuery) (*usage.SeriesSet, error) {
	return askIn(m, func(s *Snapshot) (*usage.SeriesSet, error) { return s.Series(ctx, query) })
}

// Names returns names.
func (m *movable) Names(ctx context.Context, subjects []usage.Subject) (map[usage.Subject]string, error) {
	return askIn(m, func(s *Snapshot) (map[usage.Subject]string, error) { return s.Names(ctx, subjects) })
}

// Sessions returns sessions.
func (m *movable) Sessions(ctx context.Context, query usage.SessionsQuery) ([]usage.ListedSession, error) {
	return askIn(m, func(s *Snapshot) ([]usage.ListedSession, error) { return s.Sessions(ctx, query) })
}

// State names what the snapshot shows.
func (m *movable) State(ctx context.Context) (state string, asOf, now time.Time, err error) {
	state, err = askIn(m, func(s *Snapshot) (string, error) {
		state, asOf, now, err = s.State(ctx)
		return state, err
	})
	return state, asOf, now, err
}

// Close gives the connection back.
func (m *movable) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at.Close()
}
