package check

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aiusage/db/column"
	"aiusage/db/pool"
	"aiusage/db/sums"
	"aiusage/usage"
)

// A comparison is of the sums of one grid of a table with what they are made of.
type comparison struct {
	table sums.Table
	grid  usage.Grid
	// of is the table with the finer sums that these are made of, and fine their grid.
	// Those that are made of sessions have none.
	ofSessions bool
	of         sums.Table
	fine       usage.Grid
}

// A side is a part of what is compared: its text returns account, customer, bucket,
// minutes, seconds and sessions.
type side struct {
	// want tells that it is what there should be, rather than what there is.
	want bool
	text string
	args []any
}

// newSide returns a side that is read from somewhere. Without ids, keys are numbers.
func newSide(want bool, account, customer, bucket string, amounts [3]string, from string, args []any) side {
	return side{want, "SELECT " + account + " AS account, " + customer + " AS customer, " + bucket + " AS bucket, " +
		amounts[0] + " AS minutes, " + amounts[1] + " AS seconds, " + amounts[2] + " AS sessions FROM " + from, args}
}

// stored are the amounts of a table of sums or changes, and taken those with the other sign.
var (
	stored = [3]string{"minutes", "seconds", "sessions"}
	taken  = [3]string{"-minutes", "-seconds", "-sessions"}
)

// differing compares both sides of a comparison.
const differing = `want_minutes <> got_minutes OR want_seconds <> got_seconds OR want_sessions <> got_sessions`

// bothSides sums up both sides of a comparison.
var bothSides = column.Total("want_m") + " AS want_minutes, " + column.Total("want_s") + " AS want_seconds, " + column.Total("want_n") + " AS want_sessions, " +
	column.Total("got_m") + " AS got_minutes, " + column.Total("got_s") + " AS got_seconds, " + column.Total("got_n") + " AS got_sessions"

// differences returns the sums of a comparison whose buckets begin in a span and that
// differ. The span must begin and end where buckets do.
func (s *snapshot) differences(ctx context.Context, one comparison, span usage.Range) ([]Difference, error) {
	span = s.clip(one, span)
	if !span.From.Before(span.To) {
		return nil, nil
	}
	sides := s.sidesOf(one, span)
	if len(sides) == 0 {
		return nil, nil
	}
	packed := one.ofSessions && s.dropped(span.From)
	rows, err := s.grouped(ctx, sides, !packed)
	if err != nil {
		return nil, pool.Translate(err)
	}
	found, err := readDifferences(rows, one)
	if err == nil && packed {
		if found, err = s.addPacked(ctx, one, span, found); err == nil {
			found = s.withoutCut(one, found)
		}
	}
	return found, err
}

// grouped adds up the sides by account, customer and bucket.
func (s *snapshot) grouped(ctx context.Context, sides []side, onlyDiffering bool) (*sql.Rows, error) {
	parts := make([]string, len(sides))
	var args []any
	for i, side := range sides {
		if side.want {
			parts[i] = `SELECT account, customer, bucket, SUM(minutes) AS want_m, SUM(seconds) AS want_s, SUM(sessions) AS want_n, 0 AS got_m, 0 AS got_s, 0 AS got_n
			FROM (` + side.text + `) AS part GROUP BY account, customer, bucket`
		} else {
			parts[i] = `SELECT account, customer, bucket, 0 AS want_m, 0 AS want_s, 0 AS want_n, minutes AS got_m, seconds AS got_s, sessions AS got_n
			FROM (` + side.text + `) AS part`
		}
		args = append(args, side.args...)
	}
	having := ""
	if onlyDiffering {
		having = " HAVING " + differing
	}
	return s.tx.QueryContext(ctx, `
		SELECT account, customer, bucket, `+bothSides+`
		FROM (`+strings.Join(parts, " UNION ALL ")+`) AS sides
		GROUP BY account, customer, bucket`+having, args...)
}

func readDifferences(rows *sql.Rows, comparison comparison) ([]Difference, error) {
	defer rows.Close()
	var found []Difference
	for rows.Next() {
		one := comparison.difference()
		var account, customer string
		var bucket column.Instant
		err := rows.Scan(&account, &customer, &bucket,
			(*column.Sum)(&one.Want.Minutes), (*column.Sum)(&one.Want.Seconds), (*column.Sum)(&one.Want.Sessions),
			(*column.Sum)(&one.Got.Minutes), (*column.Sum)(&one.Got.Seconds), (*column.Sum)(&one.Got.Sessions))
		if err == nil {
			one.Bucket = bucket.Time
			err = one.belongTo(account, customer)
		}
		if err != nil {
			return nil, pool.Translate(err)
		}
		found = append(found, one)
	}
	return found, pool.Translate(rows.Err())
}

// difference returns one of the comparison that differs in nothing yet.
func (c comparison) difference() Difference {
	return Difference{Table: c.table, Grain: c.grid.Grain, Calendar: c.grid.Calendar, ofSessions: c.ofSessions}
}

// belongTo says whose sum it is: by id where it was compared with sessions, and by number
// otherwise.
func (d *Difference) belongTo(account, customer string) error {
	if d.ofSessions {
		d.AccountID, d.CustomerID = usage.TrimID(account), usage.TrimID(customer)
		return nil
	}
	accountNo, err := strconv.ParseUint(account, 10, 32)
	if err != nil {
		return err
	}
	subjectNo, err := strconv.ParseUint(customer, 10, 32)
	d.key = sums.Key{AccountNo: uint32(accountNo), SubjectNo: uint32(subjectNo)}
	return err
}

// A signature is a sum in which every account, customer and bucket has a weight of its own,
// so that usage which was moved between them does not cancel out. It takes no grouping.
const signature = `COALESCE(SUM(CAST(CRC32(CONCAT(RTRIM(account), '\n', RTRIM(customer), '\n', TO_SECONDS(bucket))) AS DECIMAL(20, 0)) * ` +
	`(sessions + 7 * CAST(minutes AS DECIMAL(30, 0)) + 31 * CAST(seconds AS DECIMAL(30, 0)))), 0)`

// differs says whether any sum of a comparison in a span differs, and how much more there
// should be of all together. Of sessions the span must have only those that are kept.
func (s *snapshot) differs(ctx context.Context, one comparison, span usage.Range) (more usage.Usage, differs bool, err error) {
	span = s.clip(one, span)
	if !span.From.Before(span.To) {
		return more, false, nil
	}
	sides := s.sidesOf(one, span)
	if len(sides) == 0 {
		return more, false, nil
	}
	parts := make([]string, len(sides))
	var args []any
	for i, side := range sides {
		sign := "-"
		if side.want {
			sign = ""
		}
		parts[i] = fmt.Sprintf(`SELECT %sCOALESCE(SUM(minutes), 0) AS minutes, %sCOALESCE(SUM(seconds), 0) AS seconds, %sCOALESCE(SUM(sessions), 0) AS sessions,
			%s%s AS signature FROM (%s) AS part`, sign, sign, sign, sign, signature, side.text)
		args = append(args, side.args...)
	}
	var same bool
	err = s.tx.QueryRowContext(ctx, `
		SELECT `+column.Total("minutes")+`, `+column.Total("seconds")+`, `+column.Total("sessions")+`, SUM(signature) = 0
		FROM (`+strings.Join(parts, " UNION ALL ")+`) AS sides`, args...).
		Scan((*column.Sum)(&more.Minutes), (*column.Sum)(&more.Seconds), (*column.Sum)(&more.Sessions), &same)
	return more, !same || more != (usage.Usage{}), pool.Translate(err)
}

// later returns the later of two instants.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// earlier returns the earlier of two instants.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
