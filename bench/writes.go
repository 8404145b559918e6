package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"aiusage/usage"
)

// measureWrites compares inserting with and without triggers, and folding with
// inserting.
func measureWrites(ctx context.Context, s settings, out io.Writer) error {
	s.keep = false
	t := table(out)
	defer t.Flush()
	fmt.Fprintln(t, "inserting\tsingle rows\t2 writers\tthousand rows\timport\t")
	rates := map[bool][4]float64{}
	var fold float64
	// Each is measured twice, in turns, and the better one counts: the machine does
	// other things too.
	for turn := range 4 {
		with := turn%2 == 1
		p, err := open(ctx, s, fmt.Sprint("writes_", turn), false)
		if err != nil {
			return err
		}
		now, folded, err := p.writeRates(ctx, s, with)
		p.close()
		if err != nil {
			return err
		}
		best := rates[with]
		for i := range best {
			best[i] = max(best[i], now[i])
		}
		rates[with], fold = best, max(fold, folded)
	}
	for _, with := range []bool{false, true} {
		name := map[bool]string{false: "without triggers", true: "with triggers"}[with]
		fmt.Fprintf(t, "%s\t%.0f/s\t%.0f/s\t%.0f/s\t%.0f/s\t\n", name, rates[with][0], rates[with][1], rates[with][2], rates[with][3])
	}
	fmt.Fprintf(t, "with/without\t%.2f\t%.2f\t%.2f\t%.2f\t\n", rates[true][0]/rates[false][0],
		rates[true][1]/rates[false][1], rates[true][2]/rates[false][2], rates[true][3]/rates[false][3])
	fmt.Fprintf(t, "folding\t%.0f/s\t\t\t\t\n", fold)
	verdict := "yes"
	if fold < 10*rates[true][0] {
		verdict = "NO"
	}
	fmt.Fprintf(t, "folding/single rows\t%.1f, at least 10: %s\t\t\t\t\n", fold/rates[true][0], verdict)
	return nil
}

// writeRates inserts sessions one by one, by two writers one by one, a thousand
// at a time, and by import; and then folds what was recorded.
func (p *place) writeRates(ctx context.Context, s settings, triggers bool) (rates [4]float64, fold float64, err error) {
	if triggers {
		if _, err = p.store.InstallRollups(ctx); err == nil {
			err = p.store.FillRollups(ctx, nil)
		}
		if err != nil {
			return rates, 0, err
		}
	}
	single, many := max(1, min(3000, s.sessions/10)), min(60_000, s.sessions)
	sessions := make([]usage.Session, 0, 3*single+2*many)
	for session := range s.population().sessions(2, cap(sessions), yearTo.AddDate(0, 0, -30), yearTo) {
		sessions = append(sessions, session)
	}
	take := func(n int) []usage.Session {
		some := sessions[:n]
		sessions = sessions[n:]
		return some
	}
	measure := func(n int, do func(some []usage.Session) error) float64 {
		some, started := take(n), time.Now()
		if failed := do(some); failed != nil {
			err = failed
		}
		return float64(n) / time.Since(started).Seconds()
	}
	rates[0] = measure(single, func(some []usage.Session) error { return p.insert(ctx, some, 1) })
	rates[1] = measure(2*single, func(some []usage.Session) error {
		var group sync.WaitGroup
		var failed [2]error
		for i := range failed {
			group.Go(func() { failed[i] = p.insert(ctx, some[i*single:(i+1)*single], 1) })
		}
		group.Wait()
		return firstOf(failed[0], failed[1])
	})
	rates[2] = measure(many, func(some []usage.Session) error { return p.insert(ctx, some, 1000) })
	if triggers {
		started := time.Now()
		folded, failed := p.store.Fold(ctx, nil)
		fold, err = float64(folded)/time.Since(started).Seconds(), firstOf(err, failed)
	}
	rates[3] = measure(many, func(some []usage.Session) error {
		for len(some) > 0 {
			n := min(2000, len(some))
			if _, err := p.store.WriteSessions(ctx, some[:n]); err != nil {
				return err
			}
			some = some[n:]
		}
		return nil
	})
	return rates, fold, err
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
