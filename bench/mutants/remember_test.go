package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A test that is remembered is not run again to see what it comes by, and what survives is the
// same.
func TestATestThatIsRememberedIsNotRunAgain(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"go.mod": sample["go.mod"], "shop/shop.go": "package shop\n\nfunc Not(a bool) bool { return !a }\n", "survivors.txt": "",
		"shop/shop_test.go": `package shop

import (
	"os"
	"testing"
)

func TestNot(t *testing.T) {
	if os.Getenv("MUTANT_ON") == "" {
		content, _ := os.ReadFile("../ran")
		if err := os.WriteFile("../ran", append(content, '.'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if Not(true) {
		t.Error("it is")
	}
}
`})
	var survivors []string
	for range 2 {
		var out strings.Builder
		if _, err := run(t.Context(), root, options{out: &out, survivors: "survivors.txt", reached: filepath.Join(root, "reached.json"), workers: 1, arguments: []string{"./shop"}}); err != nil {
			t.Fatal(err)
		}
		_, found, _ := strings.Cut(out.String(), "shop/shop.go:3: survives")
		found, _, _ = strings.Cut(found, " killed")
		survivors = append(survivors, found)
	}
	if content, err := os.ReadFile(filepath.Join(root, "ran")); err != nil || string(content) != "." {
		t.Errorf("the test ran %d times, %v", len(content), err)
	}
	if survivors[0] == "" || survivors[0] != survivors[1] {
		t.Errorf("first %q, then %q survive", survivors[0], survivors[1])
	}
}

// What is remembered is of what was compiled, with the engines there were, and of nothing else.
func TestWhatIsRememberedIsOfAProgram(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "reached.json")
	old, other, anew := &suite{contents: "old"}, &suite{contents: "other"}, &suite{contents: "new"}
	m, err := recall(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*suite{old, other} {
		m.keep(s, "TestIt", remembered{time.Second, []int{3, 5}})
	}
	if err := m.write([]*suite{other, anew}); err != nil {
		t.Fatal(err)
	}
	if m, err = recall(path); err != nil {
		t.Fatal(err)
	}
	for s, want := range map[*suite]bool{old: false, other: true, anew: false} {
		if ran, known := m.of(s, "TestIt"); known != want || known && (ran.Took != time.Second || !slices.Equal(ran.Reached, []int{3, 5})) {
			t.Errorf("%s: got %+v, %v", s.contents, ran, known)
		}
	}
	if _, known := m.of(other, "TestOther"); known {
		t.Error("a test is known that never ran")
	}
	if nothing, err := recall(""); err != nil || nothing.write(nil) != nil {
		t.Error("there has to be a file")
	}
	write(t, folder, map[string]string{"reached.json": "no JSON"})
	if _, err := recall(path); err == nil {
		t.Error("a file that cannot be read was taken")
	}

	program := filepath.Join(folder, "program")
	contents := func(text string) string {
		t.Helper()
		write(t, folder, map[string]string{"program": text})
		got, err := contentsOf(program)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := contents("one")
	if first != contents("one") || first == contents("two") {
		t.Error("programs are not known by their contents")
	}
	t.Setenv("AIUSAGE_TEST_ANOTHER", "on some port")
	with := contents("one")
	if t.Setenv("AIUSAGE_TEST_ANOTHER", "on another"); with == first || contents("one") != with {
		t.Error("programs are not known by their engines")
	}
}
