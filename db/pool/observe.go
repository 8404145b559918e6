package pool

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"runtime"
	"strings"
	"sync"
)

// Observer is told of each statement that a pool runs, when it begins and, by what it
// returns, when all of its rows have been read. It must be quick, and safe for concurrent use.
type Observer func(ctx context.Context, statement string) (ended func(rows int64, err error))

// Stats are a pool's, just now and ever.
type Stats struct {
	sql.DBStats
	// Holders are those who hold a connection and may ask for another one, of HoldersMax at
	// most; Waiting those who wait to become one.
	Holders, HoldersMax, Waiting int
}

// PoolStats returns how the pool is used.
func (p *Pool) PoolStats() Stats {
	stats := Stats{DBStats: p.Stats(), Waiting: int(p.waiting.Load())}
	stats.HoldersMax = holders(stats.MaxOpenConnections)
	// Places that a smaller pool has no use for are taken for good (resize).
	stats.Holders = max(0, len(p.places)-(cap(p.places)-stats.HoldersMax))
	return stats
}

// A statement's name is that of the function that runs it, such as "identity.UserByName":
// each SQL text stands inside the function that runs it, so this is as good as a name beside
// each text, cannot be forgotten, and there are only so many functions.

// rooms begins the names of the functions that run statements, and own those of this
// package, which run them for others.
const (
	rooms = "aiusage/db/"
	own   = rooms + "pool."
)

// framesBetween bounds how far from a statement its function may be.
const framesBetween = 40

// functions are the names of statements by program counter: empty where that is no function
// of the rooms.
var functions sync.Map // uintptr → string

// statementName returns the name of the function on whose behalf a statement is run.
func statementName() string {
	var counters [framesBetween]uintptr
	fallback := "other"
	for _, counter := range counters[:runtime.Callers(3, counters[:])] {
		name := functionAt(counter)
		if name != "" && !strings.HasPrefix(name, "pool.") {
			return name
		}
		if name != "" {
			fallback = name // the last one is what was asked of this package
		}
	}
	return fallback
}

func functionAt(counter uintptr) string {
	if known, ok := functions.Load(counter); ok {
		return known.(string)
	}
	frames := runtime.CallersFrames([]uintptr{counter})
	name := ""
	for more := true; more && (name == "" || strings.HasPrefix(name, "pool.")); {
		var frame runtime.Frame
		frame, more = frames.Next() // functions that were inlined
		if found := shortName(frame.Function); found != "" {
			name = found
		}
	}
	functions.Store(counter, name)
	return name
}

// shortName returns "read.Report" of "aiusage/db/read.(*Reader).Report.func1", and nothing of
// a function elsewhere.
func shortName(function string) string {
	room, inRooms := strings.CutPrefix(function, rooms)
	if !inRooms || strings.HasPrefix(function, own+"(*killable)") {
		return ""
	}
	if from, to := strings.Index(room, "["), strings.LastIndex(room, "]"); from >= 0 && to > from {
		room = room[:from] + room[to+1:] // of which type, where it is generic
	}
	room = room[strings.LastIndex(room, "/")+1:]
	name, rest, _ := strings.Cut(room, ".")
	if strings.HasPrefix(rest, "(") { // of a type
		_, rest, _ = strings.Cut(rest, ").")
	} else if before, method, ok := strings.Cut(rest, "."); ok && !strings.HasPrefix(method, "func") && !strings.HasPrefix(method, "gowrap") {
		_, rest = before, method // of a type that is no pointer
	}
	rest, _, _ = strings.Cut(rest, ".") // what is inside of the function
	return name + "." + rest
}

// begin tells the observer of a statement.
func (k *killer) begin(ctx context.Context) (ended func(rows int64, err error)) {
	if k.observer == nil {
		return func(int64, error) {}
	}
	return k.observer(ctx, statementName())
}

// prepared is a statement as the driver wants it where it cannot put the arguments into the
// text.
type prepared struct {
	statement
	conn *killable
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
	driver.NamedValueChecker
}

func (s *prepared) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	ended := s.conn.killer.begin(ctx)
	result, err := s.statement.ExecContext(ctx, args)
	ended(0, err)
	return result, err
}

func (s *prepared) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	ended := s.conn.killer.begin(ctx)
	read, err := s.statement.QueryContext(ctx, args)
	if err != nil {
		ended(0, err)
		return read, err
	}
	return s.conn.resultOf(read, ended), nil
}
