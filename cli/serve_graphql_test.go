package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aiusage/gateway"
	"aiusage/transport"
	"aiusage/watch"
)

// graphQLSettings parses flags of serve and returns what they make of a gateway.
func graphQLSettings(t *testing.T, args ...string) (gateway.Config, error) {
	t.Helper()
	var flags commandLine
	exited := -1
	parser, err := newParser(&flags, io.Discard, io.Discard, true, &exited)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parse(parser, append([]string{"serve"}, args...)); err != nil {
		t.Fatal(err)
	}
	var settings gateway.Config
	err = flags.Serve.configure(&settings)
	return settings, err
}

func TestLimitsHaveSafeDefaults(t *testing.T) {
	settings, err := graphQLSettings(t)
	if err != nil || settings.Limits != transport.DefaultLimits {
		t.Errorf("got %+v, %v", settings.Limits, err)
	}
	if streams := settings.Streams; streams.Max != transport.DefaultStreams.Max || streams.MaxPerCaller != transport.DefaultStreams.MaxPerCaller {
		t.Errorf("got %+v", streams)
	}
	if settings.Watch.Interval != watch.DefaultInterval || settings.Watch.MaxListeners != watch.DefaultMaxListeners {
		t.Errorf("got %+v", settings.Watch)
	}
	settings, err = graphQLSettings(t, "--max-tokens=3000")
	if err != nil || settings.Limits.Tokens != 3000 {
		t.Errorf("got %+v, %v", settings.Limits, err)
	}
}

func TestLimitsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, flag := range []string{
		"--max-body=0", "--max-tokens=-1", "--max-tokens=1000000", "--max-depth=0",
		"--max-streams=0", "--live-interval=5ms", "--max-streams-per-caller=-1",
		"--max-aliases=0", "--max-root-fields=0", "--max-fields=0", "--max-complexity=0",
	} {
		name, _, _ := strings.Cut(flag, "=")
		if _, err := graphQLSettings(t, flag); err == nil || !strings.HasPrefix(err.Error(), name+" is ") {
			t.Errorf("%s: got %v", flag, err)
		}
	}
}

func TestPersistedDocumentsAreRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := graphQLSettings(t, "--persisted-documents="+file, "--only-persisted-documents")
	if err != nil || string(settings.PersistedDocuments) != "{}" || !settings.OnlyPersistedDocuments {
		t.Errorf("got %q, %v, %v", settings.PersistedDocuments, settings.OnlyPersistedDocuments, err)
	}
	for _, flag := range []string{"--only-persisted-documents", "--persisted-documents=" + file + ".missing"} {
		if _, err := graphQLSettings(t, flag); err == nil || !strings.Contains(err.Error(), "--persisted-documents") {
			t.Errorf("%s: got %v", flag, err)
		}
	}
}
