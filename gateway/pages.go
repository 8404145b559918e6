package gateway

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"aiusage/auth"
	"aiusage/failure"
	"aiusage/transport"
	"aiusage/usage"
	"aiusage/web"
)

// handlePages puts the pages for people on the mux. Where the schema is no secret, GraphiQL
// is none either.
func (d door) handlePages(mux *http.ServeMux, pages *web.Pages, openGraphiQL bool) {
	application := atDoor("page", "", d.page(pages.Application()))
	for _, route := range web.Routes {
		mux.Handle("GET "+route, application)
	}
	mux.HandleFunc("GET "+web.AccountsPath, func(w http.ResponseWriter, r *http.Request) {
		if !web.IsOfAccount(r.URL.EscapedPath()) {
			http.NotFound(w, r)
			return
		}
		application.ServeHTTP(w, r)
	})
	mux.Handle("GET "+strings.TrimSuffix(web.AccountsPath, "/"), http.NotFoundHandler()) // which the mux would lead below it
	graphiQL := pages.GraphiQL()
	if !openGraphiQL {
		graphiQL = d.page(graphiQL)
	}
	mux.Handle("GET "+GraphiQLPath, atDoor("page", "graphiql", graphiQL))
	mux.Handle("GET "+web.SignInRoute, atDoor("page", "", pages.Application()))
	mux.Handle("GET "+web.AssetsPath, atDoor("page", "assets", pages.Assets()))
	mux.Handle("GET "+LoginPath, atDoor("page", "", http.HandlerFunc(login)))
}

// page lets in whoever may see a page. While it cannot be found out who that is, a browser gets
// the page all the same, which holds no data and can say what is the matter.
func (d door) page(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := d.authenticate(r)
		if err != nil && !(isNavigation(r) && isOutage(err)) {
			d.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOutage tells whether an error says nothing about who is asking.
func isOutage(err error) bool { return !failure.IsCallers(usage.AsError(err).Code) }

// isNavigation tells whether somebody looks at the address in a browser. Programs that take
// anything, such as curl, do not ask for HTML by name; what a page fetches is no navigation.
func isNavigation(r *http.Request) bool {
	mode, destination := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		strings.Contains(strings.ToLower(r.Header.Get("Accept")), "text/html") &&
		(mode == "" || mode == "navigate" && destination == "document")
}

// isFromPage tells whether a page asks, which has a sign-in of its own: a challenge would
// open the browser's dialog in front of it. Browsers say where a request comes from over TLS and
// on this machine; elsewhere our pages send the header that scripts are known by.
func isFromPage(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("X-Requested-With") != ""
}

// login is where the legacy door sends browsers, and old bookmarks lead. Only the form on the
// page it leads to begins a session.
func login(w http.ResponseWriter, r *http.Request) {
	toSignIn(w, r, auth.SafeRedirect(r.URL.Query().Get("redirect"), "/"))
}

// toSignIn leads a browser to the page to sign in, and from there back.
func toSignIn(w http.ResponseWriter, r *http.Request, back string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, web.SignInRoute+"?redirect="+url.QueryEscape(back), http.StatusFound)
}

// refuse answers a request that is not let in. A browser without credentials is led to
// the page to sign in.
func (d door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, auth.ErrNoCredentials) && isNavigation(r) {
		toSignIn(w, r, auth.SafeRedirect(r.URL.RequestURI(), "/"))
		return
	}
	coded := failure.Log(r.Context(), d.log, err)
	switch {
	case errors.Is(err, auth.ErrInvalidToken):
		// RFC 6750, section 3.1. No Basic challenge: it would open a browser's
		// dialog in front of an application that has a sign-in of its own.
		w.Header().Set("WWW-Authenticate", `Bearer realm="AI usage", error="invalid_token"`)
	case coded.Code == usage.Unauthenticated && isFromPage(r):
		// RFC 9110 wants a challenge, and browsers ask nobody for a scheme that they do not know.
		w.Header().Set("WWW-Authenticate", `Session realm="AI usage"`)
	}
	transport.WriteError(r.Context(), w, coded)
}
