package db_test

import (
	"maps"
	"testing"

	"aiusage/auth"
	"aiusage/db"
)

func TestAWeakPasswordIsOneUntilItChanges(t *testing.T) {
	anyStore(t, func(t *testing.T, store *db.Store, dsn string) {
		want := func(when string, names ...string) {
			t.Helper()
			expected := map[string]bool{}
			for _, name := range names {
				expected[name] = true
			}
			if got, err := store.WeakPasswords(t.Context()); err != nil || !maps.Equal(got, expected) {
				t.Errorf("%s: got %v, %v", when, got, err)
			}
		}
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"ada", "bob"} {
			do(store.AddUser(t.Context(), auth.User{Name: name, PasswordHash: "$argon2id$" + name}))
		}
		want("at first")
		do(store.MarkWeakPassword(t.Context(), "ada", "$argon2id$ada"))
		want("marked", "ada")
		do(store.MarkWeakPassword(t.Context(), "ada", "$argon2id$next")) // before it is set
		want("marked for the next password")
		do(store.SetPasswordHash(t.Context(), "ada", "$argon2id$next"))
		want("once that is set", "ada")
		do(store.SetPasswordHash(t.Context(), "ada", "$argon2id$good"))
		want("with another password")
		do(store.MarkWeakPassword(t.Context(), "bob", "$argon2id$bob"))
		do(store.RemoveUser(t.Context(), "bob"))
		do(store.AddUser(t.Context(), auth.User{Name: "bob", PasswordHash: "$argon2id$bob"}))
		want("after the user was removed")
	})
}
