package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"syscall"
	"time"

	"aiusage/importer"
	"aiusage/sample"
	"aiusage/usage"
)

// cost is what reading a file once took: the time on the clock, and that of the
// processors, of which a compressed file uses two at a time.
type cost struct{ elapsed, processors time.Duration }

// compareForms reads the same sessions in each form, without storing them, and prints
// what that costs next to plain CSV, which is read right before each: what else the machine
// does meets both, and the median of what the pairs say counts.
func compareForms(ctx context.Context, folder string, rows, rounds int, only string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	all := forms()
	all = append(all[:1], slices.DeleteFunc(all[1:], func(f form) bool { return !pattern.MatchString(f.name) })...)
	for _, form := range all {
		if err := form.write(filepath.Join(folder, form.file), rows); err != nil {
			return err
		}
	}
	pairs := make([][]pair, len(all))
	for range rounds {
		for i, form := range all {
			one, err := readPair(ctx, all[0], form, folder, rows)
			if err != nil {
				return fmt.Errorf("%s: %w", form.name, err)
			}
			pairs[i] = append(pairs[i], one)
		}
	}
	elapsed := func(c cost) time.Duration { return c.elapsed }
	processors := func(c cost) time.Duration { return c.processors }
	fmt.Printf("%-42s %10s %7s %12s %8s\n", "reading", "rows/s", "× CSV", "(processors)", "(least)")
	for i, form := range all {
		fastest := least(pairs[i], func(p pair) cost { return p.form })
		fmt.Printf("%-42s %10.0f %7.2f %12.2f %8.2f\n", form.name, float64(rows)/fastest,
			medianRatio(pairs[i], elapsed), medianRatio(pairs[i], processors), fastest/least(pairs[i], func(p pair) cost { return p.csv }))
	}
	return nil
}

// pair is what it took to read plain CSV, and a form right after it.
type pair struct{ csv, form cost }

func readPair(ctx context.Context, csv, other form, folder string, rows int) (p pair, err error) {
	if p.csv, err = csv.read(ctx, folder, rows); err != nil {
		return p, err
	}
	p.form, err = other.read(ctx, folder, rows)
	return p, err
}

// least returns the least time in seconds that one of the pairs took.
func least(pairs []pair, of func(pair) cost) float64 {
	shortest := of(pairs[0]).elapsed
	for _, p := range pairs {
		shortest = min(shortest, of(p).elapsed)
	}
	return shortest.Seconds()
}

// medianRatio returns the median of how many times as long as CSV the form took.
func medianRatio(pairs []pair, part func(cost) time.Duration) float64 {
	var all []float64
	for _, p := range pairs {
		all = append(all, part(p.form).Seconds()/part(p.csv).Seconds())
	}
	return median(all)
}

// write writes sample sessions in the form.
func (f form) write(name string, rows int) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	var out io.Writer = buffered
	end := func() error { return nil }
	if f.pack != nil {
		packed := f.pack(buffered)
		out, end = packed, packed.Close
	}
	fmt.Fprint(out, f.begin)
	first := true
	for s := range sample.Sessions(sessions(rows)) {
		if !first {
			fmt.Fprint(out, f.between)
		}
		first = false
		f.row(out, s)
	}
	fmt.Fprint(out, f.end)
	return cmp.Or(end(), buffered.Flush()) // what packs may write until its end
}

// read reads the file and returns what that took.
func (f form) read(ctx context.Context, folder string, rows int) (cost, error) {
	runtime.GC() // what others have left is not this one's
	used, err := processorTime()
	if err != nil {
		return cost{}, err
	}
	started := time.Now()
	summary, err := importer.Sessions(ctx, []string{filepath.Join(folder, f.file)}, nil,
		func(_ context.Context, batch []usage.Session) (importer.Counts, error) {
			return importer.Counts{Inserted: int64(len(batch))}, nil
		}, f.options)
	elapsed := time.Since(started)
	if err != nil {
		return cost{}, err
	}
	if summary.Inserted != int64(rows) {
		return cost{}, fmt.Errorf("%d of %d rows were read: %v", summary.Inserted, rows, summary.Reasons)
	}
	now, err := processorTime()
	return cost{elapsed, now - used}, err
}

// processorTime returns how long this process has used the processors.
func processorTime() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, err
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}
