package gateway

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jellydator/ttlcache/v3"

	"aiusage/transport"
	"aiusage/usage"
)

var _ transport.Conditions = (*conditions)(nil)

// conditions tell whether an answer is still what somebody has got, without reading it
// again. A validator stands for what was asked and by whom, for the state of the database
// (usage by what names it, names by themselves), and for the span of time in which the
// answer stays the same: until the next day where it was asked for a period, and until a
// point that is partial is over. The span is written in the validator.
type conditions struct {
	store Store
	// build stands for the program, and zone for where days are understood.
	build string
	zone  *time.Location
	now   func() time.Time
	// shown is whose names answers have, by their validators. Without them an answer is
	// made anew.
	shown *ttlcache.Cache[string, []usage.Subject]
}

const (
	// maxNames bounds the names of an answer with a validator. To look more of them up
	// would not be cheap.
	maxNames = 1000
	// maxShown bounds the names of all answers that are remembered, at some 100 bytes each,
	// and keepShown for how long.
	maxShown  = 200_000
	keepShown = 24 * time.Hour
	// maxValidators bounds those that one request may name.
	maxValidators = 10
)

func newConditions(store Store, zone *time.Location) *conditions {
	cost := func(item ttlcache.CostItem[string, []usage.Subject]) uint64 { return uint64(1 + len(item.Value)) }
	return &conditions{store: store, build: thisBuild(), zone: zone, now: time.Now, shown: ttlcache.New(
		ttlcache.WithTTL[string, []usage.Subject](keepShown), ttlcache.WithMaxCost[string, []usage.Subject](maxShown, cost))}
}

// thisBuild names the program that runs, by what it was built from and its file: another
// program may answer otherwise.
func thisBuild() string {
	built, hasInfo := debug.ReadBuildInfo()
	file, err := os.Executable()
	if err == nil && hasInfo {
		if is, err := os.Stat(file); err == nil {
			return fmt.Sprint(built, is.Size(), is.ModTime().UnixNano())
		}
	}
	return rand.Text()
}

// Visit begins the answer to an operation, where all that it selects is known to depend on
// nothing else than a validator stands for.
func (c *conditions) Visit(ctx context.Context, operation *graphql.OperationContext, variables map[string]any, mediaType string) (context.Context, transport.Visit) {
	given, err := json.Marshal([]any{variables, operation.Extensions})
	if err != nil || !isConditional(operation) {
		return ctx, nil
	}
	return c.begin(ctx, c.now(), operation.RawQuery, operation.OperationName, string(given), mediaType)
}

// begin begins an answer to what some texts ask for. now is no later than the instant by
// which a period in them is understood.
func (c *conditions) begin(ctx context.Context, now time.Time, asked ...string) (context.Context, *visit) {
	v := &visit{conditions: c, began: now, names: map[usage.Subject]string{}}
	v.key = digest(append(asked, c.build, fmt.Sprint(c.zone), door{}.Who(ctx))...)
	return context.WithValue(ctx, visitKey{}, v), v
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// visit is one answer while it is read. It is safe for concurrent use.
type visit struct {
	*conditions
	key   string
	began time.Time

	mu sync.Mutex
	// spoiled is set where something was read that a validator does not stand for.
	spoiled bool
	// state is that of the snapshots that were read.
	state string
	// stays is the span of time in which the answer stays the same, open where the ends are zero.
	stays usage.Range
	names map[usage.Subject]string
}

// Validator returns that of what has been read.
func (v *visit) Validator() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.spoiled || v.state == "" {
		return ""
	}
	validator := v.validator(v.state, v.stays, v.names)
	if len(v.names) > 0 {
		subjects := make([]usage.Subject, 0, len(v.names))
		for subject := range v.names {
			subjects = append(subjects, subject)
		}
		v.shown.Set(validator, subjects, ttlcache.DefaultTTL)
		v.shown.DeleteExpired()
	}
	return validator
}

// validator returns the span in the clear and a digest of all else.
func (v *visit) validator(state string, stays usage.Range, names map[usage.Subject]string) string {
	shown := make([]string, 0, len(names))
	for subject, name := range names {
		shown = append(shown, digest(subject.AccountID, subject.CustomerID, name))
	}
	slices.Sort(shown)
	span := millis(stays.From) + "." + millis(stays.To)
	return span + "." + digest(append(shown, v.key, span, state)...)
}

// millis writes an instant in milliseconds, and none as nothing.
func millis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 36)
}

// digest returns one text for texts, another one for others.
func digest(texts ...string) string {
	hash := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(hash, "%d %s", len(text), text)
	}
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:18])
}

// Current returns the one of some validators that the answer has still. An error leaves it
// to the answer, which will have it, too.
func (v *visit) Current(ctx context.Context, validators []string) string {
	var open []string
	spans := map[string]usage.Range{}
	for _, one := range validators[:min(len(validators), maxValidators)] {
		if span, ok := spanOf(one); ok && contains(span, v.began) {
			open, spans[one] = append(open, one), span
		}
	}
	if len(open) == 0 {
		return ""
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	snapshot := v.store.Snapshot(ctx)
	defer snapshot.Close()
	named, ok := snapshot.(stated)
	if !ok {
		return ""
	}
	state, asOf, now, err := named.State(ctx)
	if err != nil || state == "" {
		return ""
	}
	for _, one := range open {
		if !contains(spans[one], asOf) || !contains(spans[one], now) {
			continue
		}
		names, err := v.namesNow(ctx, snapshot, one)
		if err == nil && v.validator(state, spans[one], names) == one {
			return one
		}
	}
	return ""
}

// namesNow returns the names that the answer with a validator has, as they are now.
func (v *visit) namesNow(ctx context.Context, snapshot usage.Snapshot, validator string) (map[usage.Subject]string, error) {
	item := v.shown.Get(validator)
	if item == nil {
		return nil, nil
	}
	subjects := item.Value()
	found, err := snapshot.Names(ctx, subjects)
	return namesOf(subjects, found), err
}

// namesOf returns the names of subjects, "" for those that have none.
func namesOf(subjects []usage.Subject, found map[usage.Subject]string) map[usage.Subject]string {
	names := make(map[usage.Subject]string, len(subjects))
	for _, subject := range subjects {
		names[subject] = found[subject]
	}
	return names
}

// spanOf reads the span that a validator has.
func spanOf(validator string) (span usage.Range, ok bool) {
	parts := strings.Split(validator, ".")
	if len(parts) != 3 {
		return usage.Range{}, false
	}
	for i, end := range []*time.Time{&span.From, &span.To} {
		if parts[i] == "" {
			continue
		}
		at, err := strconv.ParseInt(parts[i], 36, 64)
		if err != nil {
			return usage.Range{}, false
		}
		*end = time.UnixMilli(at).UTC()
	}
	return span, true
}

// contains tells whether an instant is in a span, whose ends may be open.
func contains(span usage.Range, t time.Time) bool {
	return !t.Before(span.From) && (span.To.IsZero() || t.Before(span.To))
}

// narrow leaves of the time in which the answer stays the same what is in a span, too.
func (v *visit) narrow(span usage.Range) {
	if span.From.After(v.stays.From) {
		v.stays.From = span.From
	}
	if !span.To.IsZero() && (v.stays.To.IsZero() || span.To.Before(v.stays.To)) {
		v.stays.To = span.To
	}
}

// sawQuery notes until when a query stays the same: a period is of the day on which it was
// asked for. That was at the beginning of the visit, or the day after, and then it is over.
func (v *visit) sawQuery(query usage.Query) error {
	if cmp.Or(query.StartsBy, query.EndsBy) != usage.ArgPeriod {
		return nil
	}
	today, err := usage.Today.Range(v.began, query.Zone)
	v.narrow(today)
	return err
}

// sawPoints notes until when points are as partial as they were at an instant.
func (v *visit) sawPoints(buckets []usage.Range, asOf time.Time) {
	var stays usage.Range
	for _, bucket := range buckets {
		if bucket.To.After(asOf) {
			stays.To = bucket.To
			break
		}
		stays.From = bucket.To
	}
	v.narrow(stays)
}

// sawState notes the state of a snapshot. All that an answer is read from must show the same.
func (v *visit) sawState(state string) {
	v.spoiled = v.spoiled || state == "" || v.state != "" && v.state != state
	v.state = state
}

// sawNames notes names.
func (v *visit) sawNames(names map[usage.Subject]string) {
	for subject, name := range names {
		before, known := v.names[subject]
		v.spoiled = v.spoiled || known && before != name
		v.names[subject] = name
	}
	v.spoiled = v.spoiled || len(v.names) > maxNames
}
