package cli

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// defaults are the flags as kong fills them.
func defaults() accessFlags {
	return accessFlags{Introspection: "auto", SessionIdle: time.Hour, SessionLife: time.Hour, SessionRemember: time.Hour, JWTLeeway: time.Second}
}

func TestAccessFlagsThatMakeNoSenseAreRefused(t *testing.T) {
	short := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(short, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*accessFlags){
		"":                          func(*accessFlags) {},
		"--session-idle":            func(f *accessFlags) { f.SessionIdle = 0 },
		"go together":               func(f *accessFlags) { f.TLSCert = "cert.pem" },
		"neither an address":        func(f *accessFlags) { f.TrustedProxy = []string{"proxy"} },
		"an issuer and an audience": func(f *accessFlags) { f.JWTIssuer = "https://id.example" },
		"--jwt-secret-file cannot":  func(f *accessFlags) { f.JWTSecretFile = "/nowhere" },
		"fewer than 32 bytes":       func(f *accessFlags) { f.JWTSecretFile = short },
		"is not an https URL":       func(f *accessFlags) { f.JWTIssuer, f.JWTAudience = "http://id.example", "a" },
	} {
		flags := defaults()
		change(&flags)
		_, err := flags.settings(slog.New(slog.DiscardHandler))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	flags := defaults()
	flags.TrustedProxy = []string{"10.1.2.3/8", "192.0.2.1", "::1"}
	settings, err := flags.settings(slog.New(slog.DiscardHandler))
	if err != nil || len(settings.Auth.TrustedProxies) != 3 || settings.Auth.TrustedProxies[0].String() != "10.0.0.0/8" ||
		settings.Auth.TrustedProxies[1].String() != "192.0.2.1/32" {
		t.Errorf("got %v, %v", settings.Auth.TrustedProxies, err)
	}
}

func TestPlainTextBeyondThisMachineIsWarnedOf(t *testing.T) {
	for _, c := range []struct {
		address string
		change  func(*accessFlags)
		warned  bool
	}{
		{"0.0.0.0", nil, true},
		{"192.0.2.1", nil, true},
		{"::", nil, true},
		{"127.0.0.1", nil, false},
		{"::1", nil, false},
		{"0.0.0.0", func(f *accessFlags) { f.TLSCert = "cert.pem" }, false},
		{"0.0.0.0", func(f *accessFlags) { f.TrustedProxy = []string{"10.0.0.0/8"} }, false},
	} {
		flags := defaults()
		if c.change != nil {
			c.change(&flags)
		}
		var log bytes.Buffer
		flags.warnOfPlainText(slog.New(slog.NewTextHandler(&log, nil)), &net.TCPAddr{IP: net.ParseIP(c.address), Port: 80})
		if got := strings.Contains(log.String(), "level=WARN"); got != c.warned {
			t.Errorf("%s: warned is %v", c.address, got)
		}
	}
}

func TestTheSchemaIsOpenWithTheEmbeddedDatabaseByDefault(t *testing.T) {
	for _, c := range []struct {
		flag string
		own  bool
		want bool
	}{
		{"auto", true, true}, {"auto", false, false}, {"open", false, true}, {"signed-in", true, false},
	} {
		if got := (accessFlags{Introspection: c.flag}).opensSchema(&database{own: c.own}); got != c.want {
			t.Errorf("%s with own %v: got %v", c.flag, c.own, got)
		}
	}
}
