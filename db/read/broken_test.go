package read

import (
	"database/sql/driver"
	"testing"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// Names and accounts that are cut off, or cannot be read, are no answer, and leave no connection in use.
func TestPartsOfListsAreNoLists(t *testing.T) {
	for what, rows := range map[string][][]driver.Value{"cut off": {{"a", "Anna"}}, "without an id": {{nil, "Anna"}}} {
		server := dbtest.Breaking([]string{"account_id", "name"}, rows...)
		defer server.Close()
		reader := &Reader{db: &pool.Pool{DB: sqlx.NewDb(server, "mysql")}}
		searches := []*searching{{Search: usage.Search{Limit: 9}, most: 9}}
		for name, ask := range map[string]func() error{
			"all accounts":  func() error { _, err := reader.Accounts(t.Context(), nil); return err },
			"some accounts": func() error { _, err := reader.Accounts(t.Context(), []string{"a"}); return err },
			"a search":      func() error { return pool.Translate(reader.listParts(t.Context(), accountDirectory, searches, true)) },
		} {
			err := ask()
			if err == nil || what == "cut off" && usage.AsError(err).Code != usage.Unavailable {
				t.Errorf("%s %s: %v", name, what, err)
			}
			if in := server.Stats().InUse; in != 0 {
				t.Errorf("%s %s: %d connections are in use", name, what, in)
			}
		}
	}
	if none, err := (&Reader{}).Accounts(t.Context(), []string{}); none != nil || err != nil {
		t.Errorf("of no ids: %v, %v", none, err)
	}
}
