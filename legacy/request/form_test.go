package request

import (
	"strings"
	"testing"

	"aiusage/usage"
)

// TestFact3RepetitionTakesLinearTime: joining is bounded.
func TestFact3RepetitionTakesLinearTime(t *testing.T) {
	var request usage.Request
	parseForm(strings.Repeat("accountId=a&", 100_000)).apply(&request)
	if length := len(request.AccountID); length < maxJoined || length > maxJoined+2 {
		t.Errorf("%d bytes are kept", length)
	}
}
