package answer

import (
	"context"

	"github.com/graph-gophers/dataloader/v7"

	"aiusage/usage"
)

// names are the names of accounts or customers that were listed together, read
// when one of them is asked for.
type names struct {
	reading  *Reading
	subjects func() []usage.Subject
	families families
}

// of returns the name of one of them, or nil when it has none.
func (n *names) of(ctx context.Context, subject usage.Subject) (*string, error) {
	all, err := n.all(ctx)
	if err != nil {
		return nil, err
	}
	if name, found := all[subject]; found {
		return &name, nil
	}
	return nil, nil
}

// all returns the names of those that have one.
func (n *names) all(ctx context.Context) (map[usage.Subject]string, error) {
	return n.reading.names.Load(ctx, n)()
}

// loadNames reads the names of any number of lists.
func (r *Reading) loadNames(_ context.Context, lists []*names) []*dataloader.Result[map[usage.Subject]string] {
	var subjects []usage.Subject
	for _, list := range lists {
		subjects = append(subjects, list.subjects()...)
	}
	ctx, db := r.database()
	found, err := db.Names(ctx, distinct(subjects))
	results := make([]*dataloader.Result[map[usage.Subject]string], len(lists))
	for i := range lists {
		results[i] = &dataloader.Result[map[usage.Subject]string]{Data: found, Error: err}
	}
	return results
}
