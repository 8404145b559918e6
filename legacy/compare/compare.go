package compare

import (
	"context"
	"errors"
	"io"
	"time"

	"aiusage/usage"
)

// Options say whom to ask, and how.
type Options struct {
	// Old and New are the addresses of the host to be replaced and of the gateway.
	Old, New string
	// OldCredentials and NewCredentials are as described at newHost.
	OldCredentials, NewCredentials string
	// Rate is how many requests each host gets in a second, at most.
	Rate float64
	// Timeout is how long one answer may take.
	Timeout time.Duration
}

// The options, as errors name them.
const (
	ArgOld     usage.Argument = "old"
	ArgNew     usage.Argument = "new"
	ArgRate    usage.Argument = "rate"
	ArgTimeout usage.Argument = "timeout"
)

// Result is what came of one request.
type Result struct {
	Line        int          `json:"line"`
	Method      string       `json:"method"`
	Path        string       `json:"path"`
	Differences []Difference `json:"differences,omitempty"`
	// Error says why there is nothing to compare, if a host did not answer.
	Error string `json:"error,omitempty"`
}

// Summary counts results.
type Summary struct {
	Requests  int `json:"requests"`
	Same      int `json:"same"`
	Different int `json:"different"`
	// Failed were not answered by one of the hosts.
	Failed int `json:"failed"`
	// Skipped are not for the operation, and were not sent.
	Skipped int `json:"skipped"`
}

// Comparer compares two hosts.
type Comparer struct {
	old, new host
	pause    time.Duration
}

// New returns a Comparer. What cannot be used is an InvalidArgument error.
func New(options Options) (*Comparer, error) {
	if options.Rate <= 0 || options.Timeout <= 0 {
		return nil, usage.Errorf(usage.InvalidArgument, "%s and %s are greater than 0", ArgRate, ArgTimeout)
	}
	before, err := newHost(ArgOld, options.Old, options.OldCredentials, options.Timeout)
	if err != nil {
		return nil, err
	}
	after, err := newHost(ArgNew, options.New, options.NewCredentials, options.Timeout)
	if err != nil {
		return nil, err
	}
	return &Comparer{before, after, time.Duration(float64(time.Second) / options.Rate)}, nil
}

// Run replays the requests of a file and gives what came of each to show, which is
// also called for those that are the same. It ends with ctx, and counts what was
// done until then.
func (c *Comparer) Run(ctx context.Context, file io.Reader, show func(Result, Summary) error) (summary Summary, err error) {
	requests := newReader(file)
	ticker := time.NewTicker(c.pause)
	defer ticker.Stop()
	for {
		request, err := requests.next()
		switch {
		case errors.Is(err, io.EOF):
			return summary, nil
		case errors.Is(err, errSkip):
			summary.Skipped++
			continue
		case err != nil:
			return summary, err
		}
		result, err := c.compare(ctx, request, ticker.C)
		if err != nil {
			return summary, err
		}
		summary.add(result)
		if err := show(result, summary); err != nil {
			return summary, err
		}
	}
}

func (s *Summary) add(result Result) {
	s.Requests++
	switch {
	case result.Error != "":
		s.Failed++
	case len(result.Differences) > 0:
		s.Different++
	default:
		s.Same++
	}
}

// compare asks both hosts. Sessions may come in between the two answers, so what
// differs is asked once more; only what differs again counts.
func (c *Comparer) compare(ctx context.Context, request Request, turn <-chan time.Time) (Result, error) {
	result := Result{Line: request.Line, Method: request.Method, Path: request.Path}
	for range 2 {
		select {
		case <-turn:
		case <-ctx.Done():
			return result, ctx.Err()
		}
		before, after, err := c.ask(ctx, request)
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
		result.Differences, result.Error = nil, ""
		if err != nil {
			result.Error = err.Error()
			return result, nil
		}
		if result.Differences = differences(before, after); len(result.Differences) == 0 {
			return result, nil
		}
	}
	return result, nil
}

// ask asks both hosts at the same time.
func (c *Comparer) ask(ctx context.Context, request Request) (before, after response, err error) {
	asked := make(chan error, 1)
	go func() {
		var err error
		before, err = c.old.ask(ctx, request)
		asked <- named("the old host", err)
	}()
	after, err = c.new.ask(ctx, request)
	return before, after, errors.Join(<-asked, named("the new host", err))
}

// named says which host an error is about.
func named(host string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New(host + ": " + err.Error())
}
