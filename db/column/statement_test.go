package column_test

import (
	"os"
	"testing"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// What no calendar has is undated, as far as a server stores it, and so is what starts before
// the year 1000. All else is in its hour and its quarter.
func TestWhatIsUndated(t *testing.T) {
	const none = "0100-01-01 00:00:00"
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		server, err := sqlx.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		server.SetMaxOpenConns(1)
		for _, statement := range []string{"SET SESSION sql_mode = 'ALLOW_INVALID_DATES'", "CREATE TABLE starts (started_at DATETIME(3) NOT NULL)"} {
			if _, err := server.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		for start, want := range map[string][2]string{
			"0000-00-00 00:00:00": {none, none}, "2026-00-10 10:00:00": {none, none}, "2026-03-00 10:00:00": {none, none}, "2026-00-00 10:00:00": {none, none},
			"2026-02-29 10:00:00": {none, none}, "2026-02-31 10:00:00": {none, none}, "2026-04-31 10:00:00": {none, none}, "0999-12-31 23:59:59.999": {none, none},
			"1000-01-01 00:00:00":     {"1000-01-01 00:00:00", "1000-01-01 00:00:00"},
			"2028-02-29 10:14:59.999": {"2028-02-29 10:00:00", "2028-02-29 10:00:00"},
			"2026-02-28 10:15:00":     {"2026-02-28 10:00:00", "2026-02-28 10:15:00"},
			"2026-03-31 23:59:59.999": {"2026-03-31 23:00:00", "2026-03-31 23:45:00"},
			"9999-12-31 23:59:59.999": {"9999-12-31 23:00:00", "9999-12-31 23:45:00"},
		} {
			if _, err := server.ExecContext(t.Context(), "REPLACE INTO starts VALUES (?)", start); err != nil {
				t.Fatalf("%s: %v", start, err)
			}
			var dated bool
			var hour, quarter string
			if err := server.QueryRowContext(t.Context(), "SELECT "+column.Dated("started_at")+", LEFT("+column.HourOf("started_at")+", 19), LEFT("+column.QuarterOf("started_at")+
				", 19) FROM starts").Scan(&dated, &hour, &quarter); err != nil {
				t.Fatalf("%s: %v", start, err)
			}
			if dated != (want[0] != none) || hour != want[0] || quarter != want[1] {
				t.Errorf("%s: dated %v, of the hour %s and the quarter %s, want %v", start, dated, hour, quarter, want)
			}
			if _, err := server.ExecContext(t.Context(), "DELETE FROM starts"); err != nil {
				t.Fatal(err)
			}
		}
	})
}
