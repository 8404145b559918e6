package rollup

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"aiusage/db/schema"
	"aiusage/usage"
)

// Names and accounts that an administrator is shown are quoted as a statement needs them.
func TestQuoting(t *testing.T) {
	for got, want := range map[string]string{
		quoteName("a`b"):           "`a``b`",
		quoteText(`it's a\b`):      `'it''s a\\b'`,
		quoteAccount("u@h@%"):      "'u@h'@'%'",
		quoteAccount("@localhost"): "''@'localhost'",
		quoteAccount("it's"):       "'it''s'",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTheServersOwnWordsAreShown(t *testing.T) {
	cause := errors.New("the server's words")
	for _, err := range []error{cause, &usage.Error{Message: "other words", Cause: cause}, &usage.Error{Message: "the server's words"}} {
		if got := serverMessage(err); !strings.Contains(got, "the server's words") {
			t.Errorf("got %q", got)
		}
	}
}

func TestColumnsThatSumsCannotBeMadeOf(t *testing.T) {
	id := schema.Column{Name: "customer_id", Type: "varchar", Nullable: "YES",
		Length: sql.NullInt64{Int64: 64, Valid: true}, Collation: sql.NullString{String: "utf8mb4_bin", Valid: true}}
	capitals := schema.Column{Name: "AI_Minutes", Type: "int", Nullable: "NO"}
	with := func(c schema.Column, change func(*schema.Column)) schema.Column { change(&c); return c }
	account := with(id, func(c *schema.Column) { c.Name, c.Nullable = "account_id", "NO" })
	start := schema.Column{Name: "started_at", Type: "datetime", Nullable: "NO"}
	amount := schema.Column{Name: "ai_minutes", Type: "bigint", Nullable: "YES"}
	for _, c := range []struct {
		column schema.Column
		fault  string
	}{
		{id, ""}, {account, ""}, {start, ""}, {amount, ""}, {capitals, ""},
		{with(account, func(c *schema.Column) { c.Name = "Account_ID" }), ""},
		{with(start, func(c *schema.Column) { c.Name, c.Nullable = "STARTED_AT", "YES" }), "NULL"},
		{schema.Column{}, "is missing"},
		{with(id, func(c *schema.Column) { c.Length.Int64 = 65 }), "64 characters"},
		{with(id, func(c *schema.Column) { c.Length.Int64 = 0 }), "64 characters"},
		{with(account, func(c *schema.Column) { c.Length.Int64 = 65 }), "64 characters"},
		{with(account, func(c *schema.Column) { c.Collation.String = "utf8mb4_general_ci" }), "collation"},
		{with(account, func(c *schema.Column) { c.Nullable = "YES" }), "NULL"},
		{with(start, func(c *schema.Column) { c.Type = "timestamp" }), "DATETIME"},
		{with(start, func(c *schema.Column) { c.Nullable = "YES" }), "NULL"},
		{with(amount, func(c *schema.Column) { c.Type = "decimal" }), "integer"},
	} {
		if got := unsuitable(strings.ToLower(c.column.Name), c.column); (got == "") != (c.fault == "") || !strings.Contains(got, c.fault) {
			t.Errorf("%+v %q, want %q", c.column, got, c.fault)
		}
	}
}
