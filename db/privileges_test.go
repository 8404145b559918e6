package db_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/db/inspect"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// A user with the privileges that the gateway says it needs can do all that the gateway does:
// make tables and sums, store, fold, report, compare, drop sessions, and undo it all.
func TestTheNeededPrivilegesAreEnough(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		store, drop := limitedTo(t, dsn, strings.Join(inspect.Needed(), ", "))
		defer drop()
		migrate(t, store)
		// Where the binary log keeps triggers from all but a few, reports read sessions.
		want := db.Ready
		if count(t, dsn, `SELECT @@GLOBAL.log_bin AND NOT @@GLOBAL.log_bin_trust_function_creators`) == 1 {
			want = db.Raw
		}
		zone, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		must := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		_, err = store.InstallRollups(t.Context(), zone)
		must("install", err)
		if want == db.Ready {
			must("fill", store.FillRollups(t.Context(), nil))
		}
		if got := status(t, store); got.Phase != want {
			t.Fatalf("got %+v", got)
		}
		first := usage.Session{SessionID: "1", AccountID: "a", CustomerID: "x", StartedAt: noon, DurationSeconds: 60}
		write(t, store, first, usage.Session{SessionID: "2", AccountID: "a", StartedAt: noon.AddDate(0, -2, 0), DurationSeconds: 120},
			usage.Session{SessionID: "3", AccountID: "b", CustomerID: "y", StartedAt: noon, DurationSeconds: 180})
		first.AccountID = "b"
		write(t, store, first)
		_, err = store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "a", Name: "A"}})
		must("name", err)
		if want == db.Ready {
			_, err = store.Fold(t.Context(), nil)
			must("fold", err)
			must("verify", store.VerifyRollups(t.Context(), usage.Range{}, func(d db.Difference) { t.Errorf("%+v", d) }, nil))
			_, err = store.DropSessions(t.Context(), noon.AddDate(0, -1, 0), nil)
			must("drop sessions", err)
		}
		report, err := store.Report(t.Context(), usage.Query{Zone: time.UTC})
		must("report", err)
		if report.Totals.Sessions != 3 {
			t.Errorf("got %+v", report.Totals)
		}
		must("user", store.AddUser(t.Context(), auth.User{Name: "u", PasswordHash: "$argon2id$", Roles: []string{auth.SystemAdministrator}}))
		for {
			_, err := store.Rollback(t.Context(), []string{"ai_sessions", "accounts", "customers"})
			if coded, ok := errors.AsType[*usage.Error](err); ok && coded.Code == usage.NotFound {
				break
			}
			must("undo", err)
		}
	})
}
