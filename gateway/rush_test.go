package gateway_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"aiusage/auth"
	"aiusage/internal/dbtest"
)

// After a restart everybody comes back at once, with the right passwords.
func TestListenersThatComeBackAfterARestartAreAllLetIn(t *testing.T) {
	store := fill(t, dbtest.One(t))
	hash := hashOf(t, password, 4096) // slow enough that they wait for each other
	const listeners = 50
	names := map[string]func(i int) string{
		"one user":   func(int) string { return "ada" },
		"many users": func(i int) string { return fmt.Sprint("listener", i) },
	}
	for i := range listeners {
		user := auth.User{Name: names["many users"](i), PasswordHash: hash, Roles: []string{auth.SystemAdministrator}}
		if err := store.AddUser(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	for who, name := range names {
		t.Run(who, func(t *testing.T) {
			s := start(t, store) // which knows nobody's password
			statuses := make([]int, listeners)
			var all sync.WaitGroup
			for i := range listeners {
				all.Go(func() { statuses[i] = s.listenOnce(t, name(i)) })
			}
			all.Wait()
			counts := map[int]int{}
			for _, status := range statuses {
				counts[status]++
			}
			t.Logf("answers: %v", counts)
			if counts[200] != listeners {
				t.Errorf("got %v, want 200 for all %d", counts, listeners)
			}
		})
	}
}

// Each deploy meets all legacy callers at once.
func TestLegacyCallersThatComeAtOnceAreAllLetIn(t *testing.T) {
	store := fill(t, dbtest.One(t))
	for _, callers := range []int{20, 100} {
		s := start(t, store)
		var all sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range callers {
			all.Go(func() {
				status := s.ask(t, "ada", "GET", "/ai/usage", "", "").status
				mu.Lock()
				defer mu.Unlock()
				statuses[status]++
			})
		}
		all.Wait()
		if statuses[200] != callers {
			t.Errorf("%d callers: got %v", callers, statuses)
		}
	}
}

// listenOnce opens an event stream and reads its first event, and returns the status.
func (s *service) listenOnce(t *testing.T, user string) int {
	request, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/graphql",
		strings.NewReader(`{"query":"subscription{aiUsageChanged{totals{sessions}}}"}`))
	if err != nil {
		t.Error(err)
		return 0
	}
	request.SetBasicAuth(user, password)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); response.StatusCode == 200 && lines.Scan(); {
		if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
			if want := `{"data":{"aiUsageChanged":{"totals":{"sessions":3}}}}`; data != want {
				t.Errorf("%s: got %s", user, data)
			}
			break
		}
	}
	return response.StatusCode
}
