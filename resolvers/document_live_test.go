package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/resolvers"
	"aiusage/usage"
)

// listenTo draws a subscription, and compares its first event with the model's answer, and the next
// one with that after a session has been written.
func (g *graphTest) listenTo(store *db.Store, resolver *resolvers.Resolver) {
	g.int64AsText = false
	for range 100 {
		if g.listen(store, resolver) {
			return
		}
	}
	g.Errorf("no subscription could be drawn")
}

// listen draws a subscription and tells whether it is one of a report that there is.
func (g *graphTest) listen(store *db.Store, resolver *resolvers.Resolver) bool {
	text, _ := g.thinnest(func() (string, map[string]any) { return g.drawer.subscription(), nil })
	document, _ := g.load(g.T, text, nil)
	e, want := g.execute(document, nil, nil)
	if len(e.errors) > 0 || want == nil || g.pages > 100 || g.points > 100_000 {
		return false // errors are those of queries
	}
	ctx, cancel := context.WithCancel(auth.NewContext(g.Context(), *g.who))
	defer cancel()
	next := subscribe(g.T, ctx, resolver, text)
	g.event(text, next)
	if g.writeInto(store, document.Operations[0].SelectionSet) {
		g.event(text, next)
	}
	return true
}

// writeInto writes a session beside one that a subscription is about, if there is one.
func (g *graphTest) writeInto(store *db.Store, root ast.SelectionSet) bool {
	field := root[0].(*ast.Field)
	r, err := g.reportOf((&execution{world: g.world}).argumentsOf(field))
	if err != nil {
		return false
	}
	for _, one := range g.in(r, r.span, usage.Subject{}) {
		if one.StartedAt.IsZero() || one.AccountID == "large" {
			continue
		}
		one.SessionID, one.DurationSeconds = fmt.Sprint("live ", len(g.sessions)), 61
		if _, err := store.WriteSessions(g.Context(), []usage.Session{one}); err != nil {
			g.Fatal(err)
		}
		g.sessions = append(g.sessions, one)
		g.places, g.cursorAt = nil, map[cursorOf]string{} // pages go on in what was there before
		return true
	}
	return false
}

// event waits for an event and compares it.
func (g *graphTest) event(text string, next func() string) {
	g.Helper()
	g.now = time.Now()
	arrived := make(chan string, 1)
	go func() { arrived <- next() }()
	var answer string
	select {
	case answer = <-arrived:
	case <-time.After(2 * time.Minute):
		g.Fatalf("%s asks %s\nand no event comes", g.who.Name, text)
	}
	if g.now.Truncate(time.Hour) != time.Now().Truncate(time.Hour) {
		return // open ranges end with the hour
	}
	data, _ := ordered(json.NewDecoder(strings.NewReader(answer))).(*fields)
	document, _ := g.load(g.T, text, nil)
	e, want := g.execute(document, nil, data)
	if g.pages > 100 {
		return // which is more than an answer has
	}
	g.reach(e)
	if difference := g.compare("", data, want); difference != "" {
		g.Fatalf("-documents.seed=%d: %s asks %s\n%s\n%.3000s …\n%s", *documentSeed, g.who.Name, text, difference, answer, answer[max(0, len(answer)-300):])
	}
	if shape := g.shapes.of(text, nil, data); shape != "" {
		g.Fatalf("%s asks %s\ngraphql-js: %s", g.who.Name, text, shape)
	}
	g.events++
}
