package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/usage"
)

// A validator stands for each part of what was asked, for who asks, for the program and for the
// zone of its days.
func TestAValidatorStandsForAllOfARequest(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	database := &still{now: at("2026-03-10T10:00:00Z"), state: "as it is"}
	plain := newConditions(database, time.UTC)
	if plain.build == "" || plain.build != newConditions(database, time.UTC).build {
		t.Errorf("the program is named %q", plain.build)
	}
	other := newConditions(database, time.UTC)
	other.build = "another"
	alice := auth.NewContext(t.Context(), auth.Principal{Name: "alice", Roles: []string{auth.AccountAdministrator}, Accounts: []string{"a"}})
	bob := auth.NewContext(t.Context(), auth.Principal{Name: "bob", Roles: []string{auth.AccountAdministrator}, Accounts: []string{"a"}})
	const query = `{aiUsage{asOf}}`
	variables := map[string]any{"a": 1}
	type request struct {
		conditions                 *conditions
		ctx                        context.Context
		document, named, mediaType string
		variables, extensions      map[string]any
	}
	seen := map[string]int{}
	for i, one := range []request{
		{plain, alice, query, "", "json", nil, nil}, {plain, bob, query, "", "json", nil, nil}, {newConditions(database, berlin), alice, query, "", "json", nil, nil},
		{other, alice, query, "", "json", nil, nil}, {plain, alice, query + " ", "", "json", nil, nil}, {plain, alice, query, "x", "json", nil, nil},
		{plain, alice, query, "", "graphql", nil, nil}, {plain, alice, query, "", "json", variables, nil}, {plain, alice, query, "", "json", nil, variables},
		{plain, alice, query, "j", "son", nil, nil},
	} {
		operation := operationOf(t, query)
		operation.RawQuery, operation.OperationName, operation.Extensions = one.document, one.named, one.extensions
		ctx, seeing := one.conditions.Visit(one.ctx, operation, one.variables, one.mediaType)
		if _, err := (observed{database}).Report(ctx, usage.Query{Zone: time.UTC}); err != nil {
			t.Fatal(err)
		}
		validator := seeing.Validator()
		if before, known := seen[validator]; known || validator == "" {
			t.Errorf("request %d has the validator %q of request %d", i, validator, before)
		}
		seen[validator] = i
	}
	for name, one := range map[string]request{
		"what cannot be written": {plain, alice, query, "", "", map[string]any{"a": func() {}}, nil}, "lists": {plain, alice, `{accounts{nodes{name}}}`, "", "", nil, nil},
	} {
		if ctx, seeing := plain.Visit(one.ctx, operationOf(t, one.document), one.variables, ""); seeing != nil || visitOf(ctx) != nil {
			t.Errorf("%s: has a validator", name)
		}
	}
}

// named is a database with names, which may not be read.
type named struct {
	still
	names  map[usage.Subject]string
	failed error
	// open counts snapshots that have not been closed.
	open int
}

func (n *named) Snapshot(context.Context) usage.Snapshot {
	n.open++
	return namedSnapshot{stillSnapshot{&n.still}, n}
}

type namedSnapshot struct {
	stillSnapshot
	named *named
}

func (s namedSnapshot) Names(context.Context, []usage.Subject) (map[usage.Subject]string, error) {
	return s.named.names, s.named.failed
}

func (s namedSnapshot) Close() error {
	s.named.open--
	return nil
}

// unstated hides that a snapshot can name its state.
type unstated struct{ Store }

func (u unstated) Snapshot(ctx context.Context) usage.Snapshot {
	return struct{ usage.Snapshot }{u.Store.Snapshot(ctx)}
}

// An answer with names is the same while all of them are, those that are missing included, as
// far as that can be told.
func TestAnAnswerIsTheSameWhileItsNamesAre(t *testing.T) {
	a, b := usage.Subject{AccountID: "a"}, usage.Subject{AccountID: "a", CustomerID: "b"}
	all := []usage.Subject{a, b}
	for i := range 20 { // in whichever order they come
		all = append(all, usage.Subject{AccountID: "a", CustomerID: fmt.Sprint(i)})
	}
	for name, c := range map[string]struct {
		change func(*named, *conditions)
		same   bool
	}{
		"nothing":           {func(*named, *conditions) {}, true},
		"another's name":    {func(n *named, _ *conditions) { n.names[usage.Subject{AccountID: "c"}] = "C" }, true},
		"a name":            {func(n *named, _ *conditions) { n.names[a] = "B" }, false},
		"a name less":       {func(n *named, _ *conditions) { delete(n.names, a) }, false},
		"a name more":       {func(n *named, _ *conditions) { n.names[b] = "B" }, false},
		"an error":          {func(n *named, _ *conditions) { n.failed = errors.New("no names") }, false},
		"memory":            {func(_ *named, c *conditions) { c.shown.DeleteAll() }, false},
		"an unknown state":  {func(_ *named, c *conditions) { c.store = unstated{c.store} }, false},
		"the state's error": {func(n *named, _ *conditions) { n.still.failed = errors.New("no state") }, false},
	} {
		database := &named{still: still{now: at("2026-03-10T10:00:00Z"), state: "as it is"}, names: map[usage.Subject]string{a: "A"}}
		conditions := newConditions(database, nil)
		ctx, first := conditions.begin(t.Context(), database.now, name)
		snapshot := observed{database}.Snapshot(ctx)
		for range 2 { // which says the same
			if _, err := snapshot.Report(ctx, usage.Query{Zone: time.UTC}); err != nil {
				t.Fatal(err)
			}
			if _, err := snapshot.Names(ctx, all); err != nil {
				t.Fatal(err)
			}
		}
		validator := first.Validator()
		if snapshot.Close(); database.open != 0 {
			t.Errorf("%d snapshots are open", database.open)
		}
		c.change(database, conditions)
		ctx, again := conditions.begin(t.Context(), database.now, name)
		if got := again.Current(ctx, []string{validator}); validator == "" || (got == validator) != c.same || got != "" && got != validator {
			t.Errorf("%s changed: got %q of %q", name, got, validator)
		}
		if database.open != 0 {
			t.Errorf("%s changed: %d snapshots are open", name, database.open)
		}
		if database.names[a] = "yet another"; database.failed == nil && validator != "" {
			for _, one := range []usage.Subject{a, b} {
				if _, err := snapshot.Names(ctx, []usage.Subject{one}); err != nil || first.Validator() != "" {
					t.Errorf("%s: an answer with two names of one account has a validator, %v", name, err)
				}
			}
		}
	}
	database := &named{still: still{now: at("2026-03-10T10:00:00Z"), state: "as it is"}}
	for count, want := range map[int]bool{maxNames: true, maxNames + 1: false} {
		ctx, visit := newConditions(database, nil).begin(t.Context(), database.now)
		snapshot := observed{database}.Snapshot(ctx)
		_, _ = snapshot.Report(ctx, usage.Query{Zone: time.UTC})
		for i := range count { // a few at a time
			_, _ = snapshot.Names(ctx, []usage.Subject{{AccountID: fmt.Sprint(i)}})
		}
		if got := visit.Validator() != ""; got != want {
			t.Errorf("%d names: got %v", count, got)
		}
	}
}

// What is read in one state has a validator, in however many snapshots it is; what is read in
// none, or in one that is not known, has none.
func TestWhatIsReadInOneStateHasAValidator(t *testing.T) {
	for name, c := range map[string]struct {
		states []string
		want   bool
	}{
		"nothing": {nil, false}, "one": {[]string{"x"}, true}, "one twice": {[]string{"x", "x"}, true}, "two": {[]string{"x", "y"}, false}, "and back": {[]string{"x", "y", "y"}, false},
		"unknown at first": {[]string{"", "x"}, false}, "unknown then": {[]string{"x", ""}, false}, "unknown in between": {[]string{"x", "", "x"}, false},
	} {
		database := &still{now: at("2026-03-10T10:00:00Z")}
		ctx, visit := newConditions(database, nil).begin(t.Context(), database.now)
		for _, database.state = range c.states {
			if _, err := (observed{database}).Report(ctx, usage.Query{Zone: time.UTC}); err != nil {
				t.Fatal(err)
			}
		}
		if got := visit.Validator(); (got != "") != c.want || c.want && !strings.HasPrefix(got, "..") {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// Of the validators of a request, the first so many that are any are looked at.
func TestWhichValidatorsAreLookedAt(t *testing.T) {
	database := &still{now: at("2026-03-10T10:00:00Z"), state: "as it is"}
	conditions := newConditions(database, nil)
	ctx, first := conditions.begin(t.Context(), database.now)
	_, _ = (observed{database}).Report(ctx, usage.Query{Zone: time.UTC})
	validator := first.Validator()
	for before, want := range map[int]string{0: validator, 1: validator, maxValidators - 1: validator, maxValidators: ""} {
		all := make([]string, before)
		for i := range all {
			all[i] = []string{"", "x", "..", "!..x", "0.!.x", "...x", "zzzzzzzzzzzzzzz..x", "0.1.x", "..other"}[i%9]
		}
		ctx, again := conditions.begin(t.Context(), database.now)
		if got := again.Current(ctx, append(all, validator)); got != want {
			t.Errorf("after %q: got %q, want %q", all, got, want)
		}
	}
	if got := first.Current(ctx, nil); got != "" {
		t.Errorf("of none: got %q", got)
	}
}

func TestTheSpanOfAValidator(t *testing.T) {
	second := time.Unix(1, 0).UTC()
	for validator, want := range map[string]*usage.Range{
		"..x": {}, "rs..x": {From: second}, ".rs.x": {To: second}, "0.rs.x": {From: time.Unix(0, 0).UTC(), To: second},
		"": nil, "x": nil, ".x": nil, "...": nil, "!..x": nil, ".!.x": nil, "zzzzzzzzzzzzzzz..x": nil,
	} {
		got, ok := spanOf(validator)
		if ok != (want != nil) || want != nil && got != *want || want == nil && got != (usage.Range{}) {
			t.Errorf("%q: got %v, %v", validator, got, ok)
		}
	}
	hours := []usage.Range{{From: second, To: second.Add(time.Hour)}, {From: second.Add(time.Hour), To: second.Add(2 * time.Hour)}}
	for after, want := range map[time.Duration]usage.Range{
		0: {To: hours[0].To}, time.Hour - 1: {To: hours[0].To}, time.Hour: hours[1], 2*time.Hour - 1: hours[1], 2 * time.Hour: {From: hours[1].To},
	} {
		v := &visit{}
		if v.sawPoints(hours, second.Add(after)); v.stays != want {
			t.Errorf("hours after %s: the same during %v, want %v", after, v.stays, want)
		}
	}
	early, late := usage.Range{From: second, To: second.Add(3 * time.Hour)}, usage.Range{From: second.Add(time.Hour), To: second.Add(5 * time.Hour)}
	for _, spans := range [][]usage.Range{{early, late}, {late, early}, {{}, late, {}, early}, {early, late, {From: second}, {To: late.To}}} {
		v := &visit{}
		for _, span := range spans {
			v.narrow(span)
		}
		if v.stays != (usage.Range{From: late.From, To: early.To}) {
			t.Errorf("%v: got %v", spans, v.stays)
		}
	}
}
