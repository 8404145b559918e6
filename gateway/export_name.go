package gateway

import (
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"
	"unicode"

	"aiusage/export"
	"aiusage/usage"
)

// disposition is the header that has browsers save an export, under a name that says whose
// usage it is, of which range, in which zone, and what was searched for (RFC 6266). A name that is not ASCII alone
// comes in two forms, of which browsers that know the second take that.
func disposition(asked *askedExport, format export.Format) string {
	name := fileName(asked) + "." + string(format)
	plain := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '_'
		}
		return r
	}, name)
	header := mime.FormatMediaType("attachment", map[string]string{"filename": plain})
	if plain != name {
		// RFC 8187: what is no letter or digit of ASCII as %XX.
		header += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return header
}

// maxSearchName bounds what the name of a file has of a search, in characters: names of files
// have some 255 bytes.
const maxSearchName = 30

func fileName(asked *askedExport) string {
	parts := []string{"ai-usage"}
	query := asked.query
	for _, whose := range []struct {
		id   string
		ids  []string
		kind string
	}{{query.AccountID, query.AccountIDs, "accounts"}, {query.CustomerID, query.CustomerIDs, "customers"}} {
		if whose.id != "" {
			parts = append(parts, safe(whose.id))
		}
		if whose.ids != nil {
			parts = append(parts, fmt.Sprintf("%d-%s", len(whose.ids), whose.kind))
		}
	}
	parts = append(parts, rangeName(query), safe(query.Zone.String()))
	if asked.rows.Series != "" {
		parts = append(parts, "by-"+usage.Spelled(string(asked.rows.Series)))
	}
	if search := []rune(asked.rows.Filter.Search); len(search) > 0 {
		parts = append(parts, "search-"+safe(string(search[:min(len(search), maxSearchName)])))
	}
	return strings.Join(parts, "_")
}

// rangeName names a range: by its first and last day where it consists of days.
func rangeName(query usage.Query) string {
	from, to := query.Show(query.Range.From), query.Show(query.Range.To)
	switch {
	case from == nil && to == nil:
		return "all-time"
	case from == nil:
		return "until-" + lastName(*to)
	case to == nil:
		return "since-" + firstName(*from)
	}
	first, last := firstName(*from), lastName(*to)
	if first == last {
		return first
	}
	return first + "_" + last
}

func firstName(from time.Time) string {
	if usage.BeginsDay(from, from.Location()) {
		return from.Format(time.DateOnly)
	}
	return from.Format("2006-01-02T150405.999")
}

// lastName names the end of a range, which is not in the range: the day before one that begins there.
func lastName(to time.Time) string {
	if usage.BeginsDay(to, to.Location()) {
		return to.Add(-time.Nanosecond).Format(time.DateOnly)
	}
	return to.Format("2006-01-02T150405.999")
}

// safe returns a text without what a system takes for more than a part of a name.
func safe(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || strings.ContainsRune(`/\:*?"<>|% ;`, r) {
			return '-'
		}
		return r
	}, text)
}
