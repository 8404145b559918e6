// Mutants puts one fault at a time into packages and runs their tests, to see
// whether a test fails: a guard that can go without a test noticing is held by
// nothing. The tree is not touched.
//
//	go run ./bench/mutants ./usage ./auth db/where/scope.go
//
// All mutants of a package are compiled at once, each behind a switch in the
// environment; each runs only the tests that come by it. Those that survive must be
// in survivors.txt, with a reason.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type options struct {
	out       io.Writer
	survivors string
	reached   string
	workers   int
	skip      *regexp.Regexp
	tests     *regexp.Regexp
	only      *regexp.Regexp
	within    time.Duration
	list      bool
	own       bool
	arguments []string
}

func main() {
	o := options{out: os.Stdout}
	flag.StringVar(&o.survivors, "survivors", "bench/mutants/survivors.txt", "the `file` of mutants that are known to survive, and why")
	flag.StringVar(&o.reached, "reached", "", "a `file` that remembers which tests come by which mutants, so that those that have not changed are not run for it again")
	flag.IntVar(&o.workers, "workers", runtime.NumCPU(), "how many tests run at the same time")
	only := flag.String("only", "", "a `pattern` of the mutants to try, by their names")
	tests := flag.String("tests", "", "a `pattern` of the tests that are run")
	skip := flag.String("skip", "", "a `pattern` of tests that are not run")
	flag.DurationVar(&o.within, "within", 0, "try each mutant with the fastest tests only, as many as take this long; 0 means all")
	flag.BoolVar(&o.list, "list", false, "list the mutants and run nothing")
	flag.BoolVar(&o.own, "own", false, "run only the tests of the packages themselves, and none that other packages have for them")
	flag.Parse()
	if o.arguments = flag.Args(); len(o.arguments) == 0 {
		fmt.Fprintln(os.Stderr, "name folders of packages, or files, from the module's root on")
		os.Exit(2)
	}
	if *tests != "" {
		o.tests = regexp.MustCompile(*tests)
	}
	if *skip != "" {
		o.skip = regexp.MustCompile(*skip)
	}
	if *only != "" {
		o.only = regexp.MustCompile(*only)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	held, err := run(ctx, ".", o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !held {
		os.Exit(1)
	}
}

// run tells whether all mutants are killed or known to survive.
func run(ctx context.Context, root string, o options) (held bool, err error) {
	if root, err = filepath.Abs(root); err != nil {
		return false, err
	}
	targets, err := load(root, o.arguments)
	if err != nil {
		return false, err
	}
	var mutants []mutant
	for _, t := range targets {
		for _, s := range t.sources {
			mutants = append(mutants, s.mutants...)
		}
	}
	if o.list {
		for _, m := range mutants {
			fmt.Fprintln(o.out, m)
		}
		return true, nil
	}
	reasons, err := readSurvivors(filepath.Join(root, o.survivors))
	if err != nil {
		return false, err
	}
	for _, line := range stale(root, reasons, targets) {
		fmt.Fprintf(o.out, "is no mutant any more; take it from the list\n%s\n", line)
	}
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	path, left, err := overlay(root, folder, targets, len(mutants))
	if err != nil {
		return false, err
	}
	tests := suites(targets, o.own)
	for _, s := range tests {
		if err := s.compile(root, path, folder); err != nil {
			return false, err
		}
	}
	reached, err := reach(ctx, root, folder, tests, o)
	if err != nil {
		return false, err
	}
	fmt.Fprintf(o.out, "%d mutants, of which %d do not compile and %d are in code that no test comes by\n",
		len(mutants), len(left), len(mutants)-len(left)-len(reached))
	return hunt(ctx, root, o, mutants, left, reached, reasons)
}

// hunt runs the tests with each mutant, and compares those that survive with those
// that are known to.
func hunt(ctx context.Context, root string, o options, mutants []mutant, left map[int]bool, reached map[int][]test, reasons map[string]string) (bool, error) {
	begun := time.Now()
	var lock sync.Mutex
	var done atomic.Int64
	killed, known, unknown := 0, 0, 0
	each(o.workers, mutants, func(_ int, m mutant) {
		if left[m.number] || ctx.Err() != nil || o.only != nil && !o.only.MatchString(m.String()) {
			return
		}
		survived := survives(ctx, root, m.number, fastest(reached[m.number], o.within))
		if ctx.Err() != nil {
			return
		}
		lock.Lock()
		defer lock.Unlock()
		switch listed := reasons[m.String()] != ""; {
		case survived && listed:
			known++
		case survived:
			unknown++
			unreached := ""
			if len(reached[m.number]) == 0 {
				unreached = " (no test comes by it)"
			}
			fmt.Fprintf(o.out, "%s:%d: survives%s\n%s\n", m.file, m.line, unreached, m)
		default:
			killed++
			if listed {
				fmt.Fprintf(o.out, "%s:%d: is killed now; take it from the list\n%s\n", m.file, m.line, m)
			}
		}
		if n := done.Add(1); n%100 == 0 {
			fmt.Fprintf(os.Stderr, "%d of %d, %s\n", n, len(mutants), time.Since(begun).Round(time.Second))
		}
	})
	if err := ctx.Err(); err != nil {
		return false, err
	}
	fmt.Fprintf(o.out, "%d killed, %d known to survive, %d survive without a reason, in %s\n", killed, known, unknown, time.Since(begun).Round(time.Second))
	return unknown == 0, nil
}
