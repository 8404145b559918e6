package usage

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// someNumbers draws numbers of all sizes, with those at the ends more often.
var someNumbers = rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1,
	1 << 62, -1 << 62, 1<<62 - 1}))

// wide adds or subtracts as numbers of any size do, and stops where one leaves its
// 64 bits. One that has left them stays there.
func wide(a, b, sign int64) int64 {
	switch {
	case tooLarge(a):
		return a
	case tooLarge(b) && (b > 0) == (sign > 0):
		return math.MaxInt64
	case tooLarge(b):
		return math.MinInt64
	}
	sum := new(big.Int).Add(big.NewInt(a), new(big.Int).Mul(big.NewInt(sign), big.NewInt(b)))
	switch {
	case sum.Cmp(big.NewInt(math.MaxInt64)) > 0:
		return math.MaxInt64
	case sum.Cmp(big.NewInt(math.MinInt64)) < 0:
		return math.MinInt64
	}
	return sum.Int64()
}

func TestSumsAreExactOrStayAtTheirEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := someNumbers.Draw(t, "a"), someNumbers.Draw(t, "b")
		if got, want := (Usage{Minutes: a}).Plus(Usage{Minutes: b}).Minutes, wide(a, b, 1); got != want {
			t.Fatalf("%d + %d is %d, want %d", a, b, got, want)
		}
		if b == -math.MaxInt64 {
			return // its negative is an end, and so is taken for too large
		}
		if got, want := (Usage{Seconds: a}).Minus(Usage{Seconds: b}).Seconds, wide(a, b, -1); got != want {
			t.Fatalf("%d - %d is %d, want %d", a, b, got, want)
		}
	})
}

func TestSumsByExample(t *testing.T) {
	const most, least = math.MaxInt64, math.MinInt64
	for _, c := range []struct{ a, b, plus, minus int64 }{
		{5, 3, 8, 2}, {5, -3, 2, 8}, {-5, -3, -8, -2}, {0, 0, 0, 0}, {0, 3, 3, -3}, {3, 0, 3, 3}, {-3, 0, -3, -3}, {0, -3, -3, 3},
		{most - 1, 1, most, most - 2}, {most - 1, 2, most, most - 3}, {least + 1, -1, least, least + 2}, {least + 1, -2, least, least + 3},
		{most, -5, most, most}, {-5, most, most, least}, {least, 5, least, least}, {5, least, least, most}, {most, most, most, most},
		{1 << 62, 1 << 62, most, 0}, {-1 << 62, -1 << 62, least, 0},
	} {
		if got := (Usage{c.a, c.a, c.a}).Plus(Usage{c.b, c.b, c.b}); got != (Usage{c.plus, c.plus, c.plus}) {
			t.Errorf("%d + %d: got %+v, want %d", c.a, c.b, got, c.plus)
		}
		if got := (Usage{c.a, c.a, c.a}).Minus(Usage{c.b, c.b, c.b}); got != (Usage{c.minus, c.minus, c.minus}) {
			t.Errorf("%d - %d: got %+v, want %d", c.a, c.b, got, c.minus)
		}
	}
}

func TestWhatHasLeftIts64BitsDoesNotFit(t *testing.T) {
	for _, end := range []int64{math.MaxInt64, math.MinInt64} {
		for _, u := range []Usage{{Minutes: end}, {Seconds: end}, {Sessions: end}} {
			if err := u.Fits(); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%+v: got %v", u, err)
			}
		}
	}
	if err := (Usage{math.MaxInt64 - 1, math.MinInt64 + 1, 1}).Fits(); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestMinutesAreWithin32Bits(t *testing.T) {
	for minutes, fits := range map[int64]bool{math.MaxInt32: true, math.MaxInt32 + 1: false, math.MinInt32: true, math.MinInt32 - 1: false} {
		if got, err := (Usage{Minutes: minutes}).Minutes32(); (err == nil) != fits || fits && int64(got) != minutes {
			t.Errorf("%d: got %d, %v", minutes, got, err)
		}
	}
}
