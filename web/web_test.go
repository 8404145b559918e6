package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

var files = fstest.MapFS{
	"index.html":            {Data: []byte("<p>application</p>")},
	"graphiql.html":         {Data: []byte("<p>graphiql</p>")},
	"assets/app-1.js":       {Data: []byte("plain")},
	"assets/app-1.js.br":    {Data: []byte("brotli")},
	"assets/app-1.js.gz":    {Data: []byte("gzip")},
	"assets/font-1.woff2":   {Data: []byte("font")},
	"assets/only-1.css":     {Data: []byte("css")},
	"assets/only-1.css.gz":  {Data: []byte("css.gz")},
	"assets/source-1.ts":    {Data: []byte("not served")},
	"assets/app-1.js.map":   {Data: []byte("not served")},
	"elsewhere/secret-1.js": {Data: []byte("served by no path of assets")},
}

func get(t *testing.T, handler http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

func TestAnAssetIsServedInTheBestFormThatIsAccepted(t *testing.T) {
	assets := New(files).Assets()
	for _, c := range []struct{ path, accept, body, encoding string }{
		{"/assets/app-1.js", "gzip, deflate, br, zstd", "brotli", "br"},
		{"/assets/app-1.js", "gzip, deflate", "gzip", "gzip"},
		{"/assets/app-1.js", "", "plain", ""},
		{"/assets/app-1.js", "identity", "plain", ""},
		{"/assets/app-1.js", "br;q=0, gzip", "gzip", "gzip"},
		{"/assets/app-1.js", "br;q=0,gzip;q=0.0", "plain", ""},
		{"/assets/app-1.js", "BR;Q=0.5", "brotli", "br"},
		{"/assets/app-1.js", "*", "brotli", "br"},
		{"/assets/app-1.js", "*, br;q=0", "gzip", "gzip"},
		{"/assets/app-1.js", "br;q=0, *", "gzip", "gzip"},
		{"/assets/app-1.js", "*;q=0", "plain", ""},
		{"/assets/app-1.js", "br;q=x", "plain", ""},
		{"/assets/only-1.css", "br, gzip", "css.gz", "gzip"},
		{"/assets/font-1.woff2", "br, gzip", "font", ""},
	} {
		got := get(t, assets, c.path, "Accept-Encoding", c.accept)
		if got.Code != 200 || got.Body.String() != c.body || got.Header().Get("Content-Encoding") != c.encoding || got.Header().Get("Vary") != "Accept-Encoding" ||
			got.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || strings.Contains(got.Header().Get("Content-Type"), "octet") {
			t.Errorf("%s with %q: got %d %v %s, want %s", c.path, c.accept, got.Code, got.Header(), got.Body, c.body)
		}
	}
	if got := get(t, assets, "/assets/app-1.js", "Accept-Encoding", "br").Header().Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("the type is that of what was compressed, got %s", got)
	}
}

func TestEachFormOfAnAssetHasATagOfItsOwn(t *testing.T) {
	assets, seen := New(files).Assets(), map[string]bool{}
	for _, accept := range []string{"br", "gzip", ""} {
		tag := get(t, assets, "/assets/app-1.js", "Accept-Encoding", accept).Header().Get("ETag")
		if len(tag) < 10 || tag[0] != '"' || !strings.HasSuffix(tag, `"`) || seen[tag] {
			t.Errorf("%s: got %s", accept, tag)
		}
		seen[tag] = true
		got := get(t, assets, "/assets/app-1.js", "Accept-Encoding", accept, "If-None-Match", tag)
		if got.Code != http.StatusNotModified || got.Body.Len() > 0 {
			t.Errorf("%s again: got %d", accept, got.Code)
		}
	}
	if got := get(t, assets, "/assets/app-1.js", "Accept-Encoding", "br", "If-None-Match", `"another"`); got.Code != 200 {
		t.Errorf("another tag: got %d", got.Code)
	}
}

func TestOnlyAssetsAreServed(t *testing.T) {
	assets := New(files).Assets()
	for _, path := range []string{
		"/assets/", "/assets/missing-1.js", "/assets/app-1.js.br", "/assets/app-1.js.gz", "/assets/app-1.js.map", "/assets/source-1.ts",
		"/assets/../../etc/passwd.js", "/assets/app-1.js/", "/assets",
	} {
		got := get(t, assets, path, "Accept-Encoding", "br")
		if path == "/assets/app-1.js/" {
			continue // a slash at the end names the same file
		}
		if got.Code != 404 || got.Header().Get("Cache-Control") != "" || strings.Contains(got.Body.String(), "<p>") {
			t.Errorf("%s: got %d %v %s", path, got.Code, got.Header(), got.Body)
		}
	}
}

func TestPagesAreServedUnderTheirPolicies(t *testing.T) {
	pages := New(files)
	for name, page := range map[string]http.Handler{"application": pages.Application(), "graphiql": pages.GraphiQL()} {
		got := get(t, page, "/")
		if got.Code != 200 || got.Body.String() != "<p>"+name+"</p>" || got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %v %s", name, got.Code, got.Header(), got.Body)
		}
		directives := map[string]string{}
		for directive := range strings.SplitSeq(got.Header().Get("Content-Security-Policy"), "; ") {
			directive, sources, _ := strings.Cut(directive, " ")
			directives[directive] = sources
		}
		for directive, want := range map[string]string{
			"default-src": "'none'", "script-src": "'self'", "connect-src": "'self'", "font-src": "'self'", "img-src": "'self' data:",
			"base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'",
		} {
			if directives[directive] != want {
				t.Errorf("%s: %s is %q, want %q", name, directive, directives[directive], want)
			}
		}
		if attributes := directives["style-src-attr"]; (attributes == "'unsafe-inline'") != (name == "graphiql") || strings.Contains(directives["style-src"]+directives["style-src-elem"], "unsafe") {
			t.Errorf("%s: styles %q", name, directives)
		}
	}
}

func TestWithoutABuildPagesSayHowToMakeOne(t *testing.T) {
	pages := New(fstest.MapFS{".gitkeep": {}})
	for name, page := range map[string]http.Handler{"application": pages.Application(), "graphiql": pages.GraphiQL()} {
		if got := get(t, page, "/"); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), "make web") {
			t.Errorf("%s: got %d %s", name, got.Code, got.Body)
		}
	}
	if got := get(t, pages.Assets(), "/assets/app-1.js"); got.Code != 404 {
		t.Errorf("an asset: got %d", got.Code)
	}
}

// What was built is whole: a page names only what is there, has no script or style in it, and
// loads nothing from elsewhere. Compressed forms are of what they are beside.
func TestTheBuildIsWhole(t *testing.T) {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(files, "index.html"); err != nil {
		t.Skip("the pages are not built")
	}
	for _, name := range []string{"index.html", "graphiql.html"} {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		named := 0
		for _, part := range strings.FieldsFunc(string(content), func(r rune) bool { return r == '"' }) {
			if asset, ok := strings.CutPrefix(part, "/assets/"); ok {
				named++
				if _, err := fs.Stat(files, "assets/"+asset); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		if page := string(content); named < 3 || strings.Contains(page, "<style") || strings.Contains(page, "<script>") || strings.Contains(page, "://") {
			t.Errorf("%s: got %s", name, page)
		}
	}
	compressed := 0
	err = fs.WalkDir(files, "assets", func(name string, entry fs.DirEntry, err error) error {
		plain, isCompressed := strings.CutSuffix(name, ".gz")
		if err != nil || !isCompressed {
			return err
		}
		compressed++
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		reader, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return err
		}
		got, err := io.ReadAll(reader)
		if err != nil {
			return err
		}
		if want, err := fs.ReadFile(files, plain); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not %s: %v", name, plain, err)
		}
		return nil
	})
	if err != nil || compressed == 0 {
		t.Errorf("%d compressed assets, %v", compressed, err)
	}
}

// The first view is small: what a page names, and what its scripts import at once, which Vite names
// as well. GraphiQL is an editor, and no first view.
func TestTheFirstViewIsSmall(t *testing.T) {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		t.Fatal(err)
	}
	content, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Skip("the pages are not built")
	}
	const most = 300_000
	scripts, size := 0, 0
	for _, part := range strings.FieldsFunc(string(content), func(r rune) bool { return r == '"' }) {
		name, isAsset := strings.CutPrefix(part, "/assets/")
		if !isAsset || !strings.HasSuffix(name, ".js") {
			continue
		}
		script, err := fs.ReadFile(files, "assets/"+name+".br")
		if errors.Is(err, fs.ErrNotExist) { // too small to be compressed
			script, err = fs.ReadFile(files, "assets/"+name)
		}
		if err != nil {
			t.Fatal(err)
		}
		scripts, size = scripts+1, size+len(script)
	}
	if t.Logf("%d scripts, %d bytes", scripts, size); scripts < 2 || size > most {
		t.Errorf("the first view has %d scripts of %d bytes compressed, want at most %d", scripts, size, most)
	}
}
