package db_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// platformNames are tables of a platform, with types, collations and gaps of their own.
var platformNames = []string{
	`CREATE TABLE tenants (id INT NOT NULL PRIMARY KEY, title VARCHAR(100) CHARACTER SET latin1 COLLATE latin1_swedish_ci NULL)`,
	`CREATE TABLE clients (tenant INT NOT NULL, code VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
		label TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL, PRIMARY KEY (tenant, code))`,
	`INSERT INTO tenants VALUES (9, 'Zoë'), (10, NULL), (11, ''), (1, 'Acme')`,
	`INSERT INTO clients VALUES (9, 'x', 'Xaver 🙂'), (9, 'Y', NULL), (10, 'x', 'Other')`,
}

// nameViews are the views of the manual.
var nameViews = []string{
	`CREATE VIEW accounts AS SELECT CONVERT(CAST(id AS CHAR) USING utf8mb4) COLLATE utf8mb4_bin AS account_id, title AS name FROM tenants`,
	`CREATE VIEW customers AS SELECT CONVERT(CAST(tenant AS CHAR) USING utf8mb4) COLLATE utf8mb4_bin AS account_id,
		CONVERT(code USING utf8mb4) COLLATE utf8mb4_bin AS customer_id, label AS name FROM clients`,
}

// Names may be views on the platform's own tables, made before the first migration or later.
func TestNamesMayBeViews(t *testing.T) {
	for what, later := range map[string]bool{"before the first migration": false, "in place of the tables": true} {
		t.Run(what, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, dsn string) {
				store := open(t, dsn)
				if isEmbedded(t, store) && !later {
					t.Skip("the embedded engine takes no view where a migration makes a table")
				}
				execute(t, dsn, platformNames...)
				if later {
					migrate(t, store)
					execute(t, dsn, "DROP TABLE accounts", "DROP TABLE customers")
				}
				execute(t, dsn, nameViews...)
				migrate(t, store)
				if err := store.CheckSchema(t.Context()); err != nil {
					t.Fatal(err)
				}
				write(t, store, usage.Session{SessionID: "1", AccountID: "9", CustomerID: "y", StartedAt: noon, DurationSeconds: 60},
					usage.Session{SessionID: "2", AccountID: "9", CustomerID: "x", StartedAt: noon, DurationSeconds: 60},
					usage.Session{SessionID: "3", AccountID: "2", StartedAt: noon, DurationSeconds: 60})
				checkNamesOfViews(t, store)
				if isEmbedded(t, store) {
					return // whose tables are all the gateway's, so that undoing drops them
				}
				install(t, store)
				checkNamesOfViews(t, store)
				if _, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "12", Name: "New"}}); !strings.Contains(fmt.Sprint(err), "is a view in the database") {
					t.Errorf("written to a view: %v", err)
				}
				if kept, err := undoAll(t, store, "ai_sessions"); err != nil || !slices.Equal(kept, []string{"customers", "accounts"}) {
					t.Errorf("undoing kept %q, %v", kept, err)
				}
				if got := count(t, dsn, "SELECT COUNT(*) FROM accounts"); got != 4 {
					t.Errorf("undoing left %d accounts of the platform", got)
				}
			})
		})
	}
}

func checkNamesOfViews(t *testing.T, store *db.Store) {
	t.Helper()
	found := func(search usage.Search) string {
		search.Limit = max(search.Limit, 2)
		accounts, err := store.FindAccounts(t.Context(), search)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, one := range accounts {
			all = append(all, one.AccountID+"="+one.Name)
		}
		return strings.Join(all, " ")
	}
	for text, want := range map[string]string{"": "1=Acme 10= 11= 2= 9=Zoë", "zo": "9=Zoë", "1": "1=Acme 10= 11=", "ACM": "1=Acme"} {
		if got := found(usage.Search{Text: text, Limit: 100}); got != want {
			t.Errorf("accounts with %q: got %s, want %s", text, got, want)
		}
	}
	if got := found(usage.Search{After: &usage.Subject{AccountID: "10"}}); got != "11= 2=" {
		t.Errorf("after 10: %s", got)
	}
	customers, err := store.FindCustomers(t.Context(), usage.Search{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, one := range customers {
		got += one.AccountID + "/" + one.CustomerID + "=" + one.Name + " "
	}
	if want := "10/x=Other 9/Y= 9/x=Xaver 🙂 9/y= "; got != want {
		t.Errorf("customers: got %s, want %s", got, want)
	}
	snapshot := store.Snapshot(t.Context())
	defer snapshot.Close()
	names, err := snapshot.Names(t.Context(), []usage.Subject{{AccountID: "9"}, {AccountID: "10"}, {AccountID: "2"}, {AccountID: "9", CustomerID: "x"}, {AccountID: "9", CustomerID: "y"}})
	if err != nil || len(names) != 2 || names[usage.Subject{AccountID: "9"}] != "Zoë" || names[usage.Subject{AccountID: "9", CustomerID: "x"}] != "Xaver 🙂" {
		t.Errorf("names: %q, %v", names, err)
	}
	for _, ids := range [][]string{nil, {"9", "10"}} {
		if all, err := store.Accounts(t.Context(), ids); err != nil || len(all) < 2 {
			t.Errorf("accounts %q: %v, %v", ids, all, err)
		}
	}
}

// Ids that the database takes for the same would give somebody another's name.
func TestNamesWithInexactIDsAreRefused(t *testing.T) {
	for view, want := range map[string]string{
		`CREATE VIEW accounts AS SELECT id AS account_id, title AS name FROM tenants`:                                                                                    "account_id of accounts",
		`CREATE VIEW customers AS SELECT CONVERT(CAST(tenant AS CHAR) USING utf8mb4) COLLATE utf8mb4_bin AS account_id, code AS customer_id, label AS name FROM clients`: "customer_id of customers",
	} {
		dbtest.Each(t, func(t *testing.T, dsn string) {
			store := open(t, dsn)
			if isEmbedded(t, store) {
				t.Skip("the embedded engine takes no view where a migration makes a table")
			}
			execute(t, dsn, platformNames...)
			execute(t, dsn, view)
			migrate(t, store)
			err := store.CheckSchema(t.Context())
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "COLLATE utf8mb4_bin") {
				t.Errorf("%s: %v", view, err)
			}
		})
	}
}
