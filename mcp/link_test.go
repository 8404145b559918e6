package mcp

import (
	"encoding/json"
	"net/url"
	"os"
	"testing"
	"time"

	"aiusage/listing"
	"aiusage/usage"
)

// Links are what web/src/routing reads them as: its tests read the same file.
func TestLinksAreReadByThePages(t *testing.T) {
	text, err := os.ReadFile("testdata/links.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Given                  given
		Field, Direction, Step string
		Link                   string
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) < 5 {
		t.Fatal(err)
	}
	for _, c := range cases {
		q := &question{door: door{Options{Zone: time.UTC}}, given: c.Given, now: time.Date(2026, 3, 29, 23, 30, 0, 0, time.UTC), origin: "https://usage.example"}
		query, err := q.query(usage.Together)
		if err != nil {
			t.Fatal(err)
		}
		order := listing.Order{Field: listing.OrderField(c.Field), Direction: listing.OrderDirection(c.Direction)}
		if got := q.link(query, view{order, c.Given[usage.ArgSearch], usage.Step(c.Step)}); got != c.Link {
			t.Errorf("%v: got %s", c.Given, got)
		}
		if _, err := url.Parse(c.Link); err != nil {
			t.Error(err)
		}
	}
}
