package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sample is a module with a package whose tests hold some of it, and none of the
// rest.
var sample = map[string]string{
	"go.mod": "module sample\n\ngo 1.26\n",
	"shop/shop.go": `package shop

import (
	"errors"
	"slices"
	"time"
)

type Order struct{ Of, Where string }

// Held by the tests.
func Open(now, from, to time.Time) bool { return !now.Before(from) && now.Before(to) }

// Not held: nobody orders as many as there are.
func Price(count, stock int) (int, error) {
	if count > stock {
		return 0, errors.New("too many")
	}
	count = max(count, 1) // dropped, nobody notices
	return 5 * count, nil
}

func Seen(orders []Order, by string) []Order {
	return slices.DeleteFunc(orders, func(o Order) bool { return o.Of != by })
}

func Mine(by string) (string, []string) {
	var where []string
	where = append(where, "of = ?")
	return "SELECT what FROM orders WHERE shipped >= ? AND deleted = 0", where
}

func Never() Order { return Order{Of: by(), Where: "here"} }

func by() string { return "me" }
`,
	"shop/shop_test.go": `package shop

import (
	"testing"
	"time"
)

func TestOpen(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC) }
	for hour, want := range map[int]bool{7: false, 8: true, 19: true, 20: false} {
		if Open(at(hour), at(8), at(20)) != want {
			t.Error(hour)
		}
	}
}

func TestPrice(t *testing.T) {
	if got, err := Price(2, 3); got != 10 || err != nil {
		t.Error(got, err)
	}
	if _, err := Price(4, 3); err == nil {
		t.Error("sold")
	}
}

func TestSeen(t *testing.T) {
	if len(Seen([]Order{{Of: "me"}, {Of: "you"}}, "me")) != 1 {
		t.Error("not mine")
	}
}

func TestMine(t *testing.T) {
	if text, where := Mine("me"); text == "" || len(where) != 1 {
		t.Error(where)
	}
}
`,
	"survivors.txt": `# nobody orders as many as there are,
# or so they say
shop/shop.go Price: ` + "always `count > stock`" + `
shop/shop.go Price: ` + "drop `count = max(count, 1)`" + `

# only a sample
shop/shop.go Price: ` + "only count from `max(count, 1)`" + `
`,
}

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func hunted(t *testing.T, root string, arguments ...string) (held bool, output string) {
	t.Helper()
	var out strings.Builder
	held, err := run(t.Context(), root, options{out: &out, survivors: "survivors.txt", workers: 2, arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	return held, out.String()
}

// What survives and is not listed fails, and what is listed and killed is told.
func TestSurvivorsAreComparedWithTheList(t *testing.T) {
	root := t.TempDir()
	write(t, root, sample)
	held, output := hunted(t, root, "./shop")
	if held {
		t.Error("there are survivors that are not listed")
	}
	var survivors, killed []string
	lines := strings.Split(output, "\n")
	for i, line := range lines[1:] {
		switch {
		case strings.Contains(lines[i], ": survives"):
			survivors = append(survivors, line)
		case strings.Contains(lines[i], ": is killed now"):
			killed = append(killed, line)
		}
	}
	slices.Sort(survivors)
	want := []string{
		"shop/shop.go Mine: SQL `>= ?` is `> ?`",
		"shop/shop.go Mine: SQL `AND deleted = 0` is ``",
		"shop/shop.go Never: without `Of: by()`",
		"shop/shop.go Price: >= in `count > stock`",
	}
	if !slices.Equal(survivors, want) {
		t.Errorf("got  %q\nwant %q\n%s", survivors, want, output)
	}
	if want := []string{"shop/shop.go Price: always `count > stock`"}; !slices.Equal(killed, want) {
		t.Errorf("got  %q\nwant %q", killed, want)
	}
	if !strings.Contains(output, "(no test comes by it)\nshop/shop.go Never") || !strings.Contains(output, " 2 known to survive, 4 survive without a reason") {
		t.Error(output)
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil || len(files) != 2 {
		t.Errorf("the tree has %q, %v", files, err)
	}
}

func TestOnlyNamedFilesHaveMutants(t *testing.T) {
	root := t.TempDir()
	write(t, root, sample)
	write(t, root, map[string]string{"shop/more.go": "package shop\n\nfunc More(a bool) bool { return !a }\n", "survivors.txt": ""})
	if held, output := hunted(t, root, "shop/more.go"); held || strings.Contains(output, "shop.go") || !strings.HasPrefix(output, "2 mutants") {
		t.Error(output)
	}
	if _, err := run(t.Context(), root, options{survivors: "survivors.txt", workers: 1, arguments: []string{"shop/none.go"}}); err == nil {
		t.Error("a file that is not there was taken")
	}
}

// Lines about code that has gone are told, and those about files that were not looked at are not.
func TestLinesThatNameNoMutantAreTold(t *testing.T) {
	root := t.TempDir()
	write(t, root, sample)
	write(t, root, map[string]string{"shop/more.go": "package shop\n\nfunc More(a bool) bool { return !a }\n", "survivors.txt": "# why\n" +
		"shop/more.go More: always `!a`\nshop/more.go More: always `a`\nshop/less.go Less: never `a`\nshop/shop.go Price: never `count`\n"})
	_, output := hunted(t, root, "shop/more.go")
	var told []string
	lines := strings.Split(output, "\n")
	for i, line := range lines[1:] {
		if strings.HasPrefix(lines[i], "is no mutant any more") {
			told = append(told, line)
		}
	}
	if want := []string{"shop/less.go Less: never `a`", "shop/more.go More: always `a`"}; !slices.Equal(told, want) {
		t.Errorf("got %q, want %q\n%s", told, want, output)
	}
}

func TestASurvivorNeedsAReason(t *testing.T) {
	for content, want := range map[string]string{
		"a":             "no reason",
		"# why\na\n\nb": "no reason",
		"# why\na\na":   "twice",
		"# why\na\nb":   "",
	} {
		path := filepath.Join(t.TempDir(), "survivors.txt")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readSurvivors(path)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v", content, err)
		}
	}
}

func TestOnlyTheFastestTestsAreTaken(t *testing.T) {
	tests := []test{{took: time.Second}, {took: 2 * time.Second}, {took: 4 * time.Second}}
	for within, want := range map[time.Duration]int{0: 3, time.Millisecond: 1, 3 * time.Second: 2, 5 * time.Second: 2, 7 * time.Second: 3} {
		if got := len(fastest(tests, within)); got != want {
			t.Errorf("within %s: got %d tests, want %d", within, got, want)
		}
	}
	if got := fastest(nil, time.Second); len(got) != 0 {
		t.Errorf("got %d tests of none", len(got))
	}
}

// The list names no file that is gone. Whether it names code that is gone, `make mutants` tells.
func TestTheListNamesFilesThatAreThere(t *testing.T) {
	reasons, err := readSurvivors("survivors.txt")
	if err != nil {
		t.Fatal(err)
	}
	if gone := stale("../..", reasons, nil); len(gone) > 0 {
		t.Errorf("take from survivors.txt:\n%s", strings.Join(gone, "\n"))
	}
	if one := (map[string]string{"db/gone.go Gone: never `a`": "why"}); len(stale("../..", one, nil)) != 1 {
		t.Error("a file that is gone is not told")
	}
}
