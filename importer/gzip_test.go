package importer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"aiusage/usage"
)

// What stands behind the first member of a gzip file is taken as gzip(1) takes it: it is
// loaded where that unpacks it without a word, and is an error where that has one.
func TestWhatFollowsGzipData(t *testing.T) {
	one, two := sessionHeader+"s1,a,c,2026-03-01T10:00:00Z,60\n", "s2,a,c,2026-03-01T10:00:00Z,60\n"
	const early, damaged, other = "the gzip data ends too early", "the gzip data is damaged", "the gzip data is followed by something that is none"
	second := gzipped(two)
	for name, test := range map[string]struct {
		behind, message string
		rows            int
	}{
		"nothing":                       {"", "", 1},
		"a zero":                        {"\x00", "", 1},
		"zero padding":                  {strings.Repeat("\x00", 200_000), "", 1},
		"garbage":                       {"garbage", other, 1},
		"one byte":                      {"x", other, 1},
		"a line end":                    {"\n", other, 1},
		"another compression":           {"\x28\xb5\x2f\xfd1234", other, 1},
		"zeros and garbage":             {strings.Repeat("\x00", 200_000) + "x", other, 1},
		"zeros and a member":            {"\x00" + second, other, 1},
		"a second member":               {second, "", 2},
		"empty members":                 {strings.Repeat(gzipped(""), 150) + second, "", 2},
		"members and padding":           {second + "\x00\x00\x00", "", 2},
		"members and garbage":           {second + "\x00\x00x", other, 2},
		"the first byte of a member":    {second[:1], early, 1},
		"the beginning of a header":     {second[:5], early, 1},
		"a header":                      {second[:10], early, 1},
		"a truncated second member":     {second[:len(second)/2], early, 1},
		"a member without its end":      {second[:len(second)-4], early, 2},
		"a member with another content": {second[:len(second)-8] + "checksum", damaged, 2},
		"a member that is no deflate":   {second[:10] + "\xff" + second[11:], damaged, 1},
		"a member of another method":    {"\x1f\x8b\x07" + second[3:], damaged, 1},
	} {
		content := gzipped(one) + test.behind
		for _, stdin := range []bool{false, true} {
			file := fileOf(t, "x.csv.gz", content)
			if stdin {
				file = "-"
			}
			got := &loaded[usage.Session]{}
			options := Options{}
			write := got.into(&options)
			_, got.err = Sessions(t.Context(), []string{file}, strings.NewReader(content), write, options)
			if (got.err == nil) != (test.message == "") || got.err != nil && !strings.Contains(got.err.Error(), fmt.Sprintf("cannot be read beyond line %d: %s", test.rows+1, test.message)) {
				t.Errorf("%s: error %v, want %q", name, got.err, test.message)
			}
			if len(got.rows) != test.rows || got.rejects != nil {
				t.Errorf("%s: rows %v, rejects %v", name, got.rows, got.rejects)
			}
		}
		mustBeTheVerdictOfGzip(t, name, content, test.message == "", one+two, test.rows)
	}
}

// However little of the data comes at a time, and whatever fails in it.
func TestGzipDataIsReadToItsEnd(t *testing.T) {
	broken := errors.New("broken")
	empty := strings.Repeat(gzipped(""), 150)
	for behind, want := range map[string]error{"": nil, "\x00\x00": nil, empty: nil, "\x1f": broken, "\x1f\x8b": broken, "\x00": broken} {
		var from io.Reader = strings.NewReader(empty + gzipped("one ") + empty + gzipped("two") + behind)
		if want != nil {
			from = io.MultiReader(from, iotest.ErrReader(broken))
		}
		plain, err := newGzip(bufio.NewReader(iotest.OneByteReader(from)))
		if err != nil {
			t.Fatal(err)
		}
		for reads := 1; err == nil && reads < 10; reads++ {
			var n int
			if n, err = plain.Read(make([]byte, 10)); n == 0 && err == nil {
				t.Errorf("behind %q: nothing was read", behind)
			}
		}
		if want == nil {
			want = io.EOF
		}
		if err != want {
			t.Errorf("behind %q: error %v, want %v", behind, err, want)
		}
	}
}

// mustBeTheVerdictOfGzip compares with gzip(1), where that is installed.
func mustBeTheVerdictOfGzip(t *testing.T, name, content string, good bool, lines string, rows int) {
	t.Helper()
	program, err := exec.LookPath("gzip")
	if err != nil {
		return
	}
	command := exec.Command(program, "-dc")
	command.Stdin = strings.NewReader(content)
	unpacked, err := command.Output()
	if (err == nil) != good {
		t.Errorf("%s: gzip says %v", name, err)
	}
	if want := strings.Count(string(unpacked), "\n") - 1; want != rows || !strings.HasPrefix(lines, string(unpacked)) {
		t.Errorf("%s: gzip unpacks %q", name, unpacked)
	}
}
