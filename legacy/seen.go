package legacy

import (
	"errors"
	"net/http"

	"aiusage/failure"
	"aiusage/usage"
)

// doorName is this door's name in metrics and the log.
const doorName = "legacy"

// seenAs names what a path asks for, with the names of this door only.
func (r route) seenAs() string {
	switch r.kind {
	case operation, predefined:
		if r.batch {
			return operationName + "[]"
		}
		return operationName
	case authentication, authStatus:
		return authenticateName
	case metadataPage, metadataLink, schemaFile:
		return "metadata"
	}
	return ""
}

// codeOf returns the code of an error as GraphQL names it, so that all doors have the same.
// This door's own refusals have none, but a status.
func codeOf(err error) string {
	refused, isRefusal := errors.AsType[*errorResponse](err)
	switch {
	case !isRefusal:
		return failure.GraphQLCode(usage.AsError(err).Code)
	case refused.status == http.StatusNotFound:
		return failure.GraphQLCode(usage.NotFound)
	}
	return "BAD_REQUEST"
}
