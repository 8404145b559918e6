// Package web has the pages for people: it serves what npm has built of the TypeScript
// in this folder. The program works without them, and its pages then say how they are
// built.
package web

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
)

// built holds what `make web` writes. The folder has a committed .gitkeep, so that the
// package compiles without Node, and "all:" includes it.
//
//go:embed all:dist
var built embed.FS

// Routes are the addresses that the application draws, as patterns of http.ServeMux, beside those
// that IsOfAccount tells. The list is fixed, so that a mistyped path is 404 and not a page.
var Routes = []string{"/{$}", "/status"}

// AccountsPath is below which the pages of accounts and of customers are.
const AccountsPath = "/accounts/"

// IsOfAccount tells whether a path is that of an account's page, or of a customer's: below
// AccountsPath, ID or ID/customers/ID. The path is as it was sent, in which a slash of an id is
// %2F; a wildcard of http.ServeMux does not match the id "/", which it takes for the slash
// at the end of a path.
func IsOfAccount(escaped string) bool {
	below, isBelow := strings.CutPrefix(escaped, AccountsPath)
	segments := strings.Split(below, "/")
	switch {
	case !isBelow || slices.Contains(segments, ""):
		return false
	case len(segments) == 1:
		return true
	}
	return len(segments) == 3 && segments[1] == "customers"
}

// SignInRoute is the page that asks for name and password.
const SignInRoute = "/sign-in"

// AssetsPath is below which everything is that pages load.
const AssetsPath = "/assets/"

// Pages serves the pages and what they load. It asks nobody who they are: pages hold no data.
type Pages struct {
	assets assets
	// application and graphiQL are HTML, or nil where the pages are not built.
	application, graphiQL []byte
}

// Built returns the pages that were built into the program.
func Built() *Pages {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // the name is a constant
	}
	return New(files)
}

// New returns the pages in a folder that Vite has written. Without an index.html there they
// count as not built.
func New(files fs.FS) *Pages {
	return &Pages{assets: newAssets(files), application: page(files, "index.html"), graphiQL: page(files, "graphiql.html")}
}

// page reads a page, or returns nil where there is none.
func page(files fs.FS, name string) []byte {
	content, err := fs.ReadFile(files, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		panic(err) // an embedded file can be read
	}
	return content
}

// Application serves the page of all Routes, of accounts and customers, and of SignInRoute.
func (p *Pages) Application() http.Handler { return html(p.application, applicationPolicy) }

// GraphiQL serves the page to explore GraphQL with.
func (p *Pages) GraphiQL() http.Handler { return html(p.graphiQL, graphiQLPolicy) }

// Assets serves what is below AssetsPath.
func (p *Pages) Assets() http.Handler { return p.assets }

// html serves a page under a content security policy. Nobody stores it: it names the assets
// of one build.
func html(content []byte, policy string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", policy)
		if content == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(notBuilt)) // the caller has gone
			return
		}
		_, _ = w.Write(content)
	})
}

// notBuilt is the page of a program that was built without the pages.
const notBuilt = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>AI usage</title></head>
<body><p>The pages are not built into this program: run <code>make web</code> (it needs Node 20 and npm), then build it again.</p></body>
</html>
`
