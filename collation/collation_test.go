package collation_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/collation"
	"aiusage/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

func TestATextIsFoundInsideOthers(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "x", true}, {"", "", true}, {"x", "", false}, {"dental", "Harbor Dental", true}, {"r D", "Harbor Dental", true},
		{"muller", "Gebrüder MÜLLER", true}, {"MÜLLER", "muller", true}, {"müller", "Mu\u0308ller", true}, {"strasse", "Hauptstraße 5", true},
		{"straße", "HAUPTSTRASSE", true}, {"soren", "Søren", true}, {"łódź", "LODZ", true}, {"Ωmega", "ωΜΕΓΑ", false}, {"ωμεγα", "Ωμέγα", true},
		{"ИВАН", "иван", true}, {"株式", "テスト株式会社", true}, {"ﾃｽﾄ", "テスト", true}, {"100%", "100% Coffee", true}, {"10_", "100", false}, {"%", "x", false},
		{"a-b", "ab", false}, {"ab", "a-b", false}, {"a  b", "a b", false}, {"\u0301", "e\u0301", true}, {"\u0301", "e", false}, {"acc-1", "ACC-1", true},
		{"istanbul", "İSTANBUL", true}, {"😀", "a😀b", true}, {"😀", "a😁b", false}, {"é", "e", true},
	} {
		if got := collation.NewPattern(c.pattern).In(c.text); got != c.want {
			t.Errorf("%q in %q: got %v", c.pattern, c.text, got)
		}
	}
}

func TestNamesAreSortedAsPeopleDo(t *testing.T) {
	want := []string{"", "2 Go", "10 Go", "Acme", "Ähre", "Áhre b", "bäcker", "Bäcker", "Backer 2", "Backer 10", "Zoo", "Ωmega", "Иван", "株式"}
	keys := collation.NewKeys()
	for range 20 {
		got := slices.Clone(want)
		rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, func(a, b string) int { return strings.Compare(keys.Of(a), keys.Of(b)) })
		if !slices.Equal(got, want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	}
}

// What is found is what MySQL's and MariaDB's own collations find that ignore case and accents.
func TestWhatIsFoundIsWhatServersFind(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, dsn string) {
		connection, err := sqlx.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		collated := ""
		for _, name := range []string{"utf8mb4_0900_ai_ci", "utf8mb4_uca1400_ai_ci"} { // MySQL's and MariaDB's
			if err := connection.Get(new(bool), "SELECT _utf8mb4'É' LIKE _utf8mb4'e' COLLATE "+name); err == nil {
				collated = name
			}
		}
		if collated == "" {
			t.Fatal("the server has neither of the collations")
		}
		draw := rand.New(rand.NewPCG(1, 2))
		// Letters that are one to the server's LIKE, which compares them one by one.
		letters := strings.Split("a A b á Á ä Ä å e É ê i I î n ñ N o O ö ø Ø u Ü s S z ž l ł d đ c Ç y ý - . , 1 2 0 # & ' α Ά Ω ω и Й И 株 会 テ ト ア 한 ع", " ")
		text := func(most int) string {
			var b strings.Builder
			for range draw.IntN(most + 1) {
				b.WriteString(letters[draw.IntN(len(letters))])
			}
			return b.String()
		}
		found := 0
		for range 20 {
			var parts []string
			var args []any
			var pairs [][2]string
			for range 200 {
				in := text(8)
				pattern := text(2)
				if draw.IntN(2) == 0 && in != "" {
					runes := []rune(in)
					at := draw.IntN(len(runes))
					pattern = strings.ToUpper(string(runes[at:min(len(runes), at+1+draw.IntN(3))]))
				}
				pairs = append(pairs, [2]string{pattern, in})
				parts = append(parts, fmt.Sprintf("SELECT %d AS i, ? COLLATE %s LIKE CONCAT('%%', ?, '%%') AS f", len(parts), collated))
				args = append(args, in, pattern)
			}
			var answers []bool
			if err := connection.Select(&answers, "SELECT f FROM ("+strings.Join(parts, " UNION ALL ")+") AS all_of_them ORDER BY i", args...); err != nil {
				t.Fatal(err)
			}
			for i, want := range answers {
				if got := collation.NewPattern(pairs[i][0]).In(pairs[i][1]); got != want {
					t.Errorf("%q in %q: got %v, and %s %v", pairs[i][0], pairs[i][1], got, collated, want)
				}
				if want && pairs[i][0] != "" {
					found++
				}
			}
		}
		if found < 500 {
			t.Errorf("only %d were found", found)
		}
	})
}

func BenchmarkIn(b *testing.B) {
	p, keys := collation.NewPattern("dental"), collation.NewKeys()
	for b.Loop() {
		p.In("Gebrüder Müller Logistics")
		keys.Of("Gebrüder Müller Logistics")
	}
}
