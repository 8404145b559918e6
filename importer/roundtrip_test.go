package importer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aiusage/usage"
)

// anyID generates ids with whatever a file format may stumble on.
func anyID(least int) *rapid.Generator[string] {
	nasty := []rune("\"\"\"',,,;\t\n\r\\\\\\Nnt0{}[]:  aZ9éß漢😀\u2028\ufeff\ufffd\u200d\x7f")
	return rapid.Custom(func(t *rapid.T) string {
		return strings.TrimSpace(string(rapid.SliceOfN(rapid.SampledFrom(nasty), least, usage.MaxIDLength).Draw(t, "id")))
	}).Filter(func(id string) bool { return len(id) >= least })
}

func anySession(t *rapid.T) usage.Session {
	start := rapid.Int64Range(usage.Earliest.UnixMilli(), usage.Latest.UnixMilli()).Draw(t, "start")
	return usage.Session{
		SessionID:       anyID(1).Draw(t, "session"),
		AccountID:       anyID(1).Draw(t, "account"),
		CustomerID:      anyID(0).Draw(t, "customer"),
		StartedAt:       time.UnixMilli(start).UTC(),
		DurationSeconds: rapid.Int64Range(0, usage.MaxDurationSeconds).Draw(t, "duration"),
	}
}

// values are the columns of a session, in the order of sessionTable.
func values(s usage.Session) []string {
	return []string{s.SessionID, s.AccountID, s.CustomerID, s.StartedAt.Format("2006-01-02T15:04:05.000Z"), fmt.Sprint(s.DurationSeconds)}
}

func header() []string { return strings.Split(strings.TrimSpace(sessionHeader), ",") }

// quotedText writes sessions as encoding/csv does.
func quotedText(sessions []usage.Session, delimiter rune) string {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	w.Comma = delimiter
	_ = w.Write(header())
	for _, s := range sessions {
		fields := values(s)
		for i, field := range fields {
			// encoding/csv leaves alone what needs no quotes in its own TSV, which has no escapes.
			if delimiter == '\t' && strings.ContainsAny(field, `\`) && !strings.ContainsAny(field, "\t\"\r\n") {
				fields[i] = strings.ReplaceAll(field, `\`, `\\`)
			}
		}
		_ = w.Write(fields)
	}
	w.Flush()
	return text.String()
}

// escapedText writes sessions as MySQL does.
func escapedText(sessions []usage.Session) string {
	escape := strings.NewReplacer("\t", `\t`, "\n", `\n`, "\r", `\r`, `\`, `\\`)
	text := strings.Join(header(), "\t") + "\n"
	for _, s := range sessions {
		fields := values(s)
		for i, field := range fields {
			if fields[i] = escape.Replace(field); strings.HasPrefix(field, `"`) {
				fields[i] = `"` + strings.ReplaceAll(field, `"`, `""`) + `"` // the one thing MySQL does not do
			}
		}
		if s.CustomerID == "" {
			fields[2] = `\N`
		}
		text += strings.Join(fields, "\t") + "\n"
	}
	return text
}

func jsonText(sessions []usage.Session) string {
	var text strings.Builder
	for _, s := range sessions {
		object := map[string]any{}
		for i, value := range values(s) {
			object[header()[i]] = value
		}
		object["duration_seconds"] = s.DurationSeconds
		line, _ := json.Marshal(object)
		text.Write(line)
		text.WriteByte('\n')
	}
	return text.String()
}

func TestSessionsSurviveEveryFormat(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		sessions := rapid.SliceOfN(rapid.Custom(anySession), 0, 20).Draw(rt, "sessions")
		for name, content := range map[string]string{
			"x.csv": quotedText(sessions, ','), "quoted.tsv": quotedText(sessions, '\t'),
			"escaped.tsv": escapedText(sessions), "x.ndjson": jsonText(sessions),
		} {
			n++
			got := loadSessions(t, Options{BatchSize: 7}, fileIn(t, dir, fmt.Sprint(n, name), content))
			if got.err != nil || !slices.Equal(got.rows, sessions) {
				rt.Fatalf("%s: error %v, rejects %v\n%q\ngives %v", name, got.err, got.rejects, content, got.rows)
			}
		}
	})
}

// FuzzCSV holds that every line of a CSV file is blank, or part of exactly one
// row that is loaded or rejected.
func FuzzCSV(f *testing.F) {
	f.Add("s1,a,c,2026-03-01T10:00:00Z,60\n\n\"s\n2\",a,,2026-03-01T10:00:00Z,\"60\"\r\n")
	f.Add("s1,\"a,c\ns1,a,c,2026-03-01T10:00:00Z,60\nx\"\"\",\"\r\r\n \n\"")
	f.Add("\"\",\"\",\"\n\n\",,\n\"\n\"\"\n")
	f.Add("s1,a,\"c\n\n\n\",2026-03-01T10:00:00Z,-60\n\xff\n\r")
	f.Fuzz(func(t *testing.T, body string) {
		columns, _ := nameColumns(sessionTable.columns, nil, nil)
		l := &loader[usage.Session]{table: sessionTable, columns: columns, forms: forms{zone: time.UTC}}
		physical := strings.SplitAfter(sessionHeader+body, "\n")
		if physical[len(physical)-1] == "" {
			physical = physical[:len(physical)-1]
		}
		at := int64(2) // the line that comes next
		account := func(line, lines int64) {
			for ; at < line; at++ {
				if strings.Trim(withoutEnd(physical[at-1]), " ") != "" {
					t.Fatalf("line %d was skipped: %q", at, physical[at-1])
				}
			}
			if line != at || lines < 1 {
				t.Fatalf("line %d comes after line %d", line, at-1)
			}
			at += lines
		}
		reader, err := reading{format: CSV, columns: columns, unused: &names{}, notes: &names{}, files: &understood{}}.rows(strings.NewReader(sessionHeader + body))
		if err != nil {
			t.Fatal(err)
		}
		for r, err := reader.next(); err == nil; r, err = reader.next() {
			if _, ok := l.parse(&r); !ok && r.problem == "" {
				t.Fatalf("line %d was rejected without a reason", r.line)
			}
			if r.values == nil && r.text != withoutEnd(physical[r.line-1]) {
				t.Fatalf("line %d is kept as %q, is %q", r.line, r.text, physical[r.line-1])
			}
			account(r.line, r.lines)
		}
		account(int64(len(physical))+1, 1)
	})
}

// FuzzNDJSON holds that no line makes the reader panic, and that what it reads
// is what encoding/json reads.
func FuzzNDJSON(f *testing.F) {
	f.Add(`{"session_id":"a\u00e9\n","account_id":7,"x":{"y":["}",{}]} , "customer_id":null}`)
	f.Add(` { } `)
	f.Add(`{"":"","session_id":-1,"b":true}`)
	f.Fuzz(func(t *testing.T, line string) {
		columns, _ := nameColumns(sessionTable.columns, nil, nil)
		reader := newNDJSON(newLines(strings.NewReader(line)), columns, &names{})
		for r, err := reader.next(); err == nil; r, err = reader.next() {
			var want map[string]any
			if r.problem != "" || json.Unmarshal([]byte(r.text), &want) != nil {
				continue
			}
			for i, column := range columns {
				if text, ok := want[column.name].(string); ok && r.values[i] != text {
					t.Fatalf("%s of %q is %q, want %q", column.name, r.text, r.values[i], text)
				}
			}
		}
	})
}
