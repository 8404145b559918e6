package db_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

func TestAColumnThatTakesDifferentIDsForTheSameIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		store := open(t, dsn)
		migrate(t, store)
		for _, column := range []string{"account_id", "customer_id"} {
			const exact = " VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL"
			// To a number, "7x" is 7 and "nobody" is 0, also where somebody may see the account "nobody" alone.
			for _, of := range []string{"VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "INT", "BIGINT UNSIGNED", "DECIMAL(10, 0)", "DOUBLE", "DATETIME",
				"VARBINARY(64)", "BINARY(16)", "ENUM('a', 'b') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"} {
				execute(t, dsn, "ALTER TABLE ai_sessions MODIFY "+column+" "+of+" NOT NULL")
				coded := wantCode(t, store.CheckSchema(t.Context()), usage.Unavailable)
				if !strings.Contains(coded.Message, "the column "+column+" of ai_sessions has the ") || !strings.Contains(coded.Message, "USING utf8mb4) COLLATE utf8mb4_bin") {
					t.Errorf("%s %s: got %q", column, of, coded.Message)
				}
			}
			execute(t, dsn, "ALTER TABLE ai_sessions MODIFY "+column+exact)
		}
	})
}

// Ids in a table of the platform's are compared and ordered as those that the gateway keeps names of, or the
// table is refused: whichever collation a server has, what is accepted answers.
func TestIDsInEveryCollation(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		store, server := open(t, dsn), pool(t, dsn)
		migrate(t, store)
		rows, err := server.Query(`SELECT COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATIONS WHERE COLLATION_NAME LIKE '%\_bin'`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		collations, accepted := map[string]string{}, []string(nil) // the former with their character sets
		for rows.Next() {
			var name, of string
			if err := rows.Scan(&name, &of); err != nil {
				t.Fatal(err)
			}
			collations[name] = of
		}
		for collation, of := range collations {
			execute(t, dsn, "DELETE FROM ai_sessions", "DELETE FROM accounts", "DELETE FROM customers", fmt.Sprintf(
				"ALTER TABLE ai_sessions MODIFY account_id VARCHAR(64) CHARACTER SET %[1]s COLLATE %[2]s NOT NULL, MODIFY customer_id VARCHAR(64) CHARACTER SET %[1]s COLLATE %[2]s NULL",
				of, collation))
			if err := store.CheckSchema(t.Context()); err != nil {
				if coded := wantCode(t, err, usage.Unavailable); !strings.Contains(coded.Message, "has the collation "+collation+", ") {
					t.Errorf("%s: %q", collation, coded.Message)
				}
				continue
			}
			accepted = append(accepted, collation)
			t.Run(collation, func(t *testing.T) { answersAbout(t, dsn, store) })
		}
		if !slices.Contains(accepted, "utf8mb4_bin") {
			t.Errorf("accepted are %q of %d", accepted, len(collations))
		}
	})
}

// answersAbout asks for accounts with ids of all kinds, of which the sessions' table can hold some.
func answersAbout(t *testing.T, dsn string, store *db.Store) {
	server := pool(t, dsn)
	ids := []string{"A", "a", "b", "~", "é", "ÿ", "€", "\uff5e", "😀"}
	used := map[string]int64{}
	for i, id := range ids {
		if i%2 == 0 {
			execute(t, dsn, "INSERT INTO accounts (account_id, name) VALUES ('"+id+"', 'name')")
		}
		for _, spelled := range []string{id, id + " "} {
			if _, err := server.Exec("INSERT INTO ai_sessions (session_id, account_id, customer_id, started_at, duration_seconds) VALUES (?, ?, ?, '2026-03-01', 60)", spelled+"|", spelled, spelled); err == nil {
				used[id]++
			}
		}
	}
	var want, got []string
	for i, id := range ids {
		if i%2 == 0 || used[id] > 0 {
			want = append(want, id)
		}
		query := usage.Query{Zone: time.UTC, AccountID: id, Accounts: ids, Level: usage.ByCustomer}
		for _, query.CustomerIDs = range [][]string{nil, {id}, {id, "none"}} {
			if report, err := store.Report(t.Context(), query); err != nil || report.Totals.Sessions != used[id] {
				t.Errorf("%+v: %+v, %v", query, report, err)
			}
		}
	}
	for search := (usage.Search{Limit: 1}); ; {
		found, err := store.FindAccounts(t.Context(), search)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 || len(got) > len(ids) {
			break
		}
		got, search.After = append(got, strings.TrimRight(found[0].AccountID, " ")), &usage.Subject{AccountID: found[0].AccountID}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	found, err := store.FindCustomers(t.Context(), usage.Search{Limit: 100})
	if err != nil || len(found) != len(used) {
		t.Errorf("customers %+v, %v", found, err)
	}
}
