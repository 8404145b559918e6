package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// suite is some tests of a package, compiled with all mutants in what it tests.
type suite struct {
	// room is the package's path within the module, and only a pattern of the
	// tests that are taken ("" for all).
	room, only string
	// binary is what was compiled, and contents stand for what is in it.
	binary, contents string
	// flags are those that the tests have besides Go's own.
	flags []string
}

// test is one of a suite's tests.
type test struct {
	suite *suite
	name  string
	took  time.Duration
}

// alsoTestedBy are the tests elsewhere that hold a room to what it promises. Its own
// tests come by themselves.
var alsoTestedBy = map[string][]suite{
	"auth":             {{room: "gateway", only: "Scope|Principal"}, {room: "resolvers", only: "."}},
	"db/check":         byFacade,
	"db/column":        byFacade,
	"db/extent":        byFacade,
	"db/identity":      byFacade,
	"db/phase":         byFacade,
	"db/pool":          byFacade,
	"db/read":          byFacade,
	"db/rollup":        byFacade,
	"db/schema":        byFacade,
	"db/subjects":      byFacade,
	"db/sums":          byFacade,
	"db/where":         byFacade,
	"db/write":         byFacade,
	"resolvers":        {{room: "gateway", only: "Scope|Principal"}},
	"resolvers/answer": {{room: "resolvers", only: "."}},
}

// byFacade are the tests of the database's rooms, which are tested together.
var byFacade = []suite{{room: "db", only: "."}, {room: "gateway", only: "Scope|Principal"}}

// suites returns the tests of some packages, and unless own is set those that others
// have for them.
func suites(targets []*target, own bool) (all []*suite) {
	add := func(s suite) {
		if !slices.ContainsFunc(all, func(one *suite) bool { return one.room == s.room && (one.only == "" || one.only == s.only) }) {
			all = append(all, &s)
		}
	}
	for _, t := range targets {
		add(suite{room: t.room})
	}
	if own {
		return all
	}
	for _, t := range targets {
		for _, other := range alsoTestedBy[t.room] {
			add(other)
		}
	}
	return all
}

// compile compiles the tests.
func (s *suite) compile(root, overlay, folder string) error {
	s.binary = filepath.Join(folder, strings.ReplaceAll(s.room, "/", "-")+".test")
	command := exec.Command("go", "test", "-c", "-vet=off", "-overlay="+overlay, "-o", s.binary, "./"+s.room)
	command.Dir = root
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", s.room, err, output)
	}
	if _, err := os.Stat(s.binary); os.IsNotExist(err) {
		s.binary = "" // there are no tests
		return nil
	}
	var err error
	if s.contents, err = contentsOf(s.binary); err != nil {
		return err
	}
	help, _ := exec.Command(s.binary, "-help").CombinedOutput()
	if bytes.Contains(help, []byte("-rapid.nofailfile")) {
		// Always the same draws, and none kept in the tree that have met a fault.
		s.flags = []string{"-rapid.seed=1", "-rapid.nofailfile"}
	}
	return nil
}

// command runs tests of the suite, within a time.
func (s *suite) command(ctx context.Context, root string, limit time.Duration, environment string, tests ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, s.binary, "-test.failfast", "-test.timeout="+limit.String(),
		"-test.run=^("+strings.Join(tests, "|")+")$")
	command.Args = append(command.Args, s.flags...)
	command.Dir = filepath.Join(root, s.room)
	command.Env = append(os.Environ(), environment)
	command.WaitDelay = time.Second
	return command
}

// tests lists the suite's tests.
func (s *suite) tests(root string) (names []string, err error) {
	if s.binary == "" {
		return nil, nil
	}
	command := exec.Command(s.binary, "-test.list=.")
	command.Dir = filepath.Join(root, s.room)
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.room, err)
	}
	only := regexp.MustCompile(s.only)
	for _, name := range strings.Fields(string(output)) {
		if !strings.HasPrefix(name, "Benchmark") && only.MatchString(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// reach runs each test alone, without a fault, unless it is remembered how it ran, and
// returns which tests come by which mutant. Those that fail, as where an engine is missing,
// are left out.
func reach(ctx context.Context, root, folder string, suites []*suite, o options) (map[int][]test, error) {
	type job struct {
		suite *suite
		name  string
	}
	known, err := recall(o.reached)
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, s := range suites {
		names, err := s.tests(root)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if (o.tests == nil || o.tests.MatchString(name)) && (o.skip == nil || !o.skip.MatchString(name)) {
				jobs = append(jobs, job{s, name})
			}
		}
	}
	var lock sync.Mutex
	reached := map[int][]test{}
	each(o.workers, jobs, func(i int, j job) {
		ran, ok := known.of(j.suite, j.name)
		if !ok {
			var output []byte
			var err error
			if ran, output, err = j.suite.alone(ctx, root, filepath.Join(folder, fmt.Sprintf("reached-%d", i)), j.name); err != nil {
				lock.Lock()
				defer lock.Unlock()
				fmt.Fprintf(o.out, "left out: %s %s fails without a fault\n%s\n", j.suite.room, j.name, tail(output))
				return
			}
			known.keep(j.suite, j.name, ran)
		}
		lock.Lock()
		defer lock.Unlock()
		for _, number := range ran.Reached {
			reached[number] = append(reached[number], test{j.suite, j.name, ran.Took})
		}
	})
	if err := known.write(suites); err != nil {
		return nil, err
	}
	for _, tests := range reached {
		slices.SortFunc(tests, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	}
	return reached, ctx.Err()
}

// alone runs a test, and returns which mutants it came by, of which it writes a file.
func (s *suite) alone(ctx context.Context, root, file, name string) (ran remembered, output []byte, err error) {
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return ran, nil, err
	}
	begun := time.Now()
	output, err = s.command(ctx, root, 10*time.Minute, logVariable+"="+file, name).CombinedOutput()
	ran.Took = time.Since(begun)
	if err != nil {
		return ran, output, err
	}
	content, err := os.ReadFile(file)
	for _, line := range strings.Fields(string(content)) {
		if number, err := strconv.Atoi(line); err == nil {
			ran.Reached = append(ran.Reached, number)
		}
	}
	return ran, output, err
}

// survives tells whether all tests that come by a mutant pass with it, the fastest
// first. A test that takes ten times as long as it should has found the mutant.
func survives(ctx context.Context, root string, number int, tests []test) bool {
	for _, group := range grouped(tests) {
		var names []string
		var took time.Duration
		for _, t := range group {
			names, took = append(names, t.name), took+t.took
		}
		limit := 10*time.Second + 10*took
		within, cancel := context.WithTimeout(ctx, limit+10*time.Second)
		err := group[0].suite.command(within, root, limit, onVariable+"="+strconv.Itoa(number), names...).Run()
		cancel()
		if err != nil {
			return false
		}
	}
	return true
}

// fastest returns the first of some tests, which are in the order of their times, that
// together take so long at most, and one at least. 0 means all.
func fastest(tests []test, within time.Duration) []test {
	var took time.Duration
	for i, t := range tests {
		if took += t.took; within > 0 && i > 0 && took > within {
			return tests[:i]
		}
	}
	return tests
}

// grouped puts tests together that run in one process: of one suite, each group
// taking about twice as long as the one before it.
func grouped(tests []test) (groups [][]test) {
	most, took := 500*time.Millisecond, time.Duration(0)
	for _, t := range tests {
		last := len(groups) - 1
		if last < 0 || groups[last][0].suite != t.suite || took+t.took > most {
			if last >= 0 {
				most *= 2
			}
			groups, took = append(groups, nil), 0
			last++
		}
		groups[last] = append(groups[last], t)
		took += t.took
	}
	return groups
}

// each calls work for every job, some at a time.
func each[J any](workers int, jobs []J, work func(int, J)) {
	next := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range next {
				work(i, jobs[i])
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	all.Wait()
}

func tail(output []byte) string {
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-8):], []byte("\n")))
}
