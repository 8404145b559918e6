package request

import (
	"regexp"
	"strings"

	"aiusage/legacy/contract"
)

// negotiate chooses the format (facts 8, 9 and 22): a suffix, then callback and
// format in the query, then the format of a predefined path, then Accept.
func (h *Head) negotiate() contract.Representation {
	callback := h.query["callback"]
	asked, _, _ := strings.Cut(contract.Lower(h.query["format"]), ".")
	switch {
	case h.Route.suffix == contract.JSON:
		return contract.Representation{Format: contract.JSON, Callback: callback}
	case h.Route.suffix != "":
		return contract.Representation{Format: h.Route.suffix}
	case callback != "":
		return contract.Representation{Format: contract.JSON, Callback: callback}
	case contract.IsFormat(asked):
		return contract.Representation{Format: contract.Format(asked)}
	case h.Route.format != "":
		return contract.Representation{Format: h.Route.format}
	}
	return contract.Representation{Format: h.accepted()}
}

// accepted chooses by the Accept header: the first media type that names a
// format counts, whatever its q-value. */* gives the format of the request's
// own body. Without a match the answer is JSON; there is never a 406 (fact 9).
func (h *Head) accepted() contract.Format {
	for _, accepted := range h.accepts {
		switch accepted {
		case "*/*":
			return h.ownFormat()
		case "text/html", "application/xhtml+xml":
			return contract.HTML
		default:
			if own := contract.MediaOf(accepted); own.IsFormat() {
				return contract.Format(own)
			}
		}
	}
	return contract.JSON
}

// ownFormat is the format of the request's own body, JSON when that is a form
// or nothing known.
func (h *Head) ownFormat() contract.Format {
	if h.isClear && h.kind.IsFormat() {
		return contract.Format(h.kind)
	}
	return contract.JSON
}

// callbackName is a dotted path of JavaScript identifiers, of bounded length.
// Anything else could smuggle a script into the answer.
var callbackName = regexp.MustCompile(`^[A-Za-z_$][\w$]{0,63}(\.[A-Za-z_$][\w$]{0,63}){0,7}$`)

// checkCallback refuses a callback that is not a function's name.
func checkCallback(name string) error {
	if name != "" && !callbackName.MatchString(name) {
		return contract.BadArgument("callback", "callback is not a function's name; accepted: letters, digits, _, $ and dots")
	}
	return nil
}
