package faults

import (
	"testing"
	"time"
)

// Sentences that callers are told.
const (
	unreachable = "the database cannot be reached"
	tooLong     = "took too long"
)

// refused: nobody listens where the database was, and connections to it are broken.
func refused(t *testing.T, w *world) {
	w.proxy.Stop()
	w.hears(t, unreachable)
	w.await(t, "/readyz says so", func() bool { return w.readiness() == unreachable+"\n" })
	if err := w.proxy.Start(); err != nil {
		t.Fatal(err)
	}
}

// cutOff: connections are reset after so many bytes, in the midst of whatever the server is
// telling: the handshake, a setting, a row.
func cutOff(t *testing.T, w *world) {
	noticed := 0
	for after := 1; after < 8000; after += 1 + after*2/3 {
		// Connections that this is on are closed by a reset, also if it does nothing else.
		soften := w.toxic(t, "reset_peer", 0, nil)
		w.serves(t)
		w.callers.forget()
		mend := w.toxic(t, "limit_data", 1, map[string]any{"bytes": after})
		w.hearsSomething(t)
		if w.callers.someDoor(isRefusal) {
			noticed++
		}
		mend()
		soften()
	}
	if noticed < 3 {
		t.Errorf("callers noticed %d of the cuts", noticed)
	}
}

func isUsage(what string) bool { return what == "" }

func isRefusal(what string) bool { return what != "" }

// hearsSomething waits until something was heard at each door.
func (w *world) hearsSomething(t *testing.T) {
	t.Helper()
	w.await(t, "something is heard at each door", func() bool { return w.callers.everyDoor(func(string) bool { return true }) })
}

// late: each packet of the server arrives late, first by little and then by more than an answer may
// take.
func late(t *testing.T, w *world) {
	mend := w.toxic(t, "latency", 1, map[string]any{"latency": 20, "jitter": 10})
	w.callers.forget()
	w.hearsUsage(t)
	mend()
	mend = w.toxic(t, "latency", 1, map[string]any{"latency": (queryTimeout + time.Second/2).Milliseconds()})
	w.callers.forget()
	w.hears(t, tooLong, unreachable)
	mend()
}

// narrow: a kilobyte a second of what the server tells comes through.
func narrow(t *testing.T, w *world) {
	mend := w.toxic(t, "bandwidth", 1, map[string]any{"rate": 1})
	w.callers.forget()
	w.hearsSomething(t)
	w.await(t, "some callers are refused", func() bool { return w.callers.someDoor(isRefusal) })
	mend()
}
