package cli

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"aiusage/importer"
)

func TestProgressTellsTheRateAndWhatIsLeft(t *testing.T) {
	for _, test := range []struct {
		at   importer.Progress
		want string
	}{
		{importer.Progress{Rows: 1000, Bytes: 250, TotalBytes: 1000}, `^1000 sessions loaded, \d+ rows/s, 25%, 30s left$`},
		{importer.Progress{Rows: 1000, Rejected: 3, Bytes: 1000, TotalBytes: 1000}, `^1000 sessions loaded, \d+ rows/s, 3 rejected, 100%, 0s left$`},
		// A file that grows while it is read.
		{importer.Progress{Rows: 1000, Bytes: 1100, TotalBytes: 1000}, `^1000 sessions loaded, \d+ rows/s, 100%, 0s left$`},
		// A pipe, of which nobody knows how long it is.
		{importer.Progress{Rows: 1000, Bytes: 2_500_000}, `^1000 sessions loaded, \d+ rows/s, 2.5 MB read$`},
		{importer.Progress{Checking: true, TotalBytes: 1000}, `^0 sessions checked, 0 rows/s$`},
	} {
		p := newImportProgress(&bytes.Buffer{}, "sessions", "loaded")
		p.started = time.Now().Add(-10 * time.Second)
		if got := p.line(test.at); !regexp.MustCompile(test.want).MatchString(got) {
			t.Errorf("%+v: %q, want %s", test.at, got, test.want)
		}
	}
}

// The time of the checks before says nothing about how long storing takes.
func TestProgressBeginsAnewAfterTheChecks(t *testing.T) {
	var out bytes.Buffer
	p := newImportProgress(&out, "sessions", "loaded")
	p.started, p.said = time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)
	p.show(importer.Progress{Checking: true, Rows: 1000, Bytes: 500, TotalBytes: 1000})
	p.started, p.said = time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)
	p.show(importer.Progress{Rows: 1000, Bytes: 500, TotalBytes: 1000})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[1], "50%, 0s left") {
		t.Errorf("said %q", lines)
	}
}
