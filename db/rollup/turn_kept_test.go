package rollup_test

import "testing"

// One gateway has the turn as long as it takes it again, and another one once it has not.
func TestATurnIsKeptUntilItEnds(t *testing.T) {
	onServer(t, 0, func(w *world) {
		other := newGateway(w.db)
		turn := func(by gateway, want bool) {
			w.Helper()
			if got, err := by.TakeTurn(w.Context()); err != nil || got != want {
				w.Errorf("taken: %v, %v, want %v", got, err, want)
			}
		}
		const until, now = "SELECT generation FROM usage_level_state WHERE phase = 'turn'", "SELECT CAST(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(3)) * 1000 AS SIGNED)"
		// Whatever time the test takes, it lasts.
		lasts := func() { w.run("UPDATE usage_level_state SET generation = generation + 3600000 WHERE phase = 'turn'") }
		began := w.one(now)
		turn(w.gateway, true)
		if ends := w.one(until); ends < began+10_000 || ends > w.one(now)+10_000 {
			w.Errorf("it was taken at %d and ends at %d", began, ends)
		}
		lasts()
		ends := w.one(until)
		turn(other, false)
		if w.one(until) != ends {
			w.Error("who does not have the turn has changed it")
		}
		turn(w.gateway, true)
		if w.one(until) == ends {
			w.Error("it is not taken again")
		}
		w.run("UPDATE usage_level_state SET generation = 1000 WHERE phase = 'turn'")
		turn(other, true)
		lasts()
		turn(w.gateway, false)
		turn(other, true)
	})
}
