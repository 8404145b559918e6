package auth

import (
	"fmt"
	"testing"
)

// Of few entries, the one that has expired makes room, and no other does; where none has, any one does.
func TestWhatHasExpiredMakesRoom(t *testing.T) {
	for round := range 100 { // since a map is gone through in any order
		entries := map[string]bool{}
		for i := range 10 {
			entries[fmt.Sprint(i)] = i == round%10
		}
		makeRoom(entries, 10, func(expired bool) bool { return expired })
		if _, there := entries[fmt.Sprint(round%10)]; there || len(entries) != 9 {
			t.Fatalf("what has expired is there: %v; %d entries are left", there, len(entries))
		}
	}
	entries := map[int]bool{}
	for i := range 100 {
		entries[i] = false
	}
	makeRoom(entries, 100, func(expired bool) bool { return expired })
	if len(entries) != 99 {
		t.Errorf("%d entries are left of 100", len(entries))
	}
	if makeRoom(entries, 100, func(bool) bool { return true }); len(entries) != 99 {
		t.Errorf("where there is room, %d entries are left of 99", len(entries))
	}
}
