package importer

import (
	"sync"
	"sync/atomic"
	"time"
)

// status is how far a load has come. It is written and read at the same time.
type status struct {
	file                         atomic.Pointer[string]
	checking                     atomic.Bool
	rows, rejected, bytes, total atomic.Int64
}

func (s *status) progress() Progress {
	p := Progress{
		Checking: s.checking.Load(), Rows: s.rows.Load(), Rejected: s.rejected.Load(),
		Bytes: s.bytes.Load(), TotalBytes: s.total.Load(),
	}
	if file := s.file.Load(); file != nil {
		p.File = *file
	}
	return p
}

const reportInterval = 200 * time.Millisecond

// report calls progress every now and then until stop is called, and then once more.
func (s *status) report(progress func(Progress)) (stop func()) {
	if progress == nil {
		return func() {}
	}
	ended := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(reportInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				progress(s.progress())
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		running.Wait()
		progress(s.progress())
	}
}
