package read

import (
	"errors"
	"strings"
	"testing"
	"time"

	"aiusage/db/member"
	"aiusage/usage"
)

func TestHowOldAnAnswerIs(t *testing.T) {
	const now, second = int64(1_772_366_400_123_456), int64(1_000_000)
	for name, c := range map[string]struct {
		heartbeat int64
		most      time.Duration
		follows   bool
		asOf      int64
		behind    time.Duration
		known     bool
		tooOld    bool
	}{
		"a server of its own":               {heartbeat: member.CurrentNow, asOf: now, known: true, most: time.Second},
		"a replica that is behind":          {heartbeat: now - 3*second, follows: true, asOf: now - 3*second, behind: 3 * time.Second, known: true},
		"within what is allowed":            {heartbeat: now - 3*second, follows: true, asOf: now - 3*second, behind: 3 * time.Second, known: true, most: 3 * time.Second},
		"beyond what is allowed":            {heartbeat: now - 3*second - 1000, follows: true, asOf: now - 3*second - 1000, behind: 3001 * time.Millisecond, known: true, most: 3 * time.Second, tooOld: true},
		"a primary whose clock is ahead":    {heartbeat: now + 3*second, follows: true, asOf: now, known: true, most: time.Second},
		"nobody knows":                      {follows: true, asOf: now},
		"nobody knows, and something is to": {follows: true, asOf: now, most: time.Hour, tooOld: true},
	} {
		got := freshnessOf(now, c.heartbeat)
		behind, known := got.Behind()
		if got.Follows != c.follows || !got.AsOf().Equal(instantOf(c.asOf)) || behind != c.behind || known != c.known || !got.Now.Equal(instantOf(now)) {
			t.Errorf("%s: got %+v, as of %s, behind %s, %v", name, got, got.AsOf(), behind, known)
		}
		err := (&Reader{MaxStaleness: c.most}).TooOld(got)
		coded, _ := errors.AsType[*usage.Error](err)
		if (err != nil) != c.tooOld || c.tooOld && (coded.Code != usage.Stale || strings.Contains(coded.Message, "is not known") == c.known || strings.Contains(coded.Message, "3.001s behind") != c.known) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
