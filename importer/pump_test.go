package importer

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"unicode/utf16"

	"aiusage/usage"
)

// counting counts how often it is read from.
type counting struct {
	io.Reader
	reads atomic.Int64
}

func (c *counting) Read(p []byte) (int, error) {
	c.reads.Add(1)
	return c.Reader.Read(p)
}

// Text is made ahead of its reader up to a bound, and closing ends that. A goroutine that
// is left would keep the test from ending.
func TestTextIsMadeAheadUpToABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &counting{Reader: &repeated{}}
		ahead := newAhead(t.Context())
		text := ahead.of(from)
		for read := range int64(20) {
			synctest.Wait()
			if got, want := from.reads.Load(), read+chunksAhead+1; got != want {
				t.Fatalf("after %d chunks, %d were made, want %d", read, got, want)
			}
			if _, err := io.ReadFull(text, make([]byte, chunkSize)); err != nil {
				t.Fatal(err)
			}
		}
		_ = ahead.Close()
		made := from.reads.Load()
		synctest.Wait()
		if from.reads.Load() != made {
			t.Error("text is made after closing")
		}
	})
}

func TestAnErrorComesAfterWhatWasReadBefore(t *testing.T) {
	broken := errors.New("broken")
	content := strings.Repeat("0123456789", 100_000)
	for _, from := range []io.Reader{
		io.MultiReader(strings.NewReader(content), iotest.ErrReader(broken)),
		iotest.OneByteReader(io.MultiReader(strings.NewReader(content[:1000]), iotest.ErrReader(broken))),
	} {
		ahead := newAhead(t.Context())
		text, err := io.ReadAll(ahead.of(from))
		if err != broken || !strings.HasPrefix(content, string(text)) || len(text) < 1000 {
			t.Errorf("error %v after %d bytes", err, len(text))
		}
		_ = ahead.Close()
	}
}

// However a load of compressed text ends, nothing goes on reading after it, also when
// standard input has nothing to be read. A goroutine that is left would keep the test
// from ending.
func TestNothingIsReadAfterALoad(t *testing.T) {
	content := gzipped(strings.Replace(sessionsText(20_000), "\ns5,", "\n,", 1))
	broken := errors.New("broken")
	for name, options := range map[string]Options{
		"waiting for more":             {},
		"interrupted":                  {},
		"a write fails":                {},
		"rejects that cannot be kept":  {Rejects: func() (io.WriteCloser, error) { return nil, broken }},
		"a column that is not in it":   {Columns: map[string]string{"account_id": "other"}},
		"rows that are not what it is": {Rows: "calls"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			stdin, input := io.Pipe()
			go func() { _, _ = io.WriteString(input, content[:len(content)-4]) }() // the end never comes
			ended := make(chan error)
			go func() {
				_, err := Sessions(ctx, []string{"-"}, stdin, func(context.Context, []usage.Session) (Counts, error) {
					switch name {
					case "interrupted":
						cancel()
					case "a write fails":
						return Counts{}, broken
					}
					return Counts{}, nil
				}, options)
				ended <- err
			}()
			synctest.Wait()
			cancel()
			if err := <-ended; err == nil {
				t.Errorf("%s: there is no error", name)
			}
			_ = stdin.Close() // ends the one read that nothing else can end
		})
	}
}

// Text in another encoding is read ahead, too, and its lines are told as in UTF-8.
func TestDecodedTextIsReadAhead(t *testing.T) {
	text := sessionsText(50_000) + "bad\n"
	var encoded strings.Builder
	encoded.WriteString("\xff\xfe")
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded.WriteByte(byte(unit))
		encoded.WriteByte(byte(unit >> 8))
	}
	got := loadSessions(t, Options{}, fileOf(t, "x.csv", encoded.String()))
	if lines := linesOf(t, got.rejects); got.err != nil || len(got.rows) != 50_000 || lines[0] != "50002" {
		t.Errorf("error %v, %d rows, rejects %v", got.err, len(got.rows), got.rejects)
	}
}
