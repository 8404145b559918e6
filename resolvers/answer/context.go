package answer

import (
	"context"
	"errors"
)

// What travels in the context of an answer.
type (
	readingKey struct{}
	budgetKey  struct{}
	foundKey   struct{}
	paceKey    struct{}
)

// NewContext returns a context that carries the reading.
func NewContext(ctx context.Context, reading *Reading) context.Context {
	return context.WithValue(ctx, readingKey{}, reading)
}

// errNoReading is a fault of how the gateway is put together.
var errNoReading = errors.New("the context carries no reading")

// FromContext returns the reading of a context.
func FromContext(ctx context.Context) (*Reading, error) {
	if reading, ok := ctx.Value(readingKey{}).(*Reading); ok {
		return reading, nil
	}
	return nil, errNoReading
}

// withBudget returns a context in which values are counted by a budget.
func withBudget(ctx context.Context, counted *budget) context.Context {
	return context.WithValue(ctx, budgetKey{}, counted)
}

// budgetOf returns the budget of a context, or nil.
func budgetOf(ctx context.Context) *budget {
	b, _ := ctx.Value(budgetKey{}).(*budget)
	return b
}

// found is what reading a report came to.
type found struct {
	report *Report
	err    error
}

// WithFound returns a context for a root field whose report has been read, or could not be.
func WithFound(ctx context.Context, report *Report, err error) context.Context {
	return context.WithValue(ctx, foundKey{}, found{report, err})
}

// Found returns what reading the report of a root field has come to, if that is done.
func Found(ctx context.Context) (report *Report, done bool, err error) {
	read, done := ctx.Value(foundKey{}).(found)
	return read.report, done, read.err
}

// WithPace returns a context for a subscription.
func WithPace(ctx context.Context, pace *Pace) context.Context {
	return context.WithValue(ctx, paceKey{}, pace)
}

// errNoPace is a fault of how the gateway is put together.
var errNoPace = errors.New("the context carries no pace of a subscription")

// PaceOf returns the pace of a subscription.
func PaceOf(ctx context.Context) (*Pace, error) {
	if pace, ok := ctx.Value(paceKey{}).(*Pace); ok {
		return pace, nil
	}
	return nil, errNoPace
}
