package auth

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"testing"
)

func TestTheClientsAddressComesFromATrustedHopOnly(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name, remote, forwarded, want string
		proxies                       []netip.Prefix
	}{
		{"no proxy", "192.0.2.7:1", "", "192.0.2.7", proxies},
		{"a liar", "192.0.2.7:1", "1.1.1.1", "192.0.2.7", proxies},
		{"none is trusted", "10.0.0.1:1", "1.1.1.1", "10.0.0.1", nil},
		{"a proxy", "10.0.0.1:1", "198.51.100.1", "198.51.100.1", proxies},
		{"a liar behind a proxy", "10.0.0.1:1", "1.1.1.1, 198.51.100.1", "198.51.100.1", proxies},
		{"two proxies", "10.0.0.1:1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1", proxies},
		{"a proxy's own request", "10.0.0.1:1", "", "10.0.0.1", proxies},
		{"nonsense", "10.0.0.1:1", "198.51.100.1, x", "10.0.0.1", proxies},
		{"IPv6", "[fd00::1]:1", "2001:db8::1", "2001:db8::1", proxies},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", "198.51.100.1", "198.51.100.1", proxies},
		{"IPv4 in IPv6, by a proxy", "10.0.0.1:1", "198.51.100.1, ::ffff:10.0.0.2", "198.51.100.1", proxies},
		{"a zone", "[fd00::1]:1", "fe80::1%eth0", "fe80::1", proxies},
		{"all are proxies", "10.0.0.1:1", "10.0.0.3,10.0.0.2", "10.0.0.3", proxies},
		{"no address", "@", "1.1.1.1", "invalid IP", proxies},
	} {
		f := newFixture(t, Options{TrustedProxies: c.proxies})
		request := with(func(r *http.Request) {
			r.RemoteAddr = c.remote
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
		})
		if got := f.client(request).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// Guesses of one subscriber are counted together.
func TestAddressesAreCountedBySubscriber(t *testing.T) {
	f := newFixture(t, Options{})
	for remote, want := range map[string]string{
		"[2001:db8:1:2::1]:1": "2001:db8:1:2::/64", "[2001:db8:1:2:ffff::9]:1": "2001:db8:1:2::/64", "[2001:db8:1:3::1]:1": "2001:db8:1:3::/64",
		"192.0.2.1:1": "192.0.2.1", "[::ffff:192.0.2.1]:1": "192.0.2.1", "@": "invalid IP",
	} {
		if got := f.AddressOf(with(func(r *http.Request) { r.RemoteAddr = remote })); got != want {
			t.Errorf("%s: got %s", remote, got)
		}
	}
}

func TestWhoseConnectionIsEncrypted(t *testing.T) {
	f := newFixture(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for _, c := range []struct {
		remote, proto string
		tls, want     bool
	}{
		{"10.0.0.1:1", "https", false, true}, {"10.0.0.1:1", "HTTPS", false, true}, {"10.0.0.1:1", "http", false, false},
		{"10.0.0.1:1", "", false, false}, {"192.0.2.1:1", "https", false, false}, {"@", "https", false, false},
		{"192.0.2.1:1", "", true, true}, {"@", "", true, true},
	} {
		r := with(func(r *http.Request) { r.RemoteAddr = c.remote; r.Header.Set("X-Forwarded-Proto", c.proto) })
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := f.IsSecure(r); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestOnlyPathsHereAreGoneBackTo(t *testing.T) {
	for back, want := range map[string]string{
		"/ai/usage.html?a=b": "/ai/usage.html?a=b", "": "/x", "https://evil.example/": "/x", "//evil.example": "/x",
		// What browsers leave out or take for a slash.
		"///evil.example": "/x", "/\t/evil.example": "/x", "/\n/evil.example": "/x", "/\\/evil.example": "/x", "/%zz": "/x",
		`/\evil.example`: "/x", "javascript:alert(1)": "/x", "ai": "/x",
	} {
		if got := SafeRedirect(back, "/x"); got != want {
			t.Errorf("%q: got %q", back, got)
		}
	}
}

func TestALinkLoadsAPageIntoATab(t *testing.T) {
	link := with(func(r *http.Request) {
		r.Method = http.MethodHead
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
	})
	if !isLink(link) {
		t.Error("HEAD of a link is none")
	}
	link.Header.Set("Sec-Fetch-Mode", "no-cors")
	if isLink(link) {
		t.Error("what does not navigate is a link")
	}
}
