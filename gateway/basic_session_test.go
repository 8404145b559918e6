package gateway_test

import (
	"database/sql"
	"strings"
	"testing"

	"aiusage/internal/dbtest"
)

// A caller of the old host sends the password once, and cookies from then on. One
// that sends the password every time leaves one session.
func TestFact19BasicOnceThenTheCookie(t *testing.T) {
	dbtest.Any(t, func(t *testing.T, dsn string) {
		s := start(t, fill(t, dsn))
		got := s.ask(t, "ada", "GET", "/ai/usage.xml", "", "")
		cookies := cookiesOf(got)
		if got.status != 200 || !strings.HasPrefix(cookies, "ss-id=") || !strings.HasSuffix(cookies, "; ss-opt=temp") {
			t.Fatalf("with Basic: got %d %s", got.status, cookies)
		}
		secret(strings.TrimPrefix(strings.Split(cookies, ";")[0], "ss-id="))
		for _, path := range []string{"/ai/usage", "/auth/status", "/graphql?query=%7BaiUsage%7BasOf%7D%7D"} {
			if got := s.ask(t, "", "GET", path, "", "", "Cookie", cookies); got.status != 200 {
				t.Errorf("%s with the cookies: got %d %s", path, got.status, got.body)
			}
		}
		for _, path := range []string{"/auth/basic", "/auth/status", "/auth", "/ai/usage?startDate=x"} {
			if got := s.ask(t, "ada", "GET", path, "", ""); cookiesOf(got) != cookies {
				t.Errorf("%s: got %d %s, want the same session", path, got.status, cookiesOf(got))
			}
		}
		for _, path := range []string{"/graphql?query=%7BaiUsage%7BasOf%7D%7D", "/graphiql", "/metadata"} {
			if got := s.ask(t, "ada", "GET", path, "", ""); got.status != 200 || cookiesOf(got) != "" {
				t.Errorf("%s: got %d %s, want no session", path, got.status, cookiesOf(got))
			}
		}
		for range 100 {
			s.ask(t, "ada", "GET", "/ai/usage", "", "")
		}
		pool, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		var sessions int
		if err := pool.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM auth_sessions").Scan(&sessions); err != nil || sessions != 1 {
			t.Errorf("%d sessions are stored, %v", sessions, err)
		}
		// A table that cannot be written keeps nobody from an answer.
		if _, err := pool.ExecContext(t.Context(), "DROP TABLE auth_sessions"); err != nil {
			t.Fatal(err)
		}
		if got := s.ask(t, "ann", "GET", "/auth", "", ""); got.status != 200 || cookiesOf(got) != "" {
			t.Errorf("without the table: got %d %s", got.status, cookiesOf(got))
		}
	})
}
