package main

import (
	"bufio"
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
// what that costs next to plain CSV. The forms take turns, so that what else the machine
// does meets all of them, and the least and the median of the rounds count.
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
	costs := make([][]cost, len(all))
	for range rounds {
		for i, form := range all {
			took, err := form.read(ctx, folder, rows)
			if err != nil {
				return fmt.Errorf("%s: %w", form.name, err)
			}
			costs[i] = append(costs[i], took)
		}
	}
	elapsed := func(c cost) time.Duration { return c.elapsed }
	processors := func(c cost) time.Duration { return c.processors }
	fmt.Printf("%-42s %10s %7s %8s %12s\n", "reading", "rows/s", "× CSV", "(median)", "(processors)")
	for i, form := range all {
		least, median := spread(costs[i], elapsed)
		used, _ := spread(costs[i], processors)
		leastOfCSV, medianOfCSV := spread(costs[0], elapsed)
		usedByCSV, _ := spread(costs[0], processors)
		fmt.Printf("%-42s %10.0f %7.2f %8.2f %12.2f\n", form.name, float64(rows)/least.Seconds(),
			ratio(least, leastOfCSV), ratio(median, medianOfCSV), ratio(used, usedByCSV))
	}
	return nil
}

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }

// spread returns the least and the median of a part of costs.
func spread(costs []cost, part func(cost) time.Duration) (least, median time.Duration) {
	var all []time.Duration
	for _, c := range costs {
		all = append(all, part(c))
	}
	slices.Sort(all)
	return all[0], all[len(all)/2]
}

// write writes sample sessions in the form.
func (f form) write(name string, rows int) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	var out io.Writer = buffered
	if f.pack != nil {
		packed := f.pack(buffered)
		defer func() { err = firstOf(err, packed.Close(), buffered.Flush()) }()
		out = packed
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
	return buffered.Flush()
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
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
