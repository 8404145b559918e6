package transport_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"aiusage/transport"
	"aiusage/usage"
)

func TestLargeAnswersAreCompressedWhereAskedFor(t *testing.T) {
	read := func() (*usage.Report, error) {
		var subjects []usage.SubjectUsage
		for i := range 1000 {
			subjects = append(subjects, usage.SubjectUsage{AccountID: "acc-1", CustomerID: fmt.Sprint("cus-", 1000+i)})
		}
		return usage.NewReport(usage.Query{Zone: time.UTC}, time.Time{}, subjects), nil
	}
	handler := newHandler(t, read, transport.Options{})
	const (
		large = `{"query":"{aiUsage{customerUsage{accountId customerId}}}"}`
		small = `{"query":"{aiUsage{timeZone}}"}`
		wrong = `{"query":"{nonsense}"}`
	)
	plain := send(t, handler, "POST", "/", large).Body.String()
	for _, c := range []struct{ body, accept, encoding string }{
		{large, "", ""},
		{large, "gzip", "gzip"},
		{large, "zstd", "zstd"},
		{large, "gzip, deflate, br, zstd", "zstd"},
		{large, "zstd;q=0.5, gzip;q=0.8", "gzip"},
		{large, "gzip;q=0", ""},
		{large, "br", ""},
		{small, "gzip, zstd", ""},
		{wrong, "gzip, zstd", ""},
	} {
		got := send(t, handler, "POST", "/", c.body, "Accept-Encoding", c.accept)
		if encoding := got.Header().Get("Content-Encoding"); encoding != c.encoding {
			t.Errorf("%.40s, Accept-Encoding %q: got %q, want %q", c.body, c.accept, encoding, c.encoding)
		}
		if vary := strings.Join(got.Header().Values("Vary"), ","); c.body == large && (!strings.Contains(vary, "Accept-Encoding") || !strings.Contains(vary, "Accept,")) {
			t.Errorf("Accept-Encoding %q: Vary is %q", c.accept, vary)
		}
		if c.body == large && decoded(t, c.encoding, got.Body) != plain {
			t.Errorf("Accept-Encoding %q: another answer", c.accept)
		}
	}
}

// decoded undoes an encoding.
func decoded(t *testing.T, encoding string, body *bytes.Buffer) string {
	t.Helper()
	var reader io.Reader = body
	var err error
	switch encoding {
	case "gzip":
		reader, err = gzip.NewReader(body)
	case "zstd":
		reader, err = zstd.NewReader(body)
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
