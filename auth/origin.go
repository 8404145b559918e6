package auth

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// CheckSite refuses (ErrCrossSite) what a browser sends on behalf of another
// site with credentials that it adds by itself: cookies, and a Basic password it
// has been told once. Following a link to here is not refused, since nothing
// changes by that; embedding an answer, as a script or a frame does, is.
func (a *Authenticator) CheckSite(r *http.Request) error {
	if isLink(r) {
		return nil
	}
	return a.CheckChange(r)
}

// CheckChange is CheckSite for requests that change something, whatever their
// verb: not even a link from another site may.
func (a *Authenticator) CheckChange(r *http.Request) error {
	if a.IsFromOtherSite(r) {
		a.audit(r, "cross-site", "", ErrCrossSite)
		return ErrCrossSite
	}
	return nil
}

// IsFromOtherSite tells whether a browser sent the request because a page of another
// site made it, be it by a link.
func (a *Authenticator) IsFromOtherSite(r *http.Request) bool {
	change := *r
	change.Method = http.MethodPost
	return a.crossSite.Check(&change) != nil
}

// isLink tells whether the request loads a page into a tab, by a link or from the
// address bar. Frames, objects and embedded things navigate, too, with another
// destination.
func isLink(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// SafeRedirect returns back when that is a path on this gateway, and otherwise
// fallback. Used where a page says where to go after signing in.
func SafeRedirect(back, fallback string) string {
	// What begins with one slash has neither scheme nor host (RFC 3986, section 4.2). A
	// browser takes a backslash for a slash and leaves tabs out, which do not parse.
	if _, err := url.Parse(back); err != nil || !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.Contains(back, `\`) {
		return fallback
	}
	return back
}

// client returns the address that a request comes from: that of the connection,
// or, when that is a trusted proxy, the last one in X-Forwarded-For that is not.
// What stands further left was written by somebody nobody trusts.
func (a *Authenticator) client(r *http.Request) netip.Addr {
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := connection.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.trusts(address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap().WithZone("")
	}
	return address
}

func (a *Authenticator) trusts(address netip.Addr) bool {
	for _, proxy := range a.options.TrustedProxies {
		if proxy.Contains(address) {
			return true
		}
	}
	return false
}

// AddressOf returns under what a client's guesses and connections are counted: an
// IPv4 address, or the /64 network that is one subscriber's in IPv6.
func (a *Authenticator) AddressOf(r *http.Request) string {
	address := a.client(r)
	if address.Is6() {
		if network, err := address.Prefix(64); err == nil {
			return network.String()
		}
	}
	return address.String()
}

// IsSecure tells whether the client's side of the connection is encrypted.
func (a *Authenticator) IsSecure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && a.trusts(connection.Addr().Unmap()) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
