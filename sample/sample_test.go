package sample

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/usage"
)

var afternoon = time.Date(2026, 3, 18, 14, 20, 30, 5e6, time.UTC)

func TestTheDefaultsAreASmallPlatform(t *testing.T) {
	config := Config{Seed: 1, Now: afternoon}
	if n := len(Accounts(config)); n != 20 {
		t.Errorf("%d accounts, want 20", n)
	}
	if n := len(Customers(config)); n != 200 {
		t.Errorf("%d customers, want 200", n)
	}
	if n := len(slices.Collect(Sessions(config))); n != 25_000 {
		t.Errorf("%d sessions, want 25000", n)
	}
}

func TestSessionsReferToTheAccountsAndCustomers(t *testing.T) {
	config := Config{Seed: 2, Now: afternoon}
	accounts := map[string]int{}
	for _, account := range Accounts(config) {
		checkMarked(t, account.AccountID, account.Name)
		accounts[account.AccountID] = 0
	}
	owner := map[string]string{}
	for _, customer := range Customers(config) {
		checkMarked(t, customer.CustomerID, customer.Name)
		if _, known := accounts[customer.AccountID]; !known {
			t.Fatalf("customer %v has no account", customer)
		}
		owner[customer.CustomerID] = customer.AccountID
	}
	none := 0
	for session := range Sessions(config) {
		accounts[session.AccountID]++
		if session.CustomerID == "" {
			none++
		} else if owner[session.CustomerID] != session.AccountID {
			t.Fatalf("session %v has another account's customer", session)
		}
	}
	if len(accounts) != 20 || len(owner) != 200 {
		t.Errorf("%d accounts and %d customers, want distinct ids and no unknown ones", len(accounts), len(owner))
	}
	if none < 1000 || none > 1500 {
		t.Errorf("%d of 25000 sessions without a customer, want about 5 %%", none)
	}
	if accounts["sample-acc-01"] < 10*accounts["sample-acc-20"] {
		t.Errorf("accounts are too alike: %v", accounts)
	}
}

func checkMarked(t *testing.T, id, name string) {
	t.Helper()
	if !strings.HasPrefix(id, "sample-") || !strings.HasPrefix(name, "Sample ") {
		t.Errorf("%q (%q) is not marked as a sample", id, name)
	}
}

func TestSessionsAreValidUniqueAndOrdered(t *testing.T) {
	config := Config{Seed: 3, Now: afternoon, Sessions: 200_000}
	seen := make(map[string]bool, config.Sessions)
	kinds := map[string]int{}
	var last time.Time
	for session := range Sessions(config) {
		if err := usage.CheckID("session_id", session.SessionID); err != nil || !strings.HasPrefix(session.SessionID, "sample-") {
			t.Fatalf("session id %q: %v", session.SessionID, err)
		}
		if seen[session.SessionID] {
			t.Fatalf("session id %s comes twice", session.SessionID)
		}
		seen[session.SessionID] = true
		if session.StartedAt.Before(last) || session.StartedAt.After(config.Now) {
			t.Fatalf("%v starts before %v or after now", session, last)
		}
		last = session.StartedAt
		switch seconds := session.DurationSeconds; {
		case seconds < 0 || seconds > 86_400:
			t.Fatalf("duration of %v", session)
		case seconds == 0:
			kinds["none"]++
		case seconds%60 == 0:
			kinds["whole minutes"]++
		case seconds > 1800:
			kinds["long"]++
		}
	}
	if len(seen) != config.Sessions || kinds["none"] == 0 || kinds["whole minutes"] == 0 || kinds["long"] == 0 {
		t.Errorf("%d sessions, %v", len(seen), kinds)
	}
}

func TestSessionsFillTheDaysUpToNow(t *testing.T) {
	midnight := time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC)
	first := midnight.AddDate(0, 0, -89)
	for _, sinceMidnight := range []time.Duration{
		time.Millisecond, time.Second, time.Hour, 5*time.Hour + 59*time.Minute, 12 * time.Hour, 24*time.Hour - time.Millisecond,
	} {
		now := midnight.Add(sinceMidnight)
		days := map[int]int{}
		for session := range Sessions(Config{Now: now}) {
			if session.StartedAt.After(now) || session.StartedAt.Before(first) {
				t.Fatalf("now %v: %v", now, session)
			}
			days[int(session.StartedAt.Sub(first)/(24*time.Hour))]++
		}
		if len(days) != 90 || days[89] < 50 || days[89] > 600 {
			t.Errorf("%v after midnight: %d days, %d sessions on the last", sinceMidnight, len(days), days[89])
		}
	}
}

func TestMostSessionsAreInWorkingHours(t *testing.T) {
	working := 0
	for session := range Sessions(Config{Now: afternoon}) {
		weekday, hour := session.StartedAt.Weekday(), session.StartedAt.Hour()
		if weekday >= time.Monday && weekday <= time.Friday && hour >= 7 && hour < 18 {
			working++
		}
	}
	if working < 25_000*7/10 {
		t.Errorf("%d of 25000 sessions in working hours", working)
	}
}

func TestTheSameConfigMakesTheSameSessions(t *testing.T) {
	config := Config{Seed: 7, Now: afternoon, Sessions: 3000, Accounts: 50, Customers: 60, Days: 3000}
	once, again := slices.Collect(Sessions(config)), slices.Collect(Sessions(config))
	if !slices.Equal(once, again) {
		t.Error("two runs differ")
	}
	config.Seed++
	if slices.Equal(once, slices.Collect(Sessions(config))) {
		t.Error("another seed makes the same sessions")
	}
	want := usage.Session{
		SessionID: "sample-baa5297e544d6edc", AccountID: "sample-acc-07", CustomerID: "sample-cus-021",
		StartedAt: time.Date(2020, 9, 26, 14, 9, 35, 432e6, time.UTC), DurationSeconds: 24,
	}
	if got := once[1000]; got != want {
		t.Errorf("session 1000 is\n%+v, want\n%+v", got, want)
	}
}

func TestSessionsCanBeStoppedEarly(t *testing.T) {
	n := 0
	for range Sessions(Config{Now: afternoon, Sessions: 10_000_000_000, Days: 3650}) {
		if n++; n == 10 {
			break
		}
	}
	if n != 10 {
		t.Errorf("%d sessions", n)
	}
}

func BenchmarkSessions(b *testing.B) {
	n := 0
	for range Sessions(Config{Now: afternoon, Sessions: b.N, Accounts: 1000, Customers: 10_000, Days: 730}) {
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "sessions/s")
}
