package request

import (
	"errors"
	"fmt"
	"strings"

	"aiusage/legacy/contract"
)

// readJSV reads one JSV object, {AccountId:acc-1,StartDate:2026-03-01}. White
// space is part of a value. Names are treated as in JSON (fact 3).
func (m message) readJSV(body string) (form, error) {
	values := form{}
	rest, ok := strings.CutPrefix(strings.TrimSpace(body), "{")
	if !ok {
		return nil, errors.New("expected {")
	}
	if rest == "}" {
		return values, nil
	}
	for {
		name, value, tail, err := contract.JSVPair(rest)
		if err != nil {
			return nil, err
		}
		if m.field(name) != "" {
			text, err := contract.JSVString(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			values.add(name, text)
		}
		switch {
		case tail == "}":
			return values, nil
		case !strings.HasPrefix(tail, ","):
			return nil, errors.New("expected , or } at the end of a value")
		}
		rest = tail[1:]
	}
}
