package db_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/internal/dbtest/tables"
	"aiusage/usage"
)

func TestAScopeKeepsAReportToItsAccounts(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, _ string) {
		write(t, store,
			usage.Session{SessionID: "1", AccountID: "a", CustomerID: "c", StartedAt: noon, DurationSeconds: 60},
			usage.Session{SessionID: "2", AccountID: "b", CustomerID: "c", StartedAt: noon, DurationSeconds: 120},
			usage.Session{SessionID: "3", AccountID: "A", CustomerID: "c", StartedAt: noon, DurationSeconds: 240},
			usage.Session{SessionID: "4", AccountID: "d", StartedAt: noon, DurationSeconds: 480},
		)
		for _, c := range []struct {
			accounts          []string
			account, customer string
			want              int64 // minutes tell which sessions were counted
		}{
			{nil, "", "", 15},
			{[]string{}, "", "", 0},
			{[]string{}, "a", "", 0},
			{[]string{"a"}, "", "", 1},
			{[]string{"a", "b"}, "", "", 3},
			{[]string{"a", "b"}, "b", "", 2},
			{[]string{"a", "b"}, "d", "", 0},
			{[]string{"a", "d"}, "", "c", 1},
			{[]string{"none"}, "", "", 0},
			{[]string{"a' OR '1'='1", `\`}, "", "", 0},
		} {
			answer, err := store.Report(t.Context(), usage.Query{
				AccountID: c.account, CustomerID: c.customer, Accounts: c.accounts, Zone: time.UTC})
			if err != nil || answer.Totals.Minutes != c.want {
				t.Errorf("accounts %q, filters %q %q: got %+v, %v; want %d minutes", c.accounts, c.account, c.customer, answer.Totals, err, c.want)
			}
		}
	})
}

func TestUsersHaveAccounts(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, dsn string) {
		both := auth.User{Name: "both", PasswordHash: "h", Roles: []string{auth.AccountAdministrator, auth.SystemAdministrator}, Accounts: []string{"b", "a", "B", "a"}}
		for _, user := range []auth.User{{Name: "ann", PasswordHash: "h"}, both} {
			if err := store.AddUser(t.Context(), user); err != nil {
				t.Fatal(err)
			}
		}
		both.Accounts = []string{"B", "a", "b"}
		want := []auth.User{{Name: "ann", PasswordHash: "h"}, both}
		if got, err := store.Users(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
		for _, c := range []struct{ roles, accounts []string }{
			{[]string{auth.AccountAdministrator}, []string{"x"}}, {nil, nil},
		} {
			if err := store.SetAccess(t.Context(), "both", c.roles, c.accounts); err != nil {
				t.Fatal(err)
			}
			got, err := store.UserByName(t.Context(), "both")
			if err != nil || !reflect.DeepEqual(got.Roles, c.roles) || !reflect.DeepEqual(got.Accounts, c.accounts) {
				t.Errorf("got %+v, %v", got, err)
			}
		}
		wantCode(t, store.SetAccess(t.Context(), "nobody", nil, nil), usage.NotFound)
	})
}

// signedIn is a session of a user that begins at noon and is over in an hour.
func signedIn(name, hash string) auth.Session {
	return auth.Session{Hash: hash, UserName: name, PasswordMark: "m", CreatedAt: noon,
		IdleAt: noon.Add(time.Hour), ExpiresAt: noon.Add(2 * time.Hour)}
}

func addSession(t *testing.T, store *db.Store, s auth.Session) {
	t.Helper()
	if err := store.AddSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestSessionsOfUsers(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, dsn string) {
		for _, name := range []string{"ann", "bob"} {
			if err := store.AddUser(t.Context(), auth.User{Name: name, PasswordHash: "h"}); err != nil {
				t.Fatal(err)
			}
		}
		gone := func(hash string) bool {
			_, err := store.SessionByHash(t.Context(), hash)
			if err == nil {
				return false
			}
			wantCode(t, err, usage.NotFound)
			return true
		}
		addSession(t, store, signedIn("ann", "1"))
		if got, err := store.SessionByHash(t.Context(), "1"); err != nil || got != signedIn("ann", "1") {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := store.ExtendSession(t.Context(), "1", noon.Add(90*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got, _ := store.SessionByHash(t.Context(), "1"); !got.IdleAt.Equal(noon.Add(90 * time.Minute)) {
			t.Errorf("extended: got %+v", got)
		}
		addSession(t, store, signedIn("bob", "2"))
		if err := store.RemoveSession(t.Context(), "1"); err != nil || !gone("1") || gone("2") {
			t.Errorf("removed: %v", err)
		}
		addSession(t, store, signedIn("ann", "3"))
		if err := store.SetPasswordHash(t.Context(), "ann", "other"); err != nil || !gone("3") || gone("2") {
			t.Errorf("a change of password: %v", err)
		}
		if err := store.RemoveUser(t.Context(), "bob"); err != nil || !gone("2") {
			t.Errorf("a removed user: %v", err)
		}
		addSession(t, store, signedIn("ann", "4"))
		later := signedIn("ann", "5")
		later.CreatedAt, later.IdleAt = noon.Add(time.Hour), noon.Add(2*time.Hour)
		addSession(t, store, later)
		if !gone("4") || gone("5") {
			t.Error("sessions that are over are not swept away, or others are")
		}
	})
}

func TestAUserHasAThousandSessionsAtMost(t *testing.T) {
	dsn := dbtest.One(t)
	tables.Make(t, dsn)
	store := open(t, dsn)
	if err := store.AddUser(t.Context(), auth.User{Name: "ann", PasswordHash: "h"}); err != nil {
		t.Fatal(err)
	}
	// A thousand as if they had signed in, each a millisecond after the one before, and then five who do.
	var rows []string
	for i := range 1000 {
		at := noon.Add(time.Duration(i) * time.Millisecond).Format("2006-01-02 15:04:05.000")
		rows = append(rows, fmt.Sprintf("('%d', 'ann', 'm', '%s', '2026-12-01', '2026-12-01')", i, at))
	}
	execute(t, dsn, "INSERT INTO auth_sessions (session_hash, user_name, password_mark, created_at, idle_at, expires_at) VALUES "+strings.Join(rows, ", "))
	for i := 1000; i < 1005; i++ {
		s := signedIn("ann", fmt.Sprint(i))
		s.CreatedAt = noon.Add(time.Duration(i) * time.Millisecond)
		addSession(t, store, s)
	}
	for i, kept := range map[int]bool{0: false, 4: false, 5: true, 1004: true} {
		if _, err := store.SessionByHash(t.Context(), fmt.Sprint(i)); (err == nil) != kept {
			t.Errorf("session %d: %v", i, err)
		}
	}
}

func TestAPIKeys(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, dsn string) {
		_, first, err := auth.NewAPIKey("Büro ☎", auth.AccountAdministrator, []string{"a", "b"}, noon, noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		_, second, err := auth.NewAPIKey("export", auth.SystemAdministrator, nil, noon.Add(time.Second), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []auth.APIKey{second, first} {
			if err := store.AddAPIKey(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := store.APIKeys(t.Context()); err != nil || !reflect.DeepEqual(got, []auth.APIKey{first, second}) {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := store.TouchAPIKey(t.Context(), second.ID, noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := store.TouchAPIKey(t.Context(), second.ID, noon); err != nil { // late, and so ignored
			t.Fatal(err)
		}
		for _, at := range []time.Time{noon.Add(time.Hour), noon.Add(2 * time.Hour)} { // twice: the first counts
			if err := store.RevokeAPIKey(t.Context(), second.ID, at); err != nil {
				t.Fatal(err)
			}
		}
		got, err := store.APIKeyByHash(t.Context(), second.Hash)
		if err != nil || !got.LastUsedAt.Equal(noon.Add(time.Minute)) || !got.RevokedAt.Equal(noon.Add(time.Hour)) {
			t.Errorf("got %+v, %v", got, err)
		}
		_, err = store.APIKeyByHash(t.Context(), "none")
		wantCode(t, err, usage.NotFound)
		wantCode(t, store.RevokeAPIKey(t.Context(), "none", noon), usage.NotFound)
	})
}

func TestAccountsAreThoseWithANameAndThoseWithSessions(t *testing.T) {
	eachStore(t, func(t *testing.T, store *db.Store, dsn string) {
		if _, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "a", Name: "Acme"}, {AccountID: "z", Name: "Zed"}}); err != nil {
			t.Fatal(err)
		}
		write(t, store,
			usage.Session{SessionID: "1", AccountID: "a", StartedAt: noon},
			usage.Session{SessionID: "2", AccountID: "m", StartedAt: noon},
		)
		for _, c := range []struct {
			ids  []string
			want []usage.Account
		}{
			{nil, []usage.Account{{AccountID: "a", Name: "Acme"}, {AccountID: "m"}, {AccountID: "z", Name: "Zed"}}},
			{[]string{"m", "a", "x"}, []usage.Account{{AccountID: "m"}, {AccountID: "a", Name: "Acme"}, {AccountID: "x"}}},
			{[]string{}, nil},
		} {
			if got, err := store.Accounts(t.Context(), c.ids); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%q: got %+v, %v", c.ids, got, err)
			}
		}
	})
}
