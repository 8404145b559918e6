package transport

import (
	"strings"
	"testing"
)

func TestTheCacheIsBoundedByBytes(t *testing.T) {
	kept := newCache(160, func(key, value string) int { return len(key) + len(value) })
	ctx := t.Context()
	value := strings.Repeat("v", 9)
	for _, key := range "abcdefghijklmnopq" { // 17 entries of 10 bytes
		kept.Add(ctx, string(key), value)
		kept.Get(ctx, "a") // stays in use
	}
	if _, ok := kept.Get(ctx, "b"); ok {
		t.Error("the entry used longest ago is still there")
	}
	for _, key := range []string{"a", "c", "q"} {
		if got, ok := kept.Get(ctx, key); !ok || got != value {
			t.Errorf("%s: got %q, %v", key, got, ok)
		}
	}
	kept.Add(ctx, "large", value)
	if _, ok := kept.Get(ctx, "large"); ok {
		t.Error("an entry that would take the place of many was kept")
	}
	kept.Add(ctx, "a", "other")
	if got, _ := kept.Get(ctx, "a"); got != "other" || kept.bytes > 160 || len(kept.entries) != kept.used.Len() {
		t.Errorf("got %q, %d bytes, %d and %d entries", got, kept.bytes, len(kept.entries), kept.used.Len())
	}
}
