package request

import (
	"encoding/csv"
	"errors"
	"slices"
	"strings"
)

// readCSV reads a header line and at most one line of values. A second one
// would be a request that gets no answer, so it is an error, and so is a filter in
// the header without its value, or a header that names no field: it may be a text of
// another kind, whose filters would be lost (fact 4).
func (m message) readCSV(body string) (form, error) {
	lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		return nil, err
	}
	values := form{}
	isField := func(name string) bool { return m.field(name) != "" }
	switch {
	case len(lines) > 0 && !slices.ContainsFunc(lines[0], isField):
		return nil, errors.New("the header names no field of the request")
	case len(lines) > 2, len(lines) == 1 && slices.ContainsFunc(lines[0], isField):
		return nil, errors.New("expected one line of values after the header")
	case len(lines) == 2:
		for i, name := range lines[0] {
			if isField(name) {
				values.add(name, lines[1][i])
			}
		}
	}
	return values, nil
}
