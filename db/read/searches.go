package read

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aiusage/collation"
	"aiusage/db/pool"
	"aiusage/usage"
)

// Searches read the directory in parts, because engines do not agree on which texts are
// alike, and each part is longer than the one before: most searches find enough soon, and
// one that finds little reads everything.
const (
	firstPart = 1000
	longest   = 50_000
)

// searchesTogether is how many searches have their parts in one statement. Of more of them the embedded
// engine takes longer than of each alone.
const searchesTogether = 25

// searching is a search while it goes on from part to part.
type searching struct {
	usage.Search // of the next part
	most         int
	pattern      *collation.Pattern // nil where no text is searched for
	found        []usage.Customer
	done         bool
}

// find returns what a search finds, in ascending order. Accounts have no CustomerID.
func (r *Reader) find(ctx context.Context, d directory, search usage.Search) (found []usage.Customer, err error) {
	state, err := r.phases.Known(ctx)
	if err != nil {
		return nil, pool.Translate(err)
	}
	if search.Each == nil {
		return r.findTogether(ctx, d, []usage.Search{search}, state.Usable())
	}
	for accounts := range slices.Chunk(search.Each, searchesTogether) {
		parts := make([]usage.Search, len(accounts))
		for i, account := range accounts {
			parts[i] = search
			parts[i].Accounts, parts[i].Each, parts[i].AccountID = []string{account}, nil, "" // an id may be blank
		}
		some, err := r.findTogether(ctx, d, parts, state.Usable())
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// findTogether returns what searches find, one after the other. A statement has a part of each.
func (r *Reader) findTogether(ctx context.Context, d directory, searches []usage.Search, counted bool) (found []usage.Customer, err error) {
	all := make([]*searching, len(searches))
	for i, search := range searches {
		all[i] = &searching{Search: search, most: search.Limit}
		if search.Text != "" {
			all[i].pattern = collation.NewPattern(search.Text)
		}
	}
	for limit := firstPart; ; limit *= 2 {
		var open []*searching
		for _, one := range all {
			if !one.done {
				open = append(open, one)
			}
		}
		if len(open) == 0 {
			break
		}
		for _, one := range open {
			if one.pattern != nil {
				one.Limit = min(limit, max(firstPart, longest/len(open)))
			}
		}
		if err := r.listParts(ctx, d, open, counted); err != nil {
			return nil, pool.Translate(err)
		}
	}
	for _, one := range all {
		if one.Backward {
			slices.Reverse(one.found)
		}
		found = append(found, one.found...)
	}
	return found, nil
}

// listParts reads the next part of searches by one statement.
func (r *Reader) listParts(ctx context.Context, d directory, searches []*searching, counted bool) error {
	statement, args := d.statement(searches[0].Search, counted)
	if len(searches) > 1 {
		statement, args = d.statements(searches, counted)
	}
	rows, err := r.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	parts := make([][]usage.Customer, len(searches))
	for rows.Next() {
		var one usage.Customer
		var part int
		targets := []any{&one.AccountID, &one.CustomerID, &one.Name}
		if len(d.columns) == 1 {
			targets = []any{&one.AccountID, &one.Name}
		}
		if len(searches) > 1 {
			targets = append(targets, &part)
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		parts[part] = append(parts[part], one)
	}
	for i, one := range searches {
		one.take(d, parts[i])
	}
	return rows.Err()
}

// take takes what a search finds in its next part.
func (s *searching) take(d directory, listed []usage.Customer) {
	whole := len(listed) == s.Limit
	if s.Backward {
		slices.Reverse(listed)
	}
	for _, one := range listed {
		if len(s.found) < s.most && (s.pattern == nil || s.pattern.In(d.id(one)) || s.pattern.In(one.Name)) {
			s.found = append(s.found, one)
		}
	}
	if s.done = !whole || len(s.found) >= s.most; s.done {
		return
	}
	last := listed[len(listed)-1]
	bound := &usage.Subject{AccountID: last.AccountID, CustomerID: last.CustomerID}
	if s.Backward {
		s.Before = bound
	} else {
		s.After = bound
	}
}

// statements returns the statement of a part of the directory for each of some searches, with the
// number of each, and its arguments.
func (d directory) statements(searches []*searching, counted bool) (string, []any) {
	parts, args := make([]string, len(searches)), []any{}
	for i, one := range searches {
		statement, its := d.statement(one.Search, counted)
		parts[i], args = fmt.Sprintf("SELECT listed.*, %d AS part FROM (%s) AS listed", i, statement), append(args, its...)
	}
	return "SELECT * FROM (" + strings.Join(parts, "\n\t\tUNION ALL ") + ") AS parts ORDER BY part, " + strings.Join(d.columns, ", "), args
}
