package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"reflect"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// twoDatabases are two of one server, with sessions and names that tell them apart: the first has those of
// here, and the second, which is to be read aside, those of there.
func twoDatabases(t *testing.T, test func(t *testing.T, store *db.Store, here, there string)) {
	t.Helper()
	dbtest.ServerInTurn(t, 1, func(t *testing.T, here string) {
		config, err := mysql.ParseDSN(here)
		if err != nil {
			t.Fatal(err)
		}
		config.DBName += "_aside"
		execute(t, here, "CREATE DATABASE "+config.DBName+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
		defer execute(t, here, "DROP DATABASE "+config.DBName)
		there := config.FormatDSN()
		for name, dsn := range map[string]string{"here": here, "there": there} {
			store := prepared(t, dsn)
			write(t, store, usage.Session{SessionID: name, AccountID: name, CustomerID: name, StartedAt: noon, DurationSeconds: 60})
			if _, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: name, Name: name}}); err != nil {
				t.Fatal(err)
			}
			if _, err := store.WriteCustomers(t.Context(), []usage.Customer{{AccountID: name, CustomerID: name, Name: name}}); err != nil {
				t.Fatal(err)
			}
		}
		test(t, open(t, here), here, there)
	})
}

// whereIs asks all that may be read aside, and returns where each answer comes from.
func whereIs(t *testing.T, store *db.Store) map[string]string {
	t.Helper()
	ctx := t.Context()
	query, err := usage.Request{StartDate: "2026-03-01", EndDate: "2026-03-31"}.Query(nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	accountOf := func(report *usage.Report) string { return report.Subjects[0].AccountID }
	snapshot := func(ask func(usage.Snapshot) (string, error)) func() (string, error) {
		return func() (string, error) {
			snapshot := store.Snapshot(ctx)
			defer snapshot.Close()
			return ask(snapshot)
		}
	}
	series := usage.SeriesQuery{Query: query, Step: usage.Monthly}
	both := []usage.Subject{{AccountID: "here"}, {AccountID: "there"}}
	found := map[string]string{}
	for name, ask := range map[string]func() (string, error){
		"a report": func() (string, error) {
			report, err := store.Report(ctx, query)
			if err != nil {
				return "", err
			}
			return accountOf(report), nil
		},
		"a series": func() (string, error) {
			set, err := store.Series(ctx, series)
			if err != nil {
				return "", err
			}
			return ofSeries(set), nil
		},
		"accounts": func() (string, error) {
			all, err := store.Accounts(ctx, nil)
			if err != nil || len(all) == 0 {
				return "", err
			}
			return all[0].AccountID, nil
		},
		"found accounts": func() (string, error) {
			all, err := store.FindAccounts(ctx, usage.Search{Text: "ere", Limit: 2})
			if err != nil || len(all) == 0 {
				return "", err
			}
			return all[0].AccountID, nil
		},
		"found customers": func() (string, error) {
			all, err := store.FindCustomers(ctx, usage.Search{Text: "ere", Limit: 2})
			if err != nil || len(all) == 0 {
				return "", err
			}
			return all[0].AccountID, nil
		},
		"a report of a snapshot": snapshot(func(s usage.Snapshot) (string, error) {
			report, err := s.Report(ctx, query)
			if err != nil {
				return "", err
			}
			return accountOf(report), nil
		}),
		"a series of a snapshot": snapshot(func(s usage.Snapshot) (string, error) {
			set, err := s.Series(ctx, series)
			if err != nil {
				return "", err
			}
			return ofSeries(set), nil
		}),
		"names of a snapshot": snapshot(func(s usage.Snapshot) (string, error) {
			names, err := s.Names(ctx, both)
			for _, name := range names {
				return name, err
			}
			return "", err
		}),
		"sessions of a snapshot": snapshot(func(s usage.Snapshot) (string, error) {
			all, err := s.Sessions(ctx, usage.SessionsQuery{Query: query, Limit: 2})
			if err != nil {
				return "", err
			}
			return all[0].AccountID, nil
		}),
	} {
		where, err := ask()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		found[name] = where
	}
	return found
}

// ofSeries is whose a series is.
func ofSeries(set *usage.SeriesSet) string {
	for _, name := range []string{"here", "there"} {
		for _, point := range set.Of(usage.Subject{AccountID: name, CustomerID: name}) {
			if point.Sessions > 0 {
				return name
			}
		}
	}
	return ""
}

// isAllFrom holds that every answer comes from one place.
func isAllFrom(t *testing.T, store *db.Store, want string) {
	t.Helper()
	for what, where := range whereIs(t, store) {
		if where != want {
			t.Errorf("%s: from %q, want %q", what, where, want)
		}
	}
}

func TestUsageIsReadAside_AndAllElseIsNot(t *testing.T) {
	twoDatabases(t, func(t *testing.T, store *db.Store, here, there string) {
		if err := store.ReadFrom(there, db.Options{MaxConnections: 7}); err != nil {
			t.Fatal(err)
		}
		store.Anticipate()
		isAllFrom(t, store, "there")
		if err := store.AddUser(t.Context(), auth.User{Name: "ada", Roles: []string{"SystemAdministrator"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := store.UserByName(t.Context(), "ada"); err != nil {
			t.Errorf("who was added just now: %v", err)
		}
		if used, err := open(t, there).HasUsers(t.Context()); err != nil || used {
			t.Errorf("something was written aside: %v, %v", used, err)
		}
		if stats := store.PoolStatsAside(); stats.OpenConnections == 0 || stats.MaxOpenConnections != 7 || store.PoolStats().MaxOpenConnections == 7 {
			t.Errorf("the pool aside: %+v", stats)
		}
	})
}

func TestWhereNothingCanBeReadAsideTheServerItselfAnswers(t *testing.T) {
	twoDatabases(t, func(t *testing.T, _ *db.Store, here, there string) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
		without, err := mysql.ParseDSN(there)
		if err != nil {
			t.Fatal(err)
		}
		without.DBName = "mysql"
		for name, aside := range map[string]string{"gone": "root@tcp(" + listener.Addr().String() + ")/x", "without tables": without.FormatDSN()} {
			store := open(t, here)
			if err := store.ReadFrom(aside, db.Options{}); err != nil {
				t.Fatal(err)
			}
			isAllFrom(t, store, "here")
			if store.ReadsAside() {
				t.Errorf("%s: it is asked all the same", name)
			}
		}
	})
}

// What is read aside says how old it is by the heartbeat, whatever its server says of itself: this one
// follows nobody, so that all that it tells is when a gateway has last written what time it was.
func TestWhatIsReadAsideMayBeTooOld(t *testing.T) {
	twoDatabases(t, func(t *testing.T, store *db.Store, here, there string) {
		const beat = `INSERT INTO usage_level_state (state_id, phase, reason, generation, corrections)
			VALUES (5, 'heartbeat', '', TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) - %s, 0) ON DUPLICATE KEY UPDATE generation = VALUES(generation)`
		store.MaxStaleness = time.Hour
		if err := store.ReadFrom(there, db.Options{}); err != nil {
			t.Fatal(err)
		}
		// Nobody knows how old it is, which names are not asked for.
		if age, err := store.Freshness(t.Context()); err != nil || age.Follows {
			t.Errorf("%+v, %v", age, err)
		}
		isAllFrom(t, store, "here")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		told := make(chan error)
		go store.WatchAside(ctx, func(why error) {
			select {
			case told <- why:
			case <-ctx.Done():
			}
		})
		next := func() error {
			t.Helper()
			select {
			case why := <-told:
				return why
			case <-time.After(time.Minute):
				t.Fatal("nothing is told")
				return nil
			}
		}
		wantCode(t, next(), usage.Stale)
		execute(t, there, fmt.Sprintf(beat, "60000000"))
		if err := next(); err != nil {
			t.Fatal(err)
		}
		isAllFrom(t, store, "there")
		age, err := store.Freshness(t.Context())
		if behind, known := age.Behind(); err != nil || !age.Follows || !known || behind < time.Minute || behind > 30*time.Minute {
			t.Errorf("it is %v behind, known: %v, %v", behind, known, err)
		}
		execute(t, there, fmt.Sprintf(beat, "7200000000"))
		wantCode(t, next(), usage.Stale)
		isAllFrom(t, store, "here")
		if age, err := store.Freshness(t.Context()); err != nil || age.Follows {
			t.Errorf("%+v, %v", age, err)
		}
	})
}

// A snapshot that has answered goes on with the same state or not at all.
func TestASnapshotMovesBeforeItsFirstAnswerOnly(t *testing.T) {
	twoDatabases(t, func(t *testing.T, store *db.Store, here, there string) {
		if err := store.ReadFrom(there, db.Options{}); err != nil {
			t.Fatal(err)
		}
		query, err := usage.Request{}.Query(nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		answered, fresh := store.Snapshot(t.Context()), store.Snapshot(t.Context())
		defer answered.Close()
		defer fresh.Close()
		if report, err := answered.Report(t.Context(), query); err != nil || report.Subjects[0].AccountID != "there" {
			t.Fatalf("%+v, %v", report, err)
		}
		endConnections(t, there)
		execute(t, there, "RENAME TABLE usage_level_state TO hidden")
		if report, err := answered.Report(t.Context(), query); err == nil {
			t.Errorf("it goes on: %+v", report)
		} else if _, ok := errors.AsType[*usage.Error](err); !ok {
			t.Errorf("%v has no code", err)
		}
		for range 2 {
			if report, err := fresh.Report(t.Context(), query); err != nil || report.Subjects[0].AccountID != "here" {
				t.Errorf("%+v, %v", report, err)
			}
		}
		execute(t, there, "RENAME TABLE hidden TO usage_level_state")
		if names, err := fresh.Names(t.Context(), []usage.Subject{{AccountID: "here"}, {AccountID: "there"}}); err != nil ||
			!reflect.DeepEqual(names, map[usage.Subject]string{{AccountID: "here"}: "here"}) {
			t.Errorf("%v, %v", names, err)
		}
	})
}

// endConnections ends all connections to a database.
func endConnections(t *testing.T, dsn string) {
	t.Helper()
	admin, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	rows, err := admin.Query("SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()")
	if err != nil {
		t.Fatal(err)
	}
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	rows.Close()
	for _, id := range all {
		_, _ = admin.Exec(fmt.Sprintf("KILL %d", id)) // which may have ended by itself
	}
}
