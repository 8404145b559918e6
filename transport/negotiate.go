package transport

import (
	"encoding/json"
	"mime"
	"strings"
)

// The media types of answers. The second says by its status whether the request
// was executed; the third is a stream.
const (
	applicationJSON = "application/json"
	graphQLResponse = "application/graphql-response+json"
	eventStream     = "text/event-stream"
)

// preferences are what Accept says about the media types of answers.
type preferences struct {
	// single is the preferred type of an answer in one piece.
	single string
	// singleQuality and streamQuality are how much such an answer and a stream are
	// liked, from 0 (not at all) to 1.
	singleQuality, streamQuality float64
}

// negotiate reads Accept. Of the types that it likes equally, the first is
// preferred; where it asks for none of them, application/json.
func negotiate(accept []string) preferences {
	found := preferences{single: applicationJSON}
	for _, part := range strings.Split(strings.Join(accept, ","), ",") {
		mediaType, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality := qualityOf(parameters["q"])
		switch mediaType {
		case "*/*", "application/*":
			mediaType = applicationJSON
		case applicationJSON, graphQLResponse:
		case eventStream:
			found.streamQuality = max(found.streamQuality, quality)
			continue
		default:
			continue
		}
		if quality > found.singleQuality {
			found.single, found.singleQuality = mediaType, quality
		}
	}
	return found
}

// prefersStream tells whether a stream is liked better than an answer in one
// piece. Clients name text/event-stream next to JSON with every query, in case it
// is a subscription; a query is then answered as JSON.
func (p preferences) prefersStream() bool { return p.streamQuality > p.singleQuality }

// takesStream tells whether a stream will do.
func (p preferences) takesStream() bool { return p.streamQuality > 0 }

// qualityOf reads a quality value of Accept (RFC 9110, section 12.4.2), which
// is 1 when absent and 0 when it cannot be read.
func qualityOf(text string) float64 {
	if text == "" {
		return 1
	}
	quality, err := json.Number(text).Float64()
	if err != nil || quality < 0 || quality > 1 {
		return 0
	}
	return quality
}
