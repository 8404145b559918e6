package pool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/member"
	"aiusage/usage"
)

// A DSN may name several servers. All connections lead to one of them at a time, since what they
// are asked is to fit together: to the first at the start, and to another when that is gone, may not
// be used, or takes no writes and the other does. Nobody goes back before there is a reason again.

const (
	// hostPatience is how long one of several servers may take to answer, before another is asked.
	hostPatience = 3 * time.Second
	// probeEvery is how often the one in use is asked whether it answers.
	probeEvery = time.Second
)

// host is a server that the DSN names.
type host struct {
	address string
	settler *settler

	mu sync.Mutex
	// open are the connections to it. They can be cut off where it does not answer.
	open map[net.Conn]bool
}

// hosts are the servers that the DSN names.
type hosts struct {
	all []*host
	// watched tells that somebody else can answer where the one in use hangs.
	watched bool
	// current is the one in use.
	current atomic.Pointer[host]
	// moving is held by the one that looks for another.
	moving sync.Mutex
	// searched is when somebody has last looked in vain for one that takes writes.
	searched time.Time
	// open ends with the pool.
	open  context.Context
	close context.CancelFunc
}

// Addresses takes the address of a DSN apart that names several servers. The driver has taken
// them for one host, and given that a port.
func Addresses(config *mysql.Config) []string {
	if config.Net != "tcp" || !strings.Contains(config.Addr, ",") {
		return []string{config.Addr}
	}
	const port = "3306"
	text := config.Addr
	if inner, ok := strings.CutSuffix(text, "]:"+port); ok && strings.HasPrefix(text, "[") && strings.Contains(inner, ",") {
		text = inner[1:]
	}
	var addresses []string
	for address := range strings.SplitSeq(text, ",") {
		address = strings.TrimSpace(address)
		name, _, err := net.SplitHostPort(address)
		if address == "" || err == nil && name == "" { // the driver gives what ends with a comma a port
			continue
		}
		if err != nil {
			address = net.JoinHostPort(strings.Trim(address, "[]"), port)
		}
		addresses = append(addresses, address)
	}
	return addresses
}

// atAddress is a configuration for one of the servers. A certificate has to be for that one.
func atAddress(config *mysql.Config, address string) *mysql.Config {
	own := config.Clone()
	own.Addr = address
	all, _, _ := net.SplitHostPort(config.Addr)
	if own.TLS != nil && own.TLS.ServerName == all {
		own.TLS.ServerName, _, _ = net.SplitHostPort(address)
	}
	return own
}

// newHosts prepares connections to the servers that a configuration names. reading: they are asked beside others.
func newHosts(config *mysql.Config, reading bool) (*hosts, error) {
	addresses := Addresses(config)
	h := &hosts{watched: reading || len(addresses) > 1}
	h.open, h.close = context.WithCancel(context.Background())
	for _, address := range addresses {
		one := &host{address: address, open: map[net.Conn]bool{}}
		own := config
		if h.watched && config.Net == "tcp" {
			own = atAddress(config, address)
			own.DialFunc = one.dial(own.Timeout)
		}
		connector, err := mysql.NewConnector(own)
		if err != nil {
			return nil, usage.Errorf(usage.InvalidArgument, "the DSN cannot be used: its parameters contradict each other")
		}
		one.settler = &settler{Connector: connector}
		h.all = append(h.all, one)
	}
	if len(h.all) == 0 {
		return nil, usage.Errorf(usage.InvalidArgument, "the DSN names no host: %s", dsnForm)
	}
	h.current.Store(h.all[0])
	return h, nil
}

// dial opens network connections that can be cut off.
func (h *host) dial(patience time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		opened, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.open[opened] = true
		return &tracked{opened.(*net.TCPConn), h}, nil
	}
}

// tracked is a connection to a host, which forgets it when it is closed. The driver looks into what
// it is for whether it is alive.
type tracked struct {
	*net.TCPConn
	host *host
}

func (t *tracked) Close() error {
	t.host.mu.Lock()
	delete(t.host.open, t.TCPConn)
	t.host.mu.Unlock()
	return t.TCPConn.Close()
}

// cut ends all connections to a host, and so what waits for its answers.
func (h *host) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for one := range h.open {
		_ = one.Close()
	}
	clear(h.open)
}

// Connect opens a connection to the server in use, or to another one, which then is.
func (k *killer) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := k.connect(ctx)
	if err != nil {
		return nil, err // and no connection, which a nil pointer would be
	}
	return conn, nil
}

func (k *killer) connect(ctx context.Context) (*killable, error) {
	at := k.hosts.current.Load()
	if !k.hosts.watched {
		return k.connectTo(ctx, at)
	}
	conn, err := k.connectSoon(ctx, at)
	if err == nil && k.suits(conn.member) || ctx.Err() != nil {
		return conn, err
	}
	other, failed := k.move(ctx, at, err != nil)
	if other == nil {
		if err != nil && len(failed) > 0 {
			err = &unreached{err, append([]error{about(at, err)}, failed...)}
		}
		return conn, err
	}
	if err == nil {
		_ = conn.Close()
	}
	return other, nil
}

// suits tells whether a server is one to stay at.
func (k *killer) suits(server member.Member) bool { return k.reading || server.IsPrimary() }

// unreached is why none of several servers could be connected to: the error of the one in use, which it
// counts as, in the words of all.
type unreached struct {
	error
	all []error
}

func (u *unreached) Error() string { return errors.Join(u.all...).Error() }

func (u *unreached) Unwrap() error { return u.error }

// about is an error with the server that it is of. It is for the log.
func about(one *host, err error) error { return fmt.Errorf("%s: %w", one.address, err) }

// connectSoon opens a connection to one of several servers, or gives up soon.
func (k *killer) connectSoon(ctx context.Context, to *host) (*killable, error) {
	ctx, cancel := context.WithTimeout(ctx, hostPatience)
	defer cancel()
	conn, err := k.connectTo(ctx, to)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(driver.ErrBadConn, err) // it cannot be reached, though there may be time left
	}
	return conn, err
}

// move looks for another server than the one that was in use, which is gone or takes no writes, has
// all connections lead there from now on, and returns the first of them. Where there is no better one
// it returns none, and the errors of those that could not be connected to.
func (k *killer) move(ctx context.Context, from *host, gone bool) (found *killable, failed []error) {
	h := k.hosts
	h.moving.Lock()
	defer h.moving.Unlock()
	if now := h.current.Load(); now != from { // somebody else has moved meanwhile
		conn, err := k.connectSoon(ctx, now)
		if err != nil {
			return nil, []error{about(now, err)}
		}
		return conn, nil
	}
	if !gone && time.Since(h.searched) < probeEvery {
		return nil, nil
	}
	defer func() { h.searched = time.Now() }()
	var second *killable // reads only
	for _, one := range h.all {
		if one == from {
			continue
		}
		conn, err := k.connectSoon(ctx, one)
		switch {
		case err != nil:
			failed = append(failed, about(one, err))
		case k.suits(conn.member):
			if second != nil {
				_ = second.Close()
			}
			return k.settleOn(conn, from, gone), nil
		case second == nil && gone:
			second = conn
		default:
			_ = conn.Close()
		}
	}
	if second == nil {
		return nil, failed
	}
	return k.settleOn(second, from, gone), nil
}

// settleOn has all connections lead where one leads, which it returns.
func (k *killer) settleOn(conn *killable, from *host, gone bool) *killable {
	k.hosts.current.Store(conn.host)
	conn.era = k.era.Add(1)
	if gone {
		from.cut()
	}
	return conn
}

// watch asks the server in use whether it answers, until the pool is closed, so that nobody has to
// wait long for one that hangs.
func (k *killer) watch() {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	var probe *killable
	for {
		select {
		case <-ticker.C:
		case <-k.hosts.open.Done():
			if probe != nil {
				_ = probe.Close()
			}
			return
		}
		_ = usage.Safely(func() error { probe = k.probe(probe); return nil })
	}
}

// probe looks at the server in use by a connection that is kept for that, or else by a new one, and
// moves to another server where this one does not answer. It returns the connection to keep.
func (k *killer) probe(kept *killable) *killable {
	at := k.hosts.current.Load()
	if kept != nil {
		hangs := false
		if kept.host == at {
			ctx, cancel := context.WithTimeout(k.hosts.open, hostPatience)
			defer cancel()
			found, err := k.look(ctx, kept.connection, kept.place, false)
			if err == nil && found.Fits(kept.member) && k.suits(found) {
				return kept
			}
			hangs = errors.Is(ctx.Err(), context.DeadlineExceeded)
		}
		_ = kept.Close()
		if hangs {
			moved, _ := k.move(k.hosts.open, at, true)
			if moved == nil && k.reading {
				at.cut() // those who wait are answered by the server that is written to
			}
			return moved
		}
	}
	conn, err := k.connect(k.hosts.open)
	if err != nil {
		return nil
	}
	return conn
}
