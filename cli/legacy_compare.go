package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"aiusage/legacy/compare"
)

type legacyCommand struct {
	Compare compareCommand `cmd:"" help:"Replay recorded requests at the old host and at the gateway, and report where the answers differ."`
}

type compareCommand struct {
	Old            string        `required:"" placeholder:"URL" help:"The address of the host to be replaced, such as https://old.example.com."`
	New            string        `required:"" placeholder:"URL" help:"The address of the gateway."`
	Requests       string        `required:"" placeholder:"FILE" help:"The recorded requests, one JSON object a line: method, path, headers, body or bodyBase64; - for standard input. Only requests for the operation are sent."`
	OldCredentials string        `env:"AIUSAGE_OLD_CREDENTIALS" secret:"" placeholder:"CREDENTIALS" help:"NAME:PASSWORD, or the value of an Authorization header, for the old host; otherwise those in the file are sent. Prefer the environment: other users of a machine can see flags."`
	NewCredentials string        `env:"AIUSAGE_NEW_CREDENTIALS" secret:"" placeholder:"CREDENTIALS" help:"The same for the gateway."`
	Rate           float64       `default:"5" placeholder:"N" help:"The most requests a second to each host (default: 5)."`
	Timeout        time.Duration `default:"1m" placeholder:"DURATION" help:"How long one answer may take (default: 1m)."`
	Format         string        `default:"text" enum:"text,json" help:"text, for people; or json, an object a line for each request that is answered differently, and a summary as the last (default: text)."`
}

// Run compares the two hosts. Where answers differ, it fails.
func (c compareCommand) Run(ctx context.Context, p *process) error {
	comparer, err := compare.New(compare.Options{
		Old: c.Old, New: c.New, OldCredentials: c.OldCredentials, NewCredentials: c.NewCredentials, Rate: c.Rate, Timeout: c.Timeout,
	})
	if err != nil {
		return err
	}
	var file io.Reader = p.stdin
	if c.Requests != "-" {
		opened, err := os.Open(c.Requests)
		if err != nil {
			return err
		}
		defer opened.Close()
		file = opened
	}
	said := time.Now()
	summary, err := comparer.Run(ctx, file, func(result compare.Result, so compare.Summary) error {
		if time.Since(said) >= lineEvery {
			said = time.Now()
			fmt.Fprintf(p.stderr, "%s so far\n", inWords(so))
		}
		return c.show(p.stdout, result)
	})
	if shown := c.showSummary(p.stdout, summary); err == nil {
		err = shown
	}
	if err == nil && summary.Different+summary.Failed > 0 {
		err = fmt.Errorf("%d of %d requests are answered differently or not at all", summary.Different+summary.Failed, summary.Requests)
	}
	return err
}

// show prints a result that is of interest.
func (c compareCommand) show(w io.Writer, result compare.Result) error {
	if len(result.Differences) == 0 && result.Error == "" {
		return nil
	}
	if c.Format == "json" {
		return json.NewEncoder(w).Encode(result)
	}
	fmt.Fprintf(w, "line %d: %s %s\n", result.Line, result.Method, result.Path)
	if result.Error != "" {
		fmt.Fprintf(w, "  %s\n", result.Error)
	}
	for _, difference := range result.Differences {
		fmt.Fprintf(w, "  %s: %s, now %s\n", difference.What, difference.Old, difference.New)
	}
	return nil
}

func (c compareCommand) showSummary(w io.Writer, summary compare.Summary) error {
	if c.Format == "json" {
		return json.NewEncoder(w).Encode(map[string]compare.Summary{"summary": summary})
	}
	_, err := fmt.Fprintln(w, inWords(summary))
	return err
}

func inWords(s compare.Summary) string {
	return fmt.Sprintf("%d requests: %d the same, %d different, %d failed; %d skipped, which are not for the operation",
		s.Requests, s.Same, s.Different, s.Failed, s.Skipped)
}
