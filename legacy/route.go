package legacy

import "strings"

// operationName is the name of the one operation, authenticateName that of
// signing in.
const (
	operationName    = "GetAIUsage"
	authenticateName = "Authenticate"
)

// kind says what a path stands for.
type kind int

const (
	foreign          kind = iota // not a path of this door
	missing                      // below this door, but nothing is there: 404
	operation                    // /ai/usage
	predefined                   // one of the predefined paths of fact 22
	unknownOperation             // a predefined path of an operation that does not exist
	metadataPage                 // /metadata (fact 24)
	metadataLink                 // /{format}/metadata, which leads there
	schemaFile                   // /ai/usage.xsd
	authentication               // /auth and /auth/{provider} (fact 19)
	authStatus                   // /auth/status (fact 20)
)

// route is what a path says about a request.
type route struct {
	kind kind
	// operation is the name of the operation as the path gives it.
	operation string
	// provider is how to sign in, as the path gives it in lower case.
	provider string
	// suffix is the format that a suffix such as ".xml" demands, if any.
	suffix format
	// format is the format of a predefined path.
	format format
	// batch is whether the path ends with [] (fact 23).
	batch bool
}

// parseRoute reads a path. Case, doubled slashes and a trailing slash do not
// matter, but the case of a suffix does (facts 1, 8, 22).
func parseRoute(path string) route {
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	switch {
	case len(segments) == 1 && lower(segments[0]) == "metadata":
		return route{kind: metadataPage}
	case len(segments) == 2 && lower(segments[1]) == "metadata" && isFormat(lower(segments[0])):
		return route{kind: metadataLink}
	case len(segments) >= 2 && lower(segments[0]) == "ai":
		return usageRoute(segments[1], len(segments) > 2)
	case len(segments) >= 1 && lower(segments[0]) == "auth":
		return authRoute(segments[1:])
	case len(segments) == 2 && lower(segments[0]) == "api":
		return apiRoute(segments[1])
	case len(segments) == 3:
		return replyRoute(lower(segments[0]), lower(segments[1]), segments[2])
	}
	return route{kind: foreign}
}

// usageRoute reads the segment after /ai/.
func usageRoute(segment string, more bool) route {
	stem, suffix, hasSuffix := cutSuffix(segment)
	switch {
	case lower(stem) != "usage":
		return route{kind: foreign}
	case more:
		return route{kind: missing}
	case !hasSuffix:
		return route{kind: operation}
	case suffix == "xsd":
		return route{kind: schemaFile}
	case !isFormat(suffix):
		return route{kind: missing}
	}
	return route{kind: operation, suffix: format(suffix)}
}

// authRoute reads the segments after /auth/.
func authRoute(segments []string) route {
	switch {
	case len(segments) > 1:
		return route{kind: missing}
	case len(segments) == 0:
		return route{kind: authentication}
	case lower(segments[0]) == "status":
		return route{kind: authStatus, format: formatJSON}
	}
	return route{kind: authentication, provider: lower(segments[0])}
}

// apiRoute reads the segment after /api/, where answers are JSON by default.
func apiRoute(segment string) route {
	name, suffix, hasSuffix := cutSuffix(segment)
	route := named(name, formatJSON)
	if hasSuffix && !isFormat(suffix) {
		route.kind = missing
	} else if hasSuffix {
		route.suffix, route.format = format(suffix), format(suffix)
	}
	return route
}

// replyRoute reads /{format}/reply/{operation} and /{format}/oneway/{operation}.
// One-way requests are answered like any other: there is no queue to put them in.
func replyRoute(as, way, name string) route {
	if !isFormat(as) || way != "reply" && way != "oneway" {
		return route{kind: foreign}
	}
	return named(name, format(as))
}

// named returns the route of a predefined path by the name of its operation.
func named(name string, as format) route {
	name, batch := strings.CutSuffix(name, "[]")
	route := route{kind: predefined, operation: name, format: as, batch: batch}
	switch lower(name) {
	case lower(operationName):
	case lower(authenticateName):
		route.kind = authentication
	default:
		route.kind = unknownOperation
	}
	return route
}

// cutSuffix separates the suffix after the last dot.
func cutSuffix(segment string) (stem, suffix string, found bool) {
	if dot := strings.LastIndexByte(segment, '.'); dot >= 0 {
		return segment[:dot], segment[dot+1:], true
	}
	return segment, "", false
}

// lower folds ASCII letters only: the old host compared names ordinally, and a
// Kelvin sign is not a K.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
