package clusters

import (
	"net/http"
	"strings"
	"testing"
)

// readsAside has gateways read usage from the replica and do all else on the primary, while the replica falls
// behind, is stopped and hangs.
func (p *pair) readsAside(t *testing.T) {
	patient := serve(t, "with a reader", p.primary.DSN, p.key, "--reader-dsn", p.replica.DSN)
	strict := serve(t, "with a reader, up to a limit", p.primary.DSN, p.key, "--reader-dsn", p.replica.DSN, "--max-staleness", mostBehind)
	patient.awaitReady(t)
	strict.awaitReady(t)
	known := &history{ledger: p.ledger}
	defer known.watch(t)()
	stopWriting := p.ledger.write(t, 2, p.first)
	defer stopWriting()
	heard, stop := strict.askAlways(p.ledger, true)
	defer stop()

	known.advances(t, patient)
	p.apply(t, false)
	defer p.apply(t, true)
	before := known.holds(t, patient)
	await(t, "the primary goes on", func() (bool, string) { return p.ledger.stored.Load() > before.sessions+50, "" })
	if after := known.holds(t, patient); !after.asOf.Equal(before.asOf) || after.sessions != before.sessions {
		t.Errorf("the applier stands still, and the answer goes from %+v to %+v", before, after)
	}
	if got := patient.ask(signIn(t, patient)); got.sessions != before.sessions {
		t.Errorf("who has just signed in: %+v", got)
	}
	key := strings.TrimSpace(succeeds(t, "", "key", "create", "just now", "--role", "SystemAdministrator", "--dsn", p.primary.DSN))
	if got := patient.ask(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }); got.sessions != before.sessions {
		t.Errorf("a key that was just made: %+v", got)
	}
	await(t, "the primary answers for a replica that is too far behind", func() (bool, string) {
		return known.holds(t, strict).sessions > before.sessions+50 && strict.metric(t, "aiusage_readers_used") == 0, strict.log.String()
	})
	if said := strict.readiness(); said != "" {
		t.Errorf("/readyz: %s", said)
	}
	if used := patient.metric(t, "aiusage_readers_used"); used != 1 {
		t.Errorf("the metric says %v", used)
	}
	p.apply(t, true)
	readsAgain := func(g *gateway) {
		t.Helper()
		await(t, g.name+" reads from the replica again", func() (bool, string) { return g.metric(t, "aiusage_readers_used") == 1, g.log.String() })
		known.holds(t, g)
	}
	readsAgain(strict)

	if err := p.replica.Stop(); err != nil {
		t.Fatal(err)
	}
	p.primaryAnswers(t, patient, strict)
	if err := p.replica.Start(); err != nil {
		t.Fatal(err)
	}
	readsAgain(patient)
	readsAgain(strict)
	if *rounds > 1 {
		if err := p.replica.Pause(); err != nil {
			t.Fatal(err)
		}
		p.primaryAnswers(t, patient, strict)
		if err := p.replica.Resume(); err != nil {
			t.Fatal(err)
		}
		readsAgain(patient)
	}
	stopWriting()
	p.follows(t)
	patient.settles(t, p.first, p.ledger)
	stop()
	heard.check(t, strict.name)
}

// primaryAnswers waits until gateways have what was just stored.
func (p *pair) primaryAnswers(t *testing.T, all ...*gateway) {
	t.Helper()
	for _, one := range all {
		await(t, one.name+" answers by the primary", func() (bool, string) {
			least := p.ledger.stored.Load()
			got := one.ask(nil)
			return got.sessions >= least, got.said
		})
	}
}
