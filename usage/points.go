package usage

// The most points that series have, wherever they are read or shown.
const (
	// MaxPoints is for one series.
	MaxPoints = 10_000
	// MaxPointsAddedUp is for one series whose points are added up, and not shown: eleven years
	// of hours.
	MaxPointsAddedUp = 100_000
	// MaxPointsTogether is for all series that are read together.
	MaxPointsTogether = 1_000_000
	// MaxPointsOfAnswer is for all series of an answer of GraphQL, which are read by and by.
	MaxPointsOfAnswer = 1_000_000
	// MaxPointsForModels is for the series of an answer to a language model.
	MaxPointsForModels = 100
)

// maxPoints bounds the buckets.
func (q SeriesQuery) maxPoints() int {
	if q.AddedUp != "" {
		return MaxPointsAddedUp
	}
	return MaxPoints
}
