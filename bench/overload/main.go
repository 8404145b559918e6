// The overload program measures what the gateway does when more is asked of it than it can do
// at once: how long an administrator's question about one day takes while five of the heaviest
// documents that are allowed are being answered, next to how long it takes when nothing else
// is; and how much memory the gateway takes. It does so with the gateway as it is, and with its
// bounds taken away, in one run.
//
//	go run ./bench/overload --dsn 'root@tcp(127.0.0.1:3306)/'
//
// It makes a database named aiusage_overload_…, and drops it at the end. Compare times within a
// run, since machines differ. Memory is read from /proc, and left out where there is none.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"
)

// settings are the flags.
type settings struct {
	dsn                 string
	accounts, customers int
	sessions            int
	rounds              int
	span                time.Duration
	keep                bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var s settings
	flag.StringVar(&s.dsn, "dsn", "root@tcp(127.0.0.1:3306)/", "the server, with the right to create databases")
	flag.IntVar(&s.accounts, "accounts", 100, "how many accounts")
	flag.IntVar(&s.customers, "customers", 1000, "how many customers each account has")
	flag.IntVar(&s.sessions, "sessions", 500_000, "how many sessions, spread over a year")
	flag.IntVar(&s.rounds, "rounds", 20, "how often the question is asked while nothing else is")
	flag.DurationVar(&s.span, "span", 20*time.Second, "for how long it is asked while heavy documents are")
	flag.BoolVar(&s.keep, "keep", false, "keep the database for the next run")
	flag.Parse()
	if s.accounts < 1 || s.customers < 1 || s.sessions < 1 || s.rounds < 1 || s.span <= 0 {
		fmt.Fprintln(os.Stderr, "overload: there have to be accounts, customers, sessions, rounds and a span")
		os.Exit(2)
	}
	if err := s.run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "overload:", err)
		os.Exit(1)
	}
}

// ways are what is compared: the gateway as it is, and without its bounds.
var ways = []struct {
	name  string
	flags []string
	env   []string
}{
	{name: "as it is"},
	{"without bounds", []string{"--max-answers", "10000", "--max-answer-bytes", "1099511627776"}, []string{"GOMEMLIMIT=off"}},
}

func (s settings) run(ctx context.Context, out io.Writer) error {
	p, err := s.prepare(ctx, out)
	if err != nil {
		return err
	}
	defer p.close()
	program, err := build(ctx)
	if err != nil {
		return err
	}
	defer os.RemoveAll(program.folder)
	fmt.Fprintf(out, "\n%-15s %-12s %9s %9s %9s %9s %7s %9s\n", "gateway", "callers", "idle ms", "median", "p95", "slowest", "ratio", "memory")
	for _, way := range ways {
		for _, together := range []bool{false, true} {
			g, err := program.start(ctx, p.dsn, way.flags, way.env)
			if err != nil {
				return err
			}
			seen, err := s.measure(ctx, g, p, together)
			seen.memory = g.memory()
			g.end()
			if err != nil {
				return err
			}
			who := "six"
			if together {
				who = "one"
			}
			fmt.Fprintf(out, "%-15s %-12s %9.1f %9.1f %9.1f %9.1f %6.1fx %6d MB   %d heavy answers, %d failed\n", way.name, who, millis(seen.idle), millis(of(seen.busy, .5)),
				millis(of(seen.busy, .95)), millis(of(seen.busy, 1)), millis(of(seen.busy, .5))/millis(seen.idle), seen.memory>>20, seen.heavy, seen.failed)
		}
	}
	return nil
}

// result is what was measured of one gateway.
type result struct {
	idle          time.Duration
	busy          []time.Duration
	heavy, failed int
	memory        int64
}

// measure asks the question alone, and then while five heavy documents are asked again and again,
// by callers of their own or all by the one who asks the question.
func (s settings) measure(ctx context.Context, g *gateway, p *place, together bool) (seen result, err error) {
	heavies := heaviest(p)
	for _, one := range heavies { // once each, so that all is warm and the sizes are known
		if err := g.ask(ctx, p.keys[0], one); err != nil {
			return seen, err
		}
	}
	question := p.oneDay()
	var alone []time.Duration
	for range s.rounds {
		took, err := g.timed(ctx, p.keys[0], question)
		if err != nil {
			return seen, err
		}
		alone = append(alone, took)
	}
	seen.idle = of(alone, .5)

	busy, stop := context.WithTimeout(ctx, s.span)
	defer stop()
	var all sync.WaitGroup
	var mu sync.Mutex
	for i, one := range heavies {
		key := p.keys[0]
		if !together {
			key = p.keys[1+i]
		}
		all.Go(func() {
			for busy.Err() == nil {
				err := g.ask(busy, key, one)
				mu.Lock()
				if err == nil {
					seen.heavy++
				} else if busy.Err() == nil {
					seen.failed++
				}
				mu.Unlock()
			}
		})
	}
	for busy.Err() == nil {
		took, err := g.timed(busy, p.keys[0], question)
		if err == nil {
			seen.busy = append(seen.busy, took)
		} else if busy.Err() == nil {
			stop()
			all.Wait()
			return seen, err
		}
		select {
		case <-time.After(50 * time.Millisecond): // as a person does, and so that heavy ones are under way
		case <-busy.Done():
		}
	}
	all.Wait()
	if len(seen.busy) == 0 {
		seen.busy = []time.Duration{s.span}
	}
	return seen, nil
}

// of returns a quantile.
func of(times []time.Duration, part float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(part*float64(len(sorted))))]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
