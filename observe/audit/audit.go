package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"aiusage/observe"
)

const (
	// waiting is how many entries may wait to be written. An answer never waits for a disk.
	waiting = 4096
	// sayEvery bounds how often the log says that entries are lost.
	sayEvery = time.Minute
	// fileMode is that of a new file: it says who asked about whom.
	fileMode = 0o600
)

// Log writes entries, one after the other, in the background. It must be closed.
//
// Where entries cannot be written, answers go on: a full disk must not end the service. The
// log says so, Options.Failed counts, and each further entry is tried anew.
type Log struct {
	options Options
	// open opens the file anew; nil where it is none.
	open func() (io.WriteCloser, error)
	// now is the clock.
	now func() time.Time

	mu      sync.RWMutex
	closed  bool
	entries chan []byte
	reopen  chan struct{}
	done    chan struct{}

	// What follows is the writer's alone.
	out io.WriteCloser
	// torn tells that the last line has no end.
	torn bool
	lost lost
}

// Options tune a Log. The zero value will do.
type Options struct {
	// Failed is called for each entry that is lost.
	Failed func()
	// Log says so.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Failed == nil {
		o.Failed = func() {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// lost keeps what has been said of entries that are lost.
type lost struct {
	mu     sync.Mutex
	number int
	said   time.Time
}

// Open appends to a file, which is made if it is not there.
func Open(name string, options Options) (*Log, error) {
	open := func() (io.WriteCloser, error) {
		return os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, fileMode)
	}
	out, err := open()
	if err != nil {
		return nil, err
	}
	return begin(out, open, options), nil
}

// To writes to something that is not closed.
func To(w io.Writer, options Options) *Log { return begin(keptOpen{w}, nil, options) }

type keptOpen struct{ io.Writer }

func (keptOpen) Close() error { return nil }

func begin(out io.WriteCloser, open func() (io.WriteCloser, error), options Options) *Log {
	l := &Log{
		options: options.withDefaults(), open: open, now: time.Now, out: out,
		entries: make(chan []byte, waiting), reopen: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go l.run()
	return l
}

// Began writes that a subscription has begun.
func (l *Log) Began(seen observe.Seen) { l.add(Begun, seen) }

// Ended writes that something is over, where that is of interest.
func (l *Log) Ended(seen observe.Seen) {
	event := Answered
	if seen.HasBegun {
		event = Ended
	}
	l.add(event, seen)
}

// add has an entry written soon.
func (l *Log) add(event string, seen observe.Seen) {
	if l == nil || !isOfInterest(seen) {
		return
	}
	line, err := json.Marshal(entryOf(l.now(), event, seen))
	if err != nil {
		l.lose(err)
		return
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		l.lose(os.ErrClosed)
		return
	}
	select {
	case l.entries <- append(line, '\n'):
	default:
		l.lose(errTooSlow)
	}
}

var errTooSlow = errors.New("entries come faster than they can be written")

// Reopen opens the file anew, once what was added before is written: a tool that rotates
// files has renamed it.
func (l *Log) Reopen() {
	select {
	case l.reopen <- struct{}{}:
	default: // it is about to be
	}
}

// Close writes what waits.
func (l *Log) Close() error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.entries)
	}
	l.mu.Unlock()
	<-l.done
	return l.out.Close()
}

func (l *Log) run() {
	defer close(l.done)
	for {
		select {
		case line, more := <-l.entries:
			if !more {
				return
			}
			l.write(line)
		case <-l.reopen:
			for range len(l.entries) { // those of before
				l.write(<-l.entries)
			}
			l.openAnew()
		}
	}
}

// write writes a line. What is left of one that could not be written as a whole is a line of
// its own.
func (l *Log) write(line []byte) {
	if l.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := l.out.Write(line)
	if n > 0 {
		l.torn = n < len(line)
	}
	if err != nil {
		l.lose(err)
	}
}

// openAnew opens the file anew. Until that succeeds, the old one is written.
func (l *Log) openAnew() {
	if l.open == nil {
		return
	}
	out, err := l.open()
	if err != nil {
		l.options.Log.Error("the audit cannot be opened anew and goes on in the old file", "error", err)
		return
	}
	_ = l.out.Close() // all has been written
	l.out, l.torn = out, false
}

// lose counts an entry that is lost, and says so from time to time.
func (l *Log) lose(err error) {
	l.options.Failed()
	l.lost.mu.Lock()
	defer l.lost.mu.Unlock()
	l.lost.number++
	if now := l.now(); now.Sub(l.lost.said) >= sayEvery {
		l.options.Log.Error("entries of the audit are lost", "entries", l.lost.number, "error", fmt.Sprint(err))
		l.lost.number, l.lost.said = 0, now
	}
}
