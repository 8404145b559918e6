package presets

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"aiusage/importer"
	"aiusage/usage"
)

// given is what the layouts cannot tell, and the samples have. Other presets get account "acme".
var given = map[string]map[string]string{
	"twilio": {}, "vapi": {},
	"amazon-connect": {"account_id": "Attributes.tenant", "customer_id": "Attributes.client"},
	"retell":         {"account_id": "metadata.tenant", "customer_id": "metadata.client"},
	"telnyx":         {"account_id": "auth_username"},
}

func TestEachPresetReadsItsSample(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			mapped, known := given[name]
			constants := map[string]string{}
			if !known {
				constants["account_id"] = "acme"
			}
			want, err := os.ReadFile(filepath.Join(name, "rows.csv"))
			if err != nil {
				t.Fatal(err)
			}
			got, summary := load(t, name, filepath.Join(name, "sample.json"), mapped, constants)
			if got != string(want) {
				t.Errorf("imported\n%swant\n%s", got, want)
			}
			if summary.Rejected > 0 {
				t.Errorf("%d rows are rejected: %v", summary.Rejected, summary.Reasons)
			}
		})
	}
}

// load imports a file by a preset and returns the sessions as CSV.
func load(t *testing.T, preset, file string, mapped, constants map[string]string) (string, importer.Summary) {
	t.Helper()
	p, err := Find(preset)
	if err != nil {
		t.Fatal(err)
	}
	options := importer.Options{Rows: p.Rows}
	if p.Format != "" {
		if options.Format, err = importer.ParseFormat(p.Format); err != nil {
			t.Fatal(err)
		}
	}
	if options.Columns, options.Constants, err = p.Columns(mapped, constants); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	rows := csv.NewWriter(&out)
	rows.Write([]string{"session_id", "account_id", "customer_id", "started_at", "duration_seconds"})
	summary, err := importer.Sessions(t.Context(), []string{file}, nil, func(_ context.Context, batch []usage.Session) (importer.Counts, error) {
		for _, s := range batch {
			rows.Write([]string{s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format("2006-01-02T15:04:05.999Z07:00"), strconv.FormatInt(s.DurationSeconds, 10)})
		}
		return importer.Counts{Inserted: int64(len(batch))}, nil
	}, options)
	if err != nil {
		t.Fatal(err)
	}
	rows.Flush()
	return out.String(), summary
}

func TestEachPresetNamesItsSource(t *testing.T) {
	for _, name := range Names() {
		p, err := Find(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.HasPrefix(p.Source, "https://") || p.Title == "" || p.About == "" {
			t.Errorf("%s has the source %q, the title %q, and says %q", name, p.Source, p.Title, p.About)
		}
		if _, err := time.Parse(time.DateOnly, p.Seen); err != nil {
			t.Errorf("%s does not say when it was looked up: %v", name, err)
		}
		for _, column := range importer.SessionColumns() {
			_, mapped := p.Map[column]
			_, needed := p.Needs[column]
			if mapped && needed {
				t.Errorf("%s maps %s and needs it too", name, column)
			}
		}
	}
}

// The table in docs/importing.md has the flags and the first row of each sample.
func TestTheDocumentationHasEachPreset(t *testing.T) {
	text, err := os.ReadFile("../../docs/importing.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		rows, err := os.ReadFile(filepath.Join(name, "rows.csv"))
		if err != nil {
			t.Fatal(err)
		}
		flags := "--preset " + name
		mapped, known := given[name]
		for _, column := range importer.SessionColumns() {
			if path := mapped[column]; path != "" {
				flags += " --map " + column + "=" + path
			}
		}
		if !known {
			flags += " --set account_id=acme"
		}
		line := fmt.Sprintf("| `%s` | `%s` |", flags, strings.Split(string(rows), "\n")[1])
		if !strings.Contains(string(text), line) {
			t.Errorf("there is no line %s", line)
		}
	}
}

func TestWhatALayoutCannotTellMustBeGiven(t *testing.T) {
	p, err := Find("retell")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = p.Columns(nil, nil)
	if err == nil || !strings.Contains(err.Error(), "account_id") || !strings.Contains(err.Error(), "metadata.KEY") {
		t.Errorf("without an account the error is %v", err)
	}
}

func TestWhatTheCallerGivesCountsForMore(t *testing.T) {
	text := "map: {session_id: id, account_id: org, customer_id: cus, started_at: begin, duration_seconds: length}\nset: {}\n"
	for _, test := range []struct {
		name        string
		mapped, set map[string]string
		want        string
	}{
		{"nothing", nil, nil, "map[account_id:org customer_id:cus duration_seconds:length session_id:id started_at:begin] map[]"},
		{"another name", map[string]string{"session_id": "sid"}, nil, "map[account_id:org customer_id:cus duration_seconds:length session_id:sid started_at:begin] map[]"},
		{"a constant for a mapped column", nil, map[string]string{"account_id": "acme"}, "map[customer_id:cus duration_seconds:length session_id:id started_at:begin] map[account_id:acme]"},
		{"the end for the duration", map[string]string{"ended_at": "end"}, nil, "map[account_id:org customer_id:cus ended_at:end session_id:id started_at:begin] map[]"},
		{"no customers", map[string]string{"customer_id": ""}, nil, "map[account_id:org customer_id: duration_seconds:length session_id:id started_at:begin] map[]"},
	} {
		p, err := parse("own.yml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		columns, constants, err := p.Columns(test.mapped, test.set)
		if got := fmt.Sprint(columns, constants); err != nil || got != test.want {
			t.Errorf("%s: %s, %v; want %s", test.name, got, err, test.want)
		}
	}
	p, err := parse("own.yml", []byte("map: {ended_at: end}\nset: {account_id: acme}\n"))
	if err != nil {
		t.Fatal(err)
	}
	columns, constants, err := p.Columns(map[string]string{"account_id": "tenant", "duration_seconds": "length"}, nil)
	if got, want := fmt.Sprint(columns, constants), "map[account_id:tenant duration_seconds:length] map[]"; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestErrorsOfAPresetSayWhereTheyAre(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"map:\n  session_id: id\n  acount_id: org\n", `own.yml, line 3, column 3: there is no column "acount_id"; did you mean account_id? the columns are`},
		{"maps:\n  session_id: id\n", `own.yml, line 1, column 1: there is no key "maps"; did you mean map? the keys are about, encoding,`},
		{"map:\n  session_id: [id, sid]\n", "own.yml, line 2, column 15: session_id is expected to be a text"},
		{"map: sid\n", "own.yml, line 1, column 6: keys with values are expected here"},
		{"- map\n", "own.yml, line 1, column 1: keys with values are expected here"},
		{"title: x\nformat: xls\nmap: {session_id: id}\n", `own.yml, line 2, column 9: format: there is no format "xls"`},
		{"encoding: latin-17\n", `own.yml, line 1, column 11: encoding: there is no encoding`},
		{"time_zone: Mars/Olympus\n", "own.yml, line 1, column 12: time_zone: unknown time zone"},
		{"started_format: '%d'\n", "own.yml, line 1, column 17: started_format: "},
		{"map:\n  session_id: \"id\n", "own.yml, line 2, column "},
		{"map:\n  session_id: id\n  session_id: sid\n", "own.yml, line 3, column 3: "},
		{"title: nothing else\n", "own.yml: without map or set"},
		{"", "own.yml: a preset is one YAML document"},
		{"map: {session_id: id}\n---\nmap: {session_id: id}\n", "own.yml: there are 2 YAML documents"},
		{"map: &m {session_id: id}\nset: *m\n", "own.yml, line 1, column 6: "},
	} {
		_, err := parse("own.yml", []byte(test.text))
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%q: the error is %v, want %s…", test.text, err, test.want)
		}
	}
}

func TestAPresetIsFoundByNameAndByPath(t *testing.T) {
	_, err := Find("twillio")
	if err == nil || !strings.Contains(err.Error(), "did you mean twilio?") {
		t.Errorf("the error is %v", err)
	}
	if _, err = Find("./none.yml"); err == nil || err.Error() != "there is no file ./none.yml" {
		t.Errorf("the error is %v", err)
	}
	own := filepath.Join(t.TempDir(), "ours.yml")
	if err := os.WriteFile(own, []byte("map:\n  session_id: id\nset:\n  account_id: 007\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Find(own)
	if err != nil || p.Map["session_id"] != "id" || p.Set["account_id"] != "007" {
		t.Errorf("the file says %+v, %v", p, err)
	}
}
