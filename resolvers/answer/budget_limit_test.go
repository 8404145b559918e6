package answer

import (
	"testing"

	"aiusage/observe"
)

// An answer that holds too much has that in its record, once.
func TestTooManyValuesAreSeen(t *testing.T) {
	record := observe.NewRecord(nil, observe.Seen{})
	ctx := WithBudget(observe.NewContext(t.Context(), record), 0)
	for range 2 {
		if err := SpendRows(ctx, maxValues+1, 1, Flat); err == nil {
			t.Error("it is not refused")
		}
	}
	if limits := record.Seen().Limits; len(limits) != 1 || limits[0] != "values" {
		t.Errorf("got %q", limits)
	}
}
