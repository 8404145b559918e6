package column_test

import (
	"errors"
	"testing"
	"time"

	"aiusage/db/column"
	"aiusage/usage"
)

func TestAnInstantIsReadHoweverItIsGiven(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 59, 59, 123e6, time.UTC)
	for _, test := range []struct {
		name  string
		value any
		want  time.Time
	}{
		{"a time", at, at},
		{"a text", []byte("2026-03-01 10:59:59.123"), at},
		{"a text of microseconds", []byte("2026-03-01 10:59:59.123000"), at},
		{"a text without a fraction", []byte("2026-03-01 10:59:59"), at.Truncate(time.Second)},
	} {
		var got column.Instant
		if err := got.Scan(test.value); err != nil || !got.Valid || !got.Time.Equal(test.want) {
			t.Errorf("%s: got %v, valid: %v, %v", test.name, got.Time, got.Valid, err)
		}
		if err := got.Scan(nil); err != nil || got != (column.Instant{}) {
			t.Errorf("%s and then NULL: got %v, %v", test.name, got, err)
		}
	}
	for name, value := range map[string]any{"no date": []byte("0000-00-00 00:00:00"), "a number": int64(5), "a string": "2026-03-01 00:00:00"} {
		var got column.Instant
		if err := got.Scan(value); err == nil || got.Valid {
			t.Errorf("%s: got %v, valid: %v, without an error", name, got.Time, got.Valid)
		}
	}
}

func TestASumIsReadOrRefused(t *testing.T) {
	for value, want := range map[any]int64{int64(-7): -7, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63, "0": 0} {
		var got column.Sum = 1
		if text, ok := value.(string); ok {
			value = []byte(text)
		}
		if err := got.Scan(value); err != nil || int64(got) != want {
			t.Errorf("%v: got %d, %v", value, got, err)
		}
	}
	for _, text := range []string{"9223372036854775808", "-9223372036854775809", "99999999999999999999999999999999999999"} {
		if err := new(column.Sum).Scan([]byte(text)); !errors.Is(err, usage.ErrTooLarge) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	for name, value := range map[string]any{"NULL": nil, "a floating point number": 1.5, "a fraction": []byte("1.5"), "nothing": []byte("")} {
		if err := new(column.Sum).Scan(value); err == nil || errors.Is(err, usage.ErrTooLarge) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
