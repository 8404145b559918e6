package db_test

import (
	"fmt"
	"testing"
	"time"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/usage"
)

func TestFamiliarAddressesAreKeptAndBounded(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, dsn string) {
		for _, name := range []string{"ada", "bob"} {
			if err := store.AddUser(t.Context(), auth.User{Name: name, PasswordHash: "hash of " + name}); err != nil {
				t.Fatal(err)
			}
		}
		noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		add := func(name string, address int, at time.Time) {
			t.Helper()
			if err := store.AddFamiliarAddress(t.Context(), name, fmt.Sprintf("%064d", address), at); err != nil {
				t.Fatal(err)
			}
		}
		read := func(name string, since time.Time) map[string]time.Time {
			t.Helper()
			got, err := store.FamiliarAddresses(t.Context(), name, since)
			if err != nil || got.PasswordHash != "hash of "+name {
				t.Fatalf("%s: got %+v, %v", name, got, err)
			}
			return got.SeenAt
		}
		if got := read("ada", noon); len(got) != 0 {
			t.Errorf("at first: got %v", got)
		}
		add("ada", 1, noon)
		add("ada", 1, noon.Add(time.Hour))
		add("ada", 1, noon) // of another gateway, late
		add("bob", 1, noon)
		add("nobody", 1, noon)
		if got := read("ada", noon); len(got) != 1 || !got[fmt.Sprintf("%064d", 1)].Equal(noon.Add(time.Hour)) {
			t.Errorf("the last use: got %v", got)
		}
		if got := read("ada", noon.Add(2*time.Hour)); len(got) != 0 {
			t.Errorf("since later: got %v", got)
		}
		if _, err := store.FamiliarAddresses(t.Context(), "nobody", noon); usage.AsError(err).Code != usage.NotFound {
			t.Errorf("nobody: got %v", err)
		}
		for i := range auth.MaxFamiliarAddresses + 5 {
			add("ada", 100+i, noon.Add(time.Duration(2+i)*time.Hour))
		}
		got := read("ada", noon)
		if _, newest := got[fmt.Sprintf("%064d", 100+auth.MaxFamiliarAddresses+4)]; len(got) != auth.MaxFamiliarAddresses || !newest {
			t.Errorf("of one user: got %d, the newest is in it: %v", len(got), newest)
		}
		if got := read("bob", noon); len(got) != 1 {
			t.Errorf("of another user: got %v", got)
		}
		add("ada", 1, noon.Add(auth.FamiliarFor))
		if got := read("bob", time.Time{}.AddDate(2000, 0, 0)); len(got) != 0 {
			t.Errorf("after a week: got %v", got)
		}
		if err := store.RemoveUser(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
		if left := countAddresses(t, store, ``); left != 0 {
			t.Errorf("a user who was removed leaves %d", left)
		}
	})
}

func TestFamiliarAddressesOfAllUsersAreBounded(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, dsn string) {
		if err := store.AddUser(t.Context(), auth.User{Name: "ada", PasswordHash: "x"}); err != nil {
			t.Fatal(err)
		}
		// As if of many users: 16^4 addresses, and a few more.
		const digits = `(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6
			UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11 UNION ALL SELECT 12
			UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15)`
		execute(t, dsn, `INSERT INTO users (user_name, password_hash, created_at) VALUES ('old', 'x', '2026-03-01'), ('new', 'x', '2026-03-01')`,
			`INSERT INTO familiar_addresses (user_name, address_hash, seen_at)
			SELECT 'old', CONCAT('0', a.d * 4096 + b.d * 256 + c.d * 16 + e.d),
				TIMESTAMPADD(SECOND, a.d * 4096 + b.d * 256 + c.d * 16 + e.d, '2026-03-02 00:00:00')
			FROM `+digits+` a CROSS JOIN `+digits+` b CROSS JOIN `+digits+` c CROSS JOIN `+digits+` e`,
			`INSERT INTO familiar_addresses (user_name, address_hash, seen_at) VALUES ('old', 'oldest', '2026-03-01')`)
		if err := store.AddFamiliarAddress(t.Context(), "new", "x", time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		if left := countAddresses(t, store, ``); left != auth.MaxFamiliarAddressesInAll {
			t.Errorf("%d are left", left)
		}
		if left := countAddresses(t, store, ` WHERE address_hash = 'x'`); left != 1 {
			t.Error("the newest gave way")
		}
	})
}

func countAddresses(t *testing.T, store *db.Store, where string) (count int) {
	t.Helper()
	err := store.Read(t.Context(), `SELECT COUNT(*) FROM familiar_addresses`+where, func(value string) { fmt.Sscan(value, &count) })
	if err != nil {
		t.Fatal(err)
	}
	return count
}
