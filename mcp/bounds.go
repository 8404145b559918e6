package mcp

import "encoding/json"

// The most of an answer: rows, and bytes of the rows as JSON. That of points is
// usage.MaxPointsForModels.
const (
	maxRows  = 100
	maxFound = 50
	maxBytes = 48 << 10
)

// fitting returns how many of some rows fit into an answer, the first ones.
func fitting[T any](rows []T) (int, error) {
	bytes := 0
	for i, row := range rows {
		document, err := json.Marshal(row)
		if err != nil {
			return 0, err
		}
		if bytes += len(document); bytes > maxBytes {
			return i, nil
		}
	}
	return len(rows), nil
}
