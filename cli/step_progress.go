package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// stepProgress shows which step of a command is under way, and how far: on a terminal in one
// line that changes, elsewhere by a line every few seconds.
type stepProgress struct {
	out io.Writer
	tty bool

	mu    sync.Mutex
	step  string
	far   string
	began time.Time
	ended chan struct{}
}

// newStepProgress shows steps until its end.
func newStepProgress(out io.Writer) *stepProgress {
	p := &stepProgress{out: out, tty: isTerminal(out), ended: make(chan struct{})}
	every := lineEvery
	if p.tty {
		every = time.Second / 5
	}
	ticker, ended := time.NewTicker(every), p.ended
	go func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				p.show()
			case <-ended:
				return
			}
		}
	}()
	return p
}

// begin names the step that begins.
func (p *stepProgress) begin(step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step, p.far, p.began = step, "", time.Now()
}

// share tells how many bytes of how many are done.
func (p *stepProgress) share(done, total int64) {
	p.tell(fmt.Sprintf(", %.1f of %.1f MB", float64(done)/1e6, float64(total)/1e6))
}

// rows tells how many rows are read.
func (p *stepProgress) rows(n int64) {
	if n%1000 == 0 {
		p.tell(fmt.Sprintf(", %d rows", n))
	}
}

func (p *stepProgress) tell(far string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.far = far
}

func (p *stepProgress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended == nil || p.step == "" {
		return
	}
	line := fmt.Sprintf("%s%s, %s", p.step, p.far, time.Since(p.began).Round(time.Second))
	if p.tty {
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.out, line)
}

// end takes the line away. Ending it again does nothing.
func (p *stepProgress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended == nil {
		return
	}
	close(p.ended)
	p.ended = nil
	if p.tty {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
