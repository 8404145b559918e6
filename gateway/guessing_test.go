package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aiusage/internal/dbtest"
)

// The flood of the measurement.
const (
	guesses     = 10_000
	floodFor    = 20 * time.Second
	floodsFrom  = 250 // addresses, all of this machine
	callerPause = 5 * time.Millisecond
)

// TestAFloodOfGuesses measures how long somebody who is signed in waits for an
// answer while 10,000 wrong passwords arrive in 20 seconds, against without them.
// It takes four minutes and a quiet machine, so it runs only when asked for:
//
//	AIUSAGE_MEASURE=1 go test -run TestAFloodOfGuesses -v ./gateway
func TestAFloodOfGuesses(t *testing.T) {
	if os.Getenv("AIUSAGE_MEASURE") == "" {
		t.Skip("a measurement; set AIUSAGE_MEASURE=1")
	}
	s := start(t, fill(t, dbtest.One(t)))
	cookies, _ := s.signIn(t, "ada")
	callers := map[string][]string{"Basic": {"Authorization", basic("ada", password)}, "session": {"Cookie", cookies}}
	for _, headers := range callers {
		s.measure(t, headers, 2*time.Second) // warm
	}
	for _, flood := range []struct {
		name string
		// credentials returns the Authorization header of guess i, or nothing.
		credentials func(i int) string
		addresses   int
	}{
		{"as many requests without credentials", func(int) string { return "" }, 1},
		{"one address guesses ada's password", func(i int) string { return basic("ada", fmt.Sprint("guess", i)) }, 1},
		{"250 addresses guess ada's password", func(i int) string { return basic("ada", fmt.Sprint("guess", i)) }, floodsFrom},
		{"250 addresses guess 1,000 names' passwords", func(i int) string { return basic(fmt.Sprint("user", i%1000), fmt.Sprint("guess", i)) }, floodsFrom},
	} {
		t.Run(flood.name, func(t *testing.T) {
			for name, headers := range callers {
				// Right before, because a machine is not equally quiet all the time.
				quiet := s.measure(t, headers, floodFor/2)
				ctx, cancel := context.WithTimeout(t.Context(), floodFor)
				statuses := make(chan map[int]int, 1)
				go func() { statuses <- s.flood(ctx, t, flood.addresses, flood.credentials) }()
				median := s.measure(t, headers, floodFor-time.Second)
				answers := <-statuses
				cancel()
				t.Logf("%-8s median %s, without the flood %s: %.2f times; guesses answered with %v", name,
					median.Round(10*time.Microsecond), quiet.Round(10*time.Microsecond), float64(median)/float64(quiet), answers)
			}
		})
	}
}

// measure asks for a report again and again, and returns the median latency.
func (s *service) measure(t *testing.T, headers []string, during time.Duration) time.Duration {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var latencies []time.Duration
	for begin := time.Now(); time.Since(begin) < during; time.Sleep(callerPause) {
		request, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/graphql", strings.NewReader(usageQuery))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set(headers[0], headers[1])
		asked := time.Now()
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		latencies = append(latencies, time.Since(asked))
		if err != nil || response.StatusCode != 200 || !strings.Contains(string(body), `"sessions":3`) {
			t.Fatalf("the signed-in caller got %d %s %v", response.StatusCode, body, err)
		}
	}
	slices.Sort(latencies)
	return latencies[len(latencies)/2]
}

// flood sends the guesses, evenly over the time, and counts the answers' statuses.
func (s *service) flood(ctx context.Context, t *testing.T, addresses int, credentials func(int) string) map[int]int {
	clients := make([]*http.Client, addresses)
	for i := range clients {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i))}}
		clients[i] = &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 4}}
		defer clients[i].CloseIdleConnections()
	}
	var mu sync.Mutex
	statuses := map[int]int{}
	var sent sync.WaitGroup
	begin := time.Now()
	for i := range guesses {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * floodFor / guesses)))
		sent.Go(func() {
			request, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/graphql", strings.NewReader(usageQuery))
			if err != nil {
				return
			}
			request.Header.Set("Content-Type", "application/json")
			if header := credentials(i); header != "" {
				request.Header.Set("Authorization", header)
			}
			status := 0
			if response, err := clients[i%addresses].Do(request); err == nil {
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				status = response.StatusCode
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	sent.Wait()
	return statuses
}
