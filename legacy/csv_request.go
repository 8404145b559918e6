package legacy

import (
	"encoding/csv"
	"errors"
	"strings"

	"aiusage/usage"
)

// readCSV reads a header line and at most one line of values. A second one
// would be a request that gets no answer, so it is an error.
func readCSV(body string) ([]usage.Request, error) {
	lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		return nil, err
	}
	var request usage.Request
	switch {
	case len(lines) > 2, len(lines) == 1 && knowsAField(lines[0]):
		return nil, errors.New("expected one line of values after the header")
	case len(lines) == 2:
		for i, name := range lines[0] {
			if field := fieldOf(&request, name); field != nil {
				join(field, lines[1][i])
			}
		}
	}
	return []usage.Request{request}, nil
}

// knowsAField tells whether a header names a filter. Without its values, the
// filter would be dropped.
func knowsAField(header []string) bool {
	var request usage.Request
	for _, name := range header {
		if fieldOf(&request, name) != nil {
			return true
		}
	}
	return false
}
