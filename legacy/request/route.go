package request

import (
	"strings"

	"aiusage/legacy/contract"
)

// Kind says what a path stands for.
type Kind int

// The kinds.
const (
	Foreign          Kind = iota // not a path of this door
	Missing                      // below this door, but nothing is there: 404
	Operation                    // /ai/usage
	Predefined                   // one of the predefined paths of fact 22
	UnknownOperation             // a predefined path of an operation that does not exist
	MetadataPage                 // /metadata (fact 24)
	MetadataLink                 // /{format}/metadata, which leads there
	SchemaFile                   // /ai/usage.xsd
	Authentication               // /auth and /auth/{provider} (fact 19)
	AuthStatus                   // /auth/status (fact 20)
)

// Route is what a path says about a request.
type Route struct {
	Kind Kind
	// Operation is the name of the operation as the path gives it.
	Operation string
	// Provider is how to sign in, as the path gives it in lower case.
	Provider string
	// suffix is the format that a suffix such as ".xml" demands, if any.
	suffix contract.Format
	// format is the format of a predefined path.
	format contract.Format
	// Batch is whether the path ends with [] (fact 23).
	Batch bool
}

// ParseRoute reads a path. Case, doubled slashes and a trailing slash do not
// matter, but the case of a suffix does (facts 1, 8, 22).
func ParseRoute(path string) Route {
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	switch {
	case len(segments) == 1 && contract.Lower(segments[0]) == "metadata":
		return Route{Kind: MetadataPage}
	case len(segments) == 2 && contract.Lower(segments[1]) == "metadata" && contract.IsFormat(contract.Lower(segments[0])):
		return Route{Kind: MetadataLink}
	case len(segments) >= 2 && contract.Lower(segments[0]) == "ai":
		return usageRoute(segments[1], len(segments) > 2)
	case len(segments) >= 1 && contract.Lower(segments[0]) == "auth":
		return authRoute(segments[1:])
	case len(segments) == 2 && contract.Lower(segments[0]) == "api":
		return apiRoute(segments[1])
	case len(segments) == 3:
		return replyRoute(contract.Lower(segments[0]), contract.Lower(segments[1]), segments[2])
	}
	return Route{Kind: Foreign}
}

// usageRoute reads the segment after /ai/.
func usageRoute(segment string, more bool) Route {
	stem, suffix, hasSuffix := cutSuffix(segment)
	switch {
	case contract.Lower(stem) != "usage":
		return Route{Kind: Foreign}
	case more:
		return Route{Kind: Missing}
	case !hasSuffix:
		return Route{Kind: Operation}
	case suffix == "xsd":
		return Route{Kind: SchemaFile}
	case !contract.IsFormat(suffix):
		return Route{Kind: Missing}
	}
	return Route{Kind: Operation, suffix: contract.Format(suffix)}
}

// authRoute reads the segments after /auth/.
func authRoute(segments []string) Route {
	switch {
	case len(segments) > 1:
		return Route{Kind: Missing}
	case len(segments) == 0:
		return Route{Kind: Authentication}
	case contract.Lower(segments[0]) == "status":
		return Route{Kind: AuthStatus, format: contract.JSON}
	}
	return Route{Kind: Authentication, Provider: contract.Lower(segments[0])}
}

// apiRoute reads the segment after /api/, where answers are JSON by default.
func apiRoute(segment string) Route {
	name, suffix, hasSuffix := cutSuffix(segment)
	route := named(name, contract.JSON)
	if hasSuffix && !contract.IsFormat(suffix) {
		route.Kind = Missing
	} else if hasSuffix {
		route.suffix, route.format = contract.Format(suffix), contract.Format(suffix)
	}
	return route
}

// replyRoute reads /{format}/reply/{operation} and /{format}/oneway/{operation}.
// One-way requests are answered like any other: there is no queue to put them in.
func replyRoute(as, way, name string) Route {
	if !contract.IsFormat(as) || way != "reply" && way != "oneway" {
		return Route{Kind: Foreign}
	}
	return named(name, contract.Format(as))
}

// named returns the route of a predefined path by the name of its operation.
func named(name string, as contract.Format) Route {
	name, batch := strings.CutSuffix(name, "[]")
	route := Route{Kind: Predefined, Operation: name, format: as, Batch: batch}
	switch contract.Lower(name) {
	case contract.Lower(contract.OperationName):
	case contract.Lower(contract.AuthenticateName):
		route.Kind = Authentication
	default:
		route.Kind = UnknownOperation
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

// IsOperation tells whether a path leads to the operation, alone or in batches
// (facts 1 and 22).
func IsOperation(path string) bool {
	kind := ParseRoute(path).Kind
	return kind == Operation || kind == Predefined
}
