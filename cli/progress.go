package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"aiusage/importer"
)

// importProgress shows how far an import is: a bar on a terminal, a line every
// few seconds elsewhere.
type importProgress struct {
	out  io.Writer
	kind string
	// verb is what becomes of the rows: loaded.
	verb string
	// started is when the files began to be read, for the checks before or to store them.
	started  time.Time
	checking bool

	bar *progressbar.ProgressBar
	// tty is true when out is a terminal.
	tty bool
	// said is when the last line was written.
	said time.Time
}

// lineEvery is how often a line is written where there is no terminal.
const lineEvery = 5 * time.Second

func newImportProgress(out io.Writer, kind, verb string) *importProgress {
	now := time.Now()
	return &importProgress{out: out, kind: kind, verb: verb, started: now, said: now, tty: isTerminal(out)}
}

// isTerminal tells whether what is written to w is seen at once by a person.
func isTerminal(w io.Writer) bool {
	file, ok := unwatched(w).(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// show is the importer's Progress callback. What is checked first is read once more, and
// the rate and the time left are those of the reading that goes on.
func (p *importProgress) show(at importer.Progress) {
	if at.Checking != p.checking {
		p.checking, p.started = at.Checking, time.Now()
		if p.bar != nil {
			p.bar.Reset()
		}
	}
	if p.tty {
		p.draw(at)
		return
	}
	if time.Since(p.said) >= lineEvery {
		p.said = time.Now()
		fmt.Fprintf(p.out, "%s\n", p.line(at))
	}
}

// draw moves the bar, which goes by bytes because the number of rows is not
// known before the end.
func (p *importProgress) draw(at importer.Progress) {
	if p.bar == nil {
		total := at.TotalBytes
		if total == 0 {
			total = -1 // a spinner
		}
		p.bar = newBar(p.out, total)
	}
	p.bar.Describe(p.counts(at))
	p.bar.Set64(at.Bytes) // fails only past the end, where nothing is left to show
}

// newBar returns a bar on a terminal, or a spinner where the total is -1.
func newBar(out io.Writer, total int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, progressbar.OptionSetWriter(out),
		progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // it turns when it is drawn, and not after it was taken away
		progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(false))
}

// line says the same in words, with the time left where it can be told.
func (p *importProgress) line(at importer.Progress) string {
	line := p.counts(at)
	switch {
	case at.TotalBytes > 0 && at.Bytes > 0:
		elapsed := time.Since(p.started)
		left := time.Duration(float64(elapsed) * float64(max(0, at.TotalBytes-at.Bytes)) / float64(at.Bytes))
		line += fmt.Sprintf(", %d%%, %s left", min(100, at.Bytes*100/at.TotalBytes), left.Round(time.Second))
	case at.Bytes > 0:
		line += fmt.Sprintf(", %.1f MB read", float64(at.Bytes)/1e6)
	}
	return line
}

func (p *importProgress) counts(at importer.Progress) string {
	rate := float64(at.Rows) / max(time.Since(p.started).Seconds(), 0.001)
	verb := p.verb
	if at.Checking {
		verb = "checked"
	}
	counts := fmt.Sprintf("%d %s %s, %.0f rows/s", at.Rows, p.kind, verb, rate)
	if at.Rejected > 0 {
		counts += fmt.Sprintf(", %d rejected", at.Rejected)
	}
	return counts
}

// end takes the bar away.
func (p *importProgress) end() {
	if p.bar != nil {
		p.bar.Clear() // only the terminal can fail, and nothing is lost then
		fmt.Fprint(p.out, "\r")
	}
}
