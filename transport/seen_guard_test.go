package transport

import (
	"context"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"aiusage/observe"
)

// An error without a code has none in the record, either.
func TestAnErrorWithoutACodeIsSeenWithoutOne(t *testing.T) {
	record := observe.NewRecord(nil, observe.Seen{})
	ctx := observe.NewContext(context.Background(), record)
	seeErrors(ctx, gqlerror.List{{Message: "without"}, {Message: "with", Extensions: map[string]any{"code": "A"}}})
	if codes := record.Seen().Codes; len(codes) != 1 || codes[0] != "A" {
		t.Errorf("got %q", codes)
	}
}
