package legacy

import (
	"net/http"
	"strings"
	"testing"

	"aiusage/legacy/contract"
)

func TestFact8SuffixThenQueryThenAccept(t *testing.T) {
	for _, c := range []struct{ target, accept, want string }{
		{"/ai/usage.xml", "application/json", "application/xml"},
		{"/ai/usage.xml?format=json", "text/csv", "application/xml"},
		{"/ai/usage.xml?callback=f", "", "application/xml"},
		{"/ai/usage.json?callback=f", "", "text/javascript"},
		{"/AI/USAGE.csv", "", "text/csv"},
		{"/ai/usage?format=xml", "application/json", "application/xml"},
		{"/ai/usage?format=XML", "application/json", "application/xml"},
		{"/ai/usage?Format=Jsv", "", "application/jsv"},
		{"/ai/usage?format=csv", "", "text/csv"},
		{"/ai/usage?format=html", "", "text/html; charset=utf-8"},
		{"/ai/usage?format=yaml", "application/xml", "application/xml"},
		{"/ai/usage?format=", "application/xml", "application/xml"},
		{"/ai/usage?format=xml&callback=f", "", "text/javascript"},
		{"/ai/usage?callback=f", "application/xml", "text/javascript"},
		{"/ai/usage?callback=", "application/xml", "application/xml"},
	} {
		w := newDoor(t).send("GET", c.target, "", "Accept: "+c.accept)
		if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != c.want {
			t.Errorf("%s, Accept %q: %d %s, want %s", c.target, c.accept, w.Code, got, c.want)
		}
	}
}

func TestFact8UnknownSuffixIs404(t *testing.T) {
	for _, target := range []string{"/ai/usage.XML", "/ai/usage.Json", "/ai/usage.yaml", "/ai/usage.", "/ai/usage.xml.json", "/ai/usage.XSD"} {
		if strings.Count(target, ".") == 1 && !Serves(target) {
			t.Errorf("%s is not served", target)
		}
		newDoor(t).refused(t, http.StatusNotFound, "GET", target, "")
	}
}

func TestFact8JSONP(t *testing.T) {
	d := newDoor(t)
	want := "my.cb$_1(" + string(answerFor(t, oneRow(), contract.JSON)) + ")"
	if got := d.send("GET", "/ai/usage?callback=my.cb$_1", "").Body.String(); got != want {
		t.Errorf("got %s", got)
	}
	for _, callback := range []string{"alert(1)//", "1a", "a..b", ".a", "a.", "a-b", "a b", "a;b", "<script>", "é", "f,g", strings.Repeat("a", 65), "a" + strings.Repeat(".a", 8), "a%0a"} {
		d.asked()
		got := d.refused(t, http.StatusBadRequest, "GET", "/ai/usage?callback="+strings.ReplaceAll(callback, " ", "%20"), "")
		if !strings.HasPrefix(got, `{"responseStatus":{"errorCode":"ArgumentException"`) || !strings.Contains(got, `"fieldName":"callback"`) {
			t.Errorf("%q: %s", callback, got)
		}
	}
}

func TestFact9Accept(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
	for _, c := range []struct{ accept, contentType, want string }{
		{"", "", "json"},
		{"application/xml", "", "xml"},
		{"text/xml", "", "xml"},
		{"Application/XML; q=0.1, application/json", "", "xml"},
		{"application/json;q=0.1, application/xml", "", "json"},
		{"application/json, text/plain, */*", "application/xml", "json"},
		{"text/csv", "", "csv"},
		{"application/jsv", "", "jsv"},
		{"text/jsv", "", "jsv"},
		{browser, "", "html"},
		{"image/png", "", "json"},
		{"image/png", "application/xml", "json"},
		{"garbage;;,", "", "json"},
		{"text/plain, application/xml", "", "xml"},
		{"*/*", "", "json"},
		{"*/*", "application/xml", "xml"},
		{"*/*", "text/xml; charset=utf-8", "xml"},
		{"*/*", "application/json", "json"},
		{"*/*", "text/csv", "csv"},
		{"*/*", "application/jsv", "jsv"},
		{"*/*", "application/x-www-form-urlencoded", "json"},
		{"*/*", "text/plain", "json"},
		{"", "application/xml", "json"},
	} {
		w := newDoor(t).send("GET", "/ai/usage", "", "Accept: "+c.accept, "Content-Type: "+c.contentType)
		if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != contract.ContentTypes[contract.Format(c.want)] {
			t.Errorf("Accept %q, Content-Type %q: %d %s, want %s", c.accept, c.contentType, w.Code, got, c.want)
		}
	}
	// Two header lines are one list.
	r, _ := http.NewRequest("GET", "/ai/usage", nil)
	r.Header["Accept"] = []string{"image/png", "application/xml"}
	r.SetBasicAuth("admin", "secret")
	w := recorder()
	newDoor(t).ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); got != contract.ContentTypes[contract.XML] {
		t.Errorf("two lines: %s", got)
	}
}
