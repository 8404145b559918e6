package faults

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// callers ask at every door, again and again, and hold each answer to the ledger.
type callers struct {
	ledger *ledger
	client *http.Client
	doors  []door
	// secrets are what no answer may have in it.
	secrets []string
	// mayBeGone tells that the gateway may have been killed.
	mayBeGone atomic.Bool

	mu sync.Mutex
	// heard counts, by door, the answers with usage (under "") and what was told otherwise, since it
	// was last forgotten, and heardEver from the beginning.
	heard, heardEver map[string]map[string]int
	// wrong is what should not have been answered.
	wrong []string
}

func newCallers(ledger *ledger, client *http.Client, doors []door, secrets ...string) *callers {
	return &callers{ledger: ledger, client: client, doors: doors, secrets: secrets,
		heard: map[string]map[string]int{}, heardEver: map[string]map[string]int{}}
}

// door is a way to ask.
type door struct {
	name string
	// failsWith200 tells that an answer may be of nothing but errors and 200, as in GraphQL once
	// the document is being executed.
	failsWith200 bool
	// request is what is asked there.
	request func(ctx context.Context) *http.Request
	// read reads an answer: of each report in it whether that is of a state, and what was told
	// instead of all or some.
	read func(body []byte) (isAnswer []func(state) bool, told refusal)
}

// refusal is what a caller is told instead of usage.
type refusal struct{ Code, Message string }

// rest is how long a caller rests after an answer, and hangUp how long it waits for one.
const (
	rest   = 50 * time.Millisecond
	hangUp = 20 * time.Second
)

// ask has a caller at each door until stop is called.
func (c *callers) ask() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, one := range c.doors {
		group.Go(func() {
			for ctx.Err() == nil {
				c.askOnce(one)
				time.Sleep(rest)
			}
		})
	}
	return func() { cancel(); group.Wait() }
}

// askOnce asks at a door and notes what was heard.
func (c *callers) askOnce(at door) {
	ctx, cancel := context.WithTimeout(context.Background(), hangUp)
	defer cancel()
	since := c.ledger.taken()
	response, err := c.client.Do(at.request(ctx))
	if err != nil {
		switch {
		case at.name == "export" && errors.Is(err, io.EOF):
			c.note(at, "cut off") // before its first rows were sent
		case !c.mayBeGone.Load():
			c.complain(at, "no answer: %v", err)
		}
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil && (c.mayBeGone.Load() || at.name == "export"):
		c.note(at, "cut off") // an export says in no other way that it is not whole
		return
	case err != nil:
		c.complain(at, "half an answer: %v", err)
		return
	}
	for _, secret := range append(c.secrets, "internal error", "INTERNAL_SERVER_ERROR") {
		if bytes.Contains(body, []byte(secret)) {
			c.complain(at, "%q is told: %s", secret, body)
		}
	}
	isAnswer, told := at.read(body)
	for _, one := range isAnswer {
		if !c.ledger.has(since, one) {
			c.complain(at, "a wrong answer after %d steps: %s", since, body)
		}
	}
	if wrong := at.wrongStatus(response, len(isAnswer) > 0, told); wrong != "" {
		c.complain(at, "%s: %s %s", wrong, response.Status, body)
	}
	c.note(at, told.Message)
}

// wrongStatus says what is wrong with how an answer is sent: with usage it is 200, and all else
// says that it is because of the database, and when to ask again.
func (d door) wrongStatus(response *http.Response, hasUsage bool, told refusal) string {
	wants, known := map[string]int{
		"SERVICE_UNAVAILABLE": http.StatusServiceUnavailable, "ServiceUnavailable": http.StatusServiceUnavailable,
		"TIMEOUT": http.StatusGatewayTimeout, "TimeoutException": http.StatusGatewayTimeout,
	}[told.Code]
	switch {
	case told != refusal{} && !known:
		return "not the reason"
	case response.StatusCode == http.StatusOK && !hasUsage && !d.failsWith200, response.StatusCode != http.StatusOK && response.StatusCode != wants:
		return "not the status"
	}
	if wait, err := strconv.Atoi(response.Header.Get("Retry-After")); response.StatusCode == http.StatusServiceUnavailable && (err != nil || wait < 1) {
		return "nothing says when to ask again"
	}
	return ""
}

func (c *callers) note(at door, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, heard := range []map[string]map[string]int{c.heard, c.heardEver} {
		if heard[at.name] == nil {
			heard[at.name] = map[string]int{}
		}
		heard[at.name][what]++
	}
}

func (c *callers) complain(at door, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, at.name+": "+fmt.Sprintf(format, args...))
}

// forget begins to count anew.
func (c *callers) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = map[string]map[string]int{}
}

// everyDoor tells whether at each door something was heard that counts.
func (c *callers) everyDoor(counts func(what string) bool) bool {
	return !slices.ContainsFunc(c.doors, func(at door) bool { return !c.heardAt(at, counts) })
}

// someDoor tells whether at any door something was heard that counts.
func (c *callers) someDoor(counts func(what string) bool) bool {
	return slices.ContainsFunc(c.doors, func(at door) bool { return c.heardAt(at, counts) })
}

func (c *callers) heardAt(at door, counts func(what string) bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for what := range c.heard[at.name] {
		if counts(what) {
			return true
		}
	}
	return false
}

// told returns what was heard, for people.
func (c *callers) told() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.heard)
}

// toldInAll returns what was heard from the beginning, for people.
func (c *callers) toldInAll() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.heardEver)
}

// complaints returns what was wrong since they were last asked for.
func (c *callers) complaints() (wrong []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wrong, c.wrong = c.wrong, nil
	return wrong
}

// doorsAt are the doors of a gateway, for a SystemAdministrator with a password and a key.
func doorsAt(address, key string) []door {
	request := func(method, path, body string, sign func(*http.Request)) func(context.Context) *http.Request {
		return func(ctx context.Context) *http.Request {
			asked, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, strings.NewReader(body))
			if err != nil {
				panic(err) // what is above is wrong
			}
			asked.Header.Set("Content-Type", "application/json")
			sign(asked)
			return asked
		}
	}
	byKey := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }
	byPassword := func(r *http.Request) { r.SetBasicAuth("ada", password) }
	span := url.Values{"startDate": {partFrom.Format(time.RFC3339)}, "endDate": {partTo.Format(time.RFC3339)}}
	const fields = `{ totals { aiMinutes aiSeconds sessions } accountUsage { accountId aiMinutes aiSeconds sessions } %s }`
	document, _ := json.Marshal(map[string]string{"query": fmt.Sprintf(`{ all: aiUsage %s part: aiUsage(startDate: "%s", endDate: "%s") %s }`,
		fmt.Sprintf(fields, ""), span.Get("startDate"), span.Get("endDate"), fmt.Sprintf(fields, "series(granularity: MONTH) { aiMinutes aiSeconds sessions }"))})
	return []door{
		{"GraphQL", true, request("POST", "/graphql", string(document), func(r *http.Request) {
			r.Header.Set("Accept", "application/graphql-response+json")
			byKey(r)
		}), graphQLAnswer},
		{"legacy", false, request("POST", "/json/reply/GetAIUsage", "{}", byPassword), legacyAnswer},
		{"export", false, request("GET", "/export/usage.csv?level=account&"+span.Encode(), "", byKey), exportAnswer},
	}
}

// graphQLReport is an aiUsage of an answer.
type graphQLReport struct {
	Totals       amount
	AccountUsage []struct {
		AccountID string
		amount
	}
	Series []amount
}

// is tells whether a report has these sums, and totals and a series that are theirs.
func (r graphQLReport) is(s state, want map[string]amount) bool {
	got := map[string]amount{}
	for _, row := range r.AccountUsage {
		got[row.AccountID] = row.amount
	}
	return s.allows(got, want) && r.Totals == total(maps.Values(got)) && (r.Series == nil || r.Totals == total(slices.Values(r.Series)))
}

func total(amounts iter.Seq[amount]) (sum amount) {
	for one := range amounts {
		sum = amount{sum.Minutes + one.Minutes, sum.Seconds + one.Seconds, sum.Sessions + one.Sessions}
	}
	return sum
}

func graphQLAnswer(body []byte) (isAnswer []func(state) bool, told refusal) {
	var answer struct {
		Data   struct{ All, Part *graphQLReport }
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, refusal{Message: string(body)}
	}
	for _, one := range answer.Errors {
		told = refusal{one.Extensions.Code, one.Message}
	}
	// Each report is of one state, and not the answer as a whole.
	if all := answer.Data.All; all != nil {
		isAnswer = append(isAnswer, func(s state) bool { return all.is(s, s.all) })
	}
	if part := answer.Data.Part; part != nil {
		isAnswer = append(isAnswer, func(s state) bool { return part.is(s, s.part) })
	}
	return isAnswer, told
}

func legacyAnswer(body []byte) ([]func(state) bool, refusal) {
	var answer struct {
		AccountUsage []struct {
			AccountID string
			AIMinutes int64
		}
		ResponseStatus struct{ ErrorCode, Message string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, refusal{Message: string(body)}
	}
	if answer.AccountUsage == nil {
		return nil, refusal{answer.ResponseStatus.ErrorCode, answer.ResponseStatus.Message}
	}
	got := map[string]amount{}
	for _, row := range answer.AccountUsage {
		got[row.AccountID] = amount{Minutes: row.AIMinutes}
	}
	return []func(state) bool{func(s state) bool {
		want := map[string]amount{}
		for account, sum := range s.all {
			want[account] = amount{Minutes: sum.Minutes}
		}
		return s.allows(got, want)
	}}, refusal{}
}

func exportAnswer(body []byte) ([]func(state) bool, refusal) {
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil || !slices.Equal(rows[0], []string{"accountId", "aiMinutes", "aiSeconds", "sessions"}) {
		return graphQLAnswer(body) // errors have the form of GraphQL's
	}
	got := map[string]amount{}
	for _, row := range rows[1:] {
		var sum amount
		for i, to := range []*int64{&sum.Minutes, &sum.Seconds, &sum.Sessions} {
			if *to, err = strconv.ParseInt(row[1+i], 10, 64); err != nil {
				return nil, refusal{Message: err.Error()}
			}
		}
		got[row[0]] = sum
	}
	return []func(state) bool{func(s state) bool { return s.allows(got, s.part) }}, refusal{}
}
