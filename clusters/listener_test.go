package clusters

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// listener follows a gateway's event stream of all usage, and opens it again when it has ended, as
// browsers do.
type listener struct {
	gateway *gateway

	mu sync.Mutex
	// last is how many sessions the last event was of, and wrong what cannot be.
	last  int64
	wrong []string
}

// listen begins to listen, until the test ends.
func (g *gateway) listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{gateway: g, last: -1}
	ctx, cancel := context.WithCancel(context.Background())
	var listening sync.WaitGroup
	listening.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
			l.follow(ctx)
		}
	})
	t.Cleanup(func() { cancel(); listening.Wait() })
	return l
}

// follow reads a stream until it ends.
func (l *listener) follow(ctx context.Context) {
	const document = `{"query":"subscription { aiUsageChanged { totals { aiMinutes aiSeconds sessions } } }"}`
	request, err := http.NewRequestWithContext(ctx, "POST", "http://"+l.gateway.address+"/graphql", strings.NewReader(document))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer "+l.gateway.key)
	response, err := http.DefaultClient.Do(request) // without an end
	if err != nil {
		return
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if data, isData := strings.CutPrefix(lines.Text(), "data:"); isData && strings.TrimSpace(data) != "" {
			l.hear(data)
		}
	}
}

// hear reads an event: a report, or why there is none.
func (l *listener) hear(data string) {
	var event struct {
		Data struct {
			AIUsageChanged *struct {
				Totals struct{ AIMinutes, AISeconds, Sessions int64 }
			}
		}
		Errors []struct{ Extensions struct{ Code string } }
	}
	err := json.Unmarshal([]byte(data), &event)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.wrong = append(l.wrong, fmt.Sprint(err, ": ", data))
		return
	}
	report := event.Data.AIUsageChanged
	switch {
	case report == nil && len(event.Errors) > 0 && slices.Contains(reasons, event.Errors[0].Extensions.Code):
	case report == nil:
		l.wrong = append(l.wrong, "not a reason: "+data)
	default:
		l.last = report.Totals.Sessions
		if report.Totals.AIMinutes != l.last*minutes || report.Totals.AISeconds != l.last*seconds {
			l.wrong = append(l.wrong, data)
		}
	}
}

// hasAll waits until the listener has been told of all that was stored.
func (l *listener) hasAll(t *testing.T, stored *ledger) {
	t.Helper()
	await(t, "a listener has been told of all", func() (bool, string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, one := range l.wrong {
			t.Error(one)
		}
		l.wrong = nil
		return l.last == stored.stored.Load(), fmt.Sprint(l.last, " sessions, and ", stored.stored.Load(), " were stored")
	})
}
