package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"aiusage/usage"
)

// withBigRow has a row beyond 32 bits among others.
func withBigRow(_ context.Context, query usage.Query) (*usage.Report, error) {
	var subjects []usage.SubjectUsage
	for i, minutes := range []int64{1, math.MaxInt32 + 1, 3} {
		subjects = append(subjects, usage.SubjectUsage{AccountID: string(rune('a' + i)), CustomerID: "c", Usage: usage.Usage{Minutes: minutes, Seconds: 1<<60 + 1, Sessions: 1}})
	}
	subjects[2].Seconds = 7
	return usage.NewReport(query, noon, subjects[:min(3, len(subjects))]), nil
}

// One row, list, page or series that fails leaves the rest as it is.
func TestWhatFailsTakesNothingElseAway(t *testing.T) {
	a := serve(readerFunc(func(ctx context.Context, query usage.Query) (*usage.Report, error) {
		if query.AccountID == "away" {
			return nil, usage.Errorf(usage.Unavailable, "away")
		}
		return withBigRow(ctx, query)
	}))
	for query, want := range map[string]string{
		`{aiUsage{totals{sessions} p:accountUsageConnection{totalCount nodes{accountId aiMinutes}}}}`:            `{"aiUsage":{"totals":{"sessions":3},"p":{"totalCount":3,"nodes":[{"accountId":"a","aiMinutes":1},null,{"accountId":"c","aiMinutes":3}]}}}`,
		`{aiUsage{totals{sessions} p:customerUsageConnection{edges{node{accountId aiMinutes}}}}}`:                `{"aiUsage":{"totals":{"sessions":3},"p":{"edges":[{"node":{"accountId":"a","aiMinutes":1}},{"node":null},{"node":{"accountId":"c","aiMinutes":3}}]}}}`,
		`{aiUsage{totals{sessions} accountUsage{aiMinutes} customerUsage{minutes}}}`:                             `{"aiUsage":{"totals":{"sessions":3},"accountUsage":null,"customerUsage":[{"minutes":1},{"minutes":2147483648},{"minutes":3}]}}`,
		`{aiUsage{totals{sessions} accountUsage{accountId customerUsage{aiMinutes}}}}`:                           `{"aiUsage":{"totals":{"sessions":3},"accountUsage":[{"accountId":"a","customerUsage":[{"aiMinutes":1}]},{"accountId":"b","customerUsage":null},{"accountId":"c","customerUsage":[{"aiMinutes":3}]}]}}`,
		`{aiUsage{totals{sessions} p:accountUsageConnection(after:"x"){totalCount}}}`:                            `{"aiUsage":{"totals":{"sessions":3},"p":null}}`,
		`{aiUsage{totals{sessions} accountUsage(filter:{search:"` + strings.Repeat("x", 256) + `"}){sessions}}}`: `{"aiUsage":{"totals":{"sessions":3},"accountUsage":null}}`,
		`{aiUsage(startDate:"2020-01-01",endDate:"2025-01-01"){totals{sessions} series(granularity:DAY){from}}}`: `{"aiUsage":{"totals":{"sessions":3},"series":null}}`,
		`{aiUsage{totals{sessions} compareTo(startDate:"x"){asOf}}}`:                                             `{"aiUsage":{"totals":{"sessions":3},"compareTo":null}}`,
		`{aiUsage{totals{sessions}} away:aiUsage(accountId:"away"){asOf} viewer{name}}`:                          `{"aiUsage":{"totals":{"sessions":3}},"away":null,"viewer":{"name":"operator"}}`,
		`{aiUsage(period:TODAY,startDate:"2026-01-01"){asOf} accounts{nodes{name}}}`:                             `{"aiUsage":null,"accounts":{"nodes":[]}}`,
		`{accounts(first:-1){nodes{name}} customers(first:-1){nodes{name}} aiUsage{totals{sessions}}}`:           `{"accounts":null,"customers":null,"aiUsage":{"totals":{"sessions":3}}}`,
	} {
		answer := a.ask(t, t.Context(), query)
		var got struct {
			Data   json.RawMessage
			Errors []struct{ Path []any }
		}
		if err := json.Unmarshal([]byte(answer+"}"), &got); err != nil {
			t.Fatalf("%s: %s", query, answer)
		}
		if string(got.Data) != want || len(got.Errors) == 0 || len(got.Errors[0].Path) == 0 {
			t.Errorf("%s\ngot  %s\nwant %s", query, answer, want)
		}
	}
}

// Numbers of 64 bits are text for who asks for that, wherever they are and however they are
// written, and numbers for everybody else.
func TestNumbersOf64BitsAsText(t *testing.T) {
	flat, ordinary := handlers(withBigRow)
	const query = `{aiUsage{totals{aiMinutes aiSeconds} customerUsage{minutes aiSeconds} plan{sessions{sign}} p:accountUsageConnection(last:1,filter:{minimum:{measure:AI_SECONDS,value:\"1152921504606846977\"}}){totalCount nodes{minutes previous{sessions} series(granularity:MONTH){aiSeconds}}}}}`
	const large = "1152921504606846977" // 2^60 + 1
	for extensions, quote := range map[string]string{`{"int64":"text"}`: `"`, `{"int64":"number"}`: ``, `{}`: ``, `{"int64":5}`: ``, `null`: ``} {
		body := fmt.Appendf(nil, `{"query":"%s","extensions":%s}`, query, extensions)
		for name, handler := range map[string]string{"flat": send(t.Context(), flat, body), "ordinary": send(t.Context(), ordinary, body)} {
			for _, want := range []string{`"minutes":` + quote + `2147483648` + quote, `"aiSeconds":` + quote + large + quote, `"totalCount":2`, `"aiMinutes":` + quote} {
				if !strings.Contains(handler, want) || strings.Contains(handler, "errors") {
					t.Errorf("%s, %s: %s is not in %s", extensions, name, want, handler)
				}
			}
		}
	}
	for _, value := range []string{`1.5`, `\"x\"`, `true`, `99999999999999999999`} {
		body := fmt.Appendf(nil, `{"query":"{aiUsage{accountUsage(filter:{minimum:{value:%s}}){minutes}}}"}`, value)
		if got := send(t.Context(), flat, body); !strings.Contains(got, "BAD_USER_INPUT") && !strings.Contains(got, "GRAPHQL_VALIDATION_FAILED") {
			t.Errorf("at least %s: got %s", value, got)
		}
	}
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	body := fmt.Appendf(nil, `{"query":"%s","extensions":{"int64":"text"}}`, query)
	program := exec.CommandContext(t.Context(), node, "-e", `
		const { data } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
		console.log(String(BigInt(data.aiUsage.customerUsage[0].aiSeconds) + BigInt(data.aiUsage.customerUsage[1].aiSeconds)));`)
	program.Stdin = strings.NewReader(send(t.Context(), flat, body))
	if got, err := program.CombinedOutput(); err != nil || strings.TrimSpace(string(got)) != "2305843009213693954" {
		t.Errorf("in JavaScript: got %s, %v", got, err)
	}
}
