package sums

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"aiusage/usage"
)

// Whatever is packed is unpacked as it was, without what came to nothing.
func TestADayIsUnpackedAsItWasPacked(t *testing.T) {
	amounts := rapid.Custom(func(t *rapid.T) usage.Usage {
		part := rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64())
		return usage.Usage{Minutes: part.Draw(t, "minutes"), Seconds: part.Draw(t, "seconds"), Sessions: part.Draw(t, "sessions")}
	})
	rapid.Check(t, func(t *rapid.T) {
		quarters := rapid.MapOf(rapid.IntRange(0, QuartersOfADay-1), amounts).Draw(t, "quarters")
		packed, got := Pack(quarters), map[int]usage.Usage{}
		if err := Unpack(packed, func(number int, amount usage.Usage) {
			if _, twice := got[number]; twice || amount == (usage.Usage{}) {
				t.Fatalf("quarter-hour %d: %v", number, amount)
			}
			got[number] = amount
		}); err != nil {
			t.Fatal(err)
		}
		maps.DeleteFunc(quarters, func(_ int, amount usage.Usage) bool { return amount == (usage.Usage{}) })
		if !maps.Equal(got, quarters) {
			t.Fatalf("got %v, want %v", got, quarters)
		}
	})
}

func TestWhatWasNotPackedIsNotUnpacked(t *testing.T) {
	for name, packed := range map[string][]byte{
		"nothing": nil, "another form": {2}, "no amount": {1, 0}, "part of an amount": {1, 0, 2, 2}, "part of a number": {1, 0, 2, 2, 0x80},
		"a number of more than 64 bits": {1, 0, 2, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, "a quarter-hour of the next day": {1, 96, 2, 2, 2},
	} {
		if err := Unpack(packed, func(int, usage.Usage) {}); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	last := 0
	if err := Unpack([]byte{1, 95, 2, 4, 6}, func(number int, amount usage.Usage) {
		if last = number; amount != (usage.Usage{Minutes: 1, Seconds: 2, Sessions: 3}) {
			t.Errorf("got %v", amount)
		}
	}); err != nil || last != 95 {
		t.Errorf("got the quarter-hour %d, %v", last, err)
	}
	if err := Unpack([]byte{1}, func(int, usage.Usage) { t.Error("a day without usage has some") }); err != nil {
		t.Error(err)
	}
}
