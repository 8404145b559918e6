package check

import (
	"context"
	"slices"
	"time"

	"aiusage/db/phase"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/db/where"
	"aiusage/usage"
)

// addPacked adds the packed quarter-hours of what was dropped in a span to what sums there
// should be, and leaves those that differ. found are all sums of the span.
func (s *snapshot) addPacked(ctx context.Context, one comparison, span usage.Range, found []Difference) ([]Difference, error) {
	type key struct {
		who    usage.Subject
		bucket int64
	}
	all := make(map[key]*Difference, len(found))
	for i, each := range found {
		all[key{usage.Subject{AccountID: each.AccountID, CustomerID: each.CustomerID}, each.Bucket.Unix()}] = &found[i]
	}
	// Quarter-hours come in the order of time within a day, and days are many.
	var bucket usage.Range
	err := s.packed(ctx, span, func(who usage.Subject, quarter time.Time, amount usage.Usage) {
		if quarter.Before(bucket.From) || !quarter.Before(bucket.To) {
			bucket = usage.Range{From: one.grid.Floor(quarter), To: one.grid.Next(quarter)}
		}
		if one.table != sums.Customers {
			who.CustomerID = ""
		}
		at := key{who, bucket.From.Unix()}
		if all[at] == nil {
			fresh := one.difference()
			fresh.AccountID, fresh.CustomerID, fresh.Bucket = who.AccountID, who.CustomerID, bucket.From
			all[at] = &fresh
		}
		all[at].Want = all[at].Want.Plus(amount)
	})
	found = nil
	for _, each := range all {
		if each.Want != each.Got {
			found = append(found, *each)
		}
	}
	return found, err
}

// packed hands each packed quarter-hour in a span to add.
func (s *snapshot) packed(ctx context.Context, span usage.Range, add func(who usage.Subject, quarter time.Time, amount usage.Usage)) error {
	for _, list := range s.accountLists {
		if err := s.packedOf(ctx, list, span, add); err != nil {
			return err
		}
	}
	return nil
}

func (s *snapshot) packedOf(ctx context.Context, accounts string, span usage.Range, add func(who usage.Subject, quarter time.Time, amount usage.Usage)) error {
	days := where.InSpan("q.day", usage.Range{From: usage.Day.Floor(span.From), To: usage.Day.Ceil(span.To)})
	rows, err := s.tx.QueryContext(ctx, `
		SELECT s.account_id, s.customer_id, q.day, q.quarters
		FROM usage_quarters q STRAIGHT_JOIN usage_subjects s ON s.subject_no = q.subject_no
		WHERE q.account_no IN (`+accounts+`)`+days.After("AND"), days.Args...)
	if err != nil {
		return pool.Translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var who usage.Subject
		var day time.Time
		var packed []byte
		if err := rows.Scan(&who.AccountID, &who.CustomerID, &day, &packed); err != nil {
			return pool.Translate(err)
		}
		who.AccountID, who.CustomerID = usage.TrimID(who.AccountID), usage.TrimID(who.CustomerID)
		err := sums.Unpack(packed, func(number int, amount usage.Usage) {
			quarter := day.Add(time.Duration(number) * 15 * time.Minute)
			if !quarter.Before(span.From) && quarter.Before(span.To) {
				add(who, quarter, amount)
			}
		})
		if err != nil {
			return err
		}
	}
	return pool.Translate(rows.Err())
}

// withoutCut leaves out the days of customers that begin or end within an hour of which
// only the sum is there. Nobody reads such a day alone, and its sums may be more exact than
// what they would be compared with.
func (s *snapshot) withoutCut(one comparison, found []Difference) []Difference {
	if !s.ready(one.grid.Calendar) {
		return found
	}
	cut := func(at time.Time) bool {
		return at.Before(s.state.QuartersFrom.Time) && !usage.Hour.Floor(at).Equal(at)
	}
	kept := found[:0]
	for _, each := range found {
		if !cut(each.Bucket) && !cut(one.grid.Next(each.Bucket)) {
			kept = append(kept, each)
		}
	}
	return kept
}

// ready tells whether the sums of a calendar other than that of UTC are read.
func (s *snapshot) ready(calendar usage.Calendar) bool {
	return slices.ContainsFunc(s.registered, func(one phase.Registered) bool { return one.No == calendar.No && isReady(one) })
}
