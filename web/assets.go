package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// encodings are the forms in which the build writes an asset, best first, by their names in
// HTTP and the endings of their files. The last is the asset as it is.
var encodings = []struct{ name, ending string }{{"br", ".br"}, {"gzip", ".gz"}, {"identity", ""}}

// contentTypes are those of the assets that a build has. The machine's own table of types is
// not asked, so that all machines serve alike.
var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".ttf": "font/ttf", ".woff": "font/woff", ".woff2": "font/woff2", ".png": "image/png", ".json": "application/json",
	".md": "text/plain; charset=utf-8", // a guide, which browsers show as it is
}

// assets serves files whose names have a hash of their content, so they never change.
type assets struct {
	files fs.FS
	// tags are the ETags of files that were asked for, by name.
	tags *sync.Map
}

func newAssets(files fs.FS) assets { return assets{files, &sync.Map{}} }

func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	// Compressed forms are served under the name of what they are forms of, and no other.
	contentType, known := contentTypes[path.Ext(name)]
	for _, encoding := range encodings {
		if !known || encoding.ending != "" && !accepts(r.Header.Get("Accept-Encoding"), encoding.name) {
			continue
		}
		content, err := fs.ReadFile(a.files, name+encoding.ending)
		if err != nil {
			continue
		}
		header.Set("Content-Type", contentType)
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
		header.Set("ETag", a.tag(name+encoding.ending, content))
		if encoding.ending != "" {
			header.Set("Content-Encoding", encoding.name)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		return
	}
	http.NotFound(w, r)
}

// tag returns the ETag of a file: each encoding has one of its own (RFC 9110, section 8.8.3.3).
func (a assets) tag(name string, content []byte) string {
	if known, ok := a.tags.Load(name); ok {
		return known.(string)
	}
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	a.tags.Store(name, tag)
	return tag
}

// accepts tells whether an Accept-Encoding takes an encoding: it names it, or everything, and
// not with a quality of 0 (RFC 9110, section 12.5.3).
func accepts(header, encoding string) bool {
	taken, named := false, false
	for item := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != encoding && (name != "*" || named) {
			continue
		}
		named = named || name == encoding
		quality := strings.TrimSpace(parameters)
		value, err := strconv.ParseFloat(strings.TrimPrefix(strings.ToLower(quality), "q="), 64)
		taken = quality == "" || err == nil && value > 0
	}
	return taken
}
