package db_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/db/sums"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// fourHours writes a session in each hour from 10:00 to 14:00, folds them, and makes
// the sums of their quarter-hours wrong.
func fourHours(t *testing.T, store *db.Store, dsn string) {
	t.Helper()
	for hour := range 4 {
		one := session(fmt.Sprint(hour), 60)
		one.StartedAt = noon.Add(time.Duration(hour-2) * time.Hour)
		write(t, store, one)
	}
	if _, err := store.Fold(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	execute(t, dsn, "UPDATE usage_account_series SET minutes = minutes + 1 WHERE grain = 0")
}

// hoursFound are the hours of the day in which verify finds a difference from sessions.
func hoursFound(t *testing.T, store *db.Store, span usage.Range) (hours []int) {
	t.Helper()
	err := store.VerifyRollups(t.Context(), span, func(d db.Difference) {
		if d.Grain == usage.QuarterHour && d.Level() == "accounts" {
			hours = append(hours, d.Bucket.Hour())
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return hours
}

// A check concerns the quarter-hours that its range touches, and no others.
func TestACheckConcernsTheQuarterHoursOfItsRange(t *testing.T) {
	at := func(clock string) time.Time {
		if clock == "" {
			return time.Time{}
		}
		instant, err := time.Parse("2006-01-02 15:04", noon.Format("2006-01-02 ")+clock)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourHours(t, store, dsn)
		newWriter(t, dsn, "").run("SET @aiusage_recorded = 1", "INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated', 'a', '0000-00-00', 60)")
		for _, c := range []struct {
			from, to string
			hours    []int
		}{
			{"", "", []int{0, 10, 11, 12, 13}}, // what is undated is in no range
			{"11:00", "12:00", []int{11}},
			{"11:14", "12:01", []int{11, 12}},
			{"11:15", "12:00", nil},
			{"12:00", "", []int{12, 13}},
			{"", "12:00", []int{10, 11}},
			{"09:00", "23:00", []int{10, 11, 12, 13}},
			{"10:00", "14:00", []int{10, 11, 12, 13}},
			{"14:00", "", nil},
			{"", "10:00", nil},
		} {
			if got := hoursFound(t, store, usage.Range{From: at(c.from), To: at(c.to)}); !slices.Equal(got, c.hours) {
				t.Errorf("from %q to %q: %d, want %d", c.from, c.to, got, c.hours)
			}
		}
		// The same for corrections, which leave the others as they are, and which others notice.
		const corrections = "SELECT corrections FROM usage_level_state"
		before := count(t, dsn, corrections)
		defer func() {
			if after := count(t, dsn, corrections); after <= before {
				t.Errorf("%d corrections after %d", after, before)
			}
		}()
		if _, err := store.RebuildRollups(t.Context(), usage.Range{From: at("11:00"), To: at("12:00")}, nil); err != nil {
			t.Fatal(err)
		}
		if got := hoursFound(t, store, usage.Range{}); !slices.Equal(got, []int{0, 10, 12, 13}) {
			t.Errorf("after a correction of 11:00 to 12:00, %d differ", got)
		}
		if _, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil {
			t.Fatal(err)
		}
		holds(t, store, dsn, "corrected")
	})
}

// With the hours of a range, the days and months are checked that these are part of, and
// the other days of these months, also where the sessions have been dropped.
func TestACheckConcernsTheMonthsOfItsRange(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		later := session("2", 60)
		later.StartedAt = noon.AddDate(0, 0, 20)
		write(t, store, session("1", 60), later)
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for _, dropped := range []bool{false, true} {
			for _, damage := range []string{
				"usage_customer_rollups SET minutes = minutes %s 1 WHERE grain = 2 AND bucket = '2026-03-01'",
				"usage_customer_rollups SET minutes = minutes %s 1 WHERE grain = 2 AND bucket = '2026-03-21'",
				"usage_customer_rollups SET minutes = minutes %s 1 WHERE grain = 3",
				"usage_account_series SET minutes = minutes %s 1 WHERE grain = 0 AND bucket > '2026-03-21'",
				"usage_account_rollups SET minutes = minutes %s 1 WHERE grain = 2 AND bucket = '2026-03-21'",
				"usage_total_rollups SET minutes = minutes %s 1 WHERE grain = 3",
			} {
				execute(t, dsn, "UPDATE "+fmt.Sprintf(damage, "+"))
				found := 0
				err := store.VerifyRollups(t.Context(), usage.Range{From: noon, To: noon.Add(time.Hour)}, func(db.Difference) { found++ }, nil)
				if err != nil || found == 0 {
					t.Errorf("dropped: %v, %s: %d found, %v", dropped, damage, found, err)
				}
				execute(t, dsn, "UPDATE "+fmt.Sprintf(damage, "-"))
			}
			if _, err := store.DropSessions(t.Context(), noon.AddDate(0, 2, 0), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// sumOf is a grain of a table.
type sumOf struct {
	table sums.Table
	grain usage.Grain
}

// sumsOfUTC are the grains of all tables.
func sumsOfUTC() (all []sumOf) {
	for _, table := range sums.Tables {
		for _, grain := range table.Grains() {
			all = append(all, sumOf{table, grain})
		}
	}
	return all
}

// Sums of sessions without a start are checked at each grain, and counted, also where
// there are no others.
func TestWhatIsUndatedIsCheckedAtEachGrain(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		newWriter(t, dsn, "").run("INSERT INTO ai_sessions (session_id, account_id, started_at, duration_seconds) VALUES ('undated', 'a', '0000-00-00', 60)")
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for _, one := range sumsOfUTC() {
			execute(t, dsn, fmt.Sprintf("UPDATE %s SET minutes = minutes + 1 WHERE grain = %d", one.table.Name(), one.grain))
			if found := differences(t, store); len(found) == 0 || found[0].Table != one.table || found[0].Grain != one.grain {
				t.Errorf("%v: found %+v", one, found)
			}
			if corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil || corrected == 0 {
				t.Errorf("%v: %d corrected, %v", one, corrected, err)
			}
			holds(t, store, dsn, fmt.Sprint(one))
		}
		if corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil || corrected != 0 {
			t.Errorf("in the end: %d corrected, %v", corrected, err)
		}
	})
}

// A check tells how far it is, grain by grain, and what it has found so far.
func TestACheckTellsHowFarItIs(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		fourHours(t, store, dsn)
		var told []db.CheckProgress
		found := int64(0)
		tell := func(p db.CheckProgress) { told = append(told, p) }
		err := store.VerifyRollups(t.Context(), usage.Range{}, func(db.Difference) { found++ }, tell)
		if err != nil {
			t.Fatal(err)
		}
		var ends []string
		for i, p := range told {
			if i > 0 && p.Grain == told[i-1].Grain && p.At.Before(told[i-1].At) || i > 0 && p.Found < told[i-1].Found {
				t.Errorf("%+v comes after %+v", p, told[i-1])
			}
			if p.Share() == 1 {
				ends = append(ends, fmt.Sprint(p.Grain, " ", p.Found))
			}
		}
		ends = slices.Compact(ends)
		// Four quarter-hours, of which neither their hours are the sum any more nor what everybody has.
		if want := []string{"quarter-hour 4", "hour 12", "day 12", "month 12"}; found != 12 || !slices.Equal(ends, want) {
			t.Errorf("%d found, told %q, want %q", found, ends, want)
		}
		first := told[0]
		if want := (usage.Range{From: noon.Add(-2 * time.Hour), To: noon.Add(2 * time.Hour)}); first.Span != want {
			t.Errorf("the hours are %v, want %v", first.Span, want)
		}
		told = nil
		corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, tell)
		// With the quarter-hours, what is made of them changes: it was right before.
		if err != nil || corrected < 12 || len(told) == 0 || told[len(told)-1].Found != corrected {
			t.Errorf("%d corrected, %v, told %+v", corrected, err, told)
		}
	})
}

// Verifying writes nothing. A rebuild folds, or it would read all that waits again and again.
func TestOnlyARebuildFolds(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		write(t, store, session("1", 60))
		if found := differences(t, store); len(found) > 0 || status(t, store).Pending != 1 {
			t.Errorf("verified: %+v, %+v", found, status(t, store))
		}
		if corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil || corrected != 0 || status(t, store).Pending != 0 {
			t.Errorf("%d corrected, %v, %+v", corrected, err, status(t, store))
		}
	})
}

// Each part of a sum that differs is found at each grain, and corrected.
func TestEachPartOfASumIsChecked(t *testing.T) {
	for turn, one := range sumsOfUTC() {
		t.Run(fmt.Sprintf("%s of %s", one.grain, one.table.Name()), func(t *testing.T) {
			rolledUpInTurn(t, turn, func(t *testing.T, store *db.Store, dsn string) {
				write(t, store, fewSessions(60)...)
				if _, err := store.Fold(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				parts := []string{"minutes = minutes + 1", "seconds = seconds + 1", "sessions = sessions + 1", "sessions = sessions - 1"}
				for i := range dbtest.Draws(len(parts)) {
					what := parts[(turn+i)%len(parts)]
					execute(t, dsn, fmt.Sprintf("UPDATE %s SET %s WHERE grain = %d ORDER BY bucket DESC LIMIT 1", one.table.Name(), what, one.grain))
					if found := differences(t, store); len(found) == 0 || found[0].Table != one.table || found[0].Grain != one.grain {
						t.Errorf("%s: found %+v", what, found)
					}
					if err := store.NewComparer().Sweep(t.Context()); err == nil {
						t.Errorf("%s goes unnoticed", what)
					}
					if err := store.FillRollups(t.Context(), nil); err != nil || status(t, store).Phase != db.Ready {
						if one != (sumOf{sums.AccountSeries, usage.QuarterHour}) && one != (sumOf{sums.Customers, usage.Day}) {
							t.Errorf("%s is not repaired: %v", what, err)
						}
						install(t, store) // sessions seem to have gone
					}
					holds(t, store, dsn, what)
				}
			})
		})
	}
}

// A day of everybody that is wrong is corrected alone, and what sessions make together with
// all that is made of it: at no moment do these differ because of it.
func TestACorrectionLeavesNothingToCorrect(t *testing.T) {
	anyRolledUp(t, func(t *testing.T, store *db.Store, dsn string) {
		for hour := range int64(6) {
			one := session(fmt.Sprint(hour), 60)
			one.StartedAt = noon.Add(time.Duration(hour) * time.Hour)
			write(t, store, one)
		}
		if _, err := store.Fold(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for damage, want := range map[string]int64{
			"UPDATE usage_total_rollups SET minutes = minutes + 1 WHERE grain = 2": 1,
			"DELETE FROM ": 7, // a customer's day and six quarter-hours
		} {
			if damage != "DELETE FROM " {
				execute(t, dsn, damage)
			} else {
				for _, table := range sums.Tables {
					execute(t, dsn, damage+table.Name())
				}
			}
			if corrected, err := store.RebuildRollups(t.Context(), usage.Range{}, nil); err != nil || corrected != want {
				t.Errorf("%s: %d corrected, want %d; %v", damage, corrected, want, err)
			}
			holds(t, store, dsn, damage)
		}
	})
}

// sumTables are the names of the tables of sums.
func sumTables() (names []string) {
	for _, table := range sums.Tables {
		names = append(names, table.Name())
	}
	return names
}
