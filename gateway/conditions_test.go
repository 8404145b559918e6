package gateway_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/gateway"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

const dashboard = `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-31"){asOf totals{aiMinutes aiSeconds sessions}previous{totals{sessions}}` +
	`series(granularity:DAY){from partial aiMinutes}accountUsage{accountId account{name}aiMinutes share}` +
	`customerUsageConnection(first:5,orderBy:{field:AI_MINUTES,direction:DESC}){nodes{customerId customer{name}aiMinutes series(granularity:WEEK){aiMinutes}}}}}`

// conditional are addresses of answers with a validator.
var conditional = []string{
	"/graphql?query=" + url.QueryEscape(dashboard),
	"/graphql?query=" + url.QueryEscape(`{aiUsage(period:THIS_YEAR,timeZone:"Asia/Kolkata"){totals{sessions}customerUsage{accountId customerId aiSeconds}}viewer{name roles accounts{name}}}`),
	"/graphql?query=" + url.QueryEscape(`{aiUsage{accountUsage{accountId aiMinutes sessions}}}`),
	"/query?query=" + url.QueryEscape(`query($a:ID){aiUsage(accountId:$a){...R}}fragment R on AIUsage{series(granularity:MONTH,fillZero:false){aiMinutes sessions}}`) + "&variables=" + url.QueryEscape(`{"a":"acc-1"}`),
	"/export/usage.csv?names=1&level=account",
	"/export/usage.json?startDate=2026-03-01&endDate=2026-03-31&previous=1",
	"/export/usage.ndjson?granularity=WEEK&startDate=2026-03-01&endDate=2026-04-30",
}

var validators = regexp.MustCompile(`^W/"[0-9a-z]*\.[0-9a-z]*\.[A-Za-z0-9_-]{24}"$`)

// rolledUp has the sums of a store kept, where the engine can have them.
func rolledUp(t *testing.T, store *db.Store) {
	t.Helper()
	_, err := store.InstallRollups(t.Context(), nil)
	if err == nil {
		err = store.FillRollups(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// get asks for an address again, with the validator of an earlier answer if there is one.
func (s *service) get(t *testing.T, user, path, validator string) answer {
	t.Helper()
	headers := []string{"Accept-Encoding", "identity"}
	if validator != "" {
		headers = append(headers, "If-None-Match", validator)
	}
	return s.ask(t, user, "GET", path, "", "", headers...)
}

// An answer that is still the same costs 304, and reads no usage.
func TestWhatHasNotChangedIsNotReadAgain(t *testing.T) {
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		filled := fill(t, dsn)
		fillMore(t, filled, rand.New(rand.NewPCG(3, 3)))
		rolledUp(t, filled)
		recorded, statements := dbtest.Record(t, dsn)
		store, err := db.Open(recorded, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		s := start(t, store)
		for _, user := range []string{"ada", "ann"} {
			for _, path := range conditional {
				first := s.get(t, user, path, "")
				tag := first.header.Get("ETag")
				vary := strings.Join(first.header.Values("Vary"), ", ")
				if first.status != 200 || !validators.MatchString(tag) || first.header.Get("Cache-Control") != "private, no-cache" ||
					!strings.Contains(vary, "Authorization, Cookie, Accept, Accept-Encoding") {
					t.Fatalf("%s as %s: got %d %v %s", path, user, first.status, first.header, first.body)
				}
				if again := s.get(t, user, path, ""); again.header.Get("ETag") != tag {
					t.Errorf("%s: another validator %s of the same answer, not %s", path, again.header.Get("ETag"), tag)
				}
				statements.Take()
				for _, sent := range []string{tag, strings.TrimPrefix(tag, "W/"), `"x", W/"a.b.c", ` + tag} {
					got := s.get(t, user, path, sent)
					if got.status != 304 || got.body != "" || got.header.Get("ETag") != tag || got.header.Get("Content-Type") != "" ||
						got.header.Get("Content-Disposition") != "" || got.header.Get("Cache-Control") != "private, no-cache" || len(got.header.Values("Vary")) == 0 {
						t.Errorf("%s as %s with %s: got %d %v", path, user, sent, got.status, got.header)
					}
				}
				taken := statements.Take()
				named := 0
				for _, statement := range taken {
					if strings.Contains(statement, "usage_level_state") || strings.Contains(statement, "DOLT_HASHOF") {
						named++
					}
					for _, table := range []string{"FROM ai_sessions", "usage_customer_rollups", "usage_account_rollups", "usage_account_series", "usage_total_rollups", "usage_quarters"} {
						if strings.Contains(statement, table) {
							t.Errorf("%s: a 304 reads usage: %s", path, statement)
						}
					}
				}
				if named != 3 || len(taken) > 3*7 {
					t.Errorf("%s: three 304s took %q", path, taken)
				}
				for _, other := range []string{`*`, `"` + strings.Trim(tag, `W/"`) + `x"`, `nonsense`, `W/""`, `W/"..x"`} {
					if got := s.get(t, user, path, other); got.status != 200 || got.header.Get("ETag") != tag {
						t.Errorf("%s with %s: got %d", path, other, got.status)
					}
				}
				// What is another question, another caller, or another form has another validator.
				if got := s.get(t, map[string]string{"ada": "ann", "ann": "ada"}[user], path, tag); got.status != 200 {
					t.Errorf("%s: somebody else has %d", path, got.status)
				}
				if strings.HasPrefix(path, "/export") {
					if got := s.ask(t, user, "HEAD", path, "", "", "If-None-Match", tag); got.status != 304 {
						t.Errorf("HEAD %s: got %d", path, got.status)
					}
				} else if got := s.ask(t, user, "GET", path, "", "", "If-None-Match", tag, "Accept", "application/graphql-response+json"); got.status != 200 {
					t.Errorf("%s in another media type: got %d", path, got.status)
				}
			}
		}
	})
}

// Answers of which it cannot be told whether they are still the same have no validator.
func TestWhatCannotBeToldToBeTheSameHasNoValidator(t *testing.T) {
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		store := fill(t, dsn)
		s := start(t, store)
		embedded := strings.HasSuffix(t.Name(), "/embedded")
		if got := s.get(t, "ada", conditional[2], ""); !embedded && (got.header.Get("ETag") != "" || got.header.Get("Cache-Control") != "private, no-store") {
			t.Errorf("read from the sessions: got %v", got.header)
		}
		rolledUp(t, store)
		page := s.query(t, "ada", `{aiUsage{accountUsageConnection(first:1){pageInfo{endCursor}}}}`)
		cursor := regexp.MustCompile(`"endCursor":"([^"]+)"`).FindStringSubmatch(page.body)[1]
		for _, query := range []string{
			`{new:aiUsage{totals{sessions}}kept:aiUsage{accountUsageConnection(first:1,after:"` + cursor + `"){nodes{accountId}}}}`,
			`{new:aiUsage{totals{sessions}}wrong:aiUsage(startDate:"x"){totals{sessions}}}`,
			`{aiUsage{plan{source}}}`, `{accounts{nodes{name}}}`, `{customers(search:"c"){nodes{name}}aiUsage{totals{sessions}}}`, `{__schema{queryType{name}}}`,
			`{node(id:"AXMABWFjYy0xATE"){id}aiUsage{totals{sessions}}}`, `{aiUsage{sessionsConnection{nodes{id}}}}`, // of a session, whose id alone may change
			`{viewer{name}}`, `{aiUsage(startDate:"x"){totals{sessions}}}`,
		} {
			if got := s.get(t, "ada", "/graphql?query="+url.QueryEscape(query), ""); got.header.Get("ETag") != "" || got.header.Get("Cache-Control") != "private, no-store" {
				t.Errorf("%s: got %v", query, got.header)
			}
		}
		if got := s.query(t, "ada", `{aiUsage{totals{sessions}}}`); got.header.Get("ETag") != "" {
			t.Errorf("by POST: got %v", got.header)
		}
		for _, path := range []string{"/export/usage.csv?top=x", "/export/usage.xml"} {
			if got := s.get(t, "ada", path, ""); got.header.Get("ETag") != "" {
				t.Errorf("%s: got %v", path, got.header)
			}
		}
	})
}

// held is an answer that a caller has, with what it was asked by.
type held struct {
	user, path, tag, body string
	// asked counts the writes before it.
	asked int
}

// fresh returns an answer without the instant at which it was read and the cursors that have it.
func fresh(body string) string {
	return cursors.ReplaceAllString(instants.ReplaceAllString(body, `"asOf":NOW`), "$1:CURSOR")
}

// Whoever writes what between two requests, past the gateway or through it: an answer that is
// said to be the same is that of a new request, and its sums are those of the sessions.
func TestNoAnswerIsStale(t *testing.T) {
	dbtest.EachKind(t, func(t *testing.T, dsn string) {
		store := fill(t, dsn)
		random := rand.New(rand.NewPCG(5, uint64(len(t.Name()))))
		fillMore(t, store, random)
		rolledUp(t, store)
		direct, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer direct.Close()
		run := func(statement string, args ...any) {
			t.Helper()
			if _, err := direct.ExecContext(t.Context(), statement, args...); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		embedded := strings.HasSuffix(t.Name(), "/embedded")
		s := start(t, store)
		writes, folds, same, other := 0, 0, 0, 0
		id := func() string { return fmt.Sprint("more-", random.IntN(400)) }
		write := []func(){
			func() {
				run("INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, ?, '2026-03-07 10:00', 600) ON DUPLICATE KEY UPDATE duration_seconds = 7",
					fmt.Sprint("new-", random.IntN(30)), fmt.Sprint("acc-", random.IntN(5)), "cus-1")
			},
			func() { run("UPDATE ai_sessions SET customer_id = 'moved' WHERE session_id = ?", id()) },
			func() { run("UPDATE ai_sessions SET account_id = 'acc-1' WHERE session_id = ?", id()) },
			func() {
				run("UPDATE ai_sessions SET started_at = '2026-03-31 23:59:59.999' WHERE session_id = ?", id())
			},
			func() { run("DELETE FROM ai_sessions WHERE session_id = ?", id()) },
			func() {
				run("UPDATE accounts SET name = ? WHERE account_id = 'acc-1'", fmt.Sprint("Name ", random.IntN(3)))
			},
			func() { run("UPDATE customers SET name = ?", fmt.Sprint("Name ", random.IntN(3))) },
			func() { run("DELETE FROM accounts") },
			func() {
				_, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "acc-2", Name: fmt.Sprint("New ", random.IntN(2))}})
				if err != nil {
					t.Fatal(err)
				}
			},
			func() {
				_, err := store.WriteSessions(t.Context(), []usage.Session{{SessionID: id(), AccountID: "acc-3", StartedAt: time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC), DurationSeconds: int64(random.IntN(900))}})
				if err != nil {
					t.Fatal(err)
				}
			},
		}
		fold := func() {
			if embedded {
				return
			}
			if _, err := store.Fold(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		var all []held
		for round := range 90 {
			switch random.IntN(8) {
			case 0:
				fold()
				folds++
			case 1, 2:
				write[random.IntN(len(write))]()
				writes++
			}
			if round == 60 { // a write and a fold that leave as many changes as there were
				fold()
				write[0]()
				fold()
				writes++
			}
			user, path := []string{"ada", "ann"}[random.IntN(2)], conditional[random.IntN(len(conditional))]
			now := s.get(t, user, path, "")
			if now.status != 200 || now.header.Get("ETag") == "" {
				t.Fatalf("%s as %s: got %d %v", path, user, now.status, now.header)
			}
			for _, one := range all[max(0, len(all)-50):] {
				if one.user != user || one.path != path {
					continue
				}
				got := s.get(t, user, path, one.tag)
				switch {
				case got.status == 304 && fresh(now.body) != fresh(one.body):
					t.Fatalf("%s as %s is said to be still\n%s\nand is\n%s", path, user, one.body, now.body)
				case got.status == 304:
					same++
				case got.status != 200 || fresh(got.body) != fresh(now.body):
					t.Fatalf("%s as %s: got %d %s, want %s", path, user, got.status, got.body, now.body)
				case one.asked == writes+folds:
					t.Errorf("%s as %s is read again, though nothing was written", path, user)
				default:
					other++
				}
			}
			all = append(all, held{user, path, now.header.Get("ETag"), now.body, writes + folds})
			if path == conditional[2] {
				scope := map[string]string{"ada": "TRUE", "ann": "account_id = 'acc-1'"}[user]
				var sessions int
				if err := direct.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM ai_sessions WHERE "+scope).Scan(&sessions); err != nil {
					t.Fatal(err)
				}
				sum := 0
				for _, found := range regexp.MustCompile(`"sessions":(\d+)`).FindAllStringSubmatch(now.body, -1) {
					var n int
					fmt.Sscan(found[1], &n)
					sum += n
				}
				if sum != sessions {
					t.Errorf("as %s: %d sessions, and %d in the table", user, sum, sessions)
				}
			}
		}
		if same < 5 || other < 5 {
			t.Errorf("%d answers were the same and %d not: too few to tell", same, other)
		}
	})
}

// A change of what somebody may see, and a sign-in as somebody else, make another answer.
func TestAValidatorIsGoodForWhoGotIt(t *testing.T) {
	store := fill(t, dbtest.One(t))
	rolledUp(t, store)
	s := start(t, store)
	tag := s.get(t, "ann", conditional[2], "").header.Get("ETag")
	if got := s.get(t, "ann", conditional[2], tag); got.status != 304 {
		t.Fatalf("got %d", got.status)
	}
	if err := store.SetAccess(t.Context(), "ann", []string{auth.AccountAdministrator}, []string{"acc-2"}); err != nil {
		t.Fatal(err)
	}
	if got := s.get(t, "ann", conditional[2], tag); got.status != 200 || !strings.Contains(got.body, "acc-2") {
		t.Errorf("after a change of access: got %d %s", got.status, got.body)
	}
	for _, user := range []string{"", "nil", "bob", "eve"} {
		if got := s.get(t, user, conditional[2], tag); got.status == 304 {
			t.Errorf("%q is told something", user)
		}
	}
	// Another gateway, with days of its own, answers otherwise; one that knows no names makes the answer anew.
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	tag, named := s.get(t, "ada", conditional[2], "").header.Get("ETag"), s.get(t, "ada", conditional[0], "").header.Get("ETag")
	for _, c := range []struct {
		zone      *time.Location
		path, tag string
		status    int
	}{{nil, conditional[2], tag, 304}, {berlin, conditional[2], tag, 200}, {nil, conditional[0], named, 200}} {
		another := start(t, store, func(config *gateway.Config) { config.Zone = c.zone })
		if got := another.get(t, "ada", c.path, c.tag); got.status != c.status {
			t.Errorf("%s at another gateway, in %v: got %d", c.path, c.zone, got.status)
		}
	}
}
