package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

func table(out io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
}

// printResults prints what each question took.
func printResults(out io.Writer, title string, results []result) {
	fmt.Fprintf(out, "\n%s (load %s). ms are medians (least).\n", title, loadNow())
	t := table(out)
	fmt.Fprintln(t, "question\tzone\trows\tin the driver\tbare SQL\tits table\tlook-up\tDuckDB\tsessions\tHTTP\tKB\tencoding")
	refused := ""
	for _, r := range results {
		q := r.question
		if r.refused != "" {
			fmt.Fprintf(t, "%s\t%s\t–\trefused\t–\t–\t–\t–\t–\t–\t–\t–\n", q.name, q.zone)
			refused = r.refused
			continue
		}
		lookUp := timing{}
		if q.target == likeLookUp {
			lookUp = r.lookUp
		}
		its := "–"
		if r.bareTable != "" {
			its = strings.TrimPrefix(r.bareTable, "usage_")
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.1f\t%s\n", q.name, q.zone, r.rows, r.store, r.bare, its, lookUp, r.duck,
			ms(r.raw.median), r.http, float64(r.bytes)/1000, r.encode)
	}
	t.Flush()
	if refused != "" {
		fmt.Fprintln(out, "refused:", refused)
	}
}

// printTargets prints whether the targets are met.
func printTargets(out io.Writer, results []result) {
	fmt.Fprintln(out, "\nwithin its target?")
	t := table(out)
	fmt.Fprintln(t, "question\tzone\tin the driver\tover HTTP")
	for _, r := range results {
		if driver, http := r.verdict(), r.overHTTP(); driver != "–" || http != "–" {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.question.name, r.question.zone, driver, http)
		}
	}
	t.Flush()
}

// String is the median and the least time, in milliseconds.
func (t timing) String() string {
	if t.cut {
		return "> " + ms(t.least)
	}
	if t.median == 0 {
		return "–"
	}
	return ms(t.median) + " " + brackets(ms(t.least))
}

// ms writes a time as milliseconds, with about three figures.
func ms(d time.Duration) string {
	switch in := float64(d.Nanoseconds()) / 1e6; {
	case d == 0:
		return "–"
	case in < 10:
		return fmt.Sprintf("%.2f", in)
	case in < 100:
		return fmt.Sprintf("%.1f", in)
	default:
		return fmt.Sprintf("%.0f", in)
	}
}

func ratio(a, b time.Duration) string {
	if a == 0 || b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}

// printMachine tells what it is measured on.
func printMachine(out io.Writer, server, duck string) {
	fmt.Fprintf(out, "%s, %d processors, load %s, %s; %s; DuckDB %s\n", runtime.GOARCH, runtime.NumCPU(), loadNow(), runtime.Version(), server, duck)
}

// loadNow is the load of the machine, or a dash where it does not say.
func loadNow() string {
	load, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(load))
	if err != nil || len(fields) < 3 {
		return "–"
	}
	return strings.Join(fields[:3], " ")
}
