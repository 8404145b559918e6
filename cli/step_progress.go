package cli

import (
	"cmp"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// stepProgress shows which step of a command is under way, and how far: by a bar on a terminal,
// elsewhere by a line every few seconds.
type stepProgress struct {
	out io.Writer
	tty bool

	mu          sync.Mutex
	step        string
	far         string
	done, total int64 // in bytes, where they are known
	began       time.Time
	bar         *progressbar.ProgressBar
	ended       chan struct{}
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
	p.clear()
	p.step, p.far, p.done, p.total, p.began = step, "", 0, 0, time.Now()
}

// clear takes the bar away.
func (p *stepProgress) clear() {
	if p.bar != nil {
		p.bar.Clear() // only the terminal can fail, and nothing is lost then
		fmt.Fprint(p.out, "\r")
		p.bar = nil
	}
}

// share tells how many bytes of how many are done.
func (p *stepProgress) share(done, total int64) {
	p.tell(fmt.Sprintf(", %.1f of %.1f MB", float64(done)/1e6, float64(total)/1e6), done, total)
}

// rows tells how many rows are read.
func (p *stepProgress) rows(n int64) {
	if n%1000 == 0 {
		p.tell(fmt.Sprintf(", %d rows", n), 0, 0)
	}
}

func (p *stepProgress) tell(far string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.far, p.done, p.total = far, done, total
}

func (p *stepProgress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended == nil || p.step == "" {
		return
	}
	line := fmt.Sprintf("%s%s, %s", p.step, p.far, time.Since(p.began).Round(time.Second))
	if !p.tty {
		fmt.Fprintln(p.out, line)
		return
	}
	if p.bar == nil {
		p.bar = newBar(p.out, cmp.Or(p.total, -1))
	}
	p.bar.Describe(line)
	p.bar.Set64(p.done) // fails only past the end, where nothing is left to show
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
	p.clear()
}
